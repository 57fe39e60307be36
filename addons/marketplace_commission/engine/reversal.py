"""What a refund gives back of the commission of an order line.

Amounts are integers of minor units; what is given back is zero or negative.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from odoo.addons.marketplace_base.engine.money import cumulative_share, percent_of

from .terms import Charge, Step


@dataclass(frozen=True, slots=True)
class Reversal:
    """Hold what a refund gives back: figures are zero or negative.

    ``due`` is the amount before the refund policy keeps a part of it.
    """

    base: int
    amount: int
    due: int
    steps: list[Step]


def kept_commission(charged: Charge, kept_base: int) -> int:
    """Return the commission on the part of the base that was not refunded.

    The percentage is taken again at the frozen rate; what fixed amounts, minimum and
    maximum added to it (or took off) is shared by base. So all of the base keeps
    exactly what was charged, none of it keeps zero, and rates are never blended.

    ``refund_fixed`` of the charge changes what becomes of the fixed part, which is the
    fixed amount and what the minimum added: ``proportional`` shares it by base,
    ``last`` keeps it until nothing of the line is left, ``kept`` keeps it for good.

    >>> charged = Charge(2833, Decimal("0.125"), 354, [])
    >>> [kept_commission(charged, base) for base in (2833, 1889, 944, 0)]
    [354, 236, 118, 0]
    >>> charged = Charge(1000, Decimal("0.10"), 130, [], 30, "kept")
    >>> [kept_commission(charged, base) for base in (1000, 500, 0)]
    [130, 80, 30]
    """
    held = 0 if charged.refund_fixed == "proportional" else charged.fixed
    if kept_base == charged.base:
        return charged.amount
    if not kept_base:
        return held if charged.refund_fixed == "kept" else 0
    shared = charged.amount - held
    top, bottom = charged.rate.as_integer_ratio()
    rest = shared - percent_of(charged.base, charged.rate)
    numerator = kept_base * (top * charged.base + rest * bottom)
    return held + (2 * numerator + bottom * charged.base) // (2 * bottom * charged.base)


def reverse(
    charged: Charge,
    before: tuple[int, int],
    sold: int,
    refunded: int,
    give_back: Decimal = Decimal(1),
    already: int = 0,
) -> Reversal:
    """Return what the latest refund of an order line gives back of its commission.

    Cumulative: the commission kept after all refunds so far, less what was kept before.
    Whatever the number of partial refunds, a line refunded in full ends on zero. Where
    an earlier refund let the operator keep a part, the line ends on that part.

    :param before: base and commission still kept before this refund.
    :param sold: what the vendor was credited for the line, VAT included.
    :param refunded: what he has given back of it so far, this refund included.
    :param give_back: part of the commission on this refund that is given back; the
        operator keeps the rest.
    :param already: what he had given back before; counts where the base is zero.
    :raises ValueError: when more is refunded than was sold.

    >>> charged = Charge(2833, Decimal("0.125"), 354, [])
    >>> reverse(charged, (2833, 354), 2833, 944).amount
    -118
    >>> reverse(charged, (1889, 236), 2833, 1889).amount
    -118
    >>> reverse(charged, (2833, 354), 2833, 944, Decimal("0.5")).amount
    -59
    """
    if not 0 <= refunded <= sold:
        raise ValueError("a line cannot give back more than it was sold for")
    base_before, amount_before = before
    if charged.base or not sold:
        given_back = cumulative_share(charged.base, sold, refunded) if sold else 0
        measured, kept_base, measured_before = (
            charged,
            charged.base - given_back,
            base_before,
        )
    else:
        # A fixed amount on nothing: shared by what the line was sold for.
        measured = replace(charged, base=sold, rate=Decimal(0))
        kept_base, measured_before = sold - refunded, sold - already
    kept = kept_commission(measured, kept_base)
    due = kept_commission(measured, measured_before) - kept
    # Never more than is still kept: what one refund left with us stays with us.
    back = min(percent_of(due, give_back), amount_before)
    steps: list[Step] = [
        {"step": "refunded", "sold": sold, "refunded": refunded},
        {
            "step": "kept",
            "charged": charged.amount,
            "fixed": charged.fixed,
            "policy": charged.refund_fixed,
            "base": measured.base,
            "rate": str(measured.rate),
            "base_before": measured_before,
            "kept_base": kept_base,
            "kept": kept,
        },
    ]
    if give_back != 1:
        steps.append(
            {
                "step": "policy",
                "kept_rate": str(1 - give_back),
                "due": due,
                "amount": -back,
            }
        )
    steps.append({"step": "reversal", "before": amount_before, "amount": -back})
    base = kept_base - base_before if charged.base else 0
    return Reversal(base, -back, -due, steps)
