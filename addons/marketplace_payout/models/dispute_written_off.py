"""Claims won after the debt that they had made was written off."""

from odoo import models


class MarketplaceDispute(models.Model):
    _inherit = "marketplace.dispute"

    def _recover(self, returned_fees):
        result = super()._recover(returned_fees)
        for dispute in self:
            dispute._ask_about_write_offs()
        return result

    def _ask_about_write_offs(self):
        """Ask who is to keep what came back where we had borne the vendor's debt.

        It is on the vendor's account: whether he repays the loss that we took over is
        agreed with him, and booked as a debit with its reason.
        """
        # sudo: the order desk reads no debt
        debts = (
            self.env["marketplace.debt"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("currency_id", "=", self.currency_id.id),
                    ("vendor_id", "in", self.refund_ids.line_ids.vendor_id.ids),
                    ("kind", "=", "debt"),
                    ("state", "=", "written_off"),
                    ("date_closed", ">=", self.date_closed),
                ]
            )
        )
        for case in debts:
            case.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("A lost chargeback was won after the write-off"),
                note=self.env._(
                    "%(dispute)s gave %(vendor)s back what it had cost him, and this "
                    "debt was written off since. Debit his account, with the reason, "
                    "if he is to repay it.",
                    dispute=self.name,
                    vendor=case.vendor_id.display_name,
                ),
                user_id=case.approved_by_id.id,
            )
