"""Write a document as Factur-X: Cross Industry Invoice, profile EN 16931.

Pure: the content of a document in, XML bytes out. What the profile has no
element for (who issued it, the statutory sentences) goes into notes. Element names
follow the library drafthorse; numbers in comments are those of EN 16931-1.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentTerms
from drafthorse.models.tradelines import LineItem

from odoo.addons.marketplace_base.engine.money import from_minor

from .vendor_document import tax_rows

GUIDELINE = "urn:cen.eu:en16931:2017"
# UNCL 1001: a document that the buyer makes in place of the seller has its own codes.
TYPE_CODES = {"invoice": "380", "credit_note": "381"}
SELF_BILLED_TYPE_CODES = {"invoice": "389", "credit_note": "261"}
# Business process (BT-23) of a French document that is paid already, or is not.
PAID_PROCESSES = {"goods": "B2", "services": "S2", "mixed": "M2"}
DUE_PROCESSES = {"goods": "B1", "services": "S1", "mixed": "M1"}
# VAT category of what VAT does not concern: it has no rate, not even zero.
OUTSIDE_SCOPE = "O"
# Unit "one" of UN/ECE recommendation 20: pieces are what marketplaces sell.
UNIT_ONE = "C62"
PRICE_DECIMALS = Decimal("0.000001")
# Subject (UNCL 4451) of the note that carries a mention.
NOTE_SUBJECTS = {
    "late_payment": "PMD",
    "recovery_fee": "PMT",
    "no_discount": "AAB",
    "franchise": "TXD",
    "reverse_charge": "TXD",
    "intra_community": "TXD",
    "export": "TXD",
    "vat_on_debits": "TXD",
}
# Scheme of the French registry number SIREN in the list of organisation identifiers.
SIREN_SCHEME = "0002"


def to_xml(content: Mapping[str, Any]) -> bytes:
    """Return the XML of a document.

    :param content: what is sealed; amounts in minor units, positive on credit notes
        too. ``is_due`` where it is not paid already, ``is_self_billed`` where the
        buyer made it.
    """
    document = Document()
    _write_header(document, content)
    _write_parties(document, content)
    _write_lines(document, content)
    _write_settlement(document, content)
    return document.serialize(schema=None)


def _amount(minor: int, content: Mapping[str, Any]) -> Decimal:
    return from_minor(minor, content["decimals"])


def _write_header(document: Document, content: Mapping[str, Any]) -> None:
    processes = DUE_PROCESSES if content.get("is_due") else PAID_PROCESSES
    types = SELF_BILLED_TYPE_CODES if content.get("is_self_billed") else TYPE_CODES
    document.context.business_parameter.id = processes[content["nature"]]  # BT-23
    document.context.guideline_parameter.id = GUIDELINE  # BT-24
    document.header.id = content["number"]  # BT-1
    document.header.type_code = types[content["kind"]]  # BT-3
    document.header.issue_date_time = date.fromisoformat(content["date"])  # BT-2
    for mention in content["mentions"]:
        note = IncludedNote()
        note.content = mention["text"]  # BT-22
        note.subject_code = NOTE_SUBJECTS.get(mention["code"], "REG")  # BT-21
        document.header.notes.add(note)


def _write_parties(document: Document, content: Mapping[str, Any]) -> None:
    trade = document.trade
    _write_party(trade.agreement.seller, content["seller"])
    _write_party(trade.agreement.buyer, content["buyer"])
    if content["order"]:
        trade.agreement.seller_order.issuer_assigned_id = content["order"]  # BT-14
    if content["delivery"]:
        _write_party(trade.delivery.ship_to, content["delivery"], with_numbers=False)
    if content["date_delivery"]:
        trade.delivery.event.occurrence = date.fromisoformat(
            content["date_delivery"]  # BT-72
        )


def _write_party(
    party: TradeParty, data: Mapping[str, str], with_numbers: bool = True
) -> None:
    party.name = data["name"]
    address = party.address
    for attribute, key in (
        ("postcode", "zip"),
        ("line_one", "street"),
        ("line_two", "street2"),
        ("city_name", "city"),
        ("country_id", "country"),
    ):
        if data[key]:
            setattr(address, attribute, data[key])
    if not with_numbers:
        return
    if data["registry"]:
        scheme = SIREN_SCHEME if data["country"] == "FR" else ""
        party.legal_organization.id = (scheme, data["registry"])  # BT-30, BT-47
    if data["scheme"] and data["address"]:
        party.electronic_address.uri_ID = (data["scheme"], data["address"])
    if data["vat"]:
        party.tax_registrations.add(TaxRegistration(id=("VA", data["vat"])))
    elif data["tax_number"]:
        party.tax_registrations.add(TaxRegistration(id=("FC", data["tax_number"])))


def _write_lines(document: Document, content: Mapping[str, Any]) -> None:
    for rank, line in enumerate(content["lines"], 1):
        item = LineItem()
        item.document.line_id = str(rank)  # BT-126
        if line["discount"]:
            note = IncludedNote()
            note.content = line["discount"]  # BT-127
            item.document.notes.add(note)
        item.product.name = line["name"]  # BT-153
        if line["sku"]:
            item.product.seller_assigned_id = line["sku"]  # BT-155
        quantity = Decimal(line["quantity"])
        untaxed = _amount(line["total"] - line["tax"], content)
        item.agreement.net.amount = (untaxed / quantity).quantize(
            PRICE_DECIMALS, ROUND_HALF_UP
        )  # BT-146
        item.delivery.billed_quantity = (quantity, UNIT_ONE)  # BT-129
        tax = item.settlement.trade_tax
        tax.type_code = "VAT"
        tax.category_code = line["category"]  # BT-151
        if line["category"] != OUTSIDE_SCOPE:
            tax.rate_applicable_percent = Decimal(line["rate"])  # BT-152
        item.settlement.monetary_summation.total_amount = untaxed  # BT-131
        document.trade.items.add(item)


def _write_settlement(document: Document, content: Mapping[str, Any]) -> None:
    settlement = document.trade.settlement
    currency = content["currency"]
    settlement.currency_code = currency  # BT-5
    for row in content_tax_rows(content):
        tax = ApplicableTradeTax()
        tax.calculated_amount = _amount(row.tax, content)  # BT-117
        tax.type_code = "VAT"
        tax.basis_amount = _amount(row.base, content)  # BT-116
        tax.category_code = row.category  # BT-118
        if reason := content["reasons"].get(row.category):
            tax.exemption_reason = reason  # BT-120
        if row.reason_code:
            tax.exemption_reason_code = row.reason_code  # BT-121
        if row.category != OUTSIDE_SCOPE:
            tax.rate_applicable_percent = row.rate  # BT-119
        settlement.trade_tax.add(tax)
    terms = PaymentTerms()
    terms.due = date.fromisoformat(content["date_due"])  # BT-9
    settlement.terms.add(terms)
    if content["invoice"]:
        reference = settlement.invoice_referenced_document
        reference.issuer_assigned_id = content["invoice"]  # BT-25
        reference.issue_date_time = date.fromisoformat(content["invoice_date"])
    summation = settlement.monetary_summation
    untaxed = _amount(content["total"] - content["tax"], content)
    total = _amount(content["total"], content)
    summation.line_total = untaxed  # BT-106
    summation.tax_basis_total = untaxed  # BT-109
    summation.tax_total = (_amount(content["tax"], content), currency)  # BT-110
    summation.grand_total = total  # BT-112
    due = total if content.get("is_due") else _amount(0, content)
    summation.prepaid_total = total - due  # BT-113
    summation.due_amount = due  # BT-115


def content_tax_rows(content: Mapping[str, Any]):
    """Return the VAT of a document's content by rate and category."""
    return tax_rows(
        (
            line["category"],
            Decimal(line["rate"]),
            line["reason"],
            line["total"] - line["tax"],
            line["tax"],
        )
        for line in content["lines"]
    )
