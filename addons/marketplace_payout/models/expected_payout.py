"""On which day the money of each order line reaches its vendor, and why not sooner."""

from datetime import timedelta
from typing import NamedTuple

from odoo import fields, models

from ..engine import calendar

ONE_DAY = timedelta(days=1)
# Why a line has the date it has, or none: the code, and what the vendor is told.
PAYOUT_DATE_REASONS = [
    ("paid", "Transferred"),
    ("statement", "In a statement, paid with the next run"),
    ("due", "Due, settled at the next cut-off"),
    ("delay", "Delivered, due after the delay of the contract"),
    ("way", "If delivery takes as long as the contract assumes"),
    ("carried", "Carried to the next statement"),
    ("ship", "Not shipped yet"),
    ("delivery", "Not delivered yet"),
    ("incident", "Frozen by an incident"),
    ("manual", "Settled by hand"),
    ("blocked", "Your payouts wait: see the overview"),
    ("nothing", "Nothing is left to pay"),
]


class Expected(NamedTuple):
    """When a line is paid (None: nobody knows) and the code of the reason."""

    date: object
    reason: str


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    payout_date_expected = fields.Date(
        string="Payout Expected",
        compute="_compute_payout_expected",
        groups="marketplace_base.group_viewer",
        help="Day on which the vendor is paid, as things stand.",
    )
    payout_date_reason = fields.Selection(
        PAYOUT_DATE_REASONS,
        string="Payout Because",
        compute="_compute_payout_expected",
        groups="marketplace_base.group_viewer",
    )

    def _compute_payout_expected(self):
        expected = self._marketplace_expected_payouts()
        for line in self:
            found = expected.get(line, Expected(False, False))
            line.payout_date_expected = found.date
            line.payout_date_reason = found.reason

    def _marketplace_expected_payouts(self):
        """Return {line: Expected} of lines that vendors are paid for.

        The one place that says it, for the portal and the back office: from the
        delivery, the delay and the calendar of the contract, and what stops a payout.
        """
        # sudo: dates of the vendor's own money, whoever may read the line
        lines = self.sudo().filtered(
            lambda line: line.order_id.vendor_id
            and line.order_id.marketplace_order_id
            and line.marketplace_kind in ("goods", "shipping")
        )
        result = {}
        for company, own in lines.grouped("company_id").items():
            result.update(own._expected_in_company(company))
        return result

    def _expected_in_company(self, company):
        today = company._marketplace_today()
        vendors = self.order_id.vendor_id
        terms = self.env["marketplace.contract"]._payout_terms(company, today, vendors)
        blocked = {
            vendor: bool(vendor.with_company(company)._payout_block_reason())
            for vendor in vendors
        }
        due, settled = self._due_movements()
        frozen = (
            self.env["marketplace.incident"]
            .search([("sale_line_id", "in", self.ids), ("state", "=", "open")])
            .sale_line_id
        )
        result = {}
        for line in self:
            contract = terms.get(line.order_id.vendor_id.id)
            if line in settled and line not in due:
                found = self._expected_settled(settled[line], contract, today)
            elif line in frozen:
                found = Expected(None, "incident")
            else:
                day, reason = due.get(line), "due"
                if not day:
                    day, reason = line._expected_due_day()
                found = line._expected_from(day, reason, contract, today)
            if found.reason != "paid" and blocked[line.order_id.vendor_id]:
                found = Expected(None, "blocked")
            result[line] = found
        return result

    def _due_movements(self):
        """Return what of each line is due: ({line: day}, {line: last settlement})."""
        due, settled = {}, {}
        for line, settlement, day in self.env["marketplace.ledger.line"]._read_group(
            [
                ("sale_line_id", "in", self.ids),
                "|",
                ("role_debit", "=", "VENDOR_DUE"),
                ("role_credit", "=", "VENDOR_DUE"),
            ],
            ["sale_line_id", "settlement_id"],
            ["date_available:max"],
        ):
            if not settlement:
                due[line] = day
            elif line not in settled or settled[line].id < settlement.id:
                settled[line] = settlement
        return due, settled

    def _expected_settled(self, settlement, contract, today):
        """Return when a settlement is paid, or the one that took it over."""
        while settlement.state == "netted" and settlement.netted_by_id:
            settlement = settlement.netted_by_id
        if run := settlement.payout_id.filtered(
            lambda payout: payout.state in ("sent", "confirmed")
        ).run_id:
            return Expected(run.date_execution, "paid")
        if settlement.state == "confirmed":
            return Expected(calendar.payment_day(today), "statement")
        return self._expected_from(today, "carried", contract, today)

    def _expected_from(self, day, reason, contract, today):
        """Return the payment day of money that is due on a day."""
        if not day:
            return Expected(None, reason)
        span = contract and contract._payout_period(max(day, today - ONE_DAY))
        if not span:
            return Expected(None, "manual")
        return Expected(calendar.payment_day(span[1]), reason)

    def _expected_due_day(self):
        """Return (day on which the line falls due, reason) from its parcels.

        The last parcel counts; a delivery that is not known is assumed after the days
        of the contract the order was sold under.
        """
        self.ensure_one()
        shipments = self.order_id.marketplace_shipment_ids.filtered(
            lambda shipment: shipment.state in ("shipped", "delivered")
            and not shipment.is_entitled
        )
        if self.marketplace_kind == "goods":
            shipments = shipments.filtered(
                lambda shipment: self in shipment.line_ids.sale_line_id
            )
        if not shipments:
            return None, "nothing" if self.order_id.state == "cancel" else "ship"
        contract = self.order_id.contract_id
        days = []
        for shipment in shipments:
            if shipment.date_entitlement:
                days.append((shipment.date_entitlement, "delay"))
            elif contract.auto_delivery_days and shipment.date_shipped:
                wait = contract.auto_delivery_days + contract.entitlement_delay_days
                shipped = self.company_id._marketplace_day(shipment.date_shipped)
                days.append((shipped + timedelta(days=wait), "way"))
            else:
                return None, "delivery"
        return max(days)
