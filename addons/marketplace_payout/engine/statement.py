"""Prove that a statement adds up: what changes a payout is a line of it.

Amounts are integer minor units of one currency, positive = owed to the vendor.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Statement(NamedTuple):
    """One statement: ``opening + movements = payout + reserve + carried``."""

    opening: int
    movements: Sequence[int]
    payout: int
    reserve: int = 0
    carried: int = 0


def missing(statement: Statement) -> int:
    """Return the amount of the line that would make a statement add up; 0: it does.

    >>> missing(Statement(0, [8000, -245], payout=6028))
    -1727
    >>> missing(Statement(0, [8000, -245, -1727], payout=6028))
    0
    """
    accounted = statement.payout + statement.reserve + statement.carried
    return accounted - statement.opening - sum(statement.movements)
