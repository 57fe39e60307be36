"""What a document under a vendor's mandate says: VAT category, mentions, seal.

Pure: plain values in, plain values out. Sources: French tax code (CGI) annex II
article 242 nonies A for the mentions, EN 16931-1 (code lists 5305 and VATEX) for the
categories.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from odoo.addons.marketplace_base.engine.money import cumulative_share

# Hash of what comes before the first document of a series.
GENESIS = "0" * 64

# What the law of a French vendor wants to read, word by word.
STATUTORY_FR = {
    "agent_mandate": "{document} par {operator} au nom et pour le compte de {vendor}",
    "self_billing": "Autofacturation",
    "nature": "Nature de l'opération : {nature}",
    "franchise": "TVA non applicable, art. 293 B du CGI",
    "reverse_charge": "Autoliquidation",
    "intra_community": "Exonération de TVA, art. 262 ter, I du CGI",
    "export": "Exonération de TVA, art. 262, I du CGI",
    "vat_on_debits": "Option pour le paiement de la taxe d'après les débits",
    "late_payment": (
        "En cas de retard de paiement, pénalités au taux de la BCE majoré de 10 points "
        "et indemnité forfaitaire pour frais de recouvrement de 40 euros "
        "(art. L441-10 et D441-5 du code de commerce)"
    ),
}
KINDS_FR = {"invoice": "Facture établie", "credit_note": "Avoir établi"}
# Natures of an operation, in the words of CGI annex II article 242 nonies A I 8° ter.
NATURES_FR = {
    "goods": "livraison de biens",
    "services": "prestation de services",
    "mixed": "livraison de biens et prestation de services",
}
# Mentions that go with a VAT category.
CATEGORY_MENTIONS = {
    "E": "franchise",
    "AE": "reverse_charge",
    "K": "intra_community",
    "G": "export",
}


class VatCase(NamedTuple):
    """VAT category (UNCL 5305) of a line and why no VAT is charged (VATEX)."""

    category: str
    reason_code: str


@dataclass(frozen=True, slots=True)
class Trade:
    """Who sells to whom, as far as VAT is concerned; countries are ISO codes."""

    seller_country: str
    buyer_country: str
    seller_exempt: bool = False
    buyer_in_eu: bool = True
    buyer_vat: bool = False


def vat_case(rate: Decimal, is_service: bool, trade: Trade) -> VatCase:
    """Return the VAT category of what is sold at a rate.

    :param rate: percentage, 20 for 20 %.

    >>> vat_case(Decimal(20), False, Trade("FR", "FR"))
    VatCase(category='S', reason_code='')
    >>> vat_case(Decimal(0), False, Trade("FR", "FR", seller_exempt=True))
    VatCase(category='E', reason_code='VATEX-FR-FRANCHISE')
    >>> vat_case(Decimal(0), True, Trade("FR", "DE", buyer_vat=True))
    VatCase(category='AE', reason_code='VATEX-EU-AE')
    """
    if rate:
        return VatCase("S", "")
    if trade.seller_exempt:
        is_french = trade.seller_country == "FR"
        return VatCase("E", "VATEX-FR-FRANCHISE" if is_french else "VATEX-EU-132")
    if not trade.buyer_in_eu:
        return VatCase("G", "VATEX-EU-G")
    if trade.buyer_vat:
        if trade.buyer_country != trade.seller_country and not is_service:
            return VatCase("K", "VATEX-EU-IC")
        return VatCase("AE", "VATEX-EU-AE")
    return VatCase("Z", "")


@dataclass(frozen=True, slots=True)
class MentionFacts:
    """What decides which mentions a document must carry."""

    categories: frozenset[str]
    is_credit_note: bool = False
    seller_vat: bool = False
    is_business: bool = False
    buyer_vat: bool = False
    buyer_registry: bool = False
    other_delivery: bool = False
    has_services: bool = False
    vat_on_debits: bool = False
    is_self_billed: bool = False


def mention_codes(facts: MentionFacts) -> list[str]:
    """Return the codes of the mentions a document must carry, in printing order.

    >>> mention_codes(MentionFacts(frozenset("E")))
    ['agent_mandate', 'seller_registry', 'nature', 'franchise']
    """
    wanted = [
        ("self_billing", facts.is_self_billed),
        ("agent_mandate", not facts.is_self_billed),
        ("rectifies", facts.is_credit_note),
        ("seller_registry", True),
        ("seller_vat", facts.seller_vat),
        ("buyer_registry", facts.buyer_registry),
        ("buyer_vat", facts.buyer_vat),
        ("delivery_address", facts.other_delivery),
        ("nature", True),
        *(
            (code, category in facts.categories)
            for category, code in CATEGORY_MENTIONS.items()
        ),
        ("vat_on_debits", facts.vat_on_debits and facts.has_services),
        ("late_payment", facts.is_business),
    ]
    return [code for code, applies in wanted if applies]


class Sold(NamedTuple):
    """Money of one order line, in minor units.

    ``tax`` is the VAT in its ``worth``. Of that, ``credit`` was credited to the vendor
    and ``charged`` to the customer; the marketplace paid the difference.
    """

    worth: int
    tax: int
    credit: int
    charged: int

    @property
    def funded(self) -> int:
        """What the marketplace paid."""
        return self.credit - self.charged

    def tax_of(self, part: int) -> int:
        """Return the VAT in a part of the worth."""
        return cumulative_share(self.tax, self.worth, part) if self.worth else 0


class Amounts(NamedTuple):
    """Money of one document line, in minor units; ``funded`` is in ``total``."""

    total: int
    tax: int
    funded: int


def refund_amounts(
    sold: Sold, funded_before: int, amount: int, tax: int, given_up: int
) -> Amounts:
    """Return what one refund takes back of an order line.

    The customer's part and its VAT are the refund's own. The VAT in what the
    marketplace had paid follows by cumulative difference, so that refunds end exactly
    on the VAT of the line.

    :param funded_before: given back before of what the marketplace had paid.
    :param amount, tax: what the customer gets, and the VAT in it.
    :param given_up: what the vendor gives up: the customer's part and what the
        marketplace had paid.

    Sold for 100.00 of which 10.00 were paid by the marketplace; all of it goes back:

    >>> refund_amounts(Sold(10000, 1667, 10000, 9000), 0, 9000, 1500, 10000)
    Amounts(total=10000, tax=1667, funded=1000)
    """
    funded = given_up - amount
    tax_funded = 0
    if sold.funded:
        whole = sold.tax_of(sold.credit) - sold.tax_of(sold.charged)
        tax_funded = cumulative_share(
            whole, sold.funded, min(funded_before + funded, sold.funded)
        ) - cumulative_share(whole, sold.funded, funded_before)
    return Amounts(given_up, tax + tax_funded, funded)


class TaxRow(NamedTuple):
    """VAT of a document at one rate and category, in minor units."""

    category: str
    rate: Decimal
    reason_code: str
    base: int
    tax: int


def tax_rows(
    lines: Iterable[tuple[str, Decimal, str, int, int]],
) -> list[TaxRow]:
    """Add up (category, rate, reason, untaxed, VAT) by category and rate.

    >>> tax_rows([("S", Decimal(20), "", 833, 166), ("S", Decimal(20), "", 832, 167)])
    [TaxRow(category='S', rate=Decimal('20'), reason_code='', base=1665, tax=333)]
    """
    totals: dict[tuple[str, Decimal, str], list[int]] = {}
    for category, rate, reason, untaxed, tax in lines:
        sums = totals.setdefault((category, rate, reason), [0, 0])
        sums[0] += untaxed
        sums[1] += tax
    return [
        TaxRow(category, rate, reason, base, tax)
        for (category, rate, reason), (base, tax) in sorted(totals.items())
    ]


def seal(content: Mapping[str, Any], previous: str) -> str:
    """Return the SHA-256 of a document's content and of the seal before it.

    :param content: texts, integers and lists or mappings of them: no floats.

    >>> seal({"number": "A-1"}, GENESIS) == seal({"number": "A-1"}, GENESIS)
    True
    >>> seal({"number": "A-1"}, GENESIS) == seal({"number": "A-2"}, GENESIS)
    False
    """
    text = json.dumps(
        {"previous": previous, "content": content},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


class Link(NamedTuple):
    """One document of a series, as the check of its chain reads it."""

    number: int
    previous: str
    seal: str
    content: Mapping[str, Any]


def chain_faults(links: Sequence[Link], last: int) -> list[tuple[str, int]]:
    """Return what is wrong with a series: (what, number of the document).

    ``gap``: a number is missing; ``broken``: it does not follow the one before;
    ``changed``: its content is not what was sealed.

    :param links: in the order of their numbers, from the first.
    :param last: number of the last document issued.

    >>> chain_faults([], 1)
    [('gap', 1)]
    """
    faults = []
    previous, expected = GENESIS, 1
    for link in links:
        while expected < link.number:
            faults.append(("gap", expected))
            expected += 1
        if link.previous != previous:
            faults.append(("broken", link.number))
        if seal(link.content, link.previous) != link.seal:
            faults.append(("changed", link.number))
        previous, expected = link.seal, link.number + 1
    return faults + [("gap", number) for number in range(expected, last + 1)]
