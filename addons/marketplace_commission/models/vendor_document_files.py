"""Files of the documents: PDF with the XML inside (Factur-X), and the mail."""

import base64
import logging
from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.engine.money import from_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import PRINT_BATCH
from ..engine.facturx_document import content_tax_rows, to_xml

REPORT = "marketplace_commission.report_vendor_document"
MAIL_TEMPLATE = "marketplace_commission.mail_template_vendor_document"
# What PDF/A-3 asks for beside the file that WeasyPrint writes is Factur-X's own.
PDF_VARIANT = "pdf/a-3b"

# The library reports every step of every file.
logging.getLogger("factur-x").setLevel(logging.ERROR)


class MarketplaceVendorDocument(models.Model):
    _inherit = "marketplace.vendor.document"

    # -- content, for the page ------------------------------------------------------

    def _in_customer_language(self):
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
        """Return the PDF of one document, with its XML inside where that is possible.

        Without WeasyPrint the PDF of the server's own printer cannot be PDF/A-3.
        """
        self.ensure_one()
        # sudo: the caller may read the document; its report reads the company's logo
        reports = self.env["ir.actions.report"].sudo()
        printer = reports._document_printer()
        if not printer:
            content, _type = reports.with_context(
                force_report_rendering=True
            )._render_qweb_pdf(REPORT, self.ids)
            return content
        # Import here: factur-x loads the XSLT processor, a second of every start.
        from facturx import generate_from_binary

        html, _type = reports._render_qweb_html(REPORT, self.ids)
        return generate_from_binary(
            printer(html.decode(), PDF_VARIANT),
            xml,
            flavor="factur-x",
            level="en16931",
            check_schematron=False,
            lang=(self.lang or "en").replace("_", "-"),
        )

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
        """Hand documents with files to the customers; storefronts extend it."""
        self.filtered("company_id.marketplace_document_mail")._mail()

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

    @api.private
    def _mail(self):
        """Queue the mail to the customer of each document, once."""
        template = self.env.ref(MAIL_TEMPLATE).sudo()
        todo = self.filtered(lambda d: not d.date_sent and d.partner_id.email)
        if not todo:
            return
        attachments = self.env["ir.attachment"].sudo()
        # sudo: files of documents that are the customers'; the event decides the mail
        files = attachments.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", todo.ids),
                ("res_field", "=", "pdf"),
            ]
        )
        by_document = files.grouped("res_id")
        copies = attachments.create(
            [
                {
                    "name": document.pdf_name,
                    "raw": by_document[document.id].raw,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": document.id,
                }
                for document in todo
            ]
        )
        mails = template.send_mail_batch(todo.ids, email_values={"is_internal": True})
        by_document = copies.grouped("res_id")
        for mail in mails:
            mail.attachment_ids = by_document[mail.res_id]
        todo._unlocked().write({"date_sent": fields.Datetime.now()})

    @api.model
    def _cron_print(self):
        """Print what was issued, and commit batches."""
        cron = self.env["ir.cron"]
        domain = [("is_printed", "=", False)]
        cron._commit_progress(remaining=self.search_count(domain))
        while documents := self.search(domain, order="id", limit=PRINT_BATCH):
            printed = documents._print()
            if not printed or not cron._commit_progress(len(printed)):
                return

    # -- actions --------------------------------------------------------------------

    def action_print(self):
        """Make the files that are still missing."""
        self.check_access("read")
        # sudo: the files follow from what was issued
        self.sudo()._print()
        return True

    def action_send(self):
        """Mail documents to their customers, again where they were sent before."""
        self.check_access("read")
        self._check_issuer()
        documents = self.sudo()
        for document in documents:
            if not document.partner_id.email:
                raise MarketplaceError(
                    self.env._(
                        "%(customer)s has no e-mail address.",
                        customer=document.partner_id.display_name,
                    )
                )
        documents._print()
        documents._unlocked().write({"date_sent": False})
        documents._mail()
        return True
