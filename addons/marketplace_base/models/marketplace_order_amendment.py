from odoo import api, fields, models
from odoo.fields import Command

from ..const import REFUND_REASONS
from ..exceptions import MarketplaceError

AMENDMENT_STATES = [("draft", "Draft"), ("applied", "Applied")]
AMENDMENT_TRANSITIONS = {"applied": {"draft"}}

# What an applied amendment says for good.
FROZEN_FIELDS = {"order_id", "number", "external_ref", "date", "line_ids", "reason"}


class MarketplaceOrderAmendment(models.Model):
    """A numbered change of a purchase after its confirmation.

    It never rewrites what was confirmed: what the customer gets less is cancelled or
    refunded, what he gets more is a further vendor order. Both are dated on the day of
    the change, so what was invoiced, paid out or locked before stays as it is.
    """

    _name = "marketplace.order.amendment"
    _description = "Order Amendment"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "external_ref", "order_id.external_number"]
    _state_transitions = AMENDMENT_TRANSITIONS

    name = fields.Char(
        compute="_compute_name", store=True, precompute=True, index="trigram"
    )
    order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    number = fields.Integer(
        readonly=True, copy=False, help="1, 2, 3… within the order."
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    channel = fields.Char(related="order_id.channel", store=True, precompute=True)
    partner_id = fields.Many2one(related="order_id.partner_id", string="Customer")
    currency_id = fields.Many2one(
        related="order_id.currency_id", store=True, precompute=True
    )
    external_ref = fields.Char(
        string="Reference",
        copy=False,
        help="Reference of the change at the storefront: each is applied once.",
    )
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        copy=False,
        tracking=True,
        help="Day of the change, on which its movements are booked: the period after "
        "what is closed already.",
    )
    reason = fields.Text(required=True, help="Why the purchase changes, for the file.")
    reason_code = fields.Selection(
        REFUND_REASONS, string="Kind", required=True, default="other", tracking=True
    )
    state = fields.Selection(
        AMENDMENT_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Applied by", readonly=True, copy=False
    )
    date_applied = fields.Datetime(string="Applied on", readonly=True, copy=False)
    line_ids = fields.One2many(
        "marketplace.order.amendment.line", "amendment_id", string="Changes"
    )
    amount_delta = fields.Monetary(
        string="Change",
        compute="_compute_amount_delta",
        store=True,
        tracking=True,
        help="What the customer pays more in all, negative when less; VAT included.",
    )
    refund_ids = fields.One2many(
        "marketplace.refund", "amendment_id", string="Refunds", readonly=True
    )
    sale_order_ids = fields.One2many(
        "sale.order", "amendment_id", string="Further Vendor Orders", readonly=True
    )
    amount_to_capture = fields.Monetary(related="order_id.amount_to_capture")

    _number_uniq = models.UniqueIndex(
        "(order_id, number)", "This order already has an amendment of that number."
    )
    _external_uniq = models.UniqueIndex(
        "(company_id, channel, external_ref) WHERE external_ref IS NOT NULL",
        "This change of the storefront is already recorded.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("order_id.name", "number")
    def _compute_name(self):
        for amendment in self:
            amendment.name = f"{amendment.order_id.name}/A{amendment.number}"

    @api.depends("line_ids.amount_delta")
    def _compute_amount_delta(self):
        for amendment in self:
            amendment.amount_delta = amendment.currency_id.round(
                sum(amendment.line_ids.mapped("amount_delta"))
            )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Number the amendments of each order: 1, 2, 3…"""
        orders = self.env["marketplace.order"].browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        # Two changes of an order follow one another, or they get one number.
        orders.sudo().sale_order_ids._marketplace_take_turn()
        last = {
            order.id: number
            for order, number in self.sudo()._read_group(
                [("order_id", "in", orders.ids)], ["order_id"], ["number:max"]
            )
        }
        numbered = []
        for vals in vals_list:
            number = last.get(vals.get("order_id"), 0) + 1
            last[vals.get("order_id")] = number
            numbered.append({**vals, "number": number})
        return super().create(numbered)

    def write(self, vals):
        """Keep what an applied amendment says: orders and ledger rest on it."""
        if FROZEN_FIELDS & vals.keys():
            self.check_access("write")
            self.filtered(lambda record: record.state == "applied")._refuse_applied()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_last_draft(self):
        """Keep the numbers of an order without gaps."""
        self.filtered(lambda record: record.state == "applied")._refuse_applied()
        kept = self.search(
            [("order_id", "in", self.order_id.ids), ("id", "not in", self.ids)]
        )
        for amendment in self:
            later = kept.filtered(
                lambda record, amendment=amendment: (
                    record.order_id == amendment.order_id
                    and record.number > amendment.number
                )
            )
            if later:
                raise MarketplaceError(
                    self.env._(
                        "%(amendment)s has later amendments: change it instead of "
                        "deleting it, numbers have no gaps.",
                        amendment=amendment.name,
                    )
                )

    def _refuse_applied(self):
        """Refuse to change amendments that are applied; nothing to say about none."""
        if self:
            raise MarketplaceError(
                self.env._(
                    "%(amendments)s: an applied amendment cannot change. Make another "
                    "one.",
                    amendments=", ".join(self.mapped("name")),
                )
            )

    # -- actions --------------------------------------------------------------------

    def action_load_lines(self):
        """Add every line of the purchase, unchanged, for the user to edit."""
        self.ensure_one()
        lines = self.order_id.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind in ("goods", "shipping")
            and not line.is_supplement
        )
        self.line_ids = [
            Command.create({"sale_line_id": line.id})
            for line in lines - self.line_ids.sale_line_id
        ]
        return True

    def action_apply(self):
        self._apply()
        return True

    def action_view_refunds(self):
        """Open what the amendment cancelled and refunded."""
        return self.refund_ids._get_records_action(name=self.env._("Refunds"))

    def action_view_sale_orders(self):
        """Open the vendor orders that the amendment added."""
        return self.sale_order_ids._get_records_action(
            name=self.env._("Further Vendor Orders")
        )
