from odoo import fields, models

from odoo.addons.marketplace_base.models.res_partner import GROUP_VIEWER, GROUPS_BANK


class ResPartner(models.Model):
    _inherit = "res.partner"

    payout_hold = fields.Boolean(
        string="Payouts on Hold",
        copy=False,
        tracking=True,
        groups=GROUPS_BANK,
        help="While set, payout runs list the vendor without paying him; what he is "
        "owed stays due.",
    )
    payout_hold_reason = fields.Char(
        string="Reason of the Hold", copy=False, tracking=True, groups=GROUPS_BANK
    )
    settlement_count = fields.Integer(
        compute="_compute_settlement_count", groups=GROUP_VIEWER
    )

    def _compute_settlement_count(self):
        counts = dict(
            self.env["marketplace.settlement"]._read_group(
                [("vendor_id", "in", self.ids), ("state", "!=", "cancelled")],
                ["vendor_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.settlement_count = counts.get(partner._origin, 0)

    def action_view_settlements(self):
        """Open the statements of the vendor."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_settlement_action"
        )
        return {**action, "domain": [("vendor_id", "=", self.id)], "context": {}}
