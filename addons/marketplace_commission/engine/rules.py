"""Ranked rules: the first one that accepts an order line decides its commission."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from odoo.addons.marketplace_base.engine.money import allocate, to_minor

from .compute import Amounts, Charge, Sale, Step, Terms, base_of, charge

# Tried in this order; the first one that fails is the one the trace names.
DIMENSIONS = (
    "vendor",
    "vendor_tag",
    "category",
    "product",
    "brand",
    "condition",
    "channel",
    "order_currency",
    "order_type",
    "country",
)
# Known of goods only: shipping never meets a criterion about them.
GOODS_DIMENSIONS = frozenset({"category", "product", "brand", "condition"})


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
    accepted: Mapping[str, frozenset[int | str]] = field(default_factory=dict)
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

    @property
    def criteria(self) -> list[str]:
        """Return the criteria a line has to meet, in the order they are tried."""
        names = [name for name in DIMENSIONS if self.accepted.get(name)]
        if self.has_price:
            names.append("price")
        if self.date_from is not None or self.date_to is not None:
            names.append("period")
        return names


@dataclass(frozen=True, slots=True)
class Facts:
    """Describe an order line as rules see it.

    ``ids`` holds, per dimension, everything the line belongs to: for a category, the
    whole path up to its root. ``price`` is what the customer pays for one unit before
    discounts, VAT included; shipping has none, nor product nor category.
    """

    sale: Sale
    day: date
    ids: Mapping[str, frozenset[int | str]]
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
    if rule.terms.fallback == "skip" and rule.terms.lacks(facts.sale.currency):
        return "amounts"
    return None


class RuleIndex:
    """Find the first rule that accepts a line without trying each of them.

    Bit ``n`` of a mask stands for the ``n``-th rule. Per dimension, the rules that do
    not look at it and those that accept a value are known beforehand, so that a line
    tries only the rules that accept it in all dimensions.
    """

    def __init__(self, rules: Iterable[Rule]):
        """Prepare rules given in the order of their rank, the default last."""
        self.rules = list(rules)
        self._dimensions = [
            (dimension, *self._masks(dimension))
            for dimension in DIMENSIONS
            if any(rule.accepted.get(dimension) for rule in self.rules)
        ]
        self._rejections: dict[tuple[str, int], Step] = {}

    @classmethod
    def of(cls, rules: "RuleIndex | Iterable[Rule]") -> "RuleIndex":
        """Return the index of rules, the same one when they have one already."""
        return rules if isinstance(rules, cls) else cls(rules)

    def __iter__(self):
        return iter(self.rules)

    def choose(self, facts: Facts) -> tuple[Rule, list[Step]]:
        """Return the first rule that accepts a line, and what became of those before.

        :raises LookupError: when no rule accepts the line.
        """
        left = (1 << len(self.rules)) - 1
        missed: dict[str, int] = {}
        for dimension, met, by_value in self._dimensions:
            for value in facts.ids.get(dimension, ()):
                met |= by_value.get(value, 0)
            missed[dimension] = left & ~met
            left &= met
        while left:
            bit = left & -left
            rule = self.rules[bit.bit_length() - 1]
            criterion = failed_criterion(rule, facts)
            if criterion is None:
                return rule, [*self._rejected(missed, bit - 1), _matched(rule)]
            missed[criterion] = missed.get(criterion, 0) | bit
            left ^= bit
        raise LookupError("no rule accepts this line; a plan needs a default")

    def _masks(self, dimension: str) -> tuple[int, dict[int | str, int]]:
        """Return the rules that accept any value, and those that accept each value."""
        free, by_value = 0, defaultdict(int)
        for number, rule in enumerate(self.rules):
            accepted = rule.accepted.get(dimension)
            free |= 0 if accepted else 1 << number
            for value in accepted or ():
                by_value[value] |= 1 << number
        return free, by_value

    def _rejected(self, missed: Mapping[str, int], before: int) -> Iterable[Step]:
        """Yield the rules before the one that decided: one step per criterion.

        Kept: lines of one vendor or product fail the same rules, and a trace of many
        rules is made of few such steps.
        """
        for criterion, mask in missed.items():
            if mask := mask & before:
                if (criterion, mask) not in self._rejections:
                    rules = [
                        self.rules[number]
                        for number in range(mask.bit_length())
                        if mask >> number & 1
                    ]
                    self._rejections[criterion, mask] = {
                        "step": "rejected",
                        "criterion": criterion,
                        "ranks": [rule.rank for rule in rules],
                        "rules": [rule.name for rule in rules],
                    }
                yield self._rejections[criterion, mask]


def _matched(rule: Rule) -> Step:
    return {
        "step": "matched",
        "rank": rule.rank,
        "rule": rule.name,
        "version": rule.version,
        "criteria": rule.criteria,
    }


def decide(rules: RuleIndex | Iterable[Rule], facts: Facts) -> Decision:
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
    return decide_order(rules, [facts])[0]


def decide_order(
    rules: RuleIndex | Iterable[Rule],
    lines: Sequence[Facts],
    settled: Iterable[int] = (),
) -> list[Decision]:
    """Return the commissions of the lines of one vendor order, in their order.

    An amount that is fixed per order is charged once: the goods that its rule decides
    share it by base, by largest remainder.

    :param rules: in the order of their rank; indexed once for many orders.
    :param settled: ids of the rules that charged an amount on this order before.

    >>> from decimal import Decimal
    >>> terms = Terms("EUR", Decimal(0), fixed=100, fixed_per="order")
    >>> everyone = Rule(1, 1, 1, "Default", terms)
    >>> lines = [Facts(Sale("EUR", 1000, 833), date(2026, 3, 2), {})] * 3
    >>> [decision.charge.amount for decision in decide_order([everyone], lines)]
    [34, 33, 33]
    """
    index = RuleIndex.of(rules)
    chosen = [index.choose(facts) for facts in lines]
    shares = _order_shares([rule for rule, _steps in chosen], lines, set(settled))
    decisions = []
    for number, ((rule, steps), facts) in enumerate(zip(chosen, lines, strict=True)):
        result = charge(rule.terms, facts.sale, shares.get(number, 0))
        decisions.append(Decision(rule, result, steps + result.steps))
    return decisions


def _order_shares(
    chosen: Sequence[Rule], lines: Sequence[Facts], settled: set[int]
) -> dict[int, int]:
    """Return the share of each line in the amounts that are fixed per order."""
    sharing = defaultdict(list)
    for number, (rule, facts) in enumerate(zip(chosen, lines, strict=True)):
        if (
            rule.terms.fixed_per == "order"
            and rule.rule_id not in settled
            and facts.sale.included
            and not facts.sale.is_shipping
        ):
            sharing[rule.rule_id].append(number)
    shares = {}
    for numbers in sharing.values():
        terms = chosen[numbers[0]].terms
        sales = [lines[number].sale for number in numbers]
        amounts = terms.amounts(sales[0].currency)
        if amounts:
            weights = [base_of(terms, sale) for sale in sales]
            shares.update(zip(numbers, allocate(amounts.fixed, weights), strict=True))
    return shares


def problems(rule: Rule, is_default: bool) -> list[str]:
    """Return the codes of everything that is wrong with a rule, not only the first.

    >>> from decimal import Decimal
    >>> problems(Rule(1, 1, 1, "Typo", Terms("EUR", Decimal(12))), is_default=True)
    ['rate']
    """
    terms = rule.terms
    money = [Amounts(terms.fixed, terms.minimum, terms.maximum)]
    money += terms.others.values()
    figures = [rule.price_from or 0, rule.price_to or 0]
    figures += [n for own in money for n in (own.fixed, own.minimum, own.maximum)]
    starts = [0, *(tier.start for tier in terms.tiers)]
    checks = (
        ("rate", not 0 <= terms.rate <= 1),
        ("tier_rate", any(not 0 <= tier.rate <= 1 for tier in terms.tiers)),
        ("tiers", any(low >= high for low, high in pairwise(starts))),
        ("tier_mode", (terms.tier_mode == "none") == bool(terms.tiers)),
        ("rate_shipping", not 0 <= terms.rate_shipping <= 1),
        ("negative", min(figures) < 0),
        ("bounds", any(0 < own.maximum < own.minimum for own in money)),
        ("price", _is_empty(rule.price_from, rule.price_to)),
        ("period", _is_empty(rule.date_from, rule.date_to)),
        ("default_criteria", is_default and not rule.is_catch_all),
        ("default_fallback", is_default and terms.fallback == "skip"),
        ("no_criteria", not is_default and rule.is_catch_all),
    )
    return [code for code, is_wrong in checks if is_wrong]


def _within(value, lower, upper) -> bool:
    return (lower is None or lower <= value) and (upper is None or value < upper)


def _is_empty(lower, upper) -> bool:
    return lower is not None and upper is not None and lower >= upper
