"""What a vendor owes: how old it is, what was asked, what a plan expects.

Amounts are integer minor units of one currency.
"""

from collections.abc import Sequence
from datetime import date

from odoo.addons.marketplace_base.engine.money import allocate

from .calendar import add_months

# Upper bounds, in days, of the age classes; the last class is open.
AGE_BOUNDS = (30, 60, 90)
AGE_CODES = ("0_30", "31_60", "61_90", "over_90")
# Days after which a debtor is reminded: first, second and last reminder.
REMINDER_DAYS = (7, 30, 60)


def age_code(days: int) -> str:
    """Return the age class of a debt.

    >>> [age_code(days) for days in (0, 30, 31, 90, 91)]
    ['0_30', '0_30', '31_60', '61_90', 'over_90']
    """
    return AGE_CODES[sum(days > bound for bound in AGE_BOUNDS)]


def reminder_level(days: int) -> int:
    """Return how many reminders a debt of some days deserves.

    >>> [reminder_level(days) for days in (6, 7, 45, 400)]
    [0, 1, 2, 3]
    """
    return sum(days >= bound for bound in REMINDER_DAYS)


def instalments(amount: int, first: date, parts: int) -> list[tuple[date, int]]:
    """Return [(day, amount)]: equal monthly parts of a debt.

    >>> instalments(1000, date(2026, 1, 31), 3)[1]
    (datetime.date(2026, 2, 28), 333)
    """
    return [
        (add_months(first, number), part)
        for number, part in enumerate(allocate(amount, [1] * parts))
        if part
    ]


def paid_parts(amounts: Sequence[int], paid: int) -> list[int]:
    """Return what of each instalment is paid, the oldest first.

    >>> paid_parts([334, 333, 333], 500)
    [334, 166, 0]
    """
    result = []
    for amount in amounts:
        part = max(min(amount, paid), 0)
        result.append(part)
        paid -= part
    return result
