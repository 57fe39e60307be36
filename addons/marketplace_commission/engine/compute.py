"""Commission of one order line.

Amounts are integers of minor units, rates are ``Decimal`` fractions, rounding is half
up, once per commission. Each result carries its steps: plain values that are stored
with the commission and put into words in the reader's language, or replayed by a test.
"""

from decimal import Decimal

from odoo.addons.marketplace_base.engine.money import percent_of, to_minor

from .terms import Amounts, Charge, Sale, Step, Terms, Tier

__all__ = ["Amounts", "Charge", "Sale", "Step", "Terms", "Tier", "base_of", "charge"]


def charge(terms: Terms, sale: Sale, order_share: int = 0) -> Charge:
    """Return the commission of one order line.

    Amounts in another currency than the sale's are left out, never converted: the
    percentage alone applies, and a step says so. A line for which the vendor is
    credited nothing is charged nothing, whatever the minimum.

    :param order_share: share of the line in an amount that is fixed per order.

    >>> terms = Terms("EUR", Decimal("0.125"))
    >>> charge(terms, Sale("EUR", 3333, 2778)).amount
    417
    >>> terms = Terms("EUR", Decimal("0.10"), fixed=50, fixed_per="unit", maximum=400)
    >>> charge(terms, Sale("EUR", 3000, 2500, Decimal(3))).amount
    400
    """
    base, steps = _build_base(terms, sale)
    rate, amount = _percentage(terms, sale, base, steps)
    fixed = 0
    amounts = terms.amounts(sale.currency)
    if not sale.included:
        if amount or (terms.has_amounts and not sale.is_shipping):
            steps.append({"step": "free"})
        amount = 0
    elif not sale.is_shipping:
        if terms.lacks(sale.currency):
            steps.append({"step": "currency", "currency": terms.currency})
        if amounts:
            percentage = amount
            amount = _with_amounts(terms, amounts, sale, amount, order_share, steps)
            fixed = max(amount - percentage, 0)
    amount, is_above = _within_net(terms, sale, amount, steps)
    return Charge(
        base, rate, amount, steps, min(fixed, amount), terms.refund_fixed, is_above
    )


def base_of(terms: Terms, sale: Sale) -> int:
    """Return what the percentage of the terms applies to.

    >>> terms = Terms("EUR", Decimal("0.1"), before_vendor_discount=True)
    >>> base_of(terms, Sale("EUR", 2700, 2250, discount_vendor=300))
    3000
    """
    return _build_base(terms, sale)[0]


def _build_base(terms: Terms, sale: Sale) -> tuple[int, list[Step]]:
    """Add discounts and leave parts out as the terms say, then take VAT out.

    The base never falls below zero: parts left out may be more than what is left.
    """
    parts = [("credited", sale.included)]
    if terms.before_vendor_discount and sale.discount_vendor:
        parts.append(("discount_vendor", sale.discount_vendor))
    if terms.after_marketplace_discount and sale.discount_marketplace:
        parts.append(("discount_marketplace", -sale.discount_marketplace))
    if not terms.base_excluded and sale.not_commissionable:
        parts.append(("not_commissionable", -sale.not_commissionable))
    steps: list[Step] = []
    base = max(sum(amount for _part, amount in parts), 0)
    if len(parts) > 1:
        steps += [
            {"step": "part", "part": part, "amount": amount} for part, amount in parts
        ]
        if terms.base_tax == "excluded":
            included, base = base, sale.untaxed(base)
            steps.append({"step": "untaxed", "included": included, "amount": base})
    elif terms.base_tax == "excluded":
        base = sale.excluded
    steps.append(
        {
            "step": "base",
            "tax": terms.base_tax,
            "kind": "shipping" if sale.is_shipping else "goods",
            "discount": "before" if terms.before_vendor_discount else "after",
            "amount": base,
        }
    )
    return base, steps


def _percentage(
    terms: Terms, sale: Sale, base: int, steps: list[Step]
) -> tuple[Decimal, int]:
    """Return the rate reached and the percentage of the base."""
    rate = terms.rate_shipping if sale.is_shipping else terms.rate
    has_tiers = terms.tier_mode != "none" and not sale.is_shipping
    if has_tiers and sale.currency == terms.currency:
        reached = [tier for tier in terms.tiers if tier.start <= base]
        if terms.tier_mode == "slice":
            return _slices(terms, base, steps)
        if reached:
            rate = reached[-1].rate
            steps.append(
                {"step": "tier", "start": reached[-1].start, "rate": str(rate)}
            )
    amount = percent_of(base, rate)
    steps.append(
        {
            "step": "percent",
            "rate": str(rate),
            "exact": str(base * rate),
            "amount": amount,
        }
    )
    return rate, amount


def _slices(terms: Terms, base: int, steps: list[Step]) -> tuple[Decimal, int]:
    """Charge each slice of the base at its own rate; round their sum, once."""
    tiers = [Tier(0, terms.rate), *terms.tiers]
    ends = [*(tier.start for tier in terms.tiers), None]
    exact, rate = Decimal(0), terms.rate
    for tier, end in zip(tiers, ends, strict=True):
        part = (base if end is None else min(base, end)) - tier.start
        if part <= 0 and tier.start:
            break
        rate = tier.rate
        exact += part * rate
        steps.append(
            {
                "step": "slice",
                "start": tier.start,
                "part": part,
                "rate": str(rate),
                "exact": str(part * rate),
            }
        )
    amount = to_minor(exact, 0)
    steps.append({"step": "slices", "exact": str(exact), "amount": amount})
    return rate, amount


def _with_amounts(
    terms: Terms,
    amounts: Amounts,
    sale: Sale,
    amount: int,
    order_share: int,
    steps: list[Step],
) -> int:
    """Add the fixed amount, then apply the minimum and the maximum."""
    if amounts.fixed:
        quantity = sale.quantity if terms.fixed_per == "unit" else Decimal(1)
        per_order = terms.fixed_per == "order"
        fixed = order_share if per_order else percent_of(amounts.fixed, quantity)
        amount += fixed
        steps.append(
            {
                "step": "fixed",
                "per": terms.fixed_per,
                "unit": amounts.fixed,
                "quantity": str(quantity),
                "fixed": fixed,
                "amount": amount,
            }
        )
    if amount < amounts.minimum:
        amount = amounts.minimum
        steps.append({"step": "minimum", "amount": amount})
    if amounts.maximum and amount > amounts.maximum:
        amount = amounts.maximum
        steps.append({"step": "maximum", "amount": amount})
    return amount


def _within_net(
    terms: Terms, sale: Sale, amount: int, steps: list[Step]
) -> tuple[int, bool]:
    """Hold a commission against what the vendor is credited for the line."""
    if amount <= sale.included:
        return amount, False
    policy = sale.above_net or terms.above_net
    if policy == "cap":
        steps.append({"step": "cap", "before": amount, "amount": sale.included})
        return sale.included, False
    steps.append({"step": "above", "net": sale.included, "amount": amount})
    return amount, True
