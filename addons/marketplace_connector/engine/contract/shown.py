"""From the shop: what it shows of our offers, for a look whether it is what we sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """``price`` in minor units, as the shop writes prices; ``ref`` is the shop's."""

    ref: str
    name: str
    price: int
    active: bool
