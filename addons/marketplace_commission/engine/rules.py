"""Ranked rules: the first one that accepts an order line decides its commission."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from odoo.addons.marketplace_base.engine.money import to_minor

from .compute import Charge, Sale, Step, Terms, charge

# Tried in this order; the first one that fails is the one the trace names.
DIMENSIONS = ("vendor", "vendor_tag", "category", "product")


@dataclass(frozen=True, slots=True)
class Rule:
    """Describe when a rule applies and what it charges.

    ``accepted`` maps a dimension to the ids it accepts (any of them); a dimension that
    is absent accepts everything. Ranges are half-open ``[from, to)``; prices are minor
    units of the currency of the terms.
    """

    rule_id: int
    version: int
    rank: int
    name: str
    terms: Terms
    accepted: Mapping[str, frozenset[int]] = field(default_factory=dict)
    price_from: int | None = None
    price_to: int | None = None
    date_from: date | None = None
    date_to: date | None = None

    @property
    def has_price(self) -> bool:
        """Say whether the rule looks at the price."""
        return self.price_from is not None or self.price_to is not None

    @property
    def is_catch_all(self) -> bool:
        """Say whether the rule accepts every line, so that none after it is tried."""
        has_period = self.date_from is not None or self.date_to is not None
        return not (self.accepted or self.has_price or has_period)


@dataclass(frozen=True, slots=True)
class Facts:
    """Describe an order line as rules see it.

    ``ids`` holds, per dimension, everything the line belongs to: for a category, the
    whole path up to its root. ``price`` is what the customer pays for one unit before
    discounts, VAT included; shipping has none, nor product nor category.
    """

    sale: Sale
    day: date
    ids: Mapping[str, frozenset[int]]
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Hold the rule that decided, its commission, and the steps that led to both."""

    rule: Rule
    charge: Charge
    steps: list[Step]


def unit_price(gross: int, quantity: Decimal) -> int:
    """Return the price of one unit, rounded half up; of the line when it has none.

    >>> unit_price(10000, Decimal(3)), unit_price(6, Decimal(12))
    (3333, 1)
    """
    return to_minor(gross / quantity, 0) if quantity else gross


def failed_criterion(rule: Rule, facts: Facts) -> str | None:
    """Return the first criterion of a rule that a line does not meet.

    Criteria are joined by AND, the values of one criterion by OR.
    """
    for dimension in DIMENSIONS:
        accepted = rule.accepted.get(dimension)
        if accepted and accepted.isdisjoint(facts.ids.get(dimension, ())):
            return dimension
    if rule.has_price:
        if rule.terms.currency != facts.sale.currency:
            return "currency"
        if facts.price is None or not _within(
            facts.price, rule.price_from, rule.price_to
        ):
            return "price"
    if not _within(facts.day, rule.date_from, rule.date_to):
        return "period"
    return None


def decide(rules: Iterable[Rule], facts: Facts) -> Decision:
    """Return the commission of a line by the first rule that accepts it.

    :param rules: in the order of their rank; the last one accepts everything.
    :raises LookupError: when no rule accepts the line.

    >>> from decimal import Decimal
    >>> everyone = Rule(2, 1, 2, "Default", Terms("EUR", Decimal("0.15")))
    >>> books = Rule(1, 4, 1, "Books", Terms("EUR", Decimal("0.08")),
    ...              accepted={"category": frozenset({7})})
    >>> novel = Facts(Sale("EUR", 1000, 948), date(2026, 3, 2),
    ...               {"category": frozenset({1, 7, 9})})
    >>> decision = decide([books, everyone], novel)
    >>> decision.rule.name, decision.charge.amount
    ('Books', 80)
    """
    steps: list[Step] = []
    for rule in rules:
        criterion = failed_criterion(rule, facts)
        if criterion is None:
            steps.append(
                {
                    "step": "matched",
                    "rank": rule.rank,
                    "rule": rule.name,
                    "version": rule.version,
                }
            )
            result = charge(rule.terms, facts.sale)
            return Decision(rule, result, steps + result.steps)
        steps.append(
            {
                "step": "rejected",
                "rank": rule.rank,
                "rule": rule.name,
                "criterion": criterion,
            }
        )
    raise LookupError("no rule accepts this line; a plan needs a default")


def problems(rule: Rule, is_default: bool) -> list[str]:
    """Return the codes of everything that is wrong with a rule, not only the first.

    >>> from decimal import Decimal
    >>> problems(Rule(1, 1, 1, "Typo", Terms("EUR", Decimal(12))), is_default=True)
    ['rate']
    """
    terms = rule.terms
    amounts = (
        terms.fixed,
        terms.minimum,
        terms.maximum,
        rule.price_from or 0,
        rule.price_to or 0,
    )
    checks = (
        ("rate", not 0 <= terms.rate <= 1),
        ("rate_shipping", not 0 <= terms.rate_shipping <= 1),
        ("negative", min(amounts) < 0),
        ("bounds", 0 < terms.maximum < terms.minimum),
        ("price", _is_empty(rule.price_from, rule.price_to)),
        ("period", _is_empty(rule.date_from, rule.date_to)),
        ("default_criteria", is_default and not rule.is_catch_all),
        ("no_criteria", not is_default and rule.is_catch_all),
    )
    return [code for code, is_wrong in checks if is_wrong]


def _within(value, lower, upper) -> bool:
    return (lower is None or lower <= value) and (upper is None or value < upper)


def _is_empty(lower, upper) -> bool:
    return lower is not None and upper is not None and lower >= upper
