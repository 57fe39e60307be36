from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const_vendor_document import NATURES, VAT_CATEGORIES
from ..engine.vendor_document import Link, chain_faults
from .mandate_document_mixin import LATER_FIELDS


class MarketplaceVendorDocument(models.Model):
    """Invoice or credit note to a customer, issued in the name of the vendor who sold.

    No journal entry of the operator: its revenue is untouched. Issued once and for all:
    what it says is sealed, and the seal holds that of the document before it in the
    series of the vendor's mandate. A mistake is corrected by another document.
    """

    _name = "marketplace.vendor.document"
    _description = "Document in a Vendor's Name"
    _inherit = [
        "marketplace.mandate.document.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "sale_order_id.name", "partner_id.name"]
    _report = "marketplace_commission.report_vendor_document"
    _later_fields = LATER_FIELDS | {"date_sent"}

    kind_label = fields.Char(compute="_compute_kind_label")
    number = fields.Integer(
        string="Rank", required=True, readonly=True, aggregator=None
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        store=True,
        precompute=True,
        string="Order Group",
        index="btree_not_null",
    )
    invoice_id = fields.Many2one(
        "marketplace.vendor.document",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the credit note corrects.",
    )
    credit_note_ids = fields.One2many(
        "marketplace.vendor.document", "invoice_id", string="Credit Notes"
    )
    credit_note_count = fields.Integer(compute="_compute_credit_note_count")
    deducted_refund_line_ids = fields.Many2many(
        "marketplace.refund.line",
        "marketplace_vendor_document_deducted_rel",
        string="Refunded before Issue",
        readonly=True,
        help="Given back before the invoice was issued, which does not count them.",
    )
    nature = fields.Selection(NATURES, required=True, readonly=True)
    amount_total = fields.Monetary(
        help="Price of what is sold or taken back, VAT included, positive. The sum of "
        "what the vendor is credited.",
    )
    amount_funded = fields.Monetary(
        string="Paid by the Marketplace",
        readonly=True,
        help="Part of the price that the marketplace pays for the customer. It is a "
        "part of the vendor's taxable price.",
    )
    amount_customer = fields.Monetary(
        string="Paid by the Customer", compute="_compute_amount_customer", store=True
    )
    line_ids = fields.One2many(
        "marketplace.vendor.document.line", "document_id", readonly=True
    )
    previous_hash = fields.Char(string="Seal Before", required=True, readonly=True)
    hash = fields.Char(string="Seal", required=True, readonly=True)

    date_sent = fields.Datetime(string="Sent to the Customer", readonly=True)

    _number_uniq = models.UniqueIndex(
        "(mandate_id, number)", "This number of the series is taken."
    )
    _name_uniq = models.UniqueIndex("(name)", "This number is taken.")
    _invoice_uniq = models.UniqueIndex(
        "(sale_order_id) WHERE kind = 'invoice'", "The order has its invoice."
    )
    _credit_note_uniq = models.UniqueIndex(
        "(refund_id, sale_order_id) WHERE kind = 'credit_note'",
        "The refund has its credit note.",
    )
    _print_idx = models.Index("(id) WHERE is_printed IS NOT TRUE")
    _credit_note_whole = models.Constraint(
        "CHECK ((kind = 'credit_note') = (invoice_id IS NOT NULL)"
        " AND (kind = 'credit_note') = (refund_id IS NOT NULL))",
        "A credit note names its refund and the invoice it corrects.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("amount_total", "amount_funded", "currency_id")
    def _compute_amount_customer(self):
        for document in self:
            document.amount_customer = document.currency_id.round(
                document.amount_total - document.amount_funded
            )

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_kind_label(self):
        """Say the kind in the reader's language; templates translate no expression."""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for document in self:
            document.kind_label = labels.get(document.kind, "")

    def _compute_credit_note_count(self):
        counts = dict(
            self._read_group(
                [("invoice_id", "in", self.ids)], ["invoice_id"], ["__count"]
            )
        )
        for document in self:
            document.credit_note_count = counts.get(document, 0)

    # -- seal -----------------------------------------------------------------------

    def _sealed_content(self):
        """Return what the seal must be of: the content, as the columns repeat it."""
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        return {
            **(self.content or {}),
            "number": self.name,
            "kind": self.kind,
            "date": str(self.date),
            "currency": self.currency_id.name,
            "total": minor(self.amount_total),
            "tax": minor(self.amount_tax),
            "funded": minor(self.amount_funded),
            "invoice": self.invoice_id.name or "",
        }

    @api.model
    def _chain_problems(self, mandates):
        """Return, in words, what is wrong with the series of mandates.

        A gap, a document that does not follow the one before, or one that was changed.
        """
        problems = []
        by_mandate = self.search([("mandate_id", "in", mandates.ids)]).grouped(
            "mandate_id"
        )
        words = {
            "gap": self.env._("number %(number)s is missing"),
            "broken": self.env._("number %(number)s does not follow the one before"),
            "changed": self.env._("number %(number)s was changed after its issue"),
        }
        for mandate in mandates:
            documents = by_mandate.get(mandate, self.browse()).sorted("number")
            links = [
                Link(d.number, d.previous_hash, d.hash, d._sealed_content())
                for d in documents
            ]
            faults = chain_faults(links, mandate.document_last_number)
            if not faults and links and links[-1].seal != mandate.document_last_hash:
                faults = [("broken", links[-1].number)]
            problems += [
                self.env._(
                    "Documents of %(vendor)s, series %(series)s: %(fault)s.",
                    vendor=mandate.vendor_id.display_name,
                    series=mandate.document_prefix,
                    fault=words[fault] % {"number": number},
                )
                for fault, number in faults
            ]
        return problems

    def action_verify_series(self):
        """Check the series of the documents, and say what was found."""
        self.check_access("read")
        # sudo: the seal covers the whole series, of which the user reads a part
        mandates = self.sudo().mandate_id
        problems = self.sudo()._chain_problems(mandates)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if problems else "success",
                "sticky": bool(problems),
                "message": "\n".join(problems)
                or self.env._("The series is complete and its seals are intact."),
            },
        }

    # -- actions --------------------------------------------------------------------

    def action_view_credit_notes(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit notes of %(invoice)s", invoice=self.name),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("invoice_id", "=", self.id)],
        }

    def action_view_sale_order(self):
        self.ensure_one()
        return self.sale_order_id._get_records_action()


