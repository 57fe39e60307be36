"""What a provider tells of the money it sent to our own bank. No I/O here."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from odoo.addons.marketplace_base.engine.psp_report import Movement


class BankPayout(NamedTuple):
    """Money sent to our bank, minor units; negative when it was taken from there.

    ``is_itemized`` says whether the provider knows which movements it consists of.
    """

    identifier: str
    amount: int
    currency: str
    date: date
    is_itemized: bool


class IncompleteError(ValueError):
    """Refuse movements that do not make their payout; ``total`` is what they make."""

    def __init__(self, total: int):
        super().__init__(str(total))
        self.total = total


class PspReports(ABC):
    """A provider's API, as far as it tells what it settled."""

    @abstractmethod
    def bank_payouts(self, since: date) -> list[BankPayout]:
        """Return what arrived at our bank on that day and later, oldest first.

        :raises UnknownError: the provider does not say, or not all of it.
        """

    @abstractmethod
    def movements(self, payout: BankPayout) -> list[Movement]:
        """Return the movements that a payout consists of, without the payout itself.

        :raises UnknownError: the provider does not say, or not all of it.
        """


def check_complete(payout: BankPayout, movements: Iterable[Movement]) -> None:
    """Check that movements make their payout to the cent.

    :raises IncompleteError: with what they make.

    >>> day = date(2026, 3, 11)
    >>> payout = BankPayout("po_1", 971, "EUR", day, True)
    >>> moved = Movement("txn_1", "charge", "EUR", 1000, 29, 971, (), day)
    >>> check_complete(payout, [moved])
    >>> check_complete(payout, [])
    Traceback (most recent call last):
    ...
    odoo.addons.marketplace_payout.engine.psp_fetch.IncompleteError: 0
    """
    total = sum(movement.net for movement in movements)
    if total != payout.amount:
        raise IncompleteError(total)
