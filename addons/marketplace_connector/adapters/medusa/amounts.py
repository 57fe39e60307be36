"""Amounts of Medusa, which does not round: to minor units, and adding up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from ...engine.contract import TaxMode

# Currencies whose minor unit is not a hundredth, of those that Medusa sells in.
MINOR_DIGITS = {
    **dict.fromkeys(
        "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf".split(), 0
    ),
    **dict.fromkeys("bhd iqd jod kwd lyd omr tnd".split(), 3),
}
# Two sums of unrounded parts are one amount when they are as near as this.
NOISE = Decimal("0.0001")


def minor_digits(currency: str) -> int:
    """Return how many decimals amounts of a currency have.

    >>> minor_digits("EUR"), minor_digits("jpy")
    (2, 0)
    """
    return MINOR_DIGITS.get(currency.lower(), 2)


def round_parts(parts: Sequence[Decimal], total: Decimal) -> tuple[int, list[int]]:
    """Round a total, and its parts so that they add up to it.

    The shop does not round: parts and totals may have any number of decimals, half
    cents among them.  The total is rounded half up; what the parts lose by rounding
    down goes to those that lost most.  Parts that do not add up to the total are
    rounded one by one, and the difference stays to be seen.

    >>> round_parts([Decimal("35.982"), Decimal("17.991"), Decimal("490")],
    ...             Decimal("543.973"))
    (544, [36, 18, 490])
    >>> round_parts([Decimal("58.4525"), Decimal("58.4525")], Decimal("116.905"))
    (117, [59, 58])
    >>> round_parts([Decimal(10)], Decimal(12))
    (12, [10])
    """
    rounded = round_half_up(total)
    if abs(sum(parts) - total) > NOISE:
        return rounded, [round_half_up(part) for part in parts]
    floors = [int(part.to_integral_value(ROUND_FLOOR)) for part in parts]
    missing = rounded - sum(floors)
    by_loss = sorted(
        range(len(parts)), key=lambda rank: (floors[rank] - parts[rank], rank)
    )
    for rank in by_loss[:missing]:
        floors[rank] += 1
    return rounded, floors


def round_half_up(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))


class Part:
    """A line or a delivery, in unrounded minor units, as if nothing were returned."""

    def __init__(self, data: Mapping[str, Any], unit: Decimal, price: str):
        self.data = data
        self.unit = unit
        self.price = self.minor(data[price])
        self.included = data["is_tax_inclusive"]
        self.rates = [Decimal(str(tax["rate"])) / 100 for tax in data["tax_lines"]]
        # What came back is taken off the shop's total, and was sold all the same.
        returned = data.get("return_received_total") or 0
        self.gross = self.minor(data["total"]) + self.minor(returned)

    def minor(self, amount: Any) -> Decimal:
        return Decimal(str(amount)) * self.unit

    @property
    def factor(self) -> Decimal:
        return 1 + sum(self.rates)

    def list_price(self, quantity: int, mode: TaxMode) -> Decimal:
        """Return the price before discounts in the mode of the order."""
        price = self.price * quantity
        if mode is TaxMode.INCLUDED and not self.included:
            return price * self.factor
        if mode is TaxMode.EXCLUDED and self.included:
            return price / self.factor
        return price