class MarketplaceVendorDocumentLine(models.Model):
    """One line of a document; its VAT is data, not a tax of the operator."""

    _name = "marketplace.vendor.document.line"
    _description = "Line of a Document in a Vendor's Name"
    _order = "document_id, id"

    document_id = fields.Many2one(
        "marketplace.vendor.document",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        related="document_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="document_id.currency_id", store=True, precompute=True
    )
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    refund_line_id = fields.Many2one(
        "marketplace.refund.line",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    name = fields.Char(string="Description", required=True, readonly=True)
    sku = fields.Char(string="SKU", readonly=True)
    quantity = fields.Float(digits="Product Unit", readonly=True)
    vat_category = fields.Selection(
        VAT_CATEGORIES, string="VAT Category", required=True, readonly=True
    )
    vat_rate = fields.Float(
        string="VAT %", digits=(5, 2), readonly=True, aggregator=None
    )
    vat_reason_code = fields.Char(
        string="Exemption", readonly=True, help="Code of the list VATEX."
    )
    amount_untaxed = fields.Monetary(string="Excl. VAT", readonly=True)
    amount_tax = fields.Monetary(string="VAT", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    amount_funded = fields.Monetary(string="Paid by the Marketplace", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        self.document_id._check_token()
        return super().create(vals_list)

    def write(self, vals):
        if self:
            raise AccessError(self.env._("Lines of issued documents do not change."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("Lines of issued documents are kept."))
