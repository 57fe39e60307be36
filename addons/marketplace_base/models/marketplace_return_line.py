from collections import defaultdict

from odoo import api, fields, models

from ..const_returns import (
    RETURN_DISPOSALS,
    RETURN_LIVE_STATES,
    RETURN_REASONS,
    RETURN_VOID_STATES,
)
from ..exceptions import MarketplaceError
from ..formatting import format_quantity


class MarketplaceReturnLine(models.Model):
    _name = "marketplace.return.line"
    _description = "Customer Return Line"
    _order = "return_id, id"
    _rec_name = "sale_line_id"

    return_id = fields.Many2one(
        "marketplace.return", required=True, index=True, ondelete="cascade"
    )
    sale_order_id = fields.Many2one(related="return_id.sale_order_id")
    company_id = fields.Many2one(
        related="return_id.company_id", store=True, precompute=True
    )
    vendor_id = fields.Many2one(
        related="return_id.vendor_id",
        string="Vendor",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    state = fields.Selection(related="return_id.state")
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('order_id', '=', sale_order_id), ('marketplace_kind', '=', 'goods')]",
    )
    product_id = fields.Many2one(related="sale_line_id.product_id")
    quantity = fields.Float(digits="Product Unit", required=True, default=1.0)
    reason_code = fields.Selection(
        RETURN_REASONS,
        string="Reason",
        compute="_compute_reason_code",
        store=True,
        readonly=False,
        precompute=True,
    )
    disposal = fields.Selection(
        RETURN_DISPOSALS,
        string="What Becomes of Them",
        required=True,
        default="restock",
        help="Back on sale: compliant units are added to the stock of the offer, once.",
    )
    quantity_compliant = fields.Float(
        string="Compliant",
        digits="Product Unit",
        copy=False,
        help="Units in the state they must come back in; the others are not refunded.",
    )
    quantity_restocked = fields.Float(
        string="Put Back on Sale", digits="Product Unit", readonly=True, copy=False
    )
    refund_line_ids = fields.One2many(
        "marketplace.refund.line", "return_line_id", string="Refund Lines"
    )

    _sale_line_uniq = models.UniqueIndex(
        "(return_id, sale_line_id)", "An order line is in a return once."
    )
    _quantities = models.Constraint(
        "CHECK (quantity > 0 AND quantity_compliant >= 0"
        " AND quantity_compliant <= quantity)",
        "Return at least a part of a unit; no more units are compliant than came back.",
    )

    @api.depends("return_id.reason_code")
    def _compute_reason_code(self):
        for line in self:
            line.reason_code = line.return_id.reason_code

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_requested()
        lines._check_units()
        return lines

    def write(self, vals):
        if {"sale_line_id", "quantity", "return_id"} & vals.keys():
            self._check_requested()
        if {"quantity_compliant", "disposal"} & vals.keys():
            self._check_unchecked()
        result = super().write(vals)
        if {"sale_line_id", "quantity"} & vals.keys():
            self._check_units()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_requested(self):
        self._check_requested()

    def _check_requested(self):
        """Keep the goods of a return that is answered."""
        for record in self.return_id:
            if record.state != "requested":
                raise MarketplaceError(
                    self.env._(
                        "%(record)s is answered: what was asked for stays.",
                        record=record.name,
                    )
                )

    def _check_unchecked(self):
        """Keep the result of a check: goods were refunded or put on sale by it."""
        for record in self.return_id:
            if record.state in ("compliant", "closed"):
                raise MarketplaceError(
                    self.env._(
                        "%(record)s is checked: its result stays.", record=record.name
                    )
                )

    def _check_units(self):
        """Refuse to return units that were not delivered, or twice.

        :raises MarketplaceError: naming the line and what is left of it.
        """
        wrong = self.filtered(
            lambda line: line.sale_line_id.order_id != line.return_id.sale_order_id
            or line.sale_line_id.marketplace_kind != "goods"
        )
        if wrong:
            raise MarketplaceError(
                self.env._(
                    "%(line)s is no line of goods of %(order)s.",
                    line=wrong[0].sale_line_id.display_name,
                    order=wrong[0].return_id.sale_order_id.name,
                )
            )
        # Of two requests for the same units, the later must see the other.
        self.sale_line_id.order_id._marketplace_take_turn()
        for line, left in self.sale_line_id._marketplace_units_returnable().items():
            if line.product_uom_id.compare(left, 0.0) < 0:
                asked = sum(item.quantity for item in self if item.sale_line_id == line)
                raise MarketplaceError(
                    self.env._(
                        "%(line)s: only %(left)s delivered units are in no return and "
                        "not refunded, %(asked)s cannot come back.",
                        line=line.display_name,
                        left=format_quantity(
                            self.env,
                            line.product_uom_id.round(max(left + asked, 0.0)),
                        ),
                        asked=format_quantity(self.env, asked),
                    )
                )

    # -- business -------------------------------------------------------------------

    def _units_refundable(self):
        """Return {line: units of the return that may be refunded and were not yet}.

        Once checked, the compliant units; all before.
        """
        done = {
            line.id: quantity
            for line, quantity in self.env["marketplace.refund.line"]
            .sudo()  # portal vendors read no refund, but close their returns
            ._read_group(
                [("return_line_id", "in", self.ids), ("refund_id.state", "=", "done")],
                ["return_line_id"],
                ["quantity:sum"],
            )
        }
        result = {}
        for line in self:
            checked = line.return_id.state == "compliant"
            units = line.quantity_compliant if checked else line.quantity
            if line.return_id.state not in RETURN_LIVE_STATES:
                units = 0.0
            result[line] = max(
                line.sale_line_id.product_uom_id.round(units - done.get(line.id, 0.0)),
                0.0,
            )
        return result

    def _restock(self):
        """Add compliant units that go back on sale to their offers, once.

        Goods that the operator keeps come back by a stock picking: they are left out.
        """
        # sudo: the check puts goods on sale, whoever made it may not edit offers
        todo = self.sudo().filtered(
            lambda line: line.disposal == "restock"
            and line.sale_line_id.offer_id
            and line.sale_line_id.qty_delivered_method == "marketplace"
            and line.quantity_compliant > line.quantity_restocked
        )
        units = defaultdict(float)
        for line in todo:
            units[line.sale_line_id.offer_id] += (
                line.quantity_compliant - line.quantity_restocked
            )
            line.quantity_restocked = line.quantity_compliant
        for offer, quantity in units.items():
            offer.quantity = offer.product_id.uom_id.round(offer.quantity + quantity)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    marketplace_return_line_ids = fields.One2many(
        "marketplace.return.line", "sale_line_id", string="Return Lines"
    )

    def _marketplace_units_returnable(self):
        """Return {line: delivered units that are in no return and not refunded}.

        Negative when returns already hold more than that.
        """
        held = {
            line.id: quantity
            for line, quantity in self.env["marketplace.return.line"]
            .sudo()  # what may come back must not depend on who may read returns
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("return_id.state", "not in", RETURN_VOID_STATES),
                ],
                ["sale_line_id"],
                ["quantity:sum"],
            )
        }
        # Refunds made for a return are of units that it holds already.
        apart = {
            line.id: quantity
            for line, quantity in self.env["marketplace.refund.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("refund_id.state", "=", "done"),
                    ("return_line_id", "=", False),
                ],
                ["sale_line_id"],
                ["quantity:sum"],
            )
        }
        return {
            line: line.product_uom_id.round(
                min(line.qty_delivered, line.product_uom_qty - apart.get(line.id, 0.0))
                - held.get(line.id, 0.0)
            )
            for line in self
        }

    def _marketplace_units_in_returns(self):
        """Return {line: {return line: units that wait for their refund}}."""
        lines = (
            self.env["marketplace.return.line"]
            .sudo()  # what may be refunded must not depend on who may read returns
            .search(
                [
                    ("sale_line_id", "in", self.ids),
                    ("return_id.state", "in", RETURN_LIVE_STATES),
                ],
                order="id",
            )
        )
        result = defaultdict(dict)
        for line, units in lines._units_refundable().items():
            if units:
                result[line.sale_line_id][line] = units
        return result
