"""VAT, mentions and seal of documents in a vendor's name, without database."""

import doctest
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine import vat
from odoo.addons.marketplace_commission.engine import (
    facturx_document,
    vendor_document,
)
from odoo.addons.marketplace_commission.engine.vendor_document import (
    GENESIS,
    STATUTORY_FR,
    Link,
    MentionFacts,
    Sold,
    Trade,
    chain_faults,
    mention_codes,
    refund_amounts,
    seal,
    vat_case,
)

RATES = {Decimal("20"): (5, 6), Decimal("10"): (10, 11), Decimal("5.5"): (200, 211)}
CENTS = st.integers(1, 10_000_000)


@pytest.mark.parametrize("module", [vat, vendor_document, facturx_document])
def test_examples_in_docstrings(module):
    assert not doctest.testmod(module).failed


def extracted(gross, rate):
    tax = gross * rate / (100 + rate)
    return int(tax.quantize(Decimal(1), "ROUND_HALF_UP"))


@given(st.lists(st.tuples(CENTS, st.sampled_from(sorted(RATES))), min_size=1))
def test_vat_is_extracted_once_per_rate(lines):
    """Whatever the lines, each rate has the VAT of its sum."""
    credits = [gross for gross, _rate in lines]
    taxes = {
        rate: extracted(sum(g for g, r in lines if r == rate), rate)
        for rate in {rate for _gross, rate in lines}
    }
    total = sum(credits) - sum(taxes.values())
    parts = vat.untaxed_parts(total, credits, [RATES[rate] for _gross, rate in lines])
    assert sum(parts) == total
    found = dict.fromkeys(taxes, 0)
    for (gross, rate), part in zip(lines, parts, strict=True):
        assert 0 <= part <= gross
        found[rate] += gross - part
    assert found == taxes


@given(CENTS, st.integers(0, 100), st.lists(st.integers(0, 100), min_size=1))
def test_refunds_end_on_the_line(worth, percent_funded, shares):
    """However a price is given back, the parts add up to the line and its VAT."""
    sold = Sold(
        worth,
        extracted(worth, Decimal(20)),
        worth,
        worth - worth * percent_funded // 100,
    )
    cuts = sorted({worth * share // 100 for share in shares} | {worth})
    before = taken = amount_before = tax_before = 0
    total = tax = 0
    for cut in cuts:
        amount = sold.charged * cut // worth
        amount_tax = sold.tax_of(amount)
        part = refund_amounts(
            sold, taken, amount - amount_before, amount_tax - tax_before, cut - before
        )
        taken += part.funded
        total += part.total
        tax += part.tax
        before, amount_before, tax_before = cut, amount, amount_tax
    assert (total, tax, taken) == (worth, sold.tax, sold.funded)


@pytest.mark.parametrize(
    ("rate", "is_service", "trade", "expected"),
    [
        (20, False, Trade("FR", "FR"), "S"),
        (0, False, Trade("FR", "FR"), "Z"),
        (0, False, Trade("FR", "FR", seller_exempt=True), "E"),
        (0, False, Trade("FR", "US", buyer_in_eu=False), "G"),
        (0, False, Trade("FR", "DE", buyer_vat=True), "K"),
        (0, True, Trade("FR", "DE", buyer_vat=True), "AE"),
        (0, False, Trade("FR", "FR", buyer_vat=True), "AE"),
    ],
)
def test_vat_category(rate, is_service, trade, expected):
    case = vat_case(Decimal(rate), is_service, trade)
    assert case.category == expected
    # Only taxed and zero-rated lines need no reason (EN 16931, BR-E-10 and others).
    assert bool(case.reason_code) == (expected not in ("S", "Z"))


PLAIN = MentionFacts(frozenset("S"))
ALWAYS = {"agent_mandate", "seller_registry", "nature"}


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        (PLAIN, set()),
        (replace(PLAIN, is_credit_note=True), {"rectifies"}),
        (replace(PLAIN, seller_vat=True), {"seller_vat"}),
        (replace(PLAIN, buyer_vat=True), {"buyer_vat"}),
        (replace(PLAIN, buyer_registry=True), {"buyer_registry"}),
        (replace(PLAIN, is_business=True), {"late_payment"}),
        (replace(PLAIN, other_delivery=True), {"delivery_address"}),
        (replace(PLAIN, categories=frozenset("E")), {"franchise"}),
        (replace(PLAIN, categories=frozenset(["AE"])), {"reverse_charge"}),
        (replace(PLAIN, categories=frozenset("K")), {"intra_community"}),
        (replace(PLAIN, categories=frozenset("G")), {"export"}),
        (replace(PLAIN, vat_on_debits=True), set()),
        (replace(PLAIN, vat_on_debits=True, has_services=True), {"vat_on_debits"}),
    ],
)
def test_mentions_by_case(facts, more):
    assert set(mention_codes(facts)) == ALWAYS | more


def test_statutory_words():
    words = STATUTORY_FR["agent_mandate"].format(
        document="Avoir établi", operator="Halle", vendor="Alma"
    )
    assert words == "Avoir établi par Halle au nom et pour le compte de Alma"
    assert "293 B" in STATUTORY_FR["franchise"]
    assert STATUTORY_FR["reverse_charge"] == "Autoliquidation"


def test_chain_faults_are_named():
    links, previous = [], GENESIS
    for number in (1, 2, 3):
        content = {"number": number}
        sealed = seal(content, previous)
        links.append(Link(number, previous, sealed, content))
        previous = sealed
    assert chain_faults(links, 3) == []
    assert chain_faults(links[:2], 3) == [("gap", 3)]
    assert chain_faults([links[0], links[2]], 3) == [("gap", 2), ("broken", 3)]
    changed = links[1]._replace(content={"number": 7})
    assert chain_faults([links[0], changed, links[2]], 3) == [("changed", 2)]
