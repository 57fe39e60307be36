from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import ShopError


class MarketplaceRecoverOrder(models.TransientModel):
    """Fetch one order by the number that the customer has in hand."""

    _name = "marketplace.recover.order"
    _description = "Recover an Order"

    storefront_id = fields.Many2one(
        "marketplace.storefront",
        required=True,
        domain=[("state", "=", "connected")],
        default=lambda self: self.env["marketplace.storefront"].search(
            [("state", "=", "connected")], limit=1
        ),
    )
    number = fields.Char(
        string="Order Number",
        required=True,
        help="As the customer and the shop say it.",
    )

    def action_recover(self):
        """Read the order and import it; open it, or what stands against it."""
        self.ensure_one()
        self.storefront_id._check_connected()
        # sudo: an import is the system's act; the right to start it was checked when
        # this record was made.
        storefront = self.storefront_id.sudo()
        try:
            document = storefront._get_adapter().find_order(self.number.strip())
        except ShopError as error:
            raise MarketplaceError(str(error)) from error
        if not document:
            raise MarketplaceError(
                self.env._(
                    "%(storefront)s has no order %(number)s. Was it placed, and in "
                    "this shop?",
                    storefront=storefront.name,
                    number=self.number,
                )
            )
        Inbox = storefront.env["marketplace.inbox"]
        Inbox._store_again(storefront, [document])._process()
        message = Inbox.search(
            [
                ("storefront_id", "=", storefront.id),
                ("kind", "=", "order"),
                ("external_ref", "=", document.ref),
            ],
            limit=1,
        )
        group = self.env["marketplace.order"].search(
            [
                ("storefront_id", "=", storefront.id),
                ("external_ref", "=", document.ref),
            ]
        )
        opened = group if group and message.state != "quarantine" else message
        return opened.with_env(self.env)._get_records_action()
