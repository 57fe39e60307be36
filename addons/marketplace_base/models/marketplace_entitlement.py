"""Delivered goods become due to their vendor."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.tools import split_every

from ..const import ENTITLEMENT_ENTRY, QUANTITY_DECIMALS
from ..engine.money import to_minor
from ..engine.refund import entitled

# What makes money due to a vendor: nobody types it.
ENTITLEMENT_FIELDS = {"date_entitlement", "is_entitled"}


def entitlement_keys(records, prefix):
    """Return {record: event key}, a key for each journal entry to be made.

    Vendors stay together and entries small: to match one item Odoo reads all items of
    its entry.

    :param records: parcels or decisions, of many vendors.
    """
    together = records.sorted(lambda record: (record.vendor_id.id, record.id))
    return {
        record: f"{prefix}:{part.ids[0]}"
        for part in split_every(ENTITLEMENT_ENTRY, together.ids, records.browse)
        for record in part
    }


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    @api.model_create_multi
    def create(self, vals_list):
        if any(ENTITLEMENT_FIELDS & vals.keys() for vals in vals_list):
            self._check_state_gate()
        return super().create(vals_list)

    def write(self, vals):
        if ENTITLEMENT_FIELDS & vals.keys():
            self._check_state_gate()
        return super().write(vals)

    def _schedule_entitlement(self):
        """Set when parcels of paid orders are due; entitle those due at once.

        Unpaid orders wait: their payment calls this again.
        """
        # Of a delivery and a payment at once, the later must see the other.
        self.sale_order_id._marketplace_take_turn()
        # sudo: money follows delivery, whoever reports it; vendors read no payment
        waiting = self.sudo().filtered(
            lambda shipment: shipment._entitlement_moment()
            and not shipment.date_entitlement
            and shipment._is_payment_in()
        )
        at_once = defaultdict(self.browse)
        for shipment in waiting:
            day = shipment.company_id._marketplace_day(shipment._entitlement_moment())
            delay = shipment.sale_order_id.contract_id.entitlement_delay_days
            shipment._state_unlocked().date_entitlement = day + timedelta(days=delay)
            if not delay:
                at_once[day] += shipment
        for day, shipments in at_once.items():
            shipments._entitle(day)

    def _is_payment_in(self):
        """Say whether what the customer pays of the parcel is in; to extend."""
        self.ensure_one()
        return self.marketplace_order_id._is_paid(self.sale_order_id)

    def _date_available(self, date):
        """Return from when the vendor may be paid: at the due date, if guaranteed."""
        self.ensure_one()
        group = self.marketplace_order_id
        guaranteed = self.sale_order_id.on_account_terms == "guaranteed"
        return max(date, group.date_due) if group.on_account and guaranteed else date

    @api.private
    def _entitle(self, date):
        """Move what these parcels deliver from pending to due, once.

        Goods by quantity, cumulated over the parcels of a line; shipping with the first
        parcel. Never more than is pending: what was refunded before is not due.
        """
        todo = self.sudo().filtered(
            lambda shipment: shipment.date_entitlement and not shipment.is_entitled
        )
        if not todo:
            return
        # A refund takes what is pending first, and must not take what leaves here.
        todo.sale_order_id._marketplace_take_turn()
        todo._state_unlocked().is_entitled = True
        lines = todo.sale_order_id.order_line
        states = lines._marketplace_ledger_state()
        before = lines._marketplace_quantities_entitled(todo)
        pending = {line: money.pending for line, money in states.items()}
        keys = entitlement_keys(todo, "entitlement")
        entries = []
        for shipment in todo.sorted("id"):
            now = {item.sale_line_id: item.quantity for item in shipment.line_ids}
            for line in shipment.sale_order_id.order_line:
                if line.is_supplement:
                    continue
                if line.marketplace_kind == "shipping":
                    amount = pending[line]
                elif line in now:
                    units = to_minor(now[line], QUANTITY_DECIMALS)
                    # As sold: on account, only what was shipped is credited yet.
                    state = line._marketplace_sold_state(states[line])
                    amount = entitled(state, pending[line], before[line], units)
                    before[line] += units
                else:
                    continue
                pending[line] -= amount
                entries.append(
                    shipment.marketplace_order_id._line_entry(
                        line,
                        amount,
                        event="entitlement",
                        event_key=keys[shipment],
                        source_key=f"entitlement:{shipment.id}:{line.id}",
                        role_debit="VENDOR_PENDING",
                        role_credit="VENDOR_DUE",
                        date_event=date,
                        date_available=shipment._date_available(date),
                    )
                )
        self.env["marketplace.ledger.line"].sudo()._record(entries)
        groups = todo.marketplace_order_id
        groups._entitle_supplements(dict.fromkeys(groups, date))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_quantities_entitled(self, excluded):
        """Return {line: units of entitled parcels}, in the engine's integers.

        :param excluded: shipments left out.
        """
        result = dict.fromkeys(self, 0)
        for line, quantity in (
            self.env["marketplace.shipment.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("shipment_id.is_entitled", "=", True),
                    ("shipment_id", "not in", excluded.ids),
                ],
                ["sale_line_id"],
                ["quantity:sum"],
            )
        ):
            result[line] = to_minor(quantity, QUANTITY_DECIMALS)
        return result

    def _marketplace_entitle_rest(self, states, date, event_key):
        """Return the entries that leave nothing pending where nothing more will ship.

        Money that no parcel will ever release: a line whose last units were refunded
        for less than their price, and the delivery fee of an order whose goods are
        all delivered or refunded.

        :param self: the lines of one vendor order.
        :param states: {line: LineMoney} after the refund.
        """
        before = self._marketplace_quantities_entitled(self.env["marketplace.shipment"])
        goods = self.filtered(
            lambda line: line.marketplace_kind == "goods" and not line.is_supplement
        )
        complete = goods.filtered(
            lambda line: before[line] + states[line].state.quantity_back
            >= states[line].state.quantity
        )
        if goods and complete == goods:
            complete |= self.filtered(
                lambda line: line.marketplace_kind == "shipping"
                and not line.is_supplement
            )
        return [
            self.env["marketplace.order"]._line_entry(
                line,
                states[line].pending,
                event="entitlement",
                event_key=event_key,
                source_key=f"{event_key}:{line.id}",
                role_debit="VENDOR_PENDING",
                role_credit="VENDOR_DUE",
                date_event=date,
                date_available=date,
            )
            for line in complete
        ]


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _schedule_entitlement(self):
        """Make due what waits for the payment of these purchases; to extend."""
        self.sale_order_ids.marketplace_shipment_ids._schedule_entitlement()
