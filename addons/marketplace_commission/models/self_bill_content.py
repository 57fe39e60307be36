"""What a self-billed document says: the posted bill, seen from its vendor."""

from decimal import Decimal

from odoo import api, models

from odoo.addons.marketplace_base.engine.money import allocate
from odoo.addons.marketplace_base.formatting import format_number

from ..engine.vendor_document import Trade, vat_case
from .vendor_document_content import EMAIL_EAS, FRENCH_EAS


class MarketplaceSelfBill(models.Model):
    _inherit = "marketplace.self.bill"

    @api.model
    def _prepare_content(self, move, mandate, bill, europe):
        """Return what the vendor's copy of a posted bill says, in his language.

        :param bill: the copy of the bill that a debit corrects, or nothing.
        :param europe: the countries of the Union.
        """
        company, vendor = move.company_id, move.partner_id
        order, refund = (
            move.marketplace_principal_order_id,
            move.marketplace_principal_refund_id,
        )
        lang = vendor.lang or company.partner_id.lang or "en_US"
        documents = self.env["marketplace.vendor.document"].with_context(lang=lang)
        is_credit = move.move_type == "in_refund"
        nature = documents._nature(order.order_line)
        lines = self._content_lines(
            move, nature == "services", self._vendor_trade(move, europe)
        )
        day = refund.date if refund else order._vendor_delivery_day()
        content = {
            "is_self_billed": True,
            "is_due": True,
            "kind": "credit_note" if is_credit else "invoice",
            "number": move.name,
            "date": str(move.invoice_date),
            "date_delivery": str(day or move.invoice_date),
            "date_due": str(move.invoice_date_due or move.invoice_date),
            "currency": move.currency_id.name,
            "decimals": move.currency_id.decimal_places,
            "lang": lang,
            "order": order.name,
            "shop_order": order.client_order_ref or "",
            "invoice": bill.name or "",
            "invoice_date": str(bill.date or ""),
            "nature": nature,
            "vat_on_debits": vendor.is_vat_on_debits,
            "seller": documents._seller_party(vendor.with_context(lang=lang)),
            "buyer": self._buyer(company.partner_id.with_context(lang=lang)),
            "delivery": None,
            "operator": documents._party(company.partner_id),
            "mandate": mandate.terms_id.display_name,
            "lines": lines,
            **{key: sum(line[key] for line in lines) for key in ("total", "tax")},
        }
        # An intra-Community supply says where the goods went.
        if any(line["category"] == "K" for line in lines):
            place = order.partner_shipping_id or order.partner_id
            content["delivery"] = documents._party(place.with_context(lang=lang))
        content["mentions"] = documents._mentions(content)
        content["reasons"] = documents._exemption_reasons(content)
        return content

    @api.model
    def _buyer(self, partner):
        """Return the operator as the customer of a bill."""
        documents = self.env["marketplace.vendor.document"]
        registry = documents._registry(partner)
        scheme, address = EMAIL_EAS, partner.email or ""
        if registry and partner.country_id.code == "FR":
            scheme, address = FRENCH_EAS, registry
        return {
            **documents._party(partner),
            "contact": "",
            "is_business": True,
            "vat": partner.vat or "",
            "registry": registry,
            "tax_number": "",
            "scheme": scheme,
            "address": address,
        }

    @api.model
    def _content_lines(self, move, is_service, trade):
        """Return the lines of a bill, with its posted VAT shared over them.

        Minor units. By largest remainder for each tax, so that lines add up to the VAT
        of the entry, which is rounded once.
        """
        minor = move.currency_id._marketplace_minor
        items = move.invoice_line_ids.filtered(
            lambda item: item.display_type == "product"
        )
        taxes = dict.fromkeys(items, 0)
        for tax, own in items.grouped("tax_ids").items():
            if len(tax) != 1:
                continue
            posted = sum(
                move.line_ids.filtered(
                    lambda item, tax=tax: item.tax_line_id == tax
                ).mapped("amount_currency")
            )
            shares = allocate(
                abs(minor(posted)), [abs(minor(item.price_subtotal)) for item in own]
            )
            taxes.update(zip(own, shares, strict=True))
        lines = []
        for item in items:
            rate = self._charged_rate(item)
            case = vat_case(rate, is_service, trade)
            lines.append(
                {
                    "name": item.name,
                    "sku": "",
                    "quantity": "1",
                    "total": minor(item.price_subtotal) + taxes[item],
                    "tax": taxes[item],
                    "category": case.category,
                    "rate": format_number(rate),
                    "reason": case.reason_code,
                    "discount": "",
                }
            )
        return lines

    @api.model
    def _charged_rate(self, item):
        """Return the rate of VAT that the vendor charges on a line of his bill.

        Of a tax that the buyer accounts for himself, none.
        """
        tax = item.tax_ids
        if len(tax) != 1 or tax.has_negative_factor:
            return Decimal(0)
        return Decimal(format_number(tax.amount))

    @api.model
    def _vendor_trade(self, move, europe):
        """Return the sale of the vendor to the operator, as far as VAT is concerned."""
        vendor, buyer = move.partner_id, move.company_id.partner_id
        countries = (vendor.country_id.code or "", buyer.country_id.code or "")
        return Trade(
            *countries,
            seller_exempt=vendor.is_vat_exempt,
            # Between states of the Union the buyer accounts for the VAT.
            buyer_vat=countries[0] != countries[1] and vendor.country_id in europe,
        )
