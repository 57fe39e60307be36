"""Faults of a ranked list of rules that nobody wants: found before it is saved.

Pure: rules come in the order of their rank, the default last; what is sold is a list of
(vendor, category) with what each belongs to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .rules import Rule


@dataclass(frozen=True, slots=True)
class Sold:
    """Say that a vendor sells in a category; ``ids`` as in the facts of an order."""

    vendor: int
    category: int
    ids: Mapping[str, frozenset[int | str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Name a fault: the rule, and the other rule or the record it is about."""

    code: str
    rule: Rule | None = None
    other: Rule | None = None
    subject: int | None = None


def check(
    rules: Sequence[Rule],
    sold: Iterable[Sold],
    paths: Mapping[int, frozenset[int]],
    unused: frozenset[int],
    today: date,
) -> list[Finding]:
    """Return every fault of the rules, each once.

    :param paths: for each category that rules accept, the ids from its root to it.
    :param unused: ids of rules that decided nothing for long.
    """
    ranked = list(rules[:-1])
    findings = []
    hidden = set()
    for number, rule in enumerate(ranked):
        cover = next((r for r in ranked[:number] if covers(r, rule, paths)), None)
        if cover:
            hidden.add(rule.rule_id)
            findings.append(Finding("unreachable", rule, cover))
            continue
        findings += [
            Finding("overlap", rule, earlier)
            for earlier in ranked[:number]
            if earlier.rule_id not in hidden and _overlaps(earlier, rule)
        ]
    findings += [Finding("tier_gap", rule) for rule in rules if _has_gap(rule)]
    findings += [
        Finding("unused", rule)
        for rule in ranked
        if rule.rule_id in unused and rule.rule_id not in hidden and _runs(rule, today)
    ]
    return findings + _fallen(ranked, sold, today)


def covers(higher: Rule, lower: Rule, paths: Mapping[int, frozenset[int]]) -> bool:
    """Say whether every line that one rule accepts is taken by a higher one.

    >>> from decimal import Decimal
    >>> from .compute import Terms
    >>> terms = Terms("EUR", Decimal(0))
    >>> media = Rule(1, 1, 1, "Media", terms, {"category": frozenset({1})})
    >>> books = Rule(2, 1, 2, "Books", terms, {"category": frozenset({2})})
    >>> paths = {1: frozenset({1}), 2: frozenset({1, 2})}
    >>> covers(media, books, paths), covers(books, media, paths)
    (True, False)
    """
    if higher.terms.fallback == "skip" and (
        higher.terms.has_amounts or higher.terms.tiers
    ):
        return False
    for dimension, accepted in higher.accepted.items():
        narrower = lower.accepted.get(dimension)
        if not narrower:
            return False
        if dimension == "category":
            if any(accepted.isdisjoint(paths.get(one, ())) for one in narrower):
                return False
        elif not narrower <= accepted:
            return False
    if higher.has_price and higher.terms.currency != lower.terms.currency:
        return False
    return _contains(
        (higher.price_from, higher.price_to), (lower.price_from, lower.price_to)
    ) and _contains(
        (higher.date_from, higher.date_to), (lower.date_from, lower.date_to)
    )


def _contains(outer, inner) -> bool:
    """Say whether a half-open range, None for no bound, lies within another."""
    low, high = outer
    starts = low is None or (inner[0] is not None and low <= inner[0])
    return starts and (high is None or (inner[1] is not None and inner[1] <= high))


def _overlaps(earlier: Rule, later: Rule) -> bool:
    """Say whether two temporary rules for the same lines run at the same time."""
    if (
        earlier.accepted != later.accepted
        or (earlier.price_from, earlier.price_to) != (later.price_from, later.price_to)
        or not _is_temporary(earlier)
        or not _is_temporary(later)
    ):
        return False
    start = max(earlier.date_from or date.min, later.date_from or date.min)
    return start < min(earlier.date_to or date.max, later.date_to or date.max)


def _is_temporary(rule: Rule) -> bool:
    return rule.date_from is not None or rule.date_to is not None


def _runs(rule: Rule, today: date) -> bool:
    started = rule.date_from is None or rule.date_from <= today
    return started and not _is_over(rule, today)


def _is_over(rule: Rule, today: date) -> bool:
    return rule.date_to is not None and rule.date_to <= today


def _has_gap(rule: Rule) -> bool:
    """Say whether tiers leave the amounts below the first one without commission."""
    terms = rule.terms
    return bool(terms.tiers) and not terms.rate and not terms.has_amounts


def _fallen(ranked: Sequence[Rule], sold: Iterable[Sold], today: date) -> list[Finding]:
    """Return the vendors, then the categories, that only the default decides for.

    A plan of nothing but its default means it; a category is named only when it is not
    simply that of vendors named before.
    """
    alive = [rule for rule in ranked if not _is_over(rule, today)]
    if not alive:
        return []
    offers = list(sold)
    met = {
        offer
        for offer in range(len(offers))
        if any(_may_accept(rule, offers[offer].ids) for rule in alive)
    }
    served = {offers[number].vendor for number in met}
    reached = {offers[number].category for number in met}
    vendors = {offer.vendor for offer in offers} - served
    categories = {
        offer.category for offer in offers if offer.vendor in served
    } - reached
    return [Finding("vendor_default", subject=one) for one in sorted(vendors)] + [
        Finding("category_default", subject=one) for one in sorted(categories)
    ]


def _may_accept(rule: Rule, ids: Mapping[str, frozenset[int | str]]) -> bool:
    """Say whether a rule could accept a line; what is not known does not exclude it."""
    return all(
        dimension not in ids or not accepted.isdisjoint(ids[dimension])
        for dimension, accepted in rule.accepted.items()
    )
