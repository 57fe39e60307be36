"""Three sides of one business: do shop, back office and provider tell the same?

Pure: facts of each side in, gaps with their causes out. Amounts are minor units.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Fact:
    """One order, capture or refund as one side tells it.

    ``refs`` are all names it goes by: one name in common makes two facts the same.
    ``order`` is the shop's reference of the order. ``hint`` says what is known about
    a fact that may be missing on the other side, ``covered`` how much of a difference
    between the totals of an order is given back to the customer anyway.
    """

    flow: str
    refs: frozenset[str]
    order: str
    amount: int
    day: date
    hint: str = ""
    covered: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """What differs; an amount is None where a side does not know the fact.

    ``ref`` names the fact within its flow and order.
    """

    cause: str
    flow: str
    order: str
    ref: str
    day: date
    shop: int | None = None
    ours: int | None = None
    provider: int | None = None


# Why an order of the shop is not here, by what became of its message.
ORDER_CAUSES = {
    "": "order_missing",
    "quarantine": "order_quarantine",
    "waiting": "order_waiting",
    "ignored": "order_ignored",
}
UNSENT = "unsent"  # hint of a refund of ours that the shop was not told of
UNREAD = "unread"  # hint of an order whose newest message waits or is in quarantine
CHANGED = "changed"  # hint of an order that the shop tells otherwise than agreed
TOLD = "told"  # hint of an order that the shop told of once


def pair(
    left: Sequence[Fact], right: Sequence[Fact]
) -> tuple[list[tuple[Fact, Fact]], list[Fact], list[Fact]]:
    """Return (pairs, rest of the left, rest of the right) by a name in common."""
    by_ref: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for rank, fact in enumerate(right):
        for ref in fact.refs:
            by_ref[fact.flow, fact.order, ref].append(rank)
    pairs, lonely, taken = [], [], set()
    for fact in left:
        ranks = {
            rank
            for ref in fact.refs
            for rank in by_ref[fact.flow, fact.order, ref]
            if rank not in taken
        }
        if not ranks:
            lonely.append(fact)
            continue
        rank = min(ranks)
        taken.add(rank)
        pairs.append((fact, right[rank]))
    rest = [fact for rank, fact in enumerate(right) if rank not in taken]
    return pairs, lonely, rest


def compare_shop(shop: Sequence[Fact], ours: Sequence[Fact]) -> list[Gap]:
    """Compare the shop with the back office.

    Where an order is missing, its payments and refunds are no gaps of their own.
    """
    pairs, missing, extra = pair(shop, ours)
    twins = Counter((left.flow, left.order, left.amount) for left, _right in pairs)
    absent = {fact.order for fact in (*missing, *extra) if fact.flow == "order"}
    unread = {
        fact.order for fact in shop if fact.flow == "order" and fact.hint == UNREAD
    }
    gaps = [
        gap
        for left, right in pairs
        if (gap := _compare_pair(left, right, left.order in unread))
    ]
    for fact in missing:
        if fact.flow == "order" or fact.order not in absent:
            cause = _missing_cause(fact, twins, fact.order in unread)
            gaps.append(_gap(cause, fact, shop=fact.amount))
    for fact in extra:
        if fact.flow == "order" or fact.order not in absent:
            gaps.append(_gap(_extra_cause(fact, twins), fact, ours=fact.amount))
    return gaps


def _compare_pair(left: Fact, right: Fact, unread: bool) -> Gap | None:
    if left.flow == "order":
        if right.hint == CHANGED:
            cause = "change_quarantine" if unread else "order_changed"
            return _gap(cause, left, shop=left.amount, ours=right.amount)
        difference = right.amount - left.amount
        if not difference or 0 < difference <= left.covered:
            return None
        return _gap("order_amount", left, shop=left.amount, ours=right.amount)
    if left.amount == right.amount:
        return None
    cause = f"{left.flow}_amount"
    return _gap(cause, left, shop=left.amount, ours=right.amount)


def _missing_cause(fact: Fact, twins: Counter, unread: bool) -> str:
    if fact.flow == "order":
        return ORDER_CAUSES[fact.hint]
    if unread:
        return "change_quarantine"
    if fact.flow == "refund" and twins[fact.flow, fact.order, fact.amount]:
        return "refund_doubled_shop"
    return f"{fact.flow}_missing"


def _extra_cause(fact: Fact, twins: Counter) -> str:
    if fact.flow == "order":
        return "order_deleted" if fact.hint == TOLD else "order_extra"
    if fact.hint == UNSENT:
        return "refund_unsent"
    if fact.flow == "refund" and twins[fact.flow, fact.order, fact.amount]:
        return "refund_doubled"
    return f"{fact.flow}_extra"


def compare_provider(
    ours: Iterable[Fact],
    provider: Iterable[Fact],
    reported: Mapping[str, tuple[date, date]],
) -> list[Gap]:
    """Compare the back office with the provider's reports.

    One transaction may pay several orders: what is compared is the sum of each
    reference.

    :param reported: {flow: first and last day that the reports cover}; a fact of ours
        outside of these days is no gap.
    """
    judged = (group.judge(reported) for group in _group(ours, provider))
    return [gap for gap in judged if gap]


@dataclass(slots=True)
class _Group:
    """Facts tied together by references in common."""

    ours: list[Fact] = field(default_factory=list)
    provider: list[Fact] = field(default_factory=list)

    def judge(self, reported: Mapping[str, tuple[date, date]]) -> Gap | None:
        known = sum(fact.amount for fact in self.ours)
        told = sum(fact.amount for fact in self.provider)
        if known == told and self.ours and self.provider:
            return None
        first = (self.ours or self.provider)[0]
        if not self.provider:
            days = reported.get(first.flow)
            if not days or not days[0] <= first.day <= days[1]:
                return None
            if first.hint == UNSENT:
                return None  # a gap against the shop
            return _gap(f"{first.flow}_unreported", first, ours=known)
        if not self.ours:
            return _gap(f"{first.flow}_unknown", first, provider=told)
        # The provider moved the same money twice.
        doubled = len(self.provider) > len(self.ours) and told == known * len(
            self.provider
        ) // len(self.ours)
        cause = f"{first.flow}_{'doubled_provider' if doubled else 'amount_provider'}"
        return _gap(cause, first, ours=known, provider=told)


def _group(ours: Iterable[Fact], provider: Iterable[Fact]) -> list[_Group]:
    by_ref: dict[tuple[str, str], _Group] = {}
    groups: list[_Group] = []

    def find(fact: Fact) -> _Group:
        keys = [(fact.flow, ref) for ref in sorted(fact.refs)]
        group = next((by_ref[key] for key in keys if key in by_ref), None)
        if group is None:
            group = _Group()
            groups.append(group)
        for key in keys:
            by_ref.setdefault(key, group)
        return group

    for fact in ours:
        find(fact).ours.append(fact)
    for fact in provider:
        find(fact).provider.append(fact)
    return groups


def _gap(cause: str, fact: Fact, **amounts: int) -> Gap:
    return Gap(cause, fact.flow, fact.order, min(fact.refs), fact.day, **amounts)
