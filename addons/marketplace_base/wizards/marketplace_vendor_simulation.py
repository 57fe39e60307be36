from odoo import fields, models
from odoo.exceptions import UserError

from ..exceptions import MarketplaceError


class MarketplaceVendorSimulation(models.TransientModel):
    """Show what a purchase at a vendor would do, and do none of it."""

    _name = "marketplace.vendor.simulation"
    _description = "Test Order of a Vendor"

    vendor_id = fields.Many2one("res.partner", required=True)
    offer_id = fields.Many2one(
        "marketplace.offer",
        required=True,
        domain="[('vendor_id', '=', vendor_id), ('is_sellable', '=', True)]",
    )
    quantity = fields.Integer(required=True, default=1)
    result = fields.Text(readonly=True)

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "Order one unit or more."
    )

    def action_simulate(self):
        """Import, pay, ship and deliver an order, write down what came, undo it all."""
        self.ensure_one()
        self.check_access("write")
        try:
            with self.env.cr.savepoint() as savepoint:
                result = self._simulate()
                savepoint.rollback()
        except UserError as error:
            result = self.env._("The order is refused:\n%(why)s", why=str(error))
        self.result = result
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Test Order"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _simulate(self):
        # sudo: nothing is kept, and an order needs rights the catalogue role lacks;
        # without mails and tracking, which would outlive the savepoint
        quiet = self.sudo().with_context(
            tracking_disable=True, mail_notrack=True, mail_create_nolog=True
        )
        groups, problems = quiet.env["marketplace.order"]._import_batch(
            [quiet._prepare_payload()]
        )
        if problems:
            raise MarketplaceError("\n".join(problems[0]))
        orders = groups.sale_order_ids
        shipments = quiet.env["marketplace.shipment"]
        for order in orders:
            shipments |= shipments._create_for_order(
                order, carrier_name=self.env._("Test"), tracking_ref="TEST"
            )
        shipments.action_ship()
        shipments.action_deliver()
        lines = quiet.env["marketplace.ledger.line"].search(
            [("marketplace_order_id", "in", groups.ids)], order="id"
        )
        events = dict(lines._fields["event"]._description_selection(self.env))
        return "\n".join(
            [
                *(
                    self.env._(
                        "Order of %(vendor)s: %(amount)s",
                        vendor=order.vendor_id.name,
                        amount=order.currency_id.format(order.amount_total),
                    )
                    for order in orders
                ),
                *(
                    f"{events[line.event]}: {line.role_debit} → {line.role_credit} "
                    f"{line.currency_id.format(line.amount)}"
                    for line in lines
                ),
            ]
        )

    def _prepare_payload(self):
        offer = self.offer_id
        currency = offer.currency_id
        charged = currency._marketplace_minor(offer.price) * self.quantity
        customer = self.env.company.partner_id
        now = fields.Datetime.now()
        return {
            "company_id": offer.company_id.id,
            "channel": "simulation",
            "external_ref": f"simulation-{self.id}",
            "number": self.env._("Test order"),
            "date_order": now,
            "partner_id": customer.id,
            "partner_shipping_id": customer.id,
            "currency_id": currency.id,
            "amount_charged_minor": charged,
            "tolerance_minor": 0,
            "lines": [
                {
                    "ref": "1",
                    "offer_id": offer.id,
                    "name": offer.product_id.display_name,
                    "quantity": self.quantity,
                    "gross_minor": charged,
                    "tax_ids": offer._get_sale_taxes().ids,
                }
            ],
            "shippings": [],
            "discounts": [],
            "bundles": [],
            "payments": [
                {
                    "ref": "1",
                    "provider": "simulation",
                    "state": "captured",
                    "amount_minor": charged,
                    "date": now,
                }
            ],
            "values": {},
        }
