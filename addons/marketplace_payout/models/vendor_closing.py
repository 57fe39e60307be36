from odoo import models
from odoo.tools import formatLang


class ResPartner(models.Model):
    """Settle the account of a vendor who leaves."""

    _inherit = "res.partner"

    def _vendor_transition(self, target, **options):
        moved = super()._vendor_transition(target, **options)
        if target == "closed":
            moved._vendor_settle_closing()
        return moved

    def _vendor_settle_closing(self):
        """Make the closing statements: all that is due, whatever the payout minimum.

        What falls due later (orders under way) is settled by the calendar of the last
        contract, without minimum too. A vendor who owes us is put on somebody's desk.
        """
        # sudo: closing is the decision; the statements follow by the usual rules
        Settlement = self.env["marketplace.settlement"].sudo()
        closing = Settlement.browse()
        for company in self.sudo().vendor_contract_ids.company_id:
            closing |= Settlement._run(company._marketplace_today(), company, self)
        for settlement in closing.filtered(lambda s: s.carry_reason == "negative"):
            settlement.vendor_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._(
                    "Claim %(amount)s: the vendor has left",
                    amount=formatLang(
                        self.env,
                        -settlement.amount_carried,
                        currency_obj=settlement.currency_id,
                    ),
                ),
                user_id=settlement.vendor_id._marketplace_responsible().id,
            )
