"""Decide on direct debits: their day, their sequence, and what answers do to them.

Sources: EPC016-06 and EPC222-07 (rulebooks of the SEPA core and B2B direct debit).
"""

from datetime import date, timedelta

from .calendar import ONE_DAY, add_months, payment_day

# Months without a collection after which a mandate lapses.
MANDATE_MONTHS = 36

_OVER = ("collected", "returned")


def sequence_type(is_used: bool) -> str:
    """Return the sequence of a debit: the first under its mandate, or a later one."""
    return "RCUR" if is_used else "FRST"


def collection_day(today: date, notice_days: int) -> date:
    """Return the first bank day on which one may collect after announcing it today.

    >>> collection_day(date(2026, 3, 20), 14)  # Good Friday
    datetime.date(2026, 4, 7)
    """
    return payment_day(today + timedelta(days=notice_days))


def last_file_day(collection: date) -> date:
    """Return the last day on which the file may go to the bank: a bank day before.

    >>> last_file_day(date(2026, 4, 7))
    datetime.date(2026, 4, 2)
    """
    day = collection - ONE_DAY
    while payment_day(day) != day:
        day -= ONE_DAY
    return day


def is_lapsed(last_use: date, today: date) -> bool:
    """Return whether a mandate last used on a day has lapsed.

    >>> is_lapsed(date(2023, 3, 1), date(2026, 3, 1))
    False
    >>> is_lapsed(date(2023, 3, 1), date(2026, 3, 2))
    True
    """
    return add_months(last_use, MANDATE_MONTHS) < today


def told(kind: str, is_credit: bool | None) -> str:
    """Return what an answer says of a direct debit.

    The bank's account turns the words of a transfer round: a credit is the
    collection, a debit its return. A status report has no direction.

    >>> told("returned", True), told("booked", False), told("booked", None)
    ('collected', 'returned', 'collected')
    """
    if is_credit is not None:
        return "collected" if is_credit else "returned"
    return {"booked": "collected"}.get(kind, kind)


def decide(
    state: str, what: str, stated: int | None, amount: int
) -> tuple[list[str], str]:
    """Return (steps, problem): what an answer does to a debit, in any order, once.

    A return supposes the collection, which another message may still tell. A refusal
    after the collection is the return under another name.

    :param state: of the debit.
    :param what: as :func:`told` says.
    :param stated: amount of the answer, minor units, None when it has none.
    :param amount: of the debit.

    >>> decide("sent", "collected", 40000, 40000)
    (['collect'], '')
    >>> decide("sent", "returned", 40000, 40000)
    (['collect', 'return'], '')
    >>> decide("returned", "collected", 40000, 40000)
    ([], '')
    >>> decide("failed", "returned", 40500, 40000)
    (['collect', 'return'], '')
    >>> decide("sent", "collected", 39000, 40000)
    ([], 'other_amount')
    >>> decide("draft", "collected", None, 40000)
    ([], 'not_sent')
    """
    if state not in ("sent", "failed", *_OVER):
        return [], "not_sent"
    if what == "collected":
        if state in _OVER:
            return [], ""
        if stated not in (None, amount):
            return [], "other_amount"
        return ["collect"], ""
    if what == "rejected":
        return {"sent": ["fail"], "collected": ["return"]}.get(state, []), ""
    if what != "returned" or state == "returned":
        return [], ""
    if stated is not None and stated < amount:
        return [], "other_amount"
    return (["return"] if state == "collected" else ["collect", "return"]), ""
