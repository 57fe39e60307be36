"""Settle one vendor's account: what is paid now, what is carried forward.

All amounts are integer minor units of one currency; positive = owed to the vendor.
"""

from typing import NamedTuple


class Outcome(NamedTuple):
    """Result of a settlement; ``payout + carried`` is the balance less the reserve."""

    payout: int
    carried: int
    reason: str | None


class Payee(NamedTuple):
    """What decides whether a settled amount may leave today.

    ``due`` is the vendor's whole balance due: a debt made since the settlement
    (a refund, say) must hold back a payout that would exceed it. ``rail_reason`` is
    why the way of paying him is closed: his data, or an account he lacks.
    """

    amount: int
    due: int
    on_hold: bool
    kyc_approved: bool
    has_iban: bool
    iban_trusted: bool
    lacks_tax_data: bool = False
    rail_reason: str | None = None
    has_mandate: bool = True


def settle(opening: int, movements: int, minimum: int = 0, reserve: int = 0) -> Outcome:
    """Split the closing balance into payout and carried forward.

    All or nothing: a balance below ``minimum``, or not above zero, is carried
    whole, with its reason (``negative`` or ``threshold``; none for zero). What goes
    to the ``reserve`` is taken off first.

    >>> settle(11000, -5000)
    Outcome(payout=6000, carried=0, reason=None)
    >>> settle(0, -10000)
    Outcome(payout=0, carried=-10000, reason='negative')
    >>> settle(-10000, 11000)
    Outcome(payout=1000, carried=0, reason=None)
    >>> settle(0, 1560, minimum=2500)
    Outcome(payout=0, carried=1560, reason='threshold')
    >>> settle(500, -500, minimum=2500)
    Outcome(payout=0, carried=0, reason=None)
    >>> settle(0, 1760, minimum=2500, reserve=200)
    Outcome(payout=0, carried=1560, reason='threshold')
    """
    balance = opening + movements - reserve
    if balance < 0:
        return Outcome(0, balance, "negative")
    if 0 < balance < minimum:
        return Outcome(0, balance, "threshold")
    return Outcome(balance, 0, None)


def exclusion_reason(payee: Payee) -> str | None:
    """Return why a settled amount is not paid today, or None.

    The first cause that a person has to lift comes first; ``negative`` lifts by
    itself with the next sales.

    >>> payee = Payee(2833, 2833, False, True, True, True)
    >>> exclusion_reason(payee)
    >>> exclusion_reason(payee._replace(has_iban=False, iban_trusted=False))
    'no_iban'
    >>> exclusion_reason(payee._replace(lacks_tax_data=True))
    'dac7'
    >>> exclusion_reason(payee._replace(due=2832))
    'negative'
    """
    if payee.on_hold:
        return "hold"
    if not payee.kyc_approved:
        return "incomplete_kyc"
    if payee.lacks_tax_data:
        return "dac7"
    if not payee.has_mandate:
        return "no_mandate"
    if not payee.has_iban:
        return "no_iban"
    if not payee.iban_trusted:
        return "untrusted_iban"
    if payee.rail_reason:
        return payee.rail_reason
    if payee.due < payee.amount:
        return "negative"
    return None
