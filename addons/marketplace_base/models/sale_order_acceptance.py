"""Vendors accept or refuse what customers order, line by line, before a deadline."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..const import SHIPMENT_BATCH
from ..exceptions import MarketplaceError
from ..formatting import format_quantity
from .marketplace_line_decision import DECIDING

ORDER_ACCEPTANCE = [("waiting", "To Accept"), ("decided", "Decided")]
# What only the code of this file writes.
ACCEPTANCE_FIELDS = {
    "acceptance_required",
    "date_vendor_visible",
    "date_accept_by",
    "date_escalated",
}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    acceptance_required = fields.Boolean(
        string="Vendor Accepts",
        readonly=True,
        copy=False,
        help="By the contract: nothing ships before the vendor accepted it.",
    )
    date_vendor_visible = fields.Datetime(
        string="Shown to the Vendor on", readonly=True, copy=False
    )
    date_accept_by = fields.Datetime(
        string="Accept Before",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Moves by the time the order is on hold.",
    )
    date_escalated = fields.Datetime(
        string="Escalated on",
        readonly=True,
        copy=False,
        help="When the order desk was asked: the vendor did not answer in time.",
    )
    acceptance_state = fields.Selection(
        ORDER_ACCEPTANCE,
        string="Acceptance",
        compute="_compute_acceptance_state",
        store=True,
        index="btree_not_null",
    )
    decision_ids = fields.One2many(
        "marketplace.line.decision", "sale_order_id", string="Decisions"
    )

    @api.depends("state", "acceptance_required", "order_line.acceptance_state")
    def _compute_acceptance_state(self):
        for order in self:
            if order.state != "sale" or not order.acceptance_required:
                order.acceptance_state = False
                continue
            states = order.order_line.mapped("acceptance_state")
            order.acceptance_state = "waiting" if "waiting" in states else "decided"

    @api.depends("order_line.qty_refused")
    def _compute_marketplace_shipping_state(self):
        return super()._compute_marketplace_shipping_state()

    @api.model_create_multi
    def create(self, vals_list):
        if any(ACCEPTANCE_FIELDS & vals.keys() for vals in vals_list):
            self._check_acceptance_code()
        return super().create(vals_list)

    def write(self, vals):
        if ACCEPTANCE_FIELDS & vals.keys():
            self._check_acceptance_code()
        return super().write(vals)

    def _check_acceptance_code(self):
        if self.env.context.get("marketplace_deciding") is not DECIDING:
            raise MarketplaceError(
                self.env._("The contract says what a vendor accepts, and until when.")
            )

    # -- life -----------------------------------------------------------------------

    def _marketplace_after_confirm(self):
        result = super()._marketplace_after_confirm()
        self._marketplace_show_to_vendors()
        return result

    def _marketplace_show_to_vendors(self):
        """Start the vendors' time: they see these orders from now on, if not held."""
        now = fields.Datetime.now()
        shown = self.filtered(
            lambda order: order.vendor_id
            and not order.date_vendor_visible
            and not order.is_on_hold
        ).with_context(marketplace_deciding=DECIDING)
        # sudo: terms of the contract apply, whoever confirms may not read them
        by_hours = shown.sudo().grouped(
            lambda order: order.contract_id.acceptance_required
            and order.contract_id.acceptance_hours
        )
        for hours, orders in by_hours.items():
            vals = {"date_vendor_visible": now}
            if hours:
                vals["date_accept_by"] = now + timedelta(hours=hours)
                vals["acceptance_required"] = True
            orders.write(vals)

    # -- decisions ------------------------------------------------------------------

    def _marketplace_accept(self, source, lines=None):
        """Accept lines of these orders that wait; all of them when none are given.

        Lines decided before are left alone: accepting twice is accepting once.

        :param source: "vendor", "operator" or "deadline".
        :return: the decisions made.
        """
        self._marketplace_check_decidable()
        self._marketplace_take_turn()
        lines = self.order_line if lines is None else lines & self.order_line
        waiting = lines.filtered(lambda line: line.acceptance_state == "waiting")
        back = waiting._marketplace_quantities_back()
        return self._marketplace_decide(
            [
                {
                    "sale_line_id": line.id,
                    "kind": "accepted",
                    "quantity": line.product_uom_qty - back.get(line.id, 0.0),
                }
                for line in waiting
            ],
            source,
        )

    def _marketplace_refuse(self, source, quantities, reason_code, note=None):
        """Refuse units that are left to ship: they are refunded, or cancelled unpaid.

        :param source: "vendor", "operator" or "deadline".
        :param quantities: {order line: units}.
        :return: the decisions made.
        :raises MarketplaceError: above what is left to ship, naming the line.
        """
        self._marketplace_check_decidable(source)
        self._marketplace_take_turn()
        lines = self.env["sale.order.line"].union(*quantities) & self.order_line
        left = lines._marketplace_quantities_to_ship()
        vals_list = []
        for line in lines:
            quantity = line.product_uom_id.round(quantities[line])
            if quantity <= 0:
                continue
            if line.product_uom_id.compare(quantity, left.get(line.id, 0.0)) > 0:
                raise MarketplaceError(
                    self.env._(
                        "%(line)s: only %(left)s left to refuse, the others are "
                        "shipped, refunded or refused.",
                        line=line.display_name,
                        left=format_quantity(self.env, left.get(line.id, 0.0)),
                    )
                )
            vals_list.append(
                {
                    "sale_line_id": line.id,
                    "kind": "refused",
                    "quantity": quantity,
                    "reason_code": reason_code,
                    "note": note,
                }
            )
        decisions = self._marketplace_decide(vals_list, source)
        decisions._refund(reason_code)
        return decisions

    def _marketplace_check_decidable(self, source="vendor"):
        """Refuse decisions on orders that are cancelled, or on hold but for us."""
        for order in self:
            if order.state != "sale" or not order.vendor_id:
                raise MarketplaceError(
                    self.env._(
                        "%(order)s is not a confirmed vendor order.", order=order.name
                    )
                )
            if order.is_on_hold and source != "operator":
                raise MarketplaceError(
                    self.env._(
                        "%(order)s is on hold: release it first.", order=order.name
                    )
                )

    def _marketplace_decide(self, vals_list, source):
        # sudo: vendors and the deadline decide too; who may is checked by the callers
        Decision = self.env["marketplace.line.decision"].sudo()
        common = {
            "source": source,
            "user_id": self.env.uid,
            "date": fields.Datetime.now(),
        }
        created = Decision.with_context(marketplace_deciding=DECIDING).create(
            [{**vals, **common} for vals in vals_list]
        )
        return Decision.browse(created.ids)

    # -- actions --------------------------------------------------------------------

    def action_marketplace_accept(self):
        """Accept for the vendor all that waits."""
        self.check_access("write")
        self._marketplace_accept("operator")
        self._marketplace_acceptance_done()
        return True

    def action_marketplace_refuse(self):
        """Ask which units are refused, and why."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse Units of %(order)s", order=self.name),
            "res_model": "marketplace.line.refusal",
            "view_mode": "form",
            "target": "new",
            "context": {"default_sale_order_id": self.id},
        }

    def _marketplace_acceptance_done(self):
        """Close what asked the order desk about orders that are decided now."""
        self.filtered(
            lambda order: order.date_escalated and order.acceptance_state != "waiting"
        ).activity_unlink(["marketplace_base.activity_type_acceptance"])

    # -- deadline -------------------------------------------------------------------

    @api.model
    def _cron_acceptance(self):
        """Act on orders that their vendors did not answer in time, by contract."""
        cron = self.env["ir.cron"]
        domain = self._domain_acceptance_expired()
        cron._commit_progress(remaining=self.search_count(domain))
        for (company,) in self._read_group(domain, ["company_id"]):
            own = domain & Domain("company_id", "=", company.id)
            while True:
                orders = self.search(own, limit=SHIPMENT_BATCH, order="date_accept_by")
                # Orders that a vendor is answering right now wait for the next run.
                orders = orders.try_lock_for_update(allow_referencing=True)
                orders = orders.filtered_domain(own)
                if not orders or not company._marketplace_attempt(
                    self.env._("Acceptance of vendor orders"),
                    orders._marketplace_expire,
                ):
                    break
                if not cron._commit_progress(len(orders)):
                    return

    @api.model
    def _domain_acceptance_expired(self):
        return (
            Domain("acceptance_state", "=", "waiting")
            & Domain("date_accept_by", "<=", fields.Datetime.now())
            & Domain("is_on_hold", "=", False)
            & Domain("date_escalated", "=", False)
        )

    def _marketplace_expire(self):
        """Accept, refuse or escalate what the vendors left unanswered."""
        for expiry, orders in self.grouped(
            lambda order: order.contract_id.acceptance_expiry
        ).items():
            if expiry == "accept":
                orders._marketplace_accept("deadline")
            elif expiry == "refuse":
                waiting = orders.order_line.filtered(
                    lambda line: line.acceptance_state == "waiting"
                )
                left = waiting._marketplace_quantities_to_ship()
                orders._marketplace_refuse(
                    "deadline", {line: left[line.id] for line in waiting}, "deadline"
                )
            else:
                orders._marketplace_escalate()

    def _marketplace_escalate(self):
        """Ask the order desk what to do about orders without an answer."""
        desk = self.env.ref("marketplace_base.group_order_desk").all_user_ids
        by_vendor = self.grouped(lambda order: (order.company_id, order.vendor_id))
        for (company, vendor), orders in by_vendor.items():
            users = desk.filtered(
                lambda user, company=company: user.active
                and not user.share
                and company in user.company_ids
            )
            user = vendor.user_id or users.sorted("id")[:1] or self.env.user
            orders.activity_schedule(
                "marketplace_base.activity_type_acceptance",
                summary=self.env._("%(vendor)s did not answer", vendor=vendor.name),
                user_id=user.id,
            )
        self.with_context(
            marketplace_deciding=DECIDING
        ).date_escalated = fields.Datetime.now()
