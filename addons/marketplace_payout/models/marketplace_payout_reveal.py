from odoo import api, fields, models

from odoo.addons.marketplace_base.models.marketplace_reveal_log import reveal_action
from odoo.addons.marketplace_base.models.masked_number import MaskedChar, mask_number

from .res_users import GROUPS_PAYOUT


class MarketplacePayout(models.Model):
    """Show the account of a payout in part, and in whole to who says why."""

    _name = "marketplace.payout"
    _inherit = ["marketplace.payout", "marketplace.masked.mixin"]

    iban = MaskedChar()
    iban_masked = fields.Char(
        string="Account Number", compute="_compute_iban_masked", groups=GROUPS_PAYOUT
    )

    @api.depends("iban")
    def _compute_iban_masked(self):
        for payout in self:
            payout.iban_masked = mask_number(payout.iban or "")

    def action_reveal(self):
        """Ask why the whole number is wanted."""
        self.ensure_one()
        return reveal_action(self)

    def _revealed_number(self):
        """Return the vendor and the number that the payout uses.

        :raises AccessError: for who does not see payouts.
        """
        self.ensure_one()
        self._check_field_access(self._fields["iban"], "read")
        return self.vendor_id, self.iban or ""
