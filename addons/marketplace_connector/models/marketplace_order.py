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
    is_held_by_shop = fields.Boolean(
        readonly=True,
        copy=False,
        help="The shop keeps the order back; it is released here when the shop does.",
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

    def _post_customer_words(self, words):
        """Post a message of the shop on the vendor orders it is about, once each.

        :param words: :class:`contract.Message`.
        """
        self.ensure_one()
        orders = self.sale_order_ids.filtered("vendor_id")
        if words.line_ref:
            orders = orders.filtered(
                lambda order: words.line_ref in order.order_line.mapped("external_ref")
            )
        for order in orders:
            order._post_customer_message(words.text, external_ref=words.ref)

    def _follow_hold(self, hold):
        """Hold the vendor orders because the shop does, or release what it held."""
        self.ensure_one()
        if hold:
            self.sale_order_ids._marketplace_hold(hold.reason, hold.note)
        else:
            self.sale_order_ids._marketplace_release(
                self.env._("Released in the shop.")
            )
        self.is_held_by_shop = bool(hold)
