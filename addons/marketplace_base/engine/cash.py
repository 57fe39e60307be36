"""Arithmetic of cash on delivery: what a carrier collects for one parcel.

Amounts are integer minor units, quantities integers of a common denominator.
"""

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
