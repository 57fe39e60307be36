"""Commission of one order line, and what a refund gives back of it.

Amounts are integers of minor units, rates are ``Decimal`` fractions, rounding is half
up. Each result carries its steps: plain values that are stored with the commission and
put into words in the reader's language, or replayed by a test.
"""

from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.marketplace_base.engine.money import cumulative_share, percent_of

Step = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Terms:
    """Describe what a rule charges.

    ``fixed``, ``minimum`` and ``maximum`` are minor units of ``currency``; zero means
    none. They concern goods; shipping is charged its own rate and nothing else.
    """

    currency: str
    rate: Decimal
    fixed: int = 0
    fixed_per: str = "line"
    minimum: int = 0
    maximum: int = 0
    base_tax: str = "included"
    base_shipping: bool = False
    rate_shipping: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sale:
    """Describe what the vendor is credited for one order line, minor units.

    ``aside_included`` and ``aside_excluded`` are the part of it that bears no
    commission, with VAT and without: eco-contribution, deposit.
    """

    currency: str
    included: int
    excluded: int
    quantity: Decimal = Decimal(1)
    is_shipping: bool = False
    aside_included: int = 0
    aside_excluded: int = 0


@dataclass(frozen=True, slots=True)
class Charge:
    """Hold a commission: ``amount`` is positive when the vendor owes it."""

    base: int
    rate: Decimal
    amount: int
    steps: list[Step]


def charge(terms: Terms, sale: Sale) -> Charge:
    """Return the commission of one order line.

    Amounts in another currency than the sale's are left out, never converted: the
    percentage alone applies, and a step says so. A line for which the vendor is
    credited nothing is charged nothing, whatever the minimum.

    >>> terms = Terms("EUR", Decimal("0.125"))
    >>> charge(terms, Sale("EUR", 3333, 2778)).amount
    417
    >>> terms = Terms("EUR", Decimal("0.10"), fixed=50, fixed_per="unit", maximum=400)
    >>> charge(terms, Sale("EUR", 3000, 2500, Decimal(3))).amount
    400

    A deposit of 5.00 in the price of 30.00 bears none:

    >>> charge(Terms("EUR", Decimal("0.10")), Sale("EUR", 3000, 2500,
    ...        aside_included=500, aside_excluded=417)).amount
    250
    """
    is_included = terms.base_tax == "included"
    whole = sale.included if is_included else sale.excluded
    aside = min(sale.aside_included if is_included else sale.aside_excluded, whole)
    base = whole - aside
    rate = terms.rate_shipping if sale.is_shipping else terms.rate
    amount = percent_of(base, rate)
    steps: list[Step] = [
        {
            "step": "base",
            "tax": terms.base_tax,
            "kind": "shipping" if sale.is_shipping else "goods",
            "amount": whole,
        },
        *([{"step": "aside", "aside": aside, "amount": base}] if aside else ()),
        {
            "step": "percent",
            "rate": str(rate),
            "exact": str(base * rate),
            "amount": amount,
        },
    ]
    if not sale.is_shipping and (terms.fixed or terms.minimum or terms.maximum):
        if not sale.included:
            steps.append({"step": "free"})
        elif terms.currency != sale.currency:
            steps.append({"step": "currency", "currency": terms.currency})
        else:
            amount = _with_amounts(terms, sale, amount, steps)
    return Charge(base, rate, amount, steps)


def _with_amounts(terms: Terms, sale: Sale, amount: int, steps: list[Step]) -> int:
    """Add the fixed amount, then apply the minimum and the maximum."""
    if terms.fixed:
        quantity = sale.quantity if terms.fixed_per == "unit" else Decimal(1)
        fixed = percent_of(terms.fixed, quantity)
        amount += fixed
        steps.append(
            {
                "step": "fixed",
                "per": terms.fixed_per,
                "unit": terms.fixed,
                "quantity": str(quantity),
                "fixed": fixed,
                "amount": amount,
            }
        )
    if amount < terms.minimum:
        amount = terms.minimum
        steps.append({"step": "minimum", "amount": amount})
    if terms.maximum and amount > terms.maximum:
        amount = terms.maximum
        steps.append({"step": "maximum", "amount": amount})
    return amount


@dataclass(frozen=True, slots=True)
class Reversal:
    """Hold what a refund gives back: ``base`` and ``amount`` are zero or negative."""

    base: int
    amount: int
    steps: list[Step]


def kept_commission(charged: Charge, kept_base: int) -> int:
    """Return the commission on the part of the base that was not refunded.

    The percentage is taken again at the frozen rate; what fixed amounts, minimum and
    maximum added to it (or took off) is shared by base. So all of the base keeps
    exactly what was charged, none of it keeps zero, and rates are never blended.

    >>> charged = Charge(2833, Decimal("0.125"), 354, [])
    >>> [kept_commission(charged, base) for base in (2833, 1889, 944, 0)]
    [354, 236, 118, 0]
    """
    if kept_base == charged.base:
        return charged.amount
    top, bottom = charged.rate.as_integer_ratio()
    rest = charged.amount - percent_of(charged.base, charged.rate)
    numerator = kept_base * (top * charged.base + rest * bottom)
    return (2 * numerator + bottom * charged.base) // (2 * bottom * charged.base)


def reverse(
    charged: Charge, before: tuple[int, int], sold: int, refunded: int
) -> Reversal:
    """Return what the latest refund of an order line gives back of its commission.

    Cumulative: the commission kept after all refunds so far, less what was kept before.
    Whatever the number of partial refunds, a line refunded in full ends on zero.

    :param before: base and commission still kept before this refund.
    :param sold: what the vendor was credited for the line, VAT included.
    :param refunded: what he has given back of it so far, this refund included.
    :raises ValueError: when more is refunded than was sold.

    >>> charged = Charge(2833, Decimal("0.125"), 354, [])
    >>> reverse(charged, (2833, 354), 2833, 944).amount
    -118
    >>> reverse(charged, (1889, 236), 2833, 1889).amount
    -118
    """
    if not 0 <= refunded <= sold:
        raise ValueError("a line cannot give back more than it was sold for")
    given_back = cumulative_share(charged.base, sold, refunded) if sold else 0
    kept_base = charged.base - given_back
    kept = kept_commission(charged, kept_base)
    base_before, amount_before = before
    steps: list[Step] = [
        {"step": "refunded", "sold": sold, "refunded": refunded},
        {
            "step": "kept",
            "charged": charged.amount,
            "base": charged.base,
            "rate": str(charged.rate),
            "kept_base": kept_base,
            "kept": kept,
        },
        {"step": "reversal", "before": amount_before, "amount": kept - amount_before},
    ]
    return Reversal(kept_base - base_before, kept - amount_before, steps)
