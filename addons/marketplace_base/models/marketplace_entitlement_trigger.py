"""From which event what the customer paid is due to the vendor, by contract."""

from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..const import QUANTITY_DECIMALS, SHIPMENT_BATCH, VENDORS_TOGETHER
from ..engine.money import to_minor
from ..engine.refund import entitled
from ..exceptions import MarketplaceError
from .marketplace_entitlement import entitlement_keys
from .marketplace_line_decision import DECIDING

ENTITLEMENT_TRIGGERS = [
    ("acceptance", "Acceptance by the vendor"),
    ("shipment", "Shipment"),
    ("delivery", "Delivery"),
]


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    entitlement_trigger = fields.Selection(
        ENTITLEMENT_TRIGGERS,
        string="Due From",
        required=True,
        default="delivery",
        tracking=True,
        help="The event from which the amount is due to the vendor, after the days "
        "below, and never before the customer's money is captured.",
    )

    @api.constrains("entitlement_trigger", "acceptance_required")
    def _check_entitlement_trigger(self):
        for contract in self:
            if (
                contract.entitlement_trigger == "acceptance"
                and not contract.acceptance_required
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(contract)s: money can only be due from acceptance when the "
                        "vendor accepts orders. Tick that, or choose shipment.",
                        contract=contract.display_name,
                    )
                )

    def _frozen_fields(self):
        return super()._frozen_fields() | {"entitlement_trigger"}


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _entitlement_moment(self):
        """Return when the parcel makes its money due; False when it does not (yet)."""
        self.ensure_one()
        trigger = self.sale_order_id._marketplace_entitlement_trigger()
        lines = self.line_ids.sale_line_id
        if set(lines.mapped("marketplace_fulfilment")) == {"confirmation"}:
            trigger = "delivery"  # nobody is asked to accept it
        if trigger == "delivery":
            return self.state == "delivered" and self.date_delivered
        if trigger == "shipment":
            return self.state in ("shipped", "delivered") and self.date_shipped
        return False

    def _after_ship(self):
        result = super()._after_ship()
        # sudo: terms of the contract apply, whoever ships may not read them
        orders = self.sudo().sale_order_id
        if any(
            order._marketplace_entitlement_trigger() == "shipment" for order in orders
        ):
            self._schedule_entitlement()
        return result

    @api.model
    def _cron_entitle(self):
        result = super()._cron_entitle()
        self.env["marketplace.line.decision"]._cron_entitle()
        return result


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    def _change_state(self, target):
        moved = super()._change_state(target)
        if target == "captured" and moved:
            # sudo: money follows the payment, whoever records it
            orders = moved.sudo().order_id.sale_order_ids
            orders.decision_ids._schedule_entitlement()
        return moved


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _schedule_entitlement(self):  # pylint: disable=missing-return
        super()._schedule_entitlement()
        self.sale_order_ids.decision_ids._schedule_entitlement()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_entitlement_trigger(self):
        """Return the event that makes the money of the order due.

        What we guarantee on account is credited when it ships, not before.
        """
        self.ensure_one()
        trigger = self.contract_id.entitlement_trigger or "delivery"
        if trigger == "acceptance" and self._marketplace_is_guaranteed():
            return "shipment"
        return trigger

    def _marketplace_decide(self, vals_list, source):
        decisions = super()._marketplace_decide(vals_list, source)
        decisions._schedule_entitlement()
        return decisions


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_quantities_entitled(self, excluded):
        """Count units that acceptance made due like those of entitled parcels."""
        result = super()._marketplace_quantities_entitled(excluded)
        for line, quantity in (
            self.env["marketplace.line.decision"]
            .sudo()
            ._read_group(
                [("sale_line_id", "in", self.ids), ("is_entitled", "=", True)],
                ["sale_line_id"],
                ["quantity:sum"],
            )
        ):
            result[line] += to_minor(quantity, QUANTITY_DECIMALS)
        return result


