"""Hold back part of what a vendor is due, and plan when it is given back.

Amounts are integer minor units of one currency, positive = owed to the vendor.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo.addons.marketplace_base.engine.money import allocate, percent_of

from .calendar import add_months


class Terms(NamedTuple):
    """What the contract says: ``rate`` is a fraction, ``target`` minor units."""

    kind: str
    rate: Decimal = Decimal(0)
    target: int = 0


def hold(terms: Terms, sales: int, balance: int, held: int) -> int:
    """Return what a settlement holds back, never more than its balance.

    Rolling: a share of the sales of the period, rounded half up. Fixed: what is
    missing to the target.

    :param sales: credits of orders less their refunds.
    :param balance: opening and movements, before the reserve.
    :param held: what is held towards a fixed target already.

    >>> hold(Terms("rolling", Decimal("0.10")), 2000, 1760, 0)
    200
    >>> hold(Terms("fixed", target=50000), 0, 12000, 45000)
    5000
    >>> hold(Terms("fixed", target=50000), 0, 1200, 45000)
    1200
    >>> hold(Terms("rolling", Decimal("0.10")), 11000, -300, 0)
    0
    """
    wanted = 0
    if terms.kind == "rolling":
        wanted = percent_of(max(sales, 0), terms.rate)
    elif terms.kind == "fixed":
        wanted = max(terms.target - held, 0)
    return max(min(wanted, balance), 0)


def release_plan(
    amount: int, start: date, days: int, parts: int
) -> list[tuple[date, int]]:
    """Return when a reserve is given back: (day, amount), in equal monthly parts.

    The first part comes ``days`` after ``start``, the others on the same day of the
    following months (the last day of a shorter one). Parts of nothing are left out.

    >>> release_plan(1000, date(2025, 11, 1), 90, 3)[1:]
    [(datetime.date(2026, 2, 28), 333), (datetime.date(2026, 3, 30), 333)]
    """
    first = start + timedelta(days=days)
    return [
        (add_months(first, number), part)
        for number, part in enumerate(allocate(amount, [1] * parts))
        if part
    ]
