"""What is collected for each parcel at the door, fixed when it leaves."""

from odoo import api, fields, models
from odoo.fields import Command

from ..const import QUANTITY_DECIMALS
from ..engine.cash import due_at_door
from ..engine.money import cumulative_share, to_minor
from ..exceptions import MarketplaceError


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    cash_collection_ids = fields.One2many(
        "marketplace.cash.collection", "shipment_id", string="Cash"
    )
    currency_id = fields.Many2one(related="sale_order_id.currency_id")
    amount_to_collect = fields.Monetary(
        string="Cash to Collect",
        compute="_compute_amount_to_collect",
        compute_sudo=True,
        help="What the carrier takes from the customer. Until the parcel leaves, what "
        "it would be now.",
    )

    @api.depends("state", "line_ids.quantity", "cash_collection_ids.amount")
    def _compute_amount_to_collect(self):
        drafts = self.filtered(
            lambda one: one.state == "draft"
            and one.marketplace_order_id.cash_on_delivery
        )
        for shipment in self - drafts:
            shipment.amount_to_collect = shipment.cash_collection_ids.amount
        amounts = {
            vals["shipment_id"]: vals["amount"]
            for vals in drafts._prepare_cash_vals(alone=True)
        }
        for shipment in drafts:
            shipment.amount_to_collect = amounts.get(shipment.id, 0.0)

    def _after_ship(self):
        # sudo: cash follows the parcel; the vendor who ships reads none of it
        cash = self.sudo().filtered(
            lambda one: one.marketplace_order_id.cash_on_delivery
        )
        if cash:
            cash.sale_order_id._marketplace_take_turn()
            cash._ask_for_cash()
        return super()._after_ship()

    def _ask_for_cash(self):
        """Fix what the carrier collects for parcels that just left.

        :raises MarketplaceError: when no carrier is known that collects.
        """
        vals_list = self._prepare_cash_vals()
        for vals in vals_list:
            parcel = self.browse(vals["shipment_id"])
            carrier = parcel._cash_collector()
            if not carrier:
                raise MarketplaceError(
                    self.env._(
                        "%(parcel)s is paid at the door: choose the carrier that "
                        "collects cash in the marketplace settings of %(company)s.",
                        parcel=parcel.name,
                        company=parcel.company_id.name,
                    )
                )
            vals["carrier_id"] = carrier.id
        collections = self.env["marketplace.cash.collection"].create(vals_list)
        for collection in collections:
            shipped = collection.shipment_id.date_shipped
            collection._state_unlocked().date_expected = collection._expected(shipped)
        # Nobody may assume that a carrier was paid.
        collections.filtered(
            lambda one: one.collector == "carrier"
        ).shipment_id.date_auto_delivery = False

    def _cash_collector(self):
        """Return who collects the cash of a parcel, none when nobody is known."""
        self.ensure_one()
        return self.company_id.marketplace_cash_carrier_id

    def _prepare_cash_vals(self, alone=False):
        """Return the values of the cash of parcels, none where nothing is to pay.

        The goods of each parcel by units; delivery, and other lines without goods of
        their own, with the first parcel. The last parcel of a purchase takes the
        rounding of the storefront.

        :param alone: each parcel as if it left next and the others stayed.
        """
        lines = self.marketplace_order_id.sale_order_ids.order_line
        lines = lines.filtered("amount_vendor")
        states = lines._marketplace_ledger_state()
        all_gone = lines._marketplace_quantities_left(states)
        all_waiting = lines._marketplace_cash_waiting()
        parcels = self.sorted("id")
        units = {
            (parcel, item.sale_line_id): to_minor(item.quantity, QUANTITY_DECIMALS)
            for parcel in parcels
            for item in parcel.line_ids
        }
        for (parcel, line), quantity in units.items():
            if parcel.state == "shipped":
                all_gone[line] -= quantity
        gone, waiting = dict(all_gone), dict(all_waiting)
        by_group = lines.grouped(lambda line: line.order_id.marketplace_order_id)
        vals_list = []
        for parcel in parcels:
            if alone:
                gone, waiting = dict(all_gone), dict(all_waiting)
            group, items, total = parcel.marketplace_order_id, [], 0
            own = by_group.get(group, lines.browse())
            for line in own.filtered(parcel._is_paid_with):
                state = states[line].state
                now = units.get((parcel, line), state.quantity)
                before, gone[line] = gone[line], min(gone[line] + now, state.quantity)
                due = due_at_door(
                    line._marketplace_charge_minor(),
                    state.quantity,
                    gone[line],
                    state.charged - states[line].collect,
                    waiting[line],
                )
                waiting[line] += due
                total += due
                if line not in parcel.line_ids.sale_line_id:
                    before = 0
                items.append(line._prepare_cash_part(due, before, gone[line], state))
            if total:
                total += group._cash_rounding_minor(own, states, waiting)
                vals_list.append(
                    {
                        "shipment_id": parcel.id,
                        "amount": group.currency_id._marketplace_amount(total),
                        "line_ids": [Command.create(item) for item in items],
                    }
                )
        return vals_list

    def _is_paid_with(self, line):
        """Say whether a line of the purchase is paid with the parcel."""
        self.ensure_one()
        if line in self.line_ids.sale_line_id:
            return True
        if line.shipping_vendor_id:
            return line.shipping_vendor_id == self.vendor_id
        return line.order_id == self.sale_order_id and not line._marketplace_ships()

    def _after_deliver(self):
        """Count cash as collected with the parcel: none is handed over without."""
        result = super()._after_deliver()
        # sudo: cash follows the parcel, whoever reports it
        for moment, parcels in self.sudo().grouped("date_delivered").items():
            parcels.cash_collection_ids._collect(moment)
        return result

    def _after_tracking_change(self):
        """Tell the payment the number under which the carrier will name it."""
        result = super()._after_tracking_change()
        # sudo: the order desk corrects parcels, and no captured payment otherwise
        for collection in self.sudo().cash_collection_ids.filtered("payment_id"):
            collection.payment_id.psp_ref = collection.shipment_id.tracking_ref
        return result


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _cash_rounding_minor(self, lines, states, waiting):
        """Return the rounding of the storefront, once nothing else is to collect.

        :param waiting: {line: minor units that parcels collect, these included}.
        """
        self.ensure_one()
        if any(
            line._marketplace_charge_minor()
            > states[line].state.charged - states[line].collect + waiting[line]
            for line in lines
        ):
            return 0
        minor = self.currency_id._marketplace_minor
        known = self.cash_collection_ids.filtered(lambda one: one.state == "to_collect")
        known_rounding = sum(minor(one.amount) for one in known) - sum(
            minor(item.amount) for item in known.line_ids
        )
        in_all = sum(waiting[line] for line in lines) + known_rounding
        return minor(self.amount_to_capture) - in_all


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _prepare_cash_part(self, due, before, gone, state):
        """Return what of a parcel's cash pays the line, and what we pay beside it.

        :param due: minor units to collect.
        :param before: units of earlier parcels; ``gone`` includes this one.
        """
        self.ensure_one()
        ours = self.currency_id._marketplace_minor(self.amount_discount_marketplace)
        funded = cumulative_share(ours, state.quantity, gone)
        funded -= cumulative_share(ours, state.quantity, before)
        return {
            "sale_line_id": self.id,
            "amount": self.currency_id._marketplace_amount(due),
            "amount_funded": self.currency_id._marketplace_amount(funded),
        }

    def _marketplace_cash_waiting(self):
        """Return {line: minor units that parcels on their way are to collect}."""
        waiting = dict.fromkeys(self, 0)
        # sudo: what is to collect must not depend on who asks
        for line, amount in (
            self.env["marketplace.cash.collection.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("collection_id.state", "=", "to_collect"),
                ],
                ["sale_line_id"],
                ["amount:sum"],
            )
        ):
            waiting[line] = line.currency_id._marketplace_minor(amount)
        return waiting
