"""What a vendor asks for the delivery of his part of a basket.

Amounts are minor units of the order's currency, taxes included; weights are grams.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

AMOUNT = "amount"
WEIGHT = "weight"


class Step(NamedTuple):
    """Ask ``price`` from ``minimum`` on: an amount of goods, or a weight."""

    minimum: int
    price: int


class Method(NamedTuple):
    """Describe one way a vendor ships.

    ``zones`` empty: everywhere. ``free_from``: amount of goods from which delivery
    costs nothing, None: never.
    """

    ref: Hashable
    basis: str
    steps: Sequence[Step]
    zones: frozenset[str] = frozenset()
    free_from: int | None = None


class Part(NamedTuple):
    """What one vendor delivers: goods after his discounts, and their weight."""

    amount: int
    weight: int = 0


class Quote(NamedTuple):
    """Price of one method for one part."""

    ref: Hashable
    price: int


def price(method: Method, part: Part, zone: str) -> int | None:
    """Return the price of a method, None when it does not serve the part.

    The highest step that the part reaches counts, whatever the order of the steps;
    below the lowest step the method does not serve. Free delivery counts only where
    the method delivers.

    >>> post = Method("post", AMOUNT, [Step(0, 690), Step(5000, 490)], free_from=9900)
    >>> [price(post, Part(amount), "FR") for amount in (0, 4999, 5000, 9900)]
    [690, 690, 490, 0]
    >>> heavy = Method("truck", WEIGHT, [Step(30_000, 4900)], frozenset({"FR"}))
    >>> price(heavy, Part(100, 29_999), "FR"), price(heavy, Part(100, 30_000), "FR")
    (None, 4900)
    >>> price(heavy, Part(100, 30_000), "DE") is None
    True
    """
    if method.zones and zone not in method.zones:
        return None
    reached = part.weight if method.basis == WEIGHT else part.amount
    serving = [step for step in method.steps if step.minimum <= reached]
    if not serving:
        return None
    if method.free_from is not None and part.amount >= method.free_from:
        return 0
    return max(serving).price


def quotes(methods: Iterable[Method], part: Part, zone: str) -> list[Quote]:
    """Return the methods that serve a part, the cheapest first, ties as given.

    >>> post = Method("post", AMOUNT, [Step(0, 690)])
    >>> relay = Method("relay", AMOUNT, [Step(0, 390)], frozenset({"FR"}))
    >>> [quote.ref for quote in quotes([post, relay], Part(2000), "FR")]
    ['relay', 'post']
    >>> quotes([relay], Part(2000), "BE")
    []
    """
    found = [
        Quote(method.ref, amount)
        for method in methods
        if (amount := price(method, part, zone)) is not None
    ]
    return sorted(found, key=lambda quote: quote.price)
