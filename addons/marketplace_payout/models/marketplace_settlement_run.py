"""Settle vendors in batch: claim, invoice, net, balance, reconcile."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL, format_date

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_ledger_posting import MOVE_CONTEXT

from ..engine import netting


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    @api.model
    @api.private
    def _run(self, cutoff, company, vendors=None):
        """Settle vendors up to a day, included; return the new settlements.

        A vendor is settled when something happened on his account since the last
        time, or when a balance carried then may be paid now. One already settled at
        this cut-off or later is left alone, so a second run creates nothing. A debt
        takes back what earlier settlements pay and no run has paid yet.

        :param vendors: partners to look at, every vendor when None.
        :raises MarketplaceError: for a cut-off to come.
        """
        if cutoff > company._marketplace_today():
            raise MarketplaceError(
                self.env._(
                    "The cut-off %(date)s is not over: movements of that day are to "
                    "come. Choose an earlier one.",
                    date=format_date(self.env, cutoff),
                )
            )
        scoped = self.sudo().with_company(company).with_context(**MOVE_CONTEXT)
        commission = scoped.env["marketplace.commission.line"]._invoiceable(
            company, cutoff, vendors
        )
        fees = scoped.env["marketplace.fee"]._invoiceable(company, cutoff, vendors)
        settlements = scoped._open_settlements(
            cutoff, company, vendors, commission, fees
        )
        if not settlements:
            return settlements.with_env(self.env)
        settlements._invoice_commission(commission, fees)
        claimed = settlements._claim_lines()
        settlements._net_commission(claimed)
        settlements._close_accounts(claimed)
        settlements._post_and_reconcile()
        self.env.ref("marketplace_payout.ir_cron_notify_vendors").sudo()._trigger()
        return settlements.with_env(self.env)

    # -- opening --------------------------------------------------------------------

    def _open_settlements(self, cutoff, company, vendors, commission, fees):
        """Create the settlements of this cut-off, with their opening balance."""
        terms = self.env["marketplace.contract"]._payout_terms(company, cutoff, vendors)
        last = self._last_settlements(company, vendors)
        keys = self._keys_with_movements(cutoff, company, vendors)
        keys |= {
            (vendor.id, currency.id)
            for vendor, currency, *_rest in commission._documents(fees)
        }
        keys |= self._keys_payable_now(last, terms, cutoff, vendors)
        partners = self.env["res.partner"].browse({vendor_id for vendor_id, _c in keys})
        codes = {partner.id: partner.vendor_code for partner in partners}
        currencies = self.env["res.currency"].browse(
            {money_id for _v, money_id in keys}
        )
        vals_list = []
        for vendor_id, currency_id in sorted(keys):
            previous = last.get((vendor_id, currency_id), self.browse())
            if previous and previous.date_cutoff >= cutoff:
                continue
            currency = currencies.browse(currency_id)
            number = f"SET/{cutoff:%Y%m%d}/{codes[vendor_id]}"
            if currency != company.currency_id:
                number = f"{number}/{currency.name}"
            vals_list.append(
                {
                    "name": number,
                    "vendor_id": vendor_id,
                    "company_id": company.id,
                    "currency_id": currency_id,
                    "date_cutoff": cutoff,
                    "previous_id": previous.id,
                    "amount_opening": previous.amount_carried,
                    "amount_carried": previous.amount_carried,
                }
            )
        return self.create(vals_list)

    def _last_settlements(self, company, vendors):
        """Return the end of each chain: {(vendor id, currency id): settlement}."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT ON (vendor_id, currency_id) id"
                " FROM marketplace_settlement"
                " WHERE company_id = %s AND state <> 'cancelled' AND %s"
                " ORDER BY vendor_id, currency_id, date_cutoff DESC, id DESC",
                company.id,
                self._vendor_condition("vendor_id", vendors),
            )
        )
        return {
            (settlement.vendor_id.id, settlement.currency_id.id): settlement
            for settlement in self.browse([row[0] for row in rows])
        }

    def _keys_with_movements(self, cutoff, company, vendors):
        """Return the (vendor id, currency id) whose account has lines to claim."""
        Ledger = self.env["marketplace.ledger.line"]
        Ledger.flush_model()
        return set(
            self.env.execute_query(
                SQL(
                    "SELECT DISTINCT line.vendor_id, line.currency_id"
                    " FROM marketplace_ledger_line AS line"
                    " WHERE line.company_id = %s AND %s AND %s",
                    company.id,
                    Ledger._unsettled_condition(cutoff),
                    self._vendor_condition("line.vendor_id", vendors),
                )
            )
        )

    def _keys_payable_now(self, last, terms, cutoff, vendors):
        """Return the keys whose balance was carried and may be paid under the terms."""
        payable = set()
        unpaid = self._unpaid_settlements(self.env.company, vendors)
        for (vendor_id, currency_id), settlement in last.items():
            contract = terms.get(vendor_id, self.env["marketplace.contract"])
            currency = settlement.currency_id
            carried = currency._marketplace_minor(settlement.amount_carried)
            minimum = contract._payout_minimum(currency, cutoff) if contract else 0
            takes_back = carried < 0 and (vendor_id, currency_id) in unpaid
            if takes_back or netting.settle(carried, 0, minimum).payout:
                payable.add((vendor_id, currency_id))
        return payable

    def _vendor_condition(self, column, vendors):
        if vendors is None:
            return SQL("TRUE")
        return SQL("%s = ANY(%s)", SQL.identifier(*column.split(".")), vendors.ids)

    # -- commission -----------------------------------------------------------------

    def _invoice_commission(self, commission, fees):
        """Invoice commission and fees of the settled vendors, dated on the cut-off."""
        settled = {(record.vendor_id, record.currency_id) for record in self}
        commission.filtered(
            lambda line: (line.vendor_id, line.currency_id) in settled
        )._invoice(
            self[:1].date_cutoff,
            fees.filtered(lambda fee: (fee.vendor_id, fee.currency_id) in settled),
        )

    # -- claiming -------------------------------------------------------------------

    def _claim_lines(self):
        """Claim every open line of the accounts, in one conditional statement.

        A line that another run has claimed meanwhile is not taken.

        :return: {settlement id: (credit of the vendor, debt of commission)}, minor
            units; settlements without lines are absent.
        """
        Ledger = self.env["marketplace.ledger.line"]
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH claimed AS (
                    UPDATE marketplace_ledger_line AS line
                       SET settlement_id = settlement.id
                      FROM marketplace_settlement AS settlement
                     WHERE settlement.id IN %s
                       AND line.company_id = settlement.company_id
                       AND line.vendor_id = settlement.vendor_id
                       AND line.currency_id = settlement.currency_id
                       AND %s
                 RETURNING settlement.id, role_debit, role_credit, line.amount
                )
                SELECT id,
                       SUM(CASE 'VENDOR_DUE' WHEN role_credit THEN amount
                                WHEN role_debit THEN -amount ELSE 0 END),
                       SUM(CASE 'VENDOR_AR' WHEN role_debit THEN amount
                                WHEN role_credit THEN -amount ELSE 0 END)
                  FROM claimed
              GROUP BY id
                """,
                tuple(self.ids),
                Ledger._unsettled_condition(SQL("settlement.date_cutoff")),
            )
        )
        Ledger.invalidate_model(["settlement_id"])
        self.invalidate_recordset(["ledger_line_ids", "invoice_ids", "invoice_count"])
        currencies = {settlement.id: settlement.currency_id for settlement in self}
        return {
            settlement_id: (
                currencies[settlement_id]._marketplace_minor(credit),
                currencies[settlement_id]._marketplace_minor(debt),
            )
            for settlement_id, credit, debt in rows
        }

    # -- netting and balance --------------------------------------------------------

    def _net_commission(self, claimed):
        """Set commission documents off against the vendors' credit, in one entry.

        A credit note that outweighs the invoices swaps the roles.
        """
        entries = []
        for settlement in self:
            _credit, debt = claimed.get(settlement.id, (0, 0))
            roles = (
                ("VENDOR_DUE", "VENDOR_AR") if debt > 0 else ("VENDOR_AR", "VENDOR_DUE")
            )
            entries.append(
                {
                    "company_id": settlement.company_id.id,
                    "vendor_id": settlement.vendor_id.id,
                    "settlement_id": settlement.id,
                    "event": "netting",
                    "event_key": f"netting:{self[:1].id}",
                    "source_key": f"netting:{settlement.id}",
                    "role_debit": roles[0],
                    "role_credit": roles[1],
                    "amount": settlement.currency_id._marketplace_amount(abs(debt)),
                    "currency_id": settlement.currency_id.id,
                    "date_event": settlement.date_cutoff,
                }
            )
        self.env["marketplace.ledger.line"]._record(entries)

    def _close_accounts(self, claimed):
        """Write movements, payout and carried amounts; nothing to pay closes."""
        terms = self.env["marketplace.contract"]._payout_terms(
            self.company_id, self[:1].date_cutoff, self.vendor_id
        )
        unpaid = self._unpaid_settlements(self.company_id, self.vendor_id)
        accounts = {}
        for settlement in self:
            currency = settlement.currency_id
            credit, debt = claimed.get(settlement.id, (0, 0))
            opening = currency._marketplace_minor(settlement.amount_opening)
            if opening + credit - debt < 0:
                opening += settlement._take_back(
                    unpaid.get((settlement.vendor_id.id, currency.id), self.browse())
                )
            accounts[settlement] = (opening, credit - debt)
        reserves = self._hold_reserves(
            {settlement: sum(account) for settlement, account in accounts.items()},
            terms,
        )
        for settlement, (opening, movements) in accounts.items():
            currency = settlement.currency_id
            contract = terms.get(settlement.vendor_id.id)
            minimum = (
                contract._payout_minimum(currency, settlement.date_cutoff)
                if contract
                else 0
            )
            reserve = reserves.get(settlement, 0)
            outcome = netting.settle(opening, movements, minimum, reserve)
            settlement._state_unlocked().write(
                {
                    "amount_opening": currency._marketplace_amount(opening),
                    "amount_movements": currency._marketplace_amount(movements),
                    "amount_reserved": currency._marketplace_amount(reserve),
                    "amount_payout": currency._marketplace_amount(outcome.payout),
                    "amount_carried": currency._marketplace_amount(outcome.carried),
                    "carry_reason": outcome.reason,
                    "state": "confirmed" if outcome.payout else "closed",
                }
            )
        self._check_adds_up()

    def _post_and_reconcile(self):
        """Reconcile commission documents with their netting, all vendors at once."""
        # In recap mode the lines wait for the nightly job: a settled one cannot.
        self.env["marketplace.ledger.line"].search(
            [("settlement_id", "in", self.ids), ("debit_move_line_id", "=", False)]
        )._post()
        by_settlement = self._open_items("VENDOR_AR")
        self.env["account.move.line"]._marketplace_reconcile(by_settlement.values())

    def _items_to_reconcile(self):
        """Return the journal items that each paid settlement clears, one set each.

        Those of the settlement and of the ones before it whose balance it opens
        with, carried or taken back: together with the payout they add up to zero.
        """
        chains = {settlement: settlement for settlement in self}
        ends = dict(chains)
        while ends:
            ends = {
                settlement: (end._previous_carried() | end.netted_ids)
                - chains[settlement]
                for settlement, end in ends.items()
            }
            ends = {settlement: end for settlement, end in ends.items() if end}
            for settlement, end in ends.items():
                chains[settlement] |= end
        by_settlement = self.union(*chains.values())._open_items("VENDOR_DUE")
        everything = [i for items in by_settlement.values() for i in items.ids]
        Item = self.env["account.move.line"]
        return [
            # One prefetch for all, or reconciling reads the items vendor by vendor.
            Item.union(
                *(by_settlement[member] for member in chain if member in by_settlement)
            ).with_prefetch(everything)
            for chain in chains.values()
        ]

    def _open_items(self, role):
        """Return the journal items of a role that are not reconciled yet.

        :return: {settlement: journal items}
        """
        Item = self.env["account.move.line"]
        lines = self.env["marketplace.ledger.line"].search(
            [
                ("settlement_id", "in", self.ids),
                "|",
                ("role_debit", "=", role),
                ("role_credit", "=", role),
            ]
        )
        ids = defaultdict(dict)
        for line in lines:
            debit = line.role_debit == role
            item = line.debit_move_line_id if debit else line.credit_move_line_id
            ids[line.settlement_id][item.id] = None
        everything = [item_id for own in ids.values() for item_id in own]
        return {
            settlement: Item.browse(own)
            .with_prefetch(everything)
            .filtered(lambda item: not item.reconciled)
            for settlement, own in ids.items()
        }
