from odoo import api, fields, models

from ..models.marketplace_vendor_user import VENDOR_ROLES


class MarketplaceVendorInvite(models.TransientModel):
    _name = "marketplace.vendor.invite"
    _description = "Invite a Portal User"
    _inherit = "marketplace.vendor.role.mixin"

    vendor_id = fields.Many2one("res.partner", required=True)
    name = fields.Char(required=True)
    email = fields.Char(required=True)
    lang = fields.Selection(
        "_selection_lang",
        string="Language",
        default=lambda self: self.env.lang,
        help="Of the invitation and of the portal.",
    )

    @api.model
    def _selection_lang(self):
        return self.env["res.lang"].get_installed()

    def action_invite(self):
        """Invite the person; the answer names what is wrong."""
        self.ensure_one()
        self.vendor_id.check_access("write")
        self.vendor_id._vendor_invite_user(
            self.name,
            self.email,
            [role for role in VENDOR_ROLES if self[f"is_{role}"]],
            self.lang,
        )
        return {"type": "ir.actions.act_window_close"}
