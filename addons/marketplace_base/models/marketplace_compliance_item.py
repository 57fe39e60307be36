from odoo import api, fields, models

from ..const_catalogue import (
    COMPLIANCE_KINDS,
    COMPLIANCE_PAPERS,
    COMPLIANCE_STATES,
    COMPLIANCE_TRANSITIONS,
)
from ..exceptions import MarketplaceError


class MarketplaceComplianceItem(models.Model):
    """A figure, a name or a paper that shows that a product may be sold."""

    _name = "marketplace.compliance.item"
    _description = "Compliance Data of a Product"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "product_tmpl_id, kind, id desc"
    _state_transitions = COMPLIANCE_TRANSITIONS

    product_tmpl_id = fields.Many2one(
        "product.template",
        string="Product",
        required=True,
        index=True,
        ondelete="cascade",
    )
    kind = fields.Selection(COMPLIANCE_KINDS, string="What", required=True)
    country_id = fields.Many2one(
        "res.country", help="Where it holds. Empty: every country."
    )
    vendor_id = fields.Many2one(
        "res.partner",
        string="Handed In By",
        index="btree_not_null",
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
        help="Empty: the marketplace's own.",
    )
    reference = fields.Char(
        help="The producer number, or name and address of the responsible person."
    )
    amount = fields.Monetary(
        string="Eco-contribution", help="For one unit, taxes included."
    )
    currency_id = fields.Many2one(
        "res.currency", default=lambda self: self.env.company.currency_id
    )
    file = fields.Binary(attachment=True)
    file_name = fields.Char()
    date_expiry = fields.Date(
        string="Valid Until", index="btree_not_null", tracking=True
    )
    state = fields.Selection(
        COMPLIANCE_STATES,
        required=True,
        readonly=True,
        default="to_review",
        copy=False,
        index=True,
        tracking=True,
    )
    refusal_reason = fields.Char(
        tracking=True, copy=False, help="The vendor reads it in his portal."
    )

    @api.depends("kind", "product_tmpl_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for item in self:
            # sudo: the name of the product, for the vendor's page too
            product = item.sudo().product_tmpl_id
            item.display_name = f"{kinds.get(item.kind, '')} · {product.name or ''}"

    @api.constrains("kind", "file", "amount", "reference")
    def _check_content(self):
        for item in self:
            if item.kind in COMPLIANCE_PAPERS:
                missing = not item.file and self.env._("the file")
            elif item.kind == "eco":
                missing = item.currency_id.compare_amounts(item.amount, 0) <= 0 and (
                    self.env._("the amount")
                )
            else:
                missing = not (item.reference or "").strip() and self.env._(
                    "the number, or the name and address"
                )
            if missing:
                raise MarketplaceError(
                    self.env._(
                        "%(item)s: give %(missing)s.",
                        item=item.display_name,
                        missing=missing,
                    )
                )

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    def action_accept(self):
        """Accept the data; offers that lacked it are sold again."""
        self._transition("accepted", {"refusal_reason": False})
        return True

    def action_refuse(self):
        """Refuse the data, for the reason typed on each."""
        for item in self:
            if not (item.refusal_reason or "").strip():
                raise MarketplaceError(
                    self.env._(
                        "Say why %(item)s is refused: the vendor reads it.",
                        item=item.display_name,
                    )
                )
        self._transition("refused")
        return True


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_compliance_ids = fields.One2many(
        "marketplace.compliance.item",
        "product_tmpl_id",
        string="Compliance Data",
        groups="marketplace_base.group_viewer",
    )
