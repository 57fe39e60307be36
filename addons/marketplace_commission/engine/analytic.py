"""Percentages of an analytic distribution. Amounts are integer minor units."""

from collections.abc import Sequence
from decimal import Decimal

# Odoo keeps percentages with two decimals: hundredths of a percent, of a whole.
WHOLE = 10_000


def percentages(weights: Sequence[int]) -> list[Decimal]:
    """Return the part of each weight in their sum, in percent; they add up to 100.

    Largest remainder, ties to the first. Weights may differ in sign: what is given
    back of one category in a document of another is a negative part.

    :raises ValueError: when the weights add up to zero.

    >>> percentages([1, 1, 1])
    [Decimal('33.34'), Decimal('33.33'), Decimal('33.33')]
    >>> percentages([300, -100]), percentages([-300, -100])
    ([Decimal('150'), Decimal('-50')], [Decimal('75'), Decimal('25')])
    """
    total = sum(weights)
    if not total:
        raise ValueError("weights add up to zero")
    parts = [WHOLE * weight // total for weight in weights]
    # The remainder of a floor division has the sign of the divisor.
    lefts = [abs(WHOLE * weight % total) for weight in weights]
    ranks = sorted(range(len(weights)), key=lambda rank: (-lefts[rank], rank))
    for rank in ranks[: WHOLE - sum(parts)]:
        parts[rank] += 1
    return [Decimal(part) / 100 for part in parts]
