"""Yearly figures of a seller as the tax authority wants them. Pure integers.

Amounts in are minor units of one currency, amounts out whole units: rounding happens
here, once, on the total of a quarter.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple


class Quarter(NamedTuple):
    """What the ledger says of one quarter: minor units, and a number of sales."""

    gross: int = 0
    fees: int = 0
    taxes: int = 0
    sales: int = 0


class Reported(NamedTuple):
    """The same quarter in a report: whole units of the currency."""

    consideration: int
    fees: int
    taxes: int
    sales: int


def whole_units(minor: int, decimals: int) -> int:
    """Return minor units as whole units, rounded half away from zero.

    >>> whole_units(12345, 2), whole_units(12350, 2), whole_units(77, 0)
    (123, 124, 77)
    """
    return int(Decimal(minor).scaleb(-decimals).quantize(Decimal(1), ROUND_HALF_UP))


def report_quarter(quarter: Quarter, decimals: int) -> Reported:
    """Round one quarter, and keep it as authorities accept it.

    Consideration is what is left to the seller: gross less fees. No figure is negative,
    and a quarter with sales reports one unit at least: a file with sales and no
    consideration is refused (DGFiP specification 1.6). What is withheld as tax was
    never credited to the seller, so that gross is net of it already.

    >>> report_quarter(Quarter(12000, 1440, 0, 2), 2)
    Reported(consideration=106, fees=14, taxes=0, sales=2)
    >>> report_quarter(Quarter(40, 10, 0, 1), 2)
    Reported(consideration=1, fees=0, taxes=0, sales=1)
    >>> report_quarter(Quarter(0, 500, 0, 0), 2)
    Reported(consideration=0, fees=5, taxes=0, sales=0)
    """
    consideration = whole_units(quarter.gross - quarter.fees, decimals)
    return Reported(
        max(consideration, 1 if quarter.sales else 0),
        max(whole_units(quarter.fees, decimals), 0),
        max(whole_units(quarter.taxes, decimals), 0),
        quarter.sales,
    )


class Seller(NamedTuple):
    """What decides whether a seller is reported; ``eur_minor`` is the year's net."""

    sales: int
    eur_minor: int
    exclusion: str | None
    is_resident: bool


def exclusion(seller: Seller, small_sales: int, small_eur: int) -> str | None:
    """Return why a seller is not reported, or None: directive 2011/16, annex V, I B.

    >>> small = Seller(29, 200000, None, True)
    >>> exclusion(small, 30, 2000)
    'small'
    >>> exclusion(small._replace(sales=30), 30, 2000)
    >>> exclusion(small._replace(eur_minor=200001), 30, 2000)
    >>> exclusion(small._replace(is_resident=False), 30, 2000)
    'not_resident'
    >>> exclusion(small._replace(sales=0, exclusion="public"), 30, 2000)
    'no_activity'
    >>> exclusion(small._replace(exclusion="listed"), 30, 2000)
    'listed'
    """
    if not seller.sales:
        return "no_activity"
    if seller.exclusion:
        return seller.exclusion
    if not seller.is_resident:
        return "not_resident"
    if seller.sales < small_sales and seller.eur_minor <= small_eur * 100:
        return "small"
    return None


def change(was: Sequence | None, now: Sequence | None) -> str:
    """Return what a correction says of a seller; ``None`` stands for not reported.

    >>> change(None, [1]), change([1], [1]), change([1], [2]), change([1], None)
    ('new', 'same', 'corrected', 'deleted')
    >>> change(None, None)
    'same'
    """
    if was == now:
        return "same"
    if was is None:
        return "new"
    return "deleted" if now is None else "corrected"
