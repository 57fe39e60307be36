from odoo import fields, models


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    storefront_id = fields.Many2one(
        "marketplace.storefront",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The shop where the customer bought.",
    )

    def action_view_inbox(self):
        """Show what the shop said about this order, in the order it came."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Messages about %(order)s", order=self.display_name),
            "res_model": "marketplace.inbox",
            "view_mode": "list,form",
            "domain": [
                ("storefront_id", "=", self.storefront_id.id),
                ("external_ref", "=", self.external_ref),
            ],
            "context": {"create": False},
        }
