"""Amounts: many platforms write decimals, the contract has minor units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision


def to_decimal(minor: int, currency: str) -> Decimal:
    """Return an amount as the shop writes it.

    >>> to_decimal(1999, "EUR"), to_decimal(1999, "JPY")
    (Decimal('19.99'), Decimal('1999'))
    """
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def to_minor(amount: Decimal | str, currency: str) -> int:
    """Return an amount in minor units, half a unit away from zero.

    >>> to_minor("116.905000", "EUR"), to_minor("-5.005", "EUR")
    (11691, -501)
    """
    scaled = Decimal(amount).scaleb(get_currency_precision(currency))
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))
