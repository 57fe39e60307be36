"""Pay vendors through a payment provider, each order at most once.

An order is written down as unresolved before the provider hears of it: whatever
breaks afterwards, the payout waits there for the provider's word, under the same key.
"""

import hashlib
import json

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_rails import TRANSFER_BATCH
from ..engine.answers import Answer
from ..engine.psp import RefusedError, Transfer, UnknownError, idempotency_key
from .res_users import APPROVER, GROUPS_PAYOUT, PREPARER


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    psp_account_id = fields.Many2one(
        "marketplace.payout.provider",
        string="Payment Provider",
        readonly=True,
        check_company=True,
    )

    _psp_complete = models.Constraint(
        "CHECK (rail <> 'psp' OR psp_account_id IS NOT NULL)",
        "A run of a payment provider needs its account there.",
    )

    @api.model
    def _prepare_rail_vals(
        self, company, journal=None, psp_account=None, currency=None
    ):
        if not psp_account:
            return super()._prepare_rail_vals(company, journal)
        return {
            "rail": "psp",
            "currency_id": (currency or company.currency_id).id,
            "psp_account_id": psp_account.id,
        }

    def _prepare_payout_vals(self, reason, account):
        vals = super()._prepare_payout_vals(reason, account)
        if self.rail == "psp":
            vals.update(partner_bank_id=False, iban=False)
        return vals

    def _current_fingerprint(self):
        """Bind the approval to the accounts at the provider as well."""
        digest = super()._current_fingerprint()
        if self.rail != "psp":
            return digest
        content = [digest, self.psp_account_id.id]
        for payout in self.payout_ids.sorted("id"):
            content.append([payout.id, payout.vendor_id.psp_payee_ref])
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _give_order(self, payouts):
        """Write down the orders for the provider; the job gives them."""
        if self.rail != "psp":
            return super()._give_order(payouts)
        self.psp_account_id._adapter()
        payouts._freeze_orders()
        self.env.ref("marketplace_payout.ir_cron_order_transfers").sudo()._trigger()
        return None

    def action_confirm_bank(self, date=None):
        for run in self:
            if run.rail == "psp":
                raise MarketplaceError(
                    self.env._(
                        "%(run)s is paid by %(provider)s, which answers for each "
                        "payout.",
                        run=run.name,
                        provider=run.sudo().psp_account_id.name,
                    )
                )
        return super().action_confirm_bank(date)

    def action_query_provider(self):
        """Ask the provider about every payout of the run that waits."""
        run = self._check_role(PREPARER, APPROVER, "marketplace_base.group_accountant")
        run.payout_ids.filtered(lambda p: p.state == "unresolved")._resolve()
        return True


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    idempotency_key = fields.Char(
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="Names the order at the provider. Made from the ledger lines it pays: the "
        "same lines are the same order, for ever.",
    )
    psp_payee_ref = fields.Char(
        string="Account at the Provider",
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
    )
    psp_reference = fields.Char(
        string="Provider's Number",
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="Identifier of the transfer at the provider.",
    )
    wallet_reference = fields.Char(
        string="Payout to the Vendor's Bank",
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="Identifier of the payout from his account at the provider to his bank.",
    )
    attempt_count = fields.Integer(string="Attempts", readonly=True, copy=False)
    unresolved_reason = fields.Char(
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="Why nobody knows yet whether the provider paid.",
    )

    _key_uniq = models.UniqueIndex(
        "(idempotency_key) WHERE idempotency_key IS NOT NULL"
        " AND state IN ('draft', 'sent', 'unresolved', 'confirmed', 'returned')",
        "These ledger lines are paid by another payout already.",
    )

    def _freeze_orders(self):
        """Freeze the destination and the key of each order."""
        lines = self.env["marketplace.ledger.line"].search(
            [("settlement_id", "in", self.settlement_id.ids)]
        )
        ids_by_settlement = {
            settlement: own.ids
            for settlement, own in lines.grouped("settlement_id").items()
        }
        for payout in self:
            destination = payout.vendor_id.psp_payee_ref
            # A settlement of amounts carried forward only claims no line of its own.
            line_ids = ids_by_settlement.get(payout.settlement_id, [])
            payout.psp_payee_ref = destination
            payout.idempotency_key = idempotency_key(
                payout.company_id.id,
                payout.currency_id.name,
                payout.currency_id._marketplace_minor(payout.amount),
                f"{destination}/{payout.settlement_id.id}",
                line_ids,
            )

    # -- jobs -----------------------------------------------------------------------

    @api.model
    def _cron_order_transfers(self):
        """Give the provider the orders that wait, one transaction each."""
        self._in_turn(
            [("rail", "=", "psp"), ("state", "=", "sent")],
            lambda p: p._order_transfer(),
        )

    @api.model
    def _cron_resolve(self):
        """Ask the providers about the payouts whose answer is missing."""
        self._in_turn(
            [("rail", "=", "psp"), ("state", "=", "unresolved")],
            lambda p: p._resolve(),
        )

    @api.model
    def _in_turn(self, domain, work):
        """Do some work on each payout of a domain, committing after each.

        A payout that another worker holds is left to it.
        """
        cron = self.env["ir.cron"]
        payouts = self.search(domain, order="id", limit=TRANSFER_BATCH)
        cron._commit_progress(remaining=len(payouts))
        for payout in payouts:
            mine = payout.try_lock_for_update(allow_referencing=True).filtered_domain(
                domain
            )
            if mine:
                work(mine)
            if not cron._commit_progress(1):
                return

    # -- one order ------------------------------------------------------------------

    def _prepare_transfer(self):
        return Transfer(
            key=self.idempotency_key,
            destination=self.psp_payee_ref,
            amount=self.currency_id._marketplace_minor(self.amount),
            currency=self.currency_id.name,
            reference=self.end_to_end_id,
        )

    def _order_transfer(self):
        """Give one order for the first time."""
        self._transition("unresolved", {"unresolved_reason": self.env._("Ordered")})
        # Before the provider hears of it: a crash from here on leaves it unresolved.
        self.env["ir.cron"]._commit_progress()
        # The commit let the row go; whoever has it now gives the order, or asks.
        self.try_lock_for_update(allow_referencing=True)._transfer()

    def _resolve(self):
        """Ask the provider what became of orders; give again those it never got.

        Always under the same key, and only after it said that it knows no such order:
        no moment exists in which two orders of one payout could both be executed.
        """
        for payout in self:
            try:
                found = payout._adapter().status(payout.idempotency_key)
            except UnknownError as error:
                payout._note_unresolved(error)
                continue
            if found:
                payout._take_state(found)
            else:
                payout._transfer()

    def _transfer(self):
        """Order the transfer under its key and take the answer."""
        if not self:
            return
        self.attempt_count += 1
        try:
            found = self._adapter().transfer(self._prepare_transfer())
        except UnknownError as error:
            self._note_unresolved(error)
        except RefusedError as error:
            refused = Answer("rejected", code=error.code, text=error.text)
            self._answer({self: refused})
        else:
            self._take_state(found)

    def _adapter(self):
        return self.run_id.psp_account_id._adapter()

    def _note_unresolved(self, error):
        self.unresolved_reason = str(error)

    def _take_state(self, found):
        """Apply what the provider knows of the transfer."""
        minor = self.currency_id._marketplace_minor(self.amount)
        self.psp_reference = found.identifier
        if found.amount != minor:
            self._note_unresolved(
                self.env._(
                    "The provider has a transfer of another amount: %(amount)s.",
                    amount=self.currency_id._marketplace_amount(found.amount),
                )
            )
            return
        self.unresolved_reason = False
        self._answer({self: Answer("booked", amount=minor)})
        if found.amount_reversed == minor:
            self._answer({self: Answer("returned", amount=minor, code="FOCR")})
        elif self.state == "confirmed" and self.run_id.psp_account_id.pays_wallets_out:
            self._pay_wallet_out()

    def _pay_wallet_out(self):
        """Send the money on to the vendor's bank; not ours any more, so never fatal."""
        try:
            self.wallet_reference = self._adapter().payout(self._prepare_transfer())
        except (UnknownError, RefusedError) as error:
            self.message_post(
                body=self.env._(
                    "The transfer is done. Its payout to the vendor's bank is not "
                    "sure: %(why)s. Look at the vendor's account at the provider.",
                    why=str(error),
                )
            )

    # -- actions --------------------------------------------------------------------

    def _check_payout_role(self, *groups):
        """Let only payout roles act; return self as superuser, the right checked."""
        self.env["marketplace.payout.run"]._check_role(*groups)
        self.check_access("read")
        return self.sudo()

    def action_resolve(self):
        """Ask the provider what became of the order."""
        payouts = self._check_payout_role(
            PREPARER, APPROVER, "marketplace_base.group_accountant"
        )
        payouts.lock_for_update(allow_referencing=True)
        payouts.filtered(
            lambda p: p.rail == "psp" and p.state == "unresolved"
        )._resolve()
        return True

    def action_reverse(self):
        """Take a transfer back from the vendor's account at the provider.

        :raises MarketplaceError: when it refuses, or does not answer. Trying again is
            safe: the order keeps its key.
        """
        self.ensure_one()
        payout = self._check_payout_role(APPROVER)
        payout.lock_for_update(allow_referencing=True)
        if payout.rail != "psp" or payout.state != "confirmed":
            raise MarketplaceError(
                self.env._(
                    "%(payout)s is no transfer that a provider has executed.",
                    payout=payout.end_to_end_id,
                )
            )
        minor = payout.currency_id._marketplace_minor(payout.amount)
        try:
            payout._adapter().reverse(
                payout.psp_reference, minor, payout.idempotency_key
            )
        except (RefusedError, UnknownError) as error:
            raise MarketplaceError(
                self.env._(
                    "%(payout)s was not taken back: %(why)s. You can try again.",
                    payout=payout.end_to_end_id,
                    why=str(error),
                )
            ) from error
        payout._answer({payout: Answer("returned", amount=minor, code="FOCR")})
        return True
