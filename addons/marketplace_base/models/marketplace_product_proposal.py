from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.fields import Command

from ..const_catalogue import (
    PROPOSAL_KINDS,
    PROPOSAL_OPEN_STATES,
    PROPOSAL_STATES,
    PROPOSAL_TRANSITIONS,
)
from ..exceptions import MarketplaceError

# What a proposal says of a product, in the order people read it.
PROPOSED_FIELDS = ("name", "brand", "categ_id", "description", "value_ids")


class MarketplaceProductProposal(models.Model):
    """A product that a vendor wants in the catalogue, or a change of one.

    The product itself is untouched until the proposal is confirmed.
    """

    _name = "marketplace.product.proposal"
    _description = "Product Proposal"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _state_transitions = PROPOSAL_TRANSITIONS
    _rec_names_search = ["name", "gtin", "vendor_id.vendor_code"]

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        PROPOSAL_KINDS, compute="_compute_kind", store=True, precompute=True
    )
    state = fields.Selection(
        PROPOSAL_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")
    product_id = fields.Many2one(
        "product.product",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        help="The product to change; of a new product, what the proposal became.",
    )
    base_values = fields.Json(
        readonly=True,
        copy=False,
        help="The product as the vendor saw it: only what he changed is written.",
    )
    name = fields.Char(string="Product Name", tracking=True)
    gtin = fields.Char(string="GTIN", index="btree_not_null", tracking=True)
    brand = fields.Char(
        tracking=True, help="Created with the product when nobody has it yet."
    )
    categ_id = fields.Many2one(
        "product.category", string="Category", index="btree_not_null", tracking=True
    )
    description = fields.Text(tracking=True, help="Shown to customers.")
    value_ids = fields.Many2many(
        "product.attribute.value",
        "marketplace_proposal_value_rel",
        string="Attributes",
        tracking=True,
    )
    offer_ids = fields.One2many(
        "marketplace.product.proposal.offer", "proposal_id", string="Waiting Offers"
    )
    missing = fields.Char(compute="_compute_missing", compute_sudo=True)
    diff = fields.Html(compute="_compute_diff", compute_sudo=True, string="Changes")
    reason = fields.Text(
        string="Answer",
        readonly=True,
        copy=False,
        help="Why changes are asked for or why it was refused; the vendor reads it.",
    )
    reviewer_id = fields.Many2one("res.users", readonly=True, copy=False)
    date_review = fields.Datetime(string="Reviewed On", readonly=True, copy=False)

    _open_gtin_uniq = models.UniqueIndex(
        "(company_id, vendor_id, lpad(gtin, 14, '0')) WHERE kind = 'new' "
        "AND state IN ('draft', 'submitted', 'changes_requested')",
        "This vendor has an open proposal for this GTIN already.",
    )
    _open_change_uniq = models.UniqueIndex(
        "(company_id, vendor_id, product_id) WHERE kind = 'change' "
        "AND state IN ('draft', 'submitted', 'changes_requested')",
        "This vendor has an open proposal to change this product already.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("base_values")
    def _compute_kind(self):
        for proposal in self:
            proposal.kind = "change" if proposal.base_values else "new"

    @api.depends("state")
    def _compute_is_open(self):
        for proposal in self:
            proposal.is_open = proposal.state in PROPOSAL_OPEN_STATES

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("state", "in" if True in value else "not in", PROPOSAL_OPEN_STATES)]

    @api.depends("name", "gtin", "vendor_id")
    def _compute_display_name(self):
        for proposal in self:
            parts = (proposal.name or proposal.gtin, proposal.vendor_id.name)
            proposal.display_name = " · ".join(part for part in parts if part)

    def _needs_category(self):
        """Tell whether a category must be given: not for a product that has none."""
        return not self.base_values or bool(self.base_values["categ_id"])

    @api.depends("name", "categ_id", "value_ids", "base_values")
    def _compute_missing(self):
        """Name what a product needs before it can be reviewed."""
        required = self.categ_id._origin._marketplace_required_attributes()
        for proposal in self:
            missing = []
            if not (proposal.name or "").strip():
                missing.append(self.env._("name"))
            if not proposal.categ_id and proposal._needs_category():
                missing.append(self.env._("category"))
            wanted = required.get(
                proposal.categ_id._origin, self.env["product.attribute"]
            )
            lacking = wanted - proposal.value_ids.attribute_id._origin
            missing += lacking.mapped("name")
            proposal.missing = ", ".join(missing)

    @api.depends(*PROPOSED_FIELDS, "product_id", "base_values", "state")
    def _compute_diff(self):
        for proposal in self:
            rows = proposal._diff_rows()
            proposal.diff = rows and Markup(
                '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th>'
                "<th>%s</th></tr></thead><tbody>%s</tbody></table>"
            ) % (
                self.env._("What"),
                self.env._("Now"),
                self.env._("Proposed"),
                Markup("").join(
                    Markup(
                        "<tr><td>%s</td><td class='text-muted'>%s</td>"
                        "<td><strong>%s</strong></td></tr>"
                    )
                    % row
                    for row in rows
                ),
            )

    def _diff_rows(self):
        """Return (label, value now, proposed value) of what confirming would change."""
        self.ensure_one()
        now = {}
        if self.kind == "change":
            now = self._product_values(self.product_id, self.vendor_id.lang)
        labels = self.fields_get(PROPOSED_FIELDS, ["string"])
        changes = self._changes()
        if self.kind == "change" and self.state in ("confirmed", "declined"):
            # What was decided on, whatever the product became since.
            now = self.base_values
        return [
            (
                labels[name]["string"],
                self._value_words(name, now[name]) if now else "",
                self._value_words(name, value),
            )
            for name, value in changes.items()
            if value or self.kind == "change"
        ]

    def _value_words(self, name, value):
        if name == "categ_id":
            return self.env[self._fields[name].comodel_name].browse(value).display_name
        if name == "value_ids":
            values = self.env["product.attribute.value"].browse(value or [])
            return ", ".join(values.mapped("display_name"))
        return escape(value or "").replace("\n", Markup("<br/>"))

    # -- values ---------------------------------------------------------------------

    @api.model
    def _product_values(self, product, lang):
        """Return what the catalogue says of a product, as ``base_values`` keeps it.

        :param lang: the vendor's: what he reads is what he changes.
        """
        # sudo: vendors read no product, but what he sells is shown to him
        template = product.sudo().product_tmpl_id
        template = template.with_context(lang=lang or self.env.lang)
        return {
            "name": template.name,
            "brand": template.marketplace_brand_id.name or "",
            "categ_id": template.categ_id.id or False,
            "description": template.description_sale or "",
            "value_ids": sorted(template.attribute_line_ids.value_ids.ids),
        }

    def _proposed_values(self):
        self.ensure_one()
        return {
            "name": (self.name or "").strip(),
            "brand": (self.brand or "").strip(),
            "categ_id": self.categ_id.id or False,
            "description": self.description or "",
            "value_ids": sorted(self.value_ids.ids),
        }

    def _changes(self):
        """Return what the vendor proposes that he did not find in the catalogue."""
        base = self.base_values or {}
        return {
            name: value
            for name, value in self._proposed_values().items()
            if not base or value != base[name]
        }

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        products = self.env["product.product"].browse(
            [vals["product_id"] for vals in vals_list if vals.get("product_id")]
        )
        by_id = {product.id: product for product in products}
        vendors = self.env["res.partner"].browse(
            [vals["vendor_id"] for vals in vals_list if vals.get("vendor_id")]
        )
        langs = {vendor.id: vendor.lang for vendor in vendors}
        prepared = []
        for vals in vals_list:
            vals = {**vals}
            vals.pop("base_values", None)
            if product := by_id.get(vals.get("product_id")):
                base = self._product_values(product, langs.get(vals.get("vendor_id")))
                values = {**base, "value_ids": [Command.set(base["value_ids"])]}
                vals = {**values, **vals, "base_values": base}
            prepared.append(vals)
        return super().create(prepared)

    def write(self, vals):
        if vals.keys() & {*PROPOSED_FIELDS, "gtin", "product_id", "base_values"}:
            self._check_open()
        return super().write(vals)

    def _check_open(self):
        decided = self.filtered(lambda proposal: not proposal.is_open)
        if decided:
            raise MarketplaceError(
                self.env._(
                    "Decided already: %(proposals)s. Make a new proposal.",
                    proposals=", ".join(decided.mapped("display_name")),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_open(self):
        self._check_open()

    # -- actions --------------------------------------------------------------------

    def action_submit(self):
        """Hand in proposals that say all that is needed."""
        for proposal in self:
            if proposal.missing:
                raise MarketplaceError(
                    self.env._(
                        "%(proposal)s still needs: %(missing)s.",
                        proposal=proposal.display_name,
                        missing=proposal.missing,
                    )
                )
        self._submit()
        return True

    def _submit_complete(self):
        """Hand in the proposals that are complete; the vendor completes the others."""
        ready = self.filtered(lambda proposal: not proposal.missing)
        ready._submit()
        return ready

    def _submit(self):
        moved = self._transition("submitted")
        moved._message_log_batch(dict.fromkeys(moved.ids, self.env._("Handed in.")))

    def action_view_product(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "product.template",
            "res_id": self.product_id.product_tmpl_id.id,
            "view_mode": "form",
        }
