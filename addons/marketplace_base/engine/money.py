"""Exact arithmetic on integer minor units.

Everything here is pure: amounts are integers of the smallest unit of a currency
(cents for EUR, yen for JPY, fils for KWD), rates are ``Decimal``.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal


def to_minor(amount: Decimal | float | str, decimals: int) -> int:
    """Return an amount in minor units, rounded half away from zero.

    A float is read through its shortest text, so 0.29 is twenty-nine cents.

    >>> to_minor(0.29, 2), to_minor("-1.005", 2), to_minor(10001, 0)
    (29, -101, 10001)
    """
    value = amount if isinstance(amount, Decimal) else Decimal(str(amount))
    return int(value.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))


def from_minor(minor: int, decimals: int) -> Decimal:
    """Return the decimal amount of an integer of minor units.

    >>> from_minor(-101, 2), from_minor(7, 0), from_minor(1, 3)
    (Decimal('-1.01'), Decimal('7'), Decimal('0.001'))
    """
    return Decimal(minor).scaleb(-decimals)


def percent_of(minor: int, rate: Decimal) -> int:
    """Return rate × amount in minor units, rounded half away from zero.

    :param rate: fraction, 0.125 for 12.5 %.

    >>> percent_of(3333, Decimal("0.125")), percent_of(-3333, Decimal("0.125"))
    (417, -417)
    """
    return int((minor * rate).quantize(Decimal(1), ROUND_HALF_UP))


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Share a total over weights by largest remainder.

    The parts add up to the total, each is within one unit of its exact quota, and
    left-over units go to the largest remainders, ties to the lowest rank. With all
    weights zero the shares are equal. A negative total mirrors the positive one, so
    that a refund undoes its sale.

    :raises ValueError: on a negative weight, or with nothing to share over.

    >>> allocate(10000, [1, 1, 1]), allocate(-947, [3998, 745, 1299, 3333, 99])
    ([3334, 3333, 3333], [-400, -74, -130, -333, -10])
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    if not weights:
        if total:
            raise ValueError("nothing to share over")
        return []
    base = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(base)
    rest = abs(total)
    parts = [rest * weight // whole for weight in base]
    remainders = [rest * weight % whole for weight in base]
    ranks = sorted(range(len(base)), key=lambda rank: (-remainders[rank], rank))
    for rank in ranks[: rest - sum(parts)]:
        parts[rank] += 1
    return parts if total >= 0 else [-part for part in parts]


def cumulative_share(total: int, whole: int, done: int) -> int:
    """Return the part of a total that belongs to ``done`` units out of ``whole``.

    Rounded half up on the cumulated quantity: the difference of two calls is the
    part of the units in between, and the last one lands exactly on the total.

    :param whole: positive integer quantity; use a common denominator for decimals.

    >>> cumulative_share(2833, 3, 1), cumulative_share(2833, 3, 2)
    (944, 1889)
    """
    if whole <= 0 or not 0 <= done <= whole:
        raise ValueError("quantities must satisfy 0 <= done <= whole, whole > 0")
    sign = -1 if total < 0 else 1
    return sign * ((2 * abs(total) * done + whole) // (2 * whole))
