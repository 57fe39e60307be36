"""Recompute a commission from its stored trace alone.

Written apart from the engine: fractions instead of decimals, no function of it, so that
a fault of the engine cannot hide in its own test. Imports nothing of Odoo.
"""

from fractions import Fraction
from math import floor


def half_up(value: Fraction) -> int:
    """Round half away from zero."""
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def evaluate(steps: list[dict]) -> int:
    """Return the amount a trace leads to, minor units.

    Every figure written on the way is checked too.

    :raises AssertionError: where a figure of the trace does not follow from the others.
    """
    kinds = {step["step"] for step in steps}
    if kinds == {"override"}:
        return steps[0]["after"] - steps[0]["before"]
    return _reversal(steps) if "reversal" in kinds else _commission(steps)


def _commission(steps):
    base, rest = _base(steps)
    amount = None
    slices = []
    for step in rest:
        match step["step"]:
            case "tier":
                assert step["start"] <= base
            case "percent":
                exact = base * Fraction(step["rate"])
                assert Fraction(step["exact"]) == exact
                amount = half_up(exact)
            case "slice":
                assert step["start"] == sum(part for part, _exact in slices)
                exact = step["part"] * Fraction(step["rate"])
                assert Fraction(step["exact"]) == exact
                slices.append((step["part"], exact))
            case "slices":
                assert sum(part for part, _exact in slices) == base
                amount = half_up(sum(exact for _part, exact in slices))
            case "fixed":
                amount += _fixed(step)
            case "minimum":
                assert step["amount"] > amount
                amount = step["amount"]
            case "maximum" | "cap":
                assert step["amount"] < amount
                amount = step["amount"]
            case "above":
                assert amount > step["net"]
            case "free":
                amount = 0
            case unknown:
                assert unknown == "currency", f"the trace holds an unknown {unknown}"
        assert step["step"] == "tier" or step.get("amount", amount) == amount
    return amount


def _base(steps):
    """Return the base that its parts lead to, and the steps after it."""
    kinds = [step["step"] for step in steps]
    end = kinds.index("base")
    assert set(kinds[:end]) <= {"rejected", "matched", "part", "untaxed"}
    parts = [step["amount"] for step in steps if step["step"] == "part"]
    base = steps[end]["amount"]
    if "untaxed" in kinds:
        untaxed = steps[kinds.index("untaxed")]
        assert untaxed["included"] == max(sum(parts), 0)
        assert untaxed["amount"] == base
    elif parts:
        assert base == max(sum(parts), 0)
    return base, steps[end + 1 :]


def _fixed(step):
    if step["per"] == "order":
        assert 0 <= step["fixed"] <= step["unit"]
        return step["fixed"]
    return half_up(step["unit"] * Fraction(step["quantity"]))


def _kept(step, base):
    """Return what a part of the base keeps of the commission."""
    held = step["fixed"] if step["policy"] != "proportional" else 0
    if base == step["base"]:
        return step["charged"]
    if base == 0:
        return held if step["policy"] == "kept" else 0
    whole, rate = step["base"], Fraction(step["rate"])
    percentage = base * rate
    rest = Fraction(step["charged"] - held - half_up(whole * rate), whole) * base
    return held + floor(percentage + rest + Fraction(1, 2))


def _reversal(steps):
    by_kind = {step["step"]: step for step in steps}
    kept, last = by_kind["kept"], by_kind["reversal"]
    assert 0 <= by_kind["refunded"]["refunded"] <= by_kind["refunded"]["sold"]
    left = _kept(kept, kept["kept_base"])
    assert left == kept["kept"]
    due = _kept(kept, kept["base_before"]) - left
    if policy := by_kind.get("policy"):
        assert due == policy["due"]
        due = half_up(due * (1 - Fraction(policy["kept_rate"])))
    return -min(due, last["before"])
