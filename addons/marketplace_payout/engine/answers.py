"""Decide what an answer of a bank or a provider does to a payout, in any order.

Answers arrive late, twice and out of order. Each is a fact about one payout; the
payout's state says whether the fact is new.
"""

import datetime
from typing import NamedTuple


class Answer(NamedTuple):
    """What is said of one payout.

    ``amount`` (debited, or given back) and ``fee`` in minor units, positive; an
    amount of None is not stated. ``code`` is the reason, as the sender codes it.
    """

    kind: str
    date: datetime.date | None = None
    amount: int | None = None
    fee: int = 0
    code: str = ""
    text: str = ""


# An order: a return supposes the debit, which another message may still announce.
RANK = {"accepted": 0, "booked": 1, "rejected": 2, "returned": 3}

_WAITING = ("sent", "unresolved")
_DONE = ("confirmed", "failed", "returned")
# kind -> {state of the payout: what to do}
_DECISIONS = {
    "accepted": dict.fromkeys((*_WAITING, *_DONE), "known"),
    "booked": {
        **dict.fromkeys(_WAITING, "confirm"),
        "confirmed": "known",
        "returned": "known",
        "failed": "booked_after_failure",
    },
    "rejected": {
        **dict.fromkeys(_WAITING, "fail"),
        "failed": "known",
        "returned": "known",
        "confirmed": "rejected_after_booking",
    },
    "returned": {
        **dict.fromkeys((*_WAITING, "confirmed"), "return"),
        "returned": "known",
        "failed": "returned_after_failure",
    },
}


def decide(state: str, answer: Answer, amount: int) -> str:
    """Return what to do: ``confirm``, ``fail``, ``return``, ``known`` or a problem.

    :param state: of the payout.
    :param amount: of the payout, minor units.

    >>> decide("sent", Answer("booked"), 3900)
    'confirm'
    >>> decide("confirmed", Answer("accepted"), 3900)
    'known'
    >>> decide("returned", Answer("booked"), 3900)
    'known'
    >>> decide("sent", Answer("booked", amount=3800), 3900)
    'other_amount'
    >>> decide("confirmed", Answer("returned", amount=3500), 3900)
    'return'
    >>> decide("draft", Answer("booked"), 3900)
    'not_sent'
    """
    action = _DECISIONS[answer.kind].get(state, "not_sent")
    if answer.amount is not None:
        if action == "confirm" and answer.amount != amount:
            return "other_amount"
        if action == "return" and answer.amount > amount:
            return "other_amount"
    return action


def return_fee(answer: Answer, amount: int) -> int:
    """Return what was kept of a returned amount, minor units.

    The bank states the fee, or gives back less than it took.

    >>> return_fee(Answer("returned", amount=3500), 3900)
    400
    >>> return_fee(Answer("returned", amount=3500, fee=400), 3900)
    400
    >>> return_fee(Answer("returned"), 3900)
    0
    """
    if answer.amount is not None:
        return amount - answer.amount
    return min(answer.fee, amount)
