"""Share one amount between lines or sellers on a declared key, and say how."""

from collections.abc import Hashable, Sequence
from decimal import Decimal
from typing import NamedTuple

from .money import allocate, to_minor

# What a shared amount is shared by.
KEYS = NET, QUANTITY, WEIGHT = "net", "quantity", "weight"
# Decimals kept of quantities and kilograms when they are counted in integers.
WEIGHT_DECIMALS = 6


class Portion(NamedTuple):
    """Part of one receiver; ``residual`` units of it are left over by rounding down."""

    receiver: Hashable
    weight: int
    amount: int
    residual: int


class Allocation(NamedTuple):
    """How an amount was shared: for people, and for whoever checks it later."""

    kind: str
    ref: str
    key: str
    portions: list[Portion]


def share_weights(quantity: Decimal | float, unit_weight: float) -> dict[str, int]:
    """Return what a line weighs on the keys that are no amounts, as integers.

    :param unit_weight: of one unit, in kilograms.

    >>> share_weights(2, 0.25)
    {'quantity': 2000000, 'weight': 500000}
    """
    return {
        QUANTITY: to_minor(quantity, WEIGHT_DECIMALS),
        WEIGHT: to_minor(quantity * unit_weight, WEIGHT_DECIMALS),
    }


def allocate_within(
    total: int, weights: Sequence[int], limits: Sequence[int]
) -> list[int]:
    """Share a total by largest remainder, no part above its limit.

    What a limit cuts off is shared over the others, by their weights again.

    :raises ValueError: when the limits do not hold the total.

    >>> allocate_within(100, [1, 1, 2], [10, 100, 100])
    [10, 30, 60]
    >>> allocate_within(3, [0, 0], [2, 2])
    [2, 1]
    """
    if not 0 <= total <= sum(limits):
        raise ValueError("the limits do not hold the total")
    parts = [0] * len(weights)
    rest = total
    while rest:
        free = [rank for rank, limit in enumerate(limits) if parts[rank] < limit]
        more = allocate(rest, [weights[rank] for rank in free])
        for rank, part in zip(free, more, strict=True):
            given = min(part, limits[rank] - parts[rank])
            parts[rank] += given
            rest -= given
    return parts


def portions(
    receivers: Sequence[Hashable], weights: Sequence[int], parts: Sequence[int]
) -> list[Portion]:
    """Return who got what, and whom the units left over by rounding down went to.

    >>> portions("AB", [1, 2], [1, 1])
    [Portion(receiver='A', weight=1, amount=1, residual=1), Portion(receiver='B', \
weight=2, amount=1, residual=0)]
    """
    total, whole = sum(parts), sum(weights)
    shares = weights if whole else [1] * len(weights)
    whole = sum(shares)
    return [
        Portion(receiver, weight, part, max(part - total * share // whole, 0))
        for receiver, weight, share, part in zip(
            receivers, weights, shares, parts, strict=True
        )
    ]
