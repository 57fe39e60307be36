"""Compare who a payout run pays with who was paid before.

Amounts are integer minor units of one currency; a payee is any hashable.
"""

from collections.abc import Hashable, Mapping
from typing import NamedTuple


class Paid(NamedTuple):
    """What one payee gets by a run, and on which account."""

    amount: int
    account: str


class Difference(NamedTuple):
    """One thing a person should look at; ``before`` or ``now`` may be missing."""

    kind: str
    payee: Hashable
    before: Paid | None
    now: Paid | None


def compare(
    current: Mapping[Hashable, Paid],
    previous: Mapping[Hashable, Paid],
    last: Mapping[Hashable, Paid],
    factor: int,
) -> list[Difference]:
    """Return what differs from the run before.

    :param previous: who the run before paid.
    :param last: the latest payment of each payee by any run before.
    :param factor: an amount above so many times the one before stands out.

    >>> old, new = Paid(1000, "X"), Paid(3001, "Y")
    >>> [d.kind for d in compare({1: new}, {1: old}, {1: old}, 3)]
    ['account', 'amount']
    >>> [d.kind for d in compare({1: new}, {2: old}, {2: old}, 3)]
    ['first', 'gone']
    >>> [d.kind for d in compare({1: old}, {2: old}, {1: old, 2: old}, 3)]
    ['back', 'gone']
    >>> compare({1: Paid(3000, "X")}, {1: old}, {1: old}, 3)
    []
    """
    found = []
    for payee, now in current.items():
        before = last.get(payee)
        if before is None:
            found.append(Difference("first", payee, None, now))
            continue
        if now.account != before.account:
            found.append(Difference("account", payee, before, now))
        if payee not in previous:
            found.append(Difference("back", payee, before, now))
        elif now.amount > factor * previous[payee].amount:
            found.append(Difference("amount", payee, previous[payee], now))
    found += [
        Difference("gone", payee, before, None)
        for payee, before in previous.items()
        if payee not in current
    ]
    return found
