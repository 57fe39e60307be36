"""What vendors are charged besides commission, each with its tax."""

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

# kind: (label, account role of its income)
FEE_KINDS = {
    "subscription": ("Subscription", "SUBSCRIPTION"),
    "listing": ("Listing", "SUBSCRIPTION"),
    "one_off": ("One-off Service", "SUBSCRIPTION"),
    "penalty": ("Penalty", "SUBSCRIPTION"),
    "logistics": ("Logistics", "SUBSCRIPTION"),
    "advertising": ("Advertising", "SUBSCRIPTION"),
    "psp": ("Payment Cost", "SUBSCRIPTION"),
    "adjustment": ("Commission Adjustment", "COMMISSION"),
    "rebate": ("Volume Rebate", "COMMISSION"),
    "manual": ("Manual Debit or Credit", "COMMISSION"),
}
# Charged only once a second person agrees.
APPROVED_KINDS = {"penalty", "manual"}
# Each on a document of its own, with its calculation.
SEPARATE_KINDS = {"rebate", "manual"}
# May be negative: they give commission back.
SIGNED_KINDS = {"adjustment", "rebate", "manual"}
# VAT of a manual debit or credit.
VAT_TREATMENTS = [
    ("service", "As Commission"),
    ("none", "None: Compensation"),
]
FEE_STATES = [
    ("draft", "Draft"),
    ("approved", "Approved"),
    ("cancelled", "Cancelled"),
]
# target -> states it may be reached from
FEE_TRANSITIONS = {
    "approved": {"draft"},
    "cancelled": {"draft", "approved"},
    "draft": {"cancelled"},
}
# What an approved fee keeps for good.
FROZEN_FIELDS = {
    "kind",
    "name",
    "company_id",
    "vendor_id",
    "currency_id",
    "date",
    "amount",
    "vat_treatment",
    "calculation",
    "sale_order_id",
    "source_key",
    "move_line_id",
}
# A caller can send any context value over RPC, but never this very object.
INVOICING = object()


