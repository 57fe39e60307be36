"""Find payouts on the bank lines of Odoo, by their end-to-end reference.

The bank line's own entry then is the debit of the payout: its suspense item becomes
one item of the transit account per vendor, and the ledger names it.
"""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ..engine import pain001
from .res_users import APPROVER, PREPARER

# Bank lines looked at by one call, the oldest first.
MATCH_LINES = 500


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    marketplace_problem = fields.Char(
        string="Not Matched Because",
        readonly=True,
        copy=False,
        help="Why the payouts named on this bank line were not matched with it.",
    )

    @api.model
    def _marketplace_unmatched_domain(self, company):
        """Return the domain of outgoing bank lines of payouts that wait for a match."""
        journals = self.env["marketplace.payout.run"]._read_group(
            [("company_id", "=", company.id)], [], ["journal_id:recordset"]
        )[0][0]
        return Domain(
            [
                ("journal_id", "in", journals.ids),
                ("is_reconciled", "=", False),
                ("amount", "<", 0),
            ]
        )

    @api.model
    def action_marketplace_match(self):
        """Match the bank lines of the company with payouts; open those left over."""
        self.env["marketplace.payout.run"]._check_role(
            PREPARER, APPROVER, "marketplace_base.group_accountant"
        )
        company = self.env.company
        # sudo: the right to answer for payouts was checked
        lines = self.sudo().search(
            self._marketplace_unmatched_domain(company),
            order="date, id",
            limit=MATCH_LINES,
        )
        lines._marketplace_match(company)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.bank_line_unmatched_action"
        )
        return {**action, "domain": list(self._marketplace_unmatched_domain(company))}

    def _marketplace_match(self, company):
        """Match bank lines with payouts; say on the others why not.

        :return: the lines that are matched.
        """
        payouts_by_line = self._marketplace_payouts(company)
        matched = self.browse()
        for line in self:
            payouts = payouts_by_line.get(line)
            if payouts is None:
                line.marketplace_problem = self.env._(
                    "No payout's reference is on this line."
                )
                continue
            line.marketplace_problem = line._marketplace_match_problem(payouts)
            if not line.marketplace_problem:
                line._marketplace_take(payouts)
                matched |= line
        return matched

    def _marketplace_payouts(self, company):
        """Return the payouts that each line names, itself or through its run.

        :return: {line: payouts}; lines that name none are absent.
        """
        texts = {
            line: " ".join(
                str(text)
                for text in (
                    line.payment_ref,
                    line.ref,
                    line.transaction_details,
                )
                if text
            ).upper()
            for line in self
        }
        runs = self.env["marketplace.payout.run"].search(
            [
                ("company_id", "=", company.id),
                ("rail", "in", ("sepa", "foreign")),
                ("state", "in", ("sent", "confirmed", "partly_failed")),
            ]
        )
        found = {}
        by_run = {pain001.clean_identifier(run.name).upper(): run for run in runs}
        by_reference = {
            payout.end_to_end_id.upper(): payout for payout in runs.payout_ids._paid()
        }
        for line, text in texts.items():
            words = {word.strip(".,;:()'\"{}") for word in text.split()}
            if hits := words & by_reference.keys():
                found[line] = self.env["marketplace.payout"].union(
                    *(by_reference[word] for word in hits)
                )
            elif hits := words & by_run.keys():
                # One debit for the whole batch: what the bank has not refused since.
                found[line] = by_run[hits.pop()].payout_ids.filtered(
                    lambda payout: payout.state in ("sent", "confirmed", "returned")
                )
        return found

    def _marketplace_match_problem(self, payouts):
        """Return in words what keeps a line from being the debit of payouts."""
        self.ensure_one()
        currency = self.currency_id
        to_minor = currency._marketplace_minor
        wanted = sum(to_minor(payout.amount) for payout in payouts)
        names = ", ".join(payouts.mapped("end_to_end_id"))
        done = payouts.filtered(lambda payout: payout.state != "sent")
        if payouts.currency_id != currency or to_minor(self.amount) != -wanted:
            return self.env._(
                "The line is of %(line)s, its payouts %(payouts)s are of %(total)s. "
                "Ask the bank.",
                line=self.amount,
                payouts=names,
                total=currency._marketplace_amount(wanted),
            )
        if done:
            return self.env._(
                "%(payouts)s is answered already, by another entry on the bank "
                "account. Delete this line, or reconcile it with that entry.",
                payouts=", ".join(done.mapped("end_to_end_id")),
            )
        straight = [
            line
            for line in payouts._order_lines().values()
            if line.role_credit != "PAYOUT_TRANSIT"
        ]
        if straight:
            return self.env._(
                "%(payouts)s was posted straight to the bank account. Delete this "
                "line, or let payouts go through the transit account (settings).",
                payouts=names,
            )
        return False

    def _marketplace_take(self, payouts):
        """Make the line's entry the debit of payouts, and answer them as paid."""
        self.ensure_one()
        _liquidity, suspense, _others = self._seek_for_lines()
        transit = self.company_id._marketplace_account("PAYOUT_TRANSIT")
        currency = self.currency_id
        company_currency = self.company_id.currency_id
        amounts = defaultdict(int)
        for payout in payouts:
            amounts[payout.vendor_id] += currency._marketplace_minor(payout.amount)
        items = [
            Command.create(
                {
                    "name": self.payment_ref,
                    "account_id": transit.id,
                    "partner_id": vendor.id,
                    "currency_id": currency.id,
                    "amount_currency": currency._marketplace_amount(minor),
                    "balance": currency._convert(
                        currency._marketplace_amount(minor),
                        company_currency,
                        self.company_id,
                        self.date,
                    ),
                }
            )
            for vendor, minor in amounts.items()
        ]
        # As Odoo's own reconciliation does: the entry is posted and stays balanced.
        self.move_id.with_context(force_delete=True, skip_readonly_check=True).write(
            {"line_ids": [Command.delete(item.id) for item in suspense] + items}
        )
        payouts._set_paid_by(self)


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    bank_line_id = fields.Many2one(
        "account.bank.statement.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The line of the bank statement that debits this payout.",
    )

    def _set_paid_by(self, bank_line):
        """Record that a bank line debits these payouts."""
        self.bank_line_id = bank_line
        return self._set_paid(bank_line.date)

    def _post_arrival(self, date):
        """Take the bank line's entry as the arrival where there is one."""
        matched = self.filtered("bank_line_id")
        matched._record_bank_line()
        return super(MarketplacePayout, self - matched)._post_arrival(date)

    def _record_bank_line(self):
        """Name the items of bank lines in the ledger, and match the transit account."""
        if not self:
            return
        transit = self.company_id._marketplace_account("PAYOUT_TRANSIT")
        orders = self._order_lines()
        entries = []
        for payout in orders:
            move = payout.bank_line_id.move_id
            liquidity, _suspense, _others = payout.bank_line_id._seek_for_lines()
            debit = move.line_ids.filtered(
                lambda item, payout=payout: item.account_id == transit
                and item.partner_id == payout.vendor_id
            )
            entries.append(
                payout._prepare_ledger_vals(
                    event="payout_bank",
                    event_key=f"payout_bank:{payout.run_id.id}",
                    source_key=f"payout_bank:{payout.id}",
                    role_debit="PAYOUT_TRANSIT",
                    role_credit="BANK",
                    amount=payout.amount,
                    date_event=payout.bank_line_id.date,
                    date=move.date,
                    debit_move_line_id=debit.id,
                    credit_move_line_id=liquidity.id,
                )
            )
        # sudo: the right to answer for payouts was checked by the caller
        lines = self.env["marketplace.ledger.line"].sudo()._record_posted(entries)
        self._match_transit(zip(orders.values(), lines, strict=True))
