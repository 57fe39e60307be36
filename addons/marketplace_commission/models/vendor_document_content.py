"""What a document says: parties, lines, mentions. Gathered once, then sealed."""

from decimal import Decimal

from odoo import api, models
from odoo.tools import format_date

from odoo.addons.marketplace_base.formatting import format_number

from ..engine.vendor_document import (
    CATEGORY_MENTIONS,
    KINDS_FR,
    NATURES_FR,
    STATUTORY_FR,
    MentionFacts,
    Trade,
    mention_codes,
    vat_case,
)

# Digits of the French registry number SIREN, the first ones of a SIRET.
SIREN_DIGITS = 9
FRENCH_EAS = "0225"
EMAIL_EAS = "EM"


class MarketplaceVendorDocument(models.Model):
    _inherit = "marketplace.vendor.document"

    # -- parties --------------------------------------------------------------------

    @api.model
    def _party(self, partner, name=None):
        """Return the address of a partner, as documents print it."""
        return {
            "name": name or partner.name or partner.commercial_partner_id.name or "",
            "street": partner.street or "",
            "street2": partner.street2 or "",
            "zip": partner.zip or "",
            "city": partner.city or "",
            "country": partner.country_id.code or "",
            "country_name": partner.country_id.name or "",
        }

    @api.model
    def _registry(self, partner):
        """Return the registry number of a business: in France, its SIREN."""
        number = (partner.company_registry or "").replace(" ", "")
        if partner.is_marketplace_vendor and not number:
            by_kind = partner.vendor_number_ids.grouped("kind")
            for kind in ("registry", "establishment"):
                for item in by_kind.get(kind, ()):
                    number = number or item.number.replace(" ", "")
        is_french = partner.country_id.code == "FR"
        return number[:SIREN_DIGITS] if is_french and number.isdigit() else number

    @api.model
    def _seller_party(self, vendor):
        registry = self._registry(vendor)
        return {
            **self._party(vendor),
            "vat": "" if vendor.is_vat_exempt else vendor.vat or "",
            "registry": registry,
            "tax_number": registry,
            "scheme": vendor.einvoice_scheme or "",
            "address": vendor.einvoice_address or "",
            "imprint": vendor._vendor_legal_mentions(),
        }

    @api.model
    def _buyer_party(self, order):
        """Return who buys: the person or the business the invoice is addressed to."""
        partner = order.partner_invoice_id or order.partner_id
        commercial = partner.commercial_partner_id
        is_business = commercial.is_company or bool(commercial.vat)
        registry = self._registry(commercial) if is_business else ""
        scheme, address = "", ""
        if registry and commercial.country_id.code == "FR":
            scheme, address = FRENCH_EAS, registry
        elif partner.email:
            scheme, address = EMAIL_EAS, partner.email
        return {
            **self._party(partner, commercial.name if is_business else None),
            "contact": partner.name if partner != commercial else "",
            "is_business": is_business,
            "vat": (commercial.vat or "") if is_business else "",
            "registry": registry,
            "tax_number": "",
            "scheme": scheme,
            "address": address,
        }

    @api.model
    def _delivery_party(self, order, buyer):
        """Return where the goods went, None where the invoice went too."""
        party = self._party(order.partner_shipping_id or order.partner_id)
        places = ("street", "street2", "zip", "city", "country")
        if all(party[key] == buyer[key] for key in places):
            return None
        return party

    # -- VAT ------------------------------------------------------------------------

    @api.model
    def _line_rate(self, line):
        """Return the VAT rate of an order line, None when it has no single one."""
        taxes = line.tax_ids.filtered(lambda tax: tax.amount_type == "percent")
        if len(taxes) > 1 or taxes != line.tax_ids:
            return None
        return Decimal(format_number(taxes.amount))

    @api.model
    def _trade(self, order, buyer):
        vendor = order.vendor_id
        europe = self.env.ref("base.europe").country_ids
        place = order.partner_shipping_id.country_id
        place = place or order.partner_id.country_id or vendor.country_id
        return Trade(
            seller_country=vendor.country_id.code or "",
            buyer_country=place.code or "",
            seller_exempt=vendor.is_vat_exempt,
            buyer_in_eu=place in europe,
            buyer_vat=bool(buyer["vat"]),
        )

    @api.model
    def _line_case(self, line, trade):
        """Return (VAT rate as text, category, exemption code) of an order line."""
        rate = self._line_rate(line)
        is_service = line.marketplace_kind == "goods" and (
            line.product_id.type == "service"
        )
        case = vat_case(rate, is_service, trade)
        return format_number(rate), case.category, case.reason_code

    @api.model
    def _nature(self, lines):
        """Return what is sold: goods, services or both; delivery goes with the rest."""
        goods = lines.filtered(lambda line: line.marketplace_kind == "goods")
        types = {product.type == "service" for product in goods.product_id}
        if types == {True}:
            return "services"
        return "mixed" if len(types) > 1 else "goods"

    # -- mentions -------------------------------------------------------------------

    @api.model
    def _mentions(self, content):
        """Return the mentions a document must carry: [{"code", "text"}].

        The statutory words of a French vendor are French, whatever the customer reads;
        the customer's language follows where it is another one.
        """
        facts = MentionFacts(
            categories=frozenset(line["category"] for line in content["lines"]),
            is_credit_note=content["kind"] == "credit_note",
            seller_vat=bool(content["seller"]["vat"]),
            is_business=content["buyer"]["is_business"],
            buyer_vat=bool(content["buyer"]["vat"]),
            buyer_registry=bool(content["buyer"]["registry"]),
            other_delivery=bool(content["delivery"]),
            has_services=content["nature"] != "goods",
            vat_on_debits=content["vat_on_debits"],
            is_self_billed=bool(content.get("is_self_billed")),
        )
        texts = self._mention_texts(content)
        is_french_seller = content["seller"]["country"] == "FR"
        words = {
            "operator": content["operator"]["name"],
            "vendor": content["seller"]["name"],
            "nature": NATURES_FR[content["nature"]],
            "document": KINDS_FR[content["kind"]],
        }
        mentions = []
        for code in mention_codes(facts):
            text = texts[code]
            if is_french_seller and code in STATUTORY_FR:
                statutory = STATUTORY_FR[code].format(**words)
                is_french_reader = content["lang"].startswith("fr")
                text = statutory if is_french_reader else f"{statutory} ({text})"
            mentions.append({"code": code, "text": text})
        if facts.is_business:
            mentions += self._business_notes()
        return mentions

    @api.model
    def _business_notes(self):
        """Return what invoices between businesses also say about their payment."""
        return [
            {
                "code": "recovery_fee",
                "text": self.env._("Fixed sum for recovery costs when late: 40 euros."),
            },
            {
                "code": "no_discount",
                "text": self.env._("No discount for early payment."),
            },
        ]

    @api.model
    def _mention_texts(self, content):
        """Return the text of every mention in the language of the context."""
        natures = {
            "goods": self.env._("supply of goods"),
            "services": self.env._("supply of services"),
            "mixed": self.env._("supply of goods and services"),
        }
        delivery = content["delivery"] or dict.fromkeys(
            ("name", "street", "zip", "city", "country_name"), ""
        )
        return {
            "agent_mandate": self._agent_mandate_text(content),
            "self_billing": self.env._(
                "Self-billing: made by %(operator)s, the customer, in the name and on "
                "behalf of %(vendor)s",
                operator=content["operator"]["name"],
                vendor=content["seller"]["name"],
            ),
            "rectifies": self.env._(
                "Corrects invoice %(invoice)s of %(date)s",
                invoice=content["invoice"],
                date=format_date(self.env, content["invoice_date"]),
            ),
            "seller_registry": self.env._(
                "Registry number of the seller: %(number)s",
                number=content["seller"]["registry"],
            ),
            "seller_vat": self.env._(
                "VAT number of the seller: %(number)s", number=content["seller"]["vat"]
            ),
            "buyer_registry": self.env._(
                "Registry number of the customer: %(number)s",
                number=content["buyer"]["registry"],
            ),
            "buyer_vat": self.env._(
                "VAT number of the customer: %(number)s", number=content["buyer"]["vat"]
            ),
            "delivery_address": self.env._(
                "Delivered to: %(address)s",
                address=", ".join(
                    filter(
                        None,
                        (
                            delivery["name"],
                            delivery["street"],
                            f"{delivery['zip']} {delivery['city']}".strip(),
                            delivery["country_name"],
                        ),
                    )
                ),
            ),
            "nature": self.env._(
                "Nature of the operation: %(nature)s",
                nature=natures[content["nature"]],
            ),
            "franchise": self.env._("Small business exemption: no VAT is charged"),
            "reverse_charge": self.env._(
                "Reverse charge: the customer accounts for the VAT"
            ),
            "intra_community": self.env._(
                "Intra-Community supply exempt from VAT (directive 2006/112/EC, "
                "article 138)"
            ),
            "export": self.env._(
                "Export exempt from VAT (directive 2006/112/EC, article 146)"
            ),
            "vat_on_debits": self.env._("VAT is due on invoicing"),
            "late_payment": self.env._(
                "Late payment: interest at the rate of the European Central Bank plus "
                "10 points, and a fixed sum of 40 euros for recovery costs"
            ),
        }

    @api.model
    def _agent_mandate_text(self, content):
        names = {
            "operator": content["operator"]["name"],
            "vendor": content["seller"]["name"],
        }
        if content["kind"] == "credit_note":
            return self.env._(
                "Credit note issued by %(operator)s in the name and on behalf of "
                "%(vendor)s",
                **names,
            )
        return self.env._(
            "Invoice issued by %(operator)s in the name and on behalf of %(vendor)s",
            **names,
        )

    @api.model
    def _exemption_reasons(self, content):
        """Return {VAT category: why no VAT is charged} of the mentions."""
        texts = {item["code"]: item["text"] for item in content["mentions"]}
        return {
            category: texts[code]
            for category, code in CATEGORY_MENTIONS.items()
            if code in texts
        }
