"""Commission documents as Factur-X: the posted entry, in the words of the page."""

from decimal import Decimal

from odoo import models

from odoo.addons.marketplace_base.formatting import format_number

from ..engine.facturx_document import to_xml
from ..facturx_file import facturx_pdf

# VAT category and exemption code of a line without VAT, by the case of the vendor.
UNTAXED_CATEGORIES = {
    "eu": ("AE", "VATEX-EU-AE"),
    "outside": ("O", "VATEX-EU-O"),
    "none": ("O", "VATEX-EU-O"),
}
XML_FIELD = "ubl_cii_xml_file"


class AccountMove(models.Model):
    _inherit = "account.move"

    def _commission_xml(self):
        """Return the XML of a posted commission document."""
        self.ensure_one()
        # sudo: whoever may read the document gets its file; the callers checked.
        return to_xml(self.sudo()._in_vendor_language()._commission_content())

    def _commission_content(self):
        """Return what the XML says; amounts in minor units, positive on credit notes.

        Untaxed documents outside the scope of VAT name no VAT number (EN 16931, rule
        BR-O-02).
        """
        self.ensure_one()
        vendor, company = self.marketplace_vendor_id, self.company_id
        documents = self.env["marketplace.vendor.document"]
        bills = self.env["marketplace.self.bill"]
        lines = self._commission_content_lines()
        origin = self._commission_origins()[:1]
        mentions = [
            {"code": "", "text": f"{text}."} for text in self._commission_mentions()
        ]
        if origin:
            mentions.append({"code": "", "text": self._commission_origins_label()})
        seller, buyer = bills._buyer(company.partner_id), self._commission_buyer()
        categories = {line["category"] for line in lines}
        if "O" in categories:
            seller.update(vat="", tax_number=seller["registry"] or company.vat or "")
            buyer.update(vat="")
        return {
            "kind": "credit_note" if self.move_type == "out_refund" else "invoice",
            "is_due": True,
            "number": self.name,
            "date": str(self.invoice_date),
            "date_delivery": str(self.marketplace_date_to or self.invoice_date),
            "date_due": str(self.invoice_date_due or self.invoice_date),
            "currency": self.currency_id.name,
            "decimals": self.currency_id.decimal_places,
            "order": "",
            "invoice": origin.name or "",
            "invoice_date": str(origin.invoice_date or ""),
            "nature": "services",
            "seller": seller,
            "buyer": buyer,
            # A service to another member state says where it is received.
            "delivery": documents._party(vendor) if "K" in categories else None,
            "lines": lines,
            "mentions": mentions,
            "reasons": self._commission_reasons(categories, mentions),
            **{key: sum(line[key] for line in lines) for key in ("total", "tax")},
        }

    def _commission_buyer(self):
        """Return the vendor as the customer of his commission."""
        vendor = self.marketplace_vendor_id
        buyer = self.env["marketplace.self.bill"]._buyer(vendor)
        if vendor.einvoice_scheme and vendor.einvoice_address:
            buyer.update(scheme=vendor.einvoice_scheme, address=vendor.einvoice_address)
        return {**buyer, "vat": "" if vendor.is_vat_exempt else vendor.vat or ""}

    def _commission_content_lines(self):
        """Return the lines; the posted VAT of each tax stands on its first line."""
        minor = self.currency_id._marketplace_minor
        sign = -self.direction_sign
        left = {
            item.tax_line_id: sign * -minor(item.amount_currency)
            for item in self.line_ids
            if item.display_type == "tax"
        }
        lines = []
        items = self.invoice_line_ids.filtered(lambda i: i.display_type == "product")
        for item in items.sorted("sequence"):
            tax = item.tax_ids[:1]
            rate = Decimal(format_number(tax.amount)) if tax else Decimal(0)
            category, reason = ("S", "") if rate else self._commission_untaxed(item)
            charged = left.pop(tax, 0)
            untaxed = minor(item.price_subtotal)
            lines.append(
                {
                    "name": (item.name or "").splitlines()[0],
                    "sku": "",
                    # A price is never negative: what is taken off is less than none.
                    "quantity": "-1" if untaxed < 0 else "1",
                    "total": untaxed + charged,
                    "tax": charged,
                    "category": category,
                    "rate": format_number(rate),
                    "reason": reason,
                    "discount": "",
                }
            )
        return lines

    def _commission_untaxed(self, item):
        """Return (category, exemption code) of a line without VAT."""
        case = self.marketplace_vat_case if item.tax_ids else "none"
        return UNTAXED_CATEGORIES.get(case, ("E", ""))

    def _commission_reasons(self, categories, mentions):
        """Return {category: why no VAT is charged}: the first mention says it."""
        first = mentions[0]["text"] if mentions else self.fiscal_position_id.name or ""
        return dict.fromkeys(categories - {"S", "Z"}, first)

    def _make_commission_files(self):
        """Keep the PDF with its XML inside, and the XML, once."""
        self.ensure_one()
        xml = self._commission_xml()
        reports = self.env["ir.actions.report"].sudo()
        lang = self._in_vendor_language().env.lang
        report = self.env.ref("marketplace_commission.commission_invoice_report")
        content = facturx_pdf(reports, report.report_name, self, xml, lang)
        files = [("pdf", "application/pdf", "invoice_pdf_report_file", content)]
        if XML_FIELD in self._fields:
            files.append(("xml", "application/xml", XML_FIELD, xml))
        attachments = self.env["ir.attachment"].sudo()
        attachments.create(
            [
                {
                    "name": self._commission_filename(extension),
                    "raw": raw,
                    "mimetype": mimetype,
                    "res_model": "account.move",
                    "res_id": self.id,
                    "res_field": field,
                }
                for extension, mimetype, field, raw in files
            ]
        )
        names = ["invoice_pdf_report_id", "invoice_pdf_report_file"]
        if XML_FIELD in self._fields:
            names += ["ubl_cii_xml_id", XML_FIELD]
        self.invalidate_recordset(names)


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _hook_invoice_document_before_pdf_report_render(self, invoice, invoice_data):
        """Send the files that the vendor's portal gives, no other version of them."""
        if invoice.marketplace_vendor_id and invoice.state == "posted":
            invoice._commission_pdf()
        return super()._hook_invoice_document_before_pdf_report_render(
            invoice, invoice_data
        )
