"""Send a payout run: file, ledger, reconciliation."""

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine import pain001
from .res_users import APPROVER, PREPARER


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    def action_send(self):
        """Write the transfer file and post the payouts, if nothing changed.

        A run that changed since it was checked goes back to draft instead.
        """
        run = self._check_role(PREPARER, APPROVER)
        run.lock_for_update(allow_referencing=True)
        if run.state == "approved" and run._has_changed():
            return run._void_approval()
        if run.state == "approved" and run.date_execution < fields.Date.context_today(
            run
        ):
            raise MarketplaceError(
                self.env._(
                    "The execution date of %(run)s is over. Cancel it and prepare a "
                    "new one.",
                    run=run.name,
                )
            )
        if not run._transition("sent"):
            return True
        paid = run.payout_ids._paid()
        run._give_order(paid)
        paid._transition("sent")
        paid.settlement_id._transition("closed")
        run._post_payouts(paid)
        return True

    def _give_order(self, payouts):
        """Write the order for the bank; other ways of paying extend it."""
        self.file_id = self._create_file(payouts)

    def action_confirm_bank(self, date=None):
        """Record that the bank debited the transfers.

        :param date: day of the debit, today when not given.
        """
        run = self._check_role(PREPARER, APPROVER, "marketplace_base.group_accountant")
        if run.state in ("draft", "checked", "approved", "cancelled"):
            run._transition("confirmed")  # says that it cannot
        run.payout_ids.filtered(lambda payout: payout.state == "sent")._set_paid(
            date or fields.Date.context_today(self)
        )
        return True

    def action_download_file(self):
        """Download the transfer file, for the bank."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.file_id.id}?download=true",
            "target": "download",
        }

    def action_view_moves(self):
        """Open the journal entries of the run."""
        events = ("payout", "payout_bank", "payout_psp", "payout_return")
        keys = {f"{event}:{run.id}" for event in events for run in self}
        lines = self.payout_ids.settlement_id.ledger_line_ids.filtered(
            lambda line: line.event_key in keys
        )
        return lines.move_id._get_records_action(name=self.env._("Journal Entries"))

    # -- file -----------------------------------------------------------------------

    def _create_file(self, payouts):
        """Return the attachment that holds the pain.001 file of the run."""
        content = pain001.credit_transfer_file(
            self._party(self.company_id.partner_id, self.journal_id.bank_account_id),
            [
                pain001.Transfer(
                    creditor=self._party(payout.vendor_id, payout.partner_bank_id),
                    amount=payout.currency_id._marketplace_minor(payout.amount),
                    end_to_end_id=payout.end_to_end_id,
                    remittance=payout._remittance(),
                )
                for payout in payouts
            ],
            message_id=self.name,
            created=fields.Datetime.context_timestamp(self, fields.Datetime.now()),
            execution_date=self.date_execution,
            schema=self.journal_id.marketplace_pain_schema,
        )
        return self.env["ir.attachment"].create(
            {
                "name": f"{self.name.replace('/', '-')}.xml",
                "raw": content,
                "mimetype": "application/xml",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def _party(self, partner, account):
        """Return a side of a transfer from a partner and his account."""
        return pain001.Party(
            name=account.acc_holder_name or partner.name,
            iban=account.sanitized_acc_number,
            bic=account.bank_bic or None,
            address=pain001.hybrid_address(
                [partner.street or "", partner.street2 or ""],
                partner.zip or "",
                partner.city or "",
                partner.country_id.code or "",
            ),
        )

    # -- ledger ---------------------------------------------------------------------

    def _post_payouts(self, payouts):
        """Record the payouts in one entry, and reconcile each vendor's account."""
        straight = self.company_id.marketplace_payout_posting == "bank"
        role = self._source_role() if straight else "PAYOUT_TRANSIT"
        lines = self.env["marketplace.ledger.line"]._record(
            [
                {
                    "company_id": self.company_id.id,
                    "vendor_id": payout.vendor_id.id,
                    "settlement_id": payout.settlement_id.id,
                    "event": "payout",
                    "event_key": f"payout:{self.id}",
                    "source_key": f"payout:{payout.id}",
                    "role_debit": "VENDOR_DUE",
                    "role_credit": role,
                    "amount": payout.amount,
                    "currency_id": payout.currency_id.id,
                    "date_event": self.date,
                }
                for payout in payouts
            ]
        )
        lines._post()
        self._letter(payouts)