class MarketplaceFee(models.Model):
    """Charge a vendor for something else than a sale, or give commission back to him.

    An approved fee goes on the next commission invoice of its vendor, as a line of its
    own with the tax of its product; then it is a fact.
    """

    _name = "marketplace.fee"
    _description = "Vendor Fee"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _state_transitions = FEE_TRANSITIONS

    name = fields.Char(
        string="Description", required=True, help="The vendor reads it on the invoice."
    )
    kind = fields.Selection(
        [(kind, label) for kind, (label, _role) in FEE_KINDS.items()],
        required=True,
        default="one_off",
        tracking=True,
    )
    state = fields.Selection(
        FEE_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    date = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    amount = fields.Monetary(
        required=True,
        tracking=True,
        help="VAT excluded; positive when the vendor owes it.",
    )
    calculation = fields.Text(
        help="How the amount came about; the vendor reads it beside the fee."
    )
    vat_treatment = fields.Selection(
        VAT_TREATMENTS,
        string="VAT",
        required=True,
        default="service",
        help="A manual debit or credit is a service or its price reduction, with the "
        "VAT of commission; or it makes good a damage and is outside the scope of VAT.",
    )
    note = fields.Text(string="Reason", help="Why; for our own people.")
    sale_order_id = fields.Many2one(
        "sale.order", string="Vendor Order", index="btree_not_null", check_company=True
    )
    source_key = fields.Char(
        readonly=True, copy=False, help="Names the event: it is charged once."
    )
    proposed_by_id = fields.Many2one(
        "res.users",
        string="Proposed by",
        readonly=True,
        copy=False,
        help="Who last wrote what is charged: where a second person approves, it is "
        "not this one.",
    )
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Invoice Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    move_id = fields.Many2one(
        related="move_line_id.move_id",
        string="Invoice",
        store=True,
        index="btree_not_null",
    )

    _source_uniq = models.UniqueIndex(
        "(company_id, source_key) WHERE source_key IS NOT NULL",
        "This event was charged already.",
    )
    _uninvoiced_idx = models.Index(
        "(company_id, vendor_id) WHERE move_line_id IS NULL AND state = 'approved'"
    )

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    @api.constrains("kind", "amount")
    def _check_amount(self):
        for fee in self:
            sign = fee.currency_id.compare_amounts(fee.amount, 0.0)
            if not sign or (sign < 0 and fee.kind not in SIGNED_KINDS):
                raise MarketplaceError(
                    self.env._(
                        "“%(fee)s”: type a positive amount. To give something back, "
                        "use an adjustment.",
                        fee=fee.name,
                    )
                )

    @api.constrains("kind", "note", "vat_treatment")
    def _check_manual(self):
        for fee in self:
            if fee.kind == "manual" and not (fee.note or "").strip():
                raise MarketplaceError(
                    self.env._(
                        "“%(fee)s”: say why, a second person approves a manual debit "
                        "or credit by its reason.",
                        fee=fee.name,
                    )
                )
            if fee.kind != "manual" and fee.vat_treatment != "service":
                raise MarketplaceError(
                    self.env._(
                        "“%(fee)s”: only manual debits and credits go without VAT.",
                        fee=fee.name,
                    )
                )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse fees whose tax is not set up, before anything is written."""
        self.check_access("create")
        companies = self.env["res.company"].browse(
            {vals.get("company_id", self.env.company.id) for vals in vals_list}
        )
        for company in companies:
            company._marketplace_check_fee_taxes(
                {
                    vals.get("kind", "one_off")
                    for vals in vals_list
                    if vals.get("company_id", self.env.company.id) == company.id
                }
            )
        return super().create(
            [{**vals, "proposed_by_id": self.env.uid} for vals in vals_list]
        )

    def write(self, vals):
        if (FROZEN_FIELDS | {"note"}) & vals.keys() and not self.env.su:
            vals = {**vals, "proposed_by_id": self.env.uid}
        invoicing = self.env.context.get("marketplace_fee_invoicing") is INVOICING
        if FROZEN_FIELDS & vals.keys() and not invoicing:
            if fixed := self.filtered(lambda fee: fee.state == "approved"):
                raise MarketplaceError(
                    self.env._(
                        "%(fees)s: an approved fee stays as it is. Cancel it while it "
                        "is not invoiced, or give it back by an adjustment.",
                        fees=", ".join(fixed.mapped("name")),
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if fixed := self.filtered(lambda fee: fee.state != "draft"):
            raise MarketplaceError(
                self.env._(
                    "%(fees)s: only drafts are deleted.",
                    fees=", ".join(fixed.mapped("name")),
                )
            )

    # -- state gate -----------------------------------------------------------------

    @api.private
    def _transition(self, target, values=None):
        if target == "cancelled" and (
            invoiced := self.filtered(
                lambda fee: fee.move_line_id and fee.state != target
            )
        ):
            raise MarketplaceError(
                self.env._(
                    "%(fees)s: invoiced already. Give it back by an adjustment.",
                    fees=", ".join(invoiced.mapped("name")),
                )
            )
        return super()._transition(target, values)

    def action_approve(self):
        """Let the fee be invoiced; some kinds are approved by somebody else."""
        own = self.filtered(
            lambda fee: fee.state == "draft"
            and fee.kind in APPROVED_KINDS
            and fee.proposed_by_id == self.env.user
        )
        if own:
            raise MarketplaceError(
                self.env._(
                    "%(fees)s: you proposed this, so somebody else approves it.",
                    fees=", ".join(own.mapped("name")),
                )
            )
        self._transition("approved", {"approved_by_id": self.env.uid})
        return True

    def action_cancel(self):
        self._transition("cancelled")
        return True

    def action_reset(self):
        self._transition("draft", {"approved_by_id": False})
        return True

    # -- business -------------------------------------------------------------------

    @api.model
    @api.private
    def _charge_once(self, vals_list):
        """Create fees of events that were not charged yet; those of facts at once.

        :param vals_list: with their ``source_key``; all kinds but penalties are
            approved by the event itself.
        """
        # sudo: the fee follows from its event, whoever makes it happen.
        Fee = self.sudo()
        if not vals_list:
            return Fee
        known = {
            (fee.company_id.id, fee.source_key)
            for fee in Fee.search_fetch(
                [("source_key", "in", [vals["source_key"] for vals in vals_list])],
                ["company_id", "source_key"],
            )
        }
        fees = Fee.create(
            [
                vals
                for vals in vals_list
                if (vals["company_id"], vals["source_key"]) not in known
            ]
        )
        fees.filtered(lambda fee: fee.kind not in APPROVED_KINDS)._transition(
            "approved"
        )
        return fees

    def _document_key(self):
        """Return what tells the document of a fee from that of the commission."""
        self.ensure_one()
        if self.kind == "manual":
            return f"manual:{self.id}"
        return self.kind if self.kind in SEPARATE_KINDS else False

    @api.model
    @api.private
    def _invoiceable(self, company, date_to=None, vendors=None):
        """Return the approved fees that no document carries yet."""
        domain = Domain(
            [
                ("company_id", "=", company.id),
                ("state", "=", "approved"),
                ("move_line_id", "=", False),
            ]
        )
        if date_to:
            domain &= Domain("date", "<=", date_to)
        if vendors is not None:
            domain &= Domain("vendor_id", "in", vendors.ids)
        # sudo: the amount of a document must not depend on who makes it.
        return self.sudo().search(domain, order="id")

    def _invoice_items(self, position, company):
        """Return the values of the invoice line of each fee: {fee: values}."""
        items = {}
        for kind, fees in self.grouped("kind").items():
            product = company._marketplace_fee_product(kind)
            common = {
                "product_id": product.id,
                "account_id": company._marketplace_account(FEE_KINDS[kind][1]).id,
                "tax_ids": [
                    fields.Command.set(
                        company._marketplace_fee_taxes(kind, position).ids
                    )
                ],
                "quantity": 1.0,
                "analytic_distribution": False,
            }
            for fee in fees:
                name = "\n".join(filter(None, [fee.name, fee.calculation]))
                items[fee] = {**common, "name": name}
                if fee.vat_treatment == "none":
                    items[fee]["tax_ids"] = [fields.Command.clear()]
        return items

    def _link_invoice_line(self, item):
        """Keep the invoice line that carries the fee."""
        # sudo: the callers invoice; nobody else writes this link.
        self.sudo().with_context(marketplace_fee_invoicing=INVOICING).write(
            {"move_line_id": item.id}
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    marketplace_fee_ids = fields.One2many(
        "marketplace.fee", "move_id", string="Vendor Fees", readonly=True
    )
