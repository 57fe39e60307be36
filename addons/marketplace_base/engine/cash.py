"""Arithmetic of cash on delivery: what is collected for one parcel, and kept.

Amounts are integer minor units, quantities integers of a common denominator.
"""

from collections.abc import Iterable
from datetime import date

from .money import cumulative_share


def due_at_door(
    charge: int, quantity: int, units: int, settled: int, waiting: int = 0
) -> int:
    """Return what is to be collected of one line with a parcel.

    By cumulative difference, so that the parcels of a line end exactly on its charge.

    :param charge: what the customer pays of the whole line.
    :param units: gone with this parcel and before: shipped, cancelled or refunded.
    :param settled: paid already, or never to be paid.
    :param waiting: to be collected by other parcels.

    Three units for 10.00, one per parcel:

    >>> due_at_door(1000, 3, 1, 0), due_at_door(1000, 3, 2, 333)
    (333, 334)
    >>> due_at_door(1000, 3, 3, 333, 334), due_at_door(1000, 3, 1, 500)
    (333, 0)
    """
    return max(cumulative_share(charge, quantity, units) - settled - waiting, 0)


def to_set_off(cash: int, pending: int) -> int:
    """Return what of a vendor's cash is set off against what is due to him.

    Cash stands against what is not due yet; what is above that is due from him. When
    he gave more back than he keeps, the rest is due to him: negative.

    :param cash: taken from the customer for one line, less what was set off before.
    :param pending: what of the line is the vendor's and not due yet.

    30.00 collected: nothing while all of it is pending, 10.00 once that is due. Of a
    price that holds 5.00 of ours, those at once; and 4.00 given back afterwards:

    >>> to_set_off(3000, 3000), to_set_off(3000, 2000), to_set_off(3000, 0)
    (0, 1000, 3000)
    >>> to_set_off(3000, 2500), to_set_off(-400, 0)
    (500, -400)
    """
    return cash - max(min(cash, pending), 0)


def over_since(moves: Iterable[tuple[date, int]], limit: int) -> date | None:
    """Return since when a debt is above a limit without interruption; None if not.

    :param moves: (day, change of what the vendor is owed), one a day, in order.
    :param limit: of what he may owe; as much as that is allowed.

    >>> days = [date(2026, 3, day) for day in range(1, 5)]
    >>> over_since(zip(days, [-40, -20, 15, -10]), 50)
    datetime.date(2026, 3, 4)
    >>> over_since(zip(days, [-40, -20, -15, -10]), 50)
    datetime.date(2026, 3, 2)
    >>> over_since(zip(days, [-40, -20, 10]), 50)
    """
    owed, since = 0, None
    for day, change in moves:
        owed += change
        since = (since or day) if -owed > limit else None
    return since