class MarketplaceLineDecision(models.Model):
    _inherit = "marketplace.line.decision"

    date_entitlement = fields.Date(
        string="Due to the Vendor on",
        readonly=True,
        help="Set once the order is paid, when the contract pays from acceptance.",
    )
    is_entitled = fields.Boolean(string="Due to the Vendor", readonly=True)

    _entitlement_idx = models.Index(
        "(date_entitlement) WHERE date_entitlement IS NOT NULL AND NOT is_entitled"
    )

    def _schedule_entitlement(self):
        """Set when accepted units of paid orders are due; entitle those due at once."""
        # sudo: money follows acceptance, whoever gives it
        waiting = self.sudo().filtered(
            lambda item: item.kind == "accepted"
            and not item.date_entitlement
            and item.sale_order_id._marketplace_entitlement_trigger() == "acceptance"
            and item.sale_order_id.marketplace_order_id._is_paid(item.sale_order_id)
        )
        at_once = defaultdict(self.browse)
        for item in waiting.with_context(marketplace_deciding=DECIDING):
            day = fields.Datetime.context_timestamp(item, item.date).date()
            delay = item.sale_order_id.contract_id.entitlement_delay_days
            item.date_entitlement = day + timedelta(days=delay)
            if not delay:
                at_once[day] += item
        for day, items in at_once.items():
            items._entitle(day)

    @api.private
    def _entitle(self, date):
        """Move accepted units from pending to due, once; the delivery fee with them."""
        todo = self.sudo().filtered(
            lambda item: item.date_entitlement and not item.is_entitled
        )
        if not todo:
            return
        todo.sale_order_id._marketplace_take_turn()
        lines = todo.sale_order_id.order_line
        states = lines._marketplace_ledger_state()
        before = lines._marketplace_quantities_entitled(
            self.env["marketplace.shipment"]
        )
        todo.with_context(marketplace_deciding=DECIDING).is_entitled = True
        amounts = {
            (item.id, item.sale_line_id): entitled(
                states[item.sale_line_id].state,
                states[item.sale_line_id].pending,
                before[item.sale_line_id],
                to_minor(item.quantity, QUANTITY_DECIMALS),
            )
            for item in todo
        }
        for order, items in todo.grouped("sale_order_id").items():
            for line in order.order_line:
                if line.marketplace_kind == "shipping":
                    amounts[items.ids[0], line] = states[line].pending
        keys = entitlement_keys(todo, "entitlement:decision")
        entries = [
            line.order_id.marketplace_order_id._line_entry(
                line,
                amount,
                event="entitlement",
                event_key=keys[todo.browse(decision_id)],
                source_key=f"entitlement:decision:{decision_id}:{line.id}",
                role_debit="VENDOR_PENDING",
                role_credit="VENDOR_DUE",
                date_event=date,
                date_available=date,
            )
            for (decision_id, line), amount in amounts.items()
        ]
        self.env["marketplace.ledger.line"].sudo()._record(entries)
        groups = todo.sale_order_id.marketplace_order_id
        groups._entitle_supplements(dict.fromkeys(groups, date))

    @api.model
    def _cron_entitle(self):
        """Make due to the vendors what they accepted long enough ago."""
        cron = self.env["ir.cron"]
        open_ones = Domain("is_entitled", "=", False)
        # Nowhere is it later than a day after UTC.
        tomorrow = fields.Date.add(fields.Date.today(), days=1)
        waiting = open_ones & Domain("date_entitlement", "<=", tomorrow)
        for (company,) in self._read_group(waiting, ["company_id"]):
            today = company._marketplace_today()
            own = (
                open_ones
                & Domain("date_entitlement", "<=", today)
                & Domain("company_id", "=", company.id)
            )
            while True:
                items = self.search(own, limit=SHIPMENT_BATCH, order=VENDORS_TOGETHER)
                items = items.try_lock_for_update(allow_referencing=True)
                items = items.filtered_domain(own)
                if not items or not company._marketplace_attempt(
                    self.env._("Entitlement of accepted orders"), items._entitle, today
                ):
                    break
                if not cron._commit_progress(len(items)):
                    return
