from odoo import api, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.marketplace_payout.models.marketplace_close_check import Check

_lt = LazyTranslate(__name__)


class MarketplaceClose(models.Model):
    """Keep a month open while messages of the shops wait or are in quarantine."""

    _inherit = "marketplace.close"

    @api.model
    def _close_checks(self):
        return {
            **super()._close_checks(),
            "inbox": Check(_lt("Messages of the shops read"), "_find_messages", True),
        }

    def _find_messages(self):
        messages = self.env["marketplace.inbox"].search(
            [
                ("storefront_id.company_id", "=", self.company_id.id),
                ("state", "in", ("new", "retry", "quarantine")),
                ("create_date", "<", self._before_end()),
            ]
        )
        return self._found(messages, "create_date")
