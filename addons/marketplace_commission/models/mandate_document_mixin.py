"""What all documents made under a vendor's billing mandate are: facts, files, answer.

The vendor accepts a document or objects to it within the period of his mandate; later
it counts as accepted (directive 2006/112/EC, article 224; in France CGI annex II,
article 242 nonies).
"""

import base64
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.engine.money import from_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import ACCEPTANCES, CONTEST_REASON_MAX, DOCUMENT_KINDS
from ..engine.facturx_document import content_tax_rows, to_xml
from ..facturx_file import facturx_pdf

# A caller can send any context value over RPC, but never this very object.
_DOCUMENT_TOKEN = object()
# What happens to a document after its issue.
LATER_FIELDS = {
    "pdf",
    "xml",
    "is_printed",
    "date_accepted",
    "accepted_user_id",
    "is_contested",
    "date_contested",
    "contest_user_id",
    "contest_reason",
    "contest_answer",
}


class MarketplaceMandateDocumentMixin(models.AbstractModel):
    """Issued once and kept as it was; only files and the vendor's answer come later."""

    _name = "marketplace.mandate.document.mixin"
    _description = "Document under a Vendor's Mandate"
    # Name of the QWeb report; the model says it.
    _report = None
    _later_fields = LATER_FIELDS

    name = fields.Char(string="Number", required=True, readonly=True, index="trigram")
    kind = fields.Selection(DOCUMENT_KINDS, required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    mandate_id = fields.Many2one(
        "marketplace.terms.acceptance",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="By which the vendor lets the operator issue documents in his name.",
    )
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    refund_id = fields.Many2one(
        "marketplace.refund",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the credit note is for.",
    )
    date = fields.Date(string="Issued on", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount_untaxed = fields.Monetary(string="Excl. VAT", readonly=True)
    amount_tax = fields.Monetary(string="VAT", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)

    lang = fields.Char(string="Language", readonly=True)
    content = fields.Json(
        readonly=True, help="All that the document says, as it was sealed."
    )

    is_printed = fields.Boolean(string="Files Made", readonly=True)
    pdf = fields.Binary(
        string="PDF", attachment=True, readonly=True, help="With the XML inside."
    )
    xml = fields.Binary(string="XML", attachment=True, readonly=True)
    pdf_name = fields.Char(compute="_compute_file_names")
    xml_name = fields.Char(compute="_compute_file_names")

    date_contest_limit = fields.Date(
        string="To Contest until",
        required=True,
        readonly=True,
        help="The period of the mandate; later the document counts as accepted.",
    )
    acceptance = fields.Selection(
        ACCEPTANCES,
        compute="_compute_acceptance",
        help="What the vendor says of the document. Silence is consent once the period "
        "of his mandate is over.",
    )
    can_contest = fields.Boolean(compute="_compute_acceptance")
    date_accepted = fields.Datetime(
        string="Accepted on", readonly=True, tracking=True, copy=False
    )
    accepted_user_id = fields.Many2one(
        "res.users", string="Accepted by", readonly=True, index="btree_not_null"
    )
    is_contested = fields.Boolean(string="Contested", readonly=True, tracking=True)
    is_contest_open = fields.Boolean(
        string="Objection Open",
        compute="_compute_acceptance",
        search="_search_is_contest_open",
    )
    date_contested = fields.Datetime(string="Contested on", readonly=True)
    contest_user_id = fields.Many2one(
        "res.users", string="Contested by", readonly=True, index="btree_not_null"
    )
    contest_reason = fields.Text(string="Objection", readonly=True, tracking=True)
    contest_answer = fields.Text(
        string="Answer",
        readonly=True,
        tracking=True,
        help="How the objection was dealt with; shown to the vendor.",
    )

    # -- insert only ----------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_token()
        if wrong := vals.keys() - self._later_fields:
            raise AccessError(
                self.env._(
                    "%(documents)s: issued documents do not change (%(fields)s). Issue "
                    "a correcting document instead.",
                    documents=", ".join(self.mapped("name")),
                    fields=", ".join(sorted(wrong)),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(
            self.env._(
                "%(documents)s: issued documents are kept.",
                documents=", ".join(self.mapped("name")),
            )
        )

    def _check_token(self):
        if self.env.context.get("marketplace_document_token") is not _DOCUMENT_TOKEN:
            raise AccessError(
                self.env._(
                    "Documents in a vendor's name are issued from orders and refunds, "
                    "and never changed."
                )
            )

    def _unlocked(self):
        """Return self able to write; only the documents' own code may call it."""
        # sudo: documents follow from facts, whoever runs the job; see the callers
        return self.sudo().with_context(marketplace_document_token=_DOCUMENT_TOKEN)

    # -- computes -------------------------------------------------------------------

    @api.depends("name")
    def _compute_file_names(self):
        for document in self:
            name = (document.name or "").replace("/", "-")
            document.pdf_name = f"{name}.pdf"
            document.xml_name = f"{name}.xml"

    @api.depends(
        "date_accepted", "is_contested", "contest_answer", "date_contest_limit"
    )
    def _compute_acceptance(self):
        for document in self:
            today = document.company_id._marketplace_today()
            limit = document.date_contest_limit
            if document.is_contested:
                state = "answered" if document.contest_answer else "contested"
            elif document.date_accepted:
                state = "accepted"
            else:
                state = "open" if limit and today <= limit else "tacit"
            document.acceptance = state
            document.can_contest = state == "open"
            document.is_contest_open = state == "contested"

    def _search_is_contest_open(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return [("is_contested", "=", True), ("contest_answer", "=", False)]

    # -- the vendor's answer --------------------------------------------------------

    @api.private
    def _accept_document(self, user):
        """Take note that the vendor agrees; a second time changes nothing.

        :param user: who agrees for the vendor.
        :raises MarketplaceError: when he objected to the document.
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        if self.date_accepted:
            return
        if self.is_contested:
            raise MarketplaceError(
                self.env._("%(document)s is contested already.", document=self.name)
            )
        self._unlocked().write(
            {"date_accepted": fields.Datetime.now(), "accepted_user_id": user.id}
        )

    @api.private
    def _contest(self, user, reason):
        """Take note of a vendor's objection; the document stays as it is.

        :param user: who objects for the vendor.
        :raises MarketplaceError: without a reason, twice, after he agreed, or after
            the period.
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        reason = (reason or "").strip()[:CONTEST_REASON_MAX]
        if not reason:
            raise MarketplaceError(self.env._("Say what is wrong with the document."))
        if self.is_contested:
            raise MarketplaceError(
                self.env._("%(document)s is contested already.", document=self.name)
            )
        if self.date_accepted:
            raise MarketplaceError(
                self.env._(
                    "You accepted %(document)s. Issue a correcting document yourself.",
                    document=self.name,
                )
            )
        if not self.can_contest:
            raise MarketplaceError(
                self.env._(
                    "%(document)s could be contested until %(date)s: by your mandate "
                    "it is accepted. Issue a correcting document yourself.",
                    document=self.name,
                    date=self.date_contest_limit,
                )
            )
        self._unlocked().write(
            {
                "is_contested": True,
                "date_contested": fields.Datetime.now(),
                "contest_user_id": user.id,
                "contest_reason": reason,
            }
        )
        self._after_contest()

    def _after_contest(self):
        """Act on an objection just made; to extend."""

    def _answer_contest(self, answer):
        """Close the objections to documents with an answer to the vendors.

        :raises MarketplaceError: without an answer, or where nobody objected.
        """
        answer = (answer or "").strip()
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise MarketplaceError(
                self.env._("Answering an objection needs the role Accountant.")
            )
        if not answer:
            raise MarketplaceError(self.env._("Write an answer to the vendor."))
        for document in self:
            if not document.is_contest_open:
                raise MarketplaceError(
                    self.env._(
                        "%(document)s has no open objection.", document=document.name
                    )
                )
        self._unlocked().write({"contest_answer": answer})

    # -- content, for the page ------------------------------------------------------

    def _in_own_language(self):
        """Return the document in the language it was written in."""
        self.ensure_one()
        return self.with_context(lang=self.lang)

    def _format_minor(self, minor):
        """Return an amount of the content as text."""
        return self.currency_id.format(float(self._minor_amount(minor)))

    def _minor_amount(self, minor):
        return from_minor(minor, self.content["decimals"])

    def _format_unit(self, line):
        """Return the price of one unit of a line of the content, VAT excluded."""
        untaxed = self._minor_amount(line["total"] - line["tax"])
        return self.currency_id.format(float(untaxed / Decimal(line["quantity"])))

    def _tax_table(self):
        """Return the VAT of the document, one dict of texts per rate and category."""
        self.ensure_one()
        reasons = self.content["reasons"]
        return [
            {
                "rate": f"{row.rate:f} %",
                "reason": reasons.get(row.category, ""),
                "base": self._format_minor(row.base),
                "tax": self._format_minor(row.tax),
            }
            for row in content_tax_rows(self.content)
        ]

    # -- files ----------------------------------------------------------------------

    def _make_xml(self):
        self.ensure_one()
        return to_xml(self.content)

    def _make_pdf(self, xml):
        """Return the PDF of one document, with its XML inside where it can be."""
        self.ensure_one()
        # sudo: the caller may read the document; its report reads the company's logo
        reports = self.env["ir.actions.report"].sudo()
        return facturx_pdf(reports, self._report, self, xml, self.lang)

    @api.private
    def _print(self):
        """Make the files of documents that have none, once."""
        todo = self.filtered(lambda document: not document.is_printed)
        todo = todo.try_lock_for_update(allow_referencing=True)
        todo.invalidate_recordset(["is_printed"])
        todo = todo.filtered(lambda document: not document.is_printed)
        for document in todo:
            xml = document._make_xml()
            document._unlocked().write(
                {
                    "xml": base64.b64encode(xml),
                    "pdf": base64.b64encode(document._make_pdf(xml)),
                    "is_printed": True,
                }
            )
        todo._after_print()
        return todo

    def _after_print(self):
        """Act on documents that just got their files; to extend."""

    @api.private
    def _file(self, kind):
        """Return (file name, bytes) of one document; made first where it is not yet.

        :param kind: "pdf" or "xml".
        """
        self.ensure_one()
        if not self.is_printed:
            self._print()
        content = self.with_context(bin_size=False)[kind]
        if not content:
            raise MarketplaceError(
                self.env._(
                    "%(document)s is being printed: try again in a minute.",
                    document=self.name,
                )
            )
        return self[f"{kind}_name"], base64.b64decode(content)
