from odoo import api, fields, models
from odoo.tools import SQL

from ..const import POSTURES, SHIPMENT_GONE, VAT_DEBTORS
from ..engine.money import allocate
from ..engine.vat import untaxed_parts
from ..exceptions import MarketplaceError
from .sale_order_line import FREEZING

# Which part of which purchase an order is, and on which terms: the split says it.
PART_FIELDS = {
    "vendor_id",
    "marketplace_order_id",
    "contract_id",
    "posture",
    "vat_debtor",
    "on_account_terms",
    "cash_terms",
    "cash_collector",
    "amendment_id",
}
# Terms that a confirmed part of a purchase keeps for good.
FROZEN_FIELDS = PART_FIELDS | {"partner_id", "currency_id"}
# Unforgeable by RPC: a client can send any context value, never this object.
SPLITTING = object()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    vendor_id = fields.Many2one(
        "res.partner",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Who sells; empty when the operator sells its own goods.",
    )
    marketplace_order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The purchase of the customer this order is a part of.",
    )
    contract_id = fields.Many2one(
        "marketplace.contract",
        string="Vendor Contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    posture = fields.Selection(POSTURES, readonly=True, copy=False)
    vat_debtor = fields.Selection(
        VAT_DEBTORS, string="VAT Owed by", readonly=True, copy=False
    )
    marketplace_shipment_ids = fields.One2many(
        "marketplace.shipment", "sale_order_id", string="Vendor Shipments"
    )
    marketplace_shipment_count = fields.Integer(
        string="Shipments", compute="_compute_marketplace_shipment_count"
    )
    marketplace_shipping_state = fields.Selection(
        [("to_ship", "To Ship"), ("shipped", "Shipped"), ("delivered", "Delivered")],
        string="Shipping",
        compute="_compute_marketplace_shipping_state",
        store=True,
        index="btree_not_null",
    )

    # -- computes -------------------------------------------------------------------

    def _compute_marketplace_shipment_count(self):
        counts = dict(
            self.env["marketplace.shipment"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.marketplace_shipment_count = counts.get(order, 0)

    @api.depends(
        "state",
        "vendor_id",
        "order_line.product_uom_qty",
        "order_line.marketplace_kind",
        "marketplace_shipment_ids.state",
        "marketplace_shipment_ids.line_ids.quantity",
        "order_line.marketplace_refund_line_ids.refund_id.state",
    )
    def _compute_marketplace_shipping_state(self):
        live = self.filtered(lambda order: order.vendor_id and order.state == "sale")
        (self - live).marketplace_shipping_state = False
        # Orders just made have neither shipments nor refunds: nothing to look up.
        moved = live.filtered(
            lambda order: order.marketplace_shipment_ids
            or order.order_line.marketplace_refund_line_ids
            or any(order.order_line.mapped("is_supplement"))
        )
        (live - moved).marketplace_shipping_state = "to_ship"
        left = moved.order_line._marketplace_quantities_to_ship()
        for order in moved:
            states = set(order.marketplace_shipment_ids.mapped("state"))
            states -= set(SHIPMENT_GONE)
            if "draft" in states or any(left.get(line.id) for line in order.order_line):
                state = "to_ship"
            elif "shipped" in states:
                state = "shipped"
            else:
                # Nothing ever shipped: all of it was refunded.
                state = "delivered" if states else False
            order.marketplace_shipping_state = state

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_splitting(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        """Keep the terms under which a purchase was confirmed."""
        self._check_splitting([vals])
        if FROZEN_FIELDS & vals.keys():
            for order in self:
                if order.state == "sale" and order.marketplace_order_id:
                    raise MarketplaceError(
                        self.env._(
                            "%(order)s is confirmed: its terms cannot change.",
                            order=order.name,
                        )
                    )
        return super().write(vals)

    def _check_splitting(self, vals_list):
        """Let only the split and the import make an order part of a purchase."""
        if self.env.su or self.env.context.get("marketplace_splitting") is SPLITTING:
            return
        if any(vals[name] for vals in vals_list for name in PART_FIELDS & vals.keys()):
            raise MarketplaceError(
                self.env._(
                    "An order joins a purchase when it is confirmed: nobody puts it "
                    "there by hand."
                )
            )

    # -- confirmation ---------------------------------------------------------------

    def action_confirm(self):
        """Split quotations of several vendors first: every part is then confirmed.

        Splitting before anything else happens means that each part goes through
        Odoo's own confirmation, whatever other addons hang on it.
        """
        parts = self._marketplace_split()
        return super(SaleOrder, self | parts).action_confirm()

    def _prepare_confirmation_values(self):
        """Keep the storefront's date on imported orders."""
        values = super()._prepare_confirmation_values()
        if self.env.context.get("marketplace_keep_date_order"):
            del values["date_order"]
        return values

    def _action_confirm(self):
        result = super()._action_confirm()
        parts = self.filtered("marketplace_order_id")
        if parts:
            parts._marketplace_freeze()
            parts._marketplace_after_confirm()
            parts._marketplace_complete_free()
        return result

    def _marketplace_freeze(self):
        """Freeze what each line is worth to its seller, untaxed part included.

        The total of the order is shared by what its lines cost after the seller's
        discounts: with prices that include VAT every line gets exactly that. VAT is
        extracted once per rate, as on the document of the sale.
        """
        ratios = {}
        for order in self:
            currency = order.currency_id
            lines = order.order_line.filtered(
                lambda line: line.marketplace_kind in ("goods", "shipping")
            ).with_context(marketplace_freezing=FREEZING)
            if not lines:
                continue
            nets = [line._marketplace_net_minor() for line in lines]
            credits = allocate(currency._marketplace_minor(order.amount_total), nets)
            for line in lines:
                key = (line.tax_ids, currency)
                if key not in ratios:
                    ratios[key] = line._marketplace_untaxed_ratio()
            untaxed = untaxed_parts(
                currency._marketplace_minor(order.amount_untaxed),
                credits,
                [ratios[line.tax_ids, currency] for line in lines],
            )
            for line, credit, part in zip(lines, credits, untaxed, strict=True):
                line.write(
                    {
                        "amount_vendor": currency._marketplace_amount(credit),
                        "amount_vendor_untaxed": currency._marketplace_amount(part),
                    }
                )

    def _marketplace_complete_free(self):
        """Credit the sellers of orders that cost the customer nothing.

        No payment will ever do it.
        """
        free = self.marketplace_order_id.filtered(
            lambda group: group.currency_id.is_zero(group.amount_charged)
        )
        if free:
            free.sudo()._record_captures(self.env["marketplace.payment"])

    def _marketplace_after_confirm(self):
        """Act on vendor orders just confirmed, in batch; to extend."""

    @api.model
    def _marketplace_contract_vals(self, vendor, contracts, date=None):
        """Return the values an order freezes from the contract in force.

        :param contracts: {vendor id: contract} at the date of the order.
        :param date: when the customer ordered (UTC), now by default.
        :raises MarketplaceError: when there is none, or one we cannot serve.
        """
        if problem := self._marketplace_contract_problem(vendor, contracts, date):
            raise MarketplaceError(problem)
        if not vendor:
            return {}
        contract = contracts[vendor.id]
        return {
            "contract_id": contract.id,
            "posture": contract.posture,
            "vat_debtor": contract.vat_debtor,
            "on_account_terms": contract.on_account_terms,
            "cash_terms": contract.cash_terms,
        }

    @api.model
    def _marketplace_contract_problem(self, vendor, contracts, date=None):
        """Return, in words, why a vendor cannot sell; None when he can.

        :param date: when the customer ordered (UTC), now by default: what was bought
            before a suspension is still served.
        """
        if not vendor:
            return None
        if vendor.vendor_state != "approved" and not vendor._vendor_sold_on(date):
            return self.env._(
                "%(vendor)s is not approved: he takes no new orders.",
                vendor=vendor.display_name,
            )
        contract = contracts.get(vendor.id)
        if not contract:
            return self.env._(
                "%(vendor)s has no contract in force at the date of the order: "
                "activate one on the vendor.",
                vendor=vendor.display_name,
            )
        return None

    # -- invoicing ------------------------------------------------------------------

    def _create_invoices(self, grouped=False, final=False, date=None):
        """Refuse to invoice what a vendor sells in his own name."""
        if agent := self.filtered(lambda order: order.posture == "agent"):
            raise MarketplaceError(
                self.env._(
                    "%(orders)s: the vendor sells this order, not the company. Its "
                    "customer invoice is issued in the vendor's name; the company "
                    "invoices its commission only.",
                    orders=", ".join(agent.mapped("name")),
                )
            )
        return super()._create_invoices(grouped=grouped, final=final, date=date)

    # -- concurrency ----------------------------------------------------------------

    def _marketplace_take_turn(self):
        """Make whoever moves money or goods of these orders follow one another.

        Isolation is REPEATABLE READ: a transaction that gets a mere lock after ours
        still reads what was before us. The update changes nothing, but PostgreSQL then
        refuses that transaction, and Odoo does it again.
        """
        if not self.ids:
            return
        # In the order of the ids: two of us never wait for each other.
        self.env.cr.execute(
            SQL(
                "UPDATE sale_order SET write_uid = write_uid WHERE id IN ("
                "SELECT id FROM sale_order WHERE id IN %s ORDER BY id"
                " FOR NO KEY UPDATE)",
                tuple(self.ids),
            )
        )

    # -- cancellation ---------------------------------------------------------------

    def _action_cancel(self):
        """Refuse to cancel what the customer paid: it is refunded first."""
        parts = self.filtered("marketplace_order_id")
        for line, money in parts.order_line._marketplace_ledger_state().items():
            if money.state.left:
                raise MarketplaceError(
                    self.env._(
                        "The customer paid %(order)s: refund it from %(group)s first, "
                        "then cancel it.",
                        order=line.order_id.name,
                        group=line.order_id.marketplace_order_id.name,
                    )
                )
        return super()._action_cancel()

    # -- actions --------------------------------------------------------------------

    def action_view_marketplace_order(self):
        self.ensure_one()
        return self.marketplace_order_id._get_records_action()

    def action_view_marketplace_shipments(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Shipments of %(order)s", order=self.name),
            "res_model": "marketplace.shipment",
            "view_mode": "list,form",
            "domain": [("sale_order_id", "=", self.id)],
            "context": {"default_sale_order_id": self.id},
        }

    def action_create_marketplace_shipment(self):
        """Prepare a shipment of all that is left to ship, and open it."""
        self.ensure_one()
        shipment = self.env["marketplace.shipment"]._create_for_order(self)
        return shipment._get_records_action()
