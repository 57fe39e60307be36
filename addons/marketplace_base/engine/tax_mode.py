"""Prices with tax and without: from one to the other, to the minor unit."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from .money import percent_of


def to_gross(
    net: int, discounts: Sequence[int], tax: int, rate: Decimal
) -> tuple[int, list[int]]:
    """Return a net price and its discounts with tax.

    What is charged, tax included, is told and stays exact: the price takes the rounding
    of the discounts.

    :param net: before the discounts, without tax.
    :param tax: after the discounts, as told.
    :param rate: fraction, 0.2 for 20 %.

    >>> to_gross(1000, [], 200, Decimal("0.2"))
    (1200, [])
    >>> to_gross(1000, [101], 180, Decimal("0.2"))
    (1200, [121])
    """
    gross_discounts = [percent_of(discount, 1 + rate) for discount in discounts]
    charged = net - sum(discounts) + tax
    return charged + sum(gross_discounts), gross_discounts


def included_tax(gross: int, rate: Decimal) -> int:
    """Return the tax in an amount, its base rounded half up.

    >>> included_tax(1200, Decimal("0.2")), included_tax(99, Decimal("0.2"))
    (200, 16)
    """
    base = (Decimal(gross) / (1 + rate)).quantize(Decimal(1), ROUND_HALF_UP)
    return gross - int(base)


def tax_total(amounts: Iterable[tuple[object, Decimal, int]]) -> int:
    """Return the tax in amounts, extracted once per document and rate.

    :param amounts: (document, rate, amount with tax).

    >>> tax_total([("a", Decimal("0.2"), 99), ("a", Decimal("0.2"), 99)])
    33
    """
    totals: dict[tuple[object, Decimal], int] = {}
    for document, rate, gross in amounts:
        key = (document, rate)
        totals[key] = totals.get(key, 0) + gross
    return sum(included_tax(gross, rate) for (_doc, rate), gross in totals.items())
