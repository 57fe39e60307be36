"""Which price applies, whether a new one may, and which offer wins.

Pure: amounts are integers of minor units, shares are ``Decimal`` fractions, moments are
naive UTC datetimes that the caller gives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Tier:
    """Describe a price that holds under conditions.

    ``channel`` empty means every channel; the period is half-open ``[start, end)`` and
    unbounded where None.
    """

    ref: int
    price: int
    currency: str
    channel: str = ""
    min_quantity: Decimal = Decimal(0)
    start: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Say whether the period covers a moment."""
        return (self.start is None or self.start <= at) and (
            self.end is None or at < self.end
        )


class Price(NamedTuple):
    """Hold the price of one unit; ``tier`` is None when it is the offer's own."""

    amount: int
    tier: Tier | None


def pick_price(
    base: int,
    base_currency: str,
    tiers: Iterable[Tier],
    *,
    channel: str,
    currency: str,
    at: datetime,
    quantity: Decimal,
) -> Price | None:
    """Return the price of one unit, or None when there is none in that currency.

    Prices of the channel win over those of every channel; among these the lowest one
    that the quantity reaches applies, ties to the lowest reference. Without any, the
    price of the offer applies in its own currency. Nothing is converted.

    >>> noon = datetime(2026, 3, 2, 12)
    >>> tiers = [Tier(1, 900, "EUR", min_quantity=Decimal(10)),
    ...          Tier(2, 1100, "EUR", channel="shop"),
    ...          Tier(3, 850, "EUR", end=datetime(2026, 3, 2))]
    >>> for channel, quantity in (("", 1), ("", 10), ("shop", 10)):
    ...     pick_price(1000, "EUR", tiers, channel=channel, currency="EUR", at=noon,
    ...                quantity=Decimal(quantity)).amount
    1000
    900
    1100
    >>> pick_price(1000, "EUR", tiers, channel="", currency="USD", at=noon,
    ...            quantity=Decimal(1)) is None
    True
    """
    fitting = [
        tier
        for tier in tiers
        if tier.currency == currency
        and tier.channel in ("", channel)
        and tier.min_quantity <= quantity
        and tier.holds(at)
    ]
    own = [tier for tier in fitting if tier.channel == channel]
    if best := min(own or fitting, key=lambda t: (t.price, t.ref), default=None):
        return Price(best.price, best)
    return Price(base, None) if base_currency == currency else None


@dataclass(frozen=True, slots=True)
class Guard:
    """Limit prices: ``floor`` and ``ceiling`` in minor units, zero for none.

    ``change_max``: largest change as a fraction of the last price, zero for none.
    """

    floor: int = 0
    ceiling: int = 0
    change_max: Decimal = Decimal(0)


def breaches(guard: Guard, last: int, new: int) -> list[str]:
    """Return the codes of the limits that a new price does not respect.

    A first price, after none or zero, has nothing to be compared with.

    >>> guard = Guard(500, 2000, Decimal("0.30"))
    >>> breaches(guard, 1000, 1300), breaches(guard, 1000, 499)
    ([], ['floor', 'change'])
    >>> breaches(guard, 0, 2001)
    ['ceiling']
    """
    found = []
    if guard.floor and new < guard.floor:
        found.append("floor")
    if guard.ceiling and new > guard.ceiling:
        found.append("ceiling")
    if guard.change_max and last and abs(new - last) > guard.change_max * last:
        found.append("change")
    return found


class Candidate(NamedTuple):
    """One offer that can win; ``total`` is its price and delivery."""

    ref: int
    total: int
    stock: Decimal = Decimal(0)
    score: int = 0


def pick_winner(candidates: Iterable[Candidate]) -> tuple[Candidate, str]:
    """Return the winner, and by what it beats the next one.

    Lowest total, then largest stock, then best score of its vendor, then lowest
    reference: the same candidates always have the same winner, in whatever order.

    :raises ValueError: without candidates.

    >>> pick_winner([Candidate(1, 900), Candidate(2, 800)])
    (Candidate(ref=2, total=800, stock=Decimal('0'), score=0), 'price')
    >>> pick_winner([Candidate(2, 800, Decimal(5)), Candidate(1, 800, Decimal(5))])[1]
    'oldest'
    """
    ranked = sorted(candidates, key=lambda c: (c.total, -c.stock, -c.score, c.ref))
    if not ranked:
        raise ValueError("nobody sells it")
    first = ranked[0]
    if len(ranked) == 1:
        return first, "only"
    second = ranked[1]
    if first.total != second.total:
        return first, "price"
    if first.stock != second.stock:
        return first, "stock"
    if first.score != second.score:
        return first, "score"
    return first, "oldest"
