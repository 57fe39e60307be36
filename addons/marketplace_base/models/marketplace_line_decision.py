"""What a vendor, the operator or a deadline decided on an order line."""

from odoo import api, fields, models

from ..const import REFUND_REASONS
from ..exceptions import MarketplaceError

DECISION_KINDS = [("accepted", "Accepted"), ("refused", "Refused")]
DECISION_SOURCES = [
    ("vendor", "Vendor"),
    ("operator", "Operator"),
    ("deadline", "Deadline"),
]
REFUSAL_REASONS = [
    ("out_of_stock", "Out of stock"),
    ("discontinued", "No longer sold"),
    ("price", "Wrong price"),
    ("damaged", "Damaged before dispatch"),
    ("address", "Cannot deliver to this address"),
    ("fraud", "Suspected fraud"),
    ("deadline", "Not accepted in time"),
    ("other", "Other"),
]
# Reasons of ours, which a vendor does not give.
OPERATOR_REASONS = {"fraud", "deadline"}
# What the refund says of a refusal that it has no word for.
REFUND_REASON_BY_REFUSAL = {
    "out_of_stock": "out_of_stock",
    "discontinued": "out_of_stock",
}

# Unforgeable by RPC: a client can send any context value, never this object.
DECIDING = object()


class MarketplaceLineDecision(models.Model):
    """Keep who accepted or refused units of an order line, when and why.

    A fact: what was refused is refunded or cancelled by the refund it points to.
    """

    _name = "marketplace.line.decision"
    _description = "Decision on an Order Line"
    _order = "id desc"
    _rec_name = "sale_line_id"

    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
    )
    # Not precomputed: the order's list of decisions would hold the unsaved record.
    sale_order_id = fields.Many2one(
        related="sale_line_id.order_id",
        string="Vendor Order",
        store=True,
        index=True,
    )
    vendor_id = fields.Many2one(
        related="sale_line_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="sale_line_id.company_id", store=True, precompute=True
    )
    kind = fields.Selection(DECISION_KINDS, string="Decision", required=True)
    quantity = fields.Float(digits="Product Unit", required=True)
    reason_code = fields.Selection(REFUSAL_REASONS, string="Reason")
    note = fields.Char()
    source = fields.Selection(DECISION_SOURCES, string="Decided by", required=True)
    user_id = fields.Many2one("res.users", required=True)
    date = fields.Datetime(required=True, index=True)
    refund_line_id = fields.Many2one(
        "marketplace.refund.line",
        index="btree_not_null",
        ondelete="restrict",
        help="What gives the money of refused units back, or cancels them.",
    )
    refund_id = fields.Many2one(related="refund_line_id.refund_id")

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "Decide on a positive quantity."
    )
    _refusal_explained = models.Constraint(
        "CHECK (kind <> 'refused' OR reason_code IS NOT NULL)",
        "Say why the units are refused.",
    )
    _accepted_uniq = models.UniqueIndex(
        "(sale_line_id) WHERE kind = 'accepted'", "This line is accepted already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        self._check_deciding()
        return super().create(vals_list)

    def write(self, vals):
        self._check_deciding()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_deciding()

    def _check_deciding(self):
        if self.env.context.get("marketplace_deciding") is not DECIDING:
            raise MarketplaceError(
                self.env._(
                    "Accept or refuse on the order: decisions are facts, nobody edits "
                    "them."
                )
            )


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    decision_ids = fields.One2many(
        "marketplace.line.decision", "refund_line_id", string="Refusals"
    )

    def write(self, vals):
        if {"quantity", "sale_line_id", "refund_id"} & vals.keys():
            self._check_refusals()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_refused(self):
        self._check_refusals()

    def _check_refusals(self):
        """Keep the units that a vendor refused: nobody else will deliver them."""
        refused = self.filtered(
            lambda item: item.decision_ids
            or (item.refund_id.is_refusal and item.sale_line_id.qty_refused)
        )
        if refused:
            raise MarketplaceError(
                self.env._(
                    "%(refund)s gives back what %(vendor)s refused of %(line)s: the "
                    "units stay, only the amount may change.",
                    refund=refused[0].refund_id.name,
                    vendor=refused[0].vendor_id.name,
                    line=refused[0].sale_line_id.display_name,
                )
            )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    is_refusal = fields.Boolean(
        string="For Refused Units",
        readonly=True,
        copy=False,
        help="Units that the vendor, the operator or a deadline refused.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("is_refusal") for vals in vals_list):
            self.env["marketplace.line.decision"]._check_deciding()
        return super().create(vals_list)

    def write(self, vals):
        if "is_refusal" in vals:
            self.env["marketplace.line.decision"]._check_deciding()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_refused(self):
        self.line_ids._check_refusals()

    @api.model
    def _refund_reason(self, refusal_code):
        """Return the refund's reason for a refusal's."""
        known = dict(REFUND_REASONS)
        reason = REFUND_REASON_BY_REFUSAL.get(refusal_code, "other")
        return reason if reason in known else "other"
