"""Tell vendors of a transfer in the words that their bank statement will show."""

from odoo import api, fields, models

from ..const import NOTIFY_BATCH_SETTLEMENTS
from ..engine import pain001


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    date_advised = fields.Datetime(
        string="Vendor Advised",
        readonly=True,
        help="When the vendor was told of the transfer.",
    )

    _to_advise_idx = models.Index(
        "(id) WHERE date_advised IS NULL AND state IN ('sent', 'confirmed')"
    )

    def _remittance(self):
        """Return the text that the vendor's bank statement shows, as the file has it.

        The one place that says it, for the file and for the advice.
        """
        self.ensure_one()
        # sudo: names of the statement and of the operator, for the vendor's own mail
        payout = self.sudo()
        return pain001.clean_text(
            f"{payout.settlement_id.name} {payout.company_id.name}",
            pain001.MAX_REMITTANCE,
        )

    def _transition(self, target, values=None):
        moved = super()._transition(target, values)
        if target == "sent" and moved:
            cron = self.env.ref("marketplace_payout.ir_cron_advise_payouts")
            cron.sudo()._trigger()  # the job acts by its own right
        return moved

    @api.model
    def _cron_advise(self):
        """Mail the vendors of transfers that nobody has told them of yet."""
        domain = [
            ("date_advised", "=", False),
            ("state", "in", ("sent", "confirmed")),
        ]
        template = self.env.ref("marketplace_payout.mail_template_payout_advice")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(domain))
        while payouts := self.search(domain, limit=NOTIFY_BATCH_SETTLEMENTS):
            template.sudo().send_mail_batch(
                payouts.filtered("vendor_id.email").ids,
                email_layout_xmlid="mail.mail_notification_light",
            )
            payouts.date_advised = fields.Datetime.now()
            if not cron._commit_progress(len(payouts)):
                break
