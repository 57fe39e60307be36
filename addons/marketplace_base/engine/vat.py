"""VAT in prices: extracted once per document and rate (accounting design, 4)."""

from collections.abc import Hashable, Sequence

from .money import allocate

# Scale of the exact untaxed share used as a weight, so that no cent is lost in it.
SCALE = 1000


def untaxed_parts(
    total: int, credits: Sequence[int], ratios: Sequence[tuple[int, int]]
) -> list[int]:
    """Share the untaxed amount of a document over its lines.

    Each rate first gets what extracting its VAT once gives, half up; its lines share
    that by largest remainder. Where the rates do not add up to the total, such as with
    prices that exclude VAT, the total is shared over them.

    :param total: untaxed minor units of the document.
    :param credits: minor units of each line, VAT included.
    :param ratios: (untaxed, taxed) of a large amount at the rate of each line.

    VAT of 38.55 at 10 % and 30.36 at 20 % is 3.50 and 5.06:

    >>> untaxed_parts(6035, [1854, 2001, 3036], [(10, 11), (10, 11), (5, 6)])
    [1686, 1819, 2530]
    """
    weights = [
        credit * untaxed * SCALE // taxed
        for credit, (untaxed, taxed) in zip(credits, ratios, strict=True)
    ]
    groups: dict[Hashable, list[int]] = {}
    for rank, ratio in enumerate(ratios):
        groups.setdefault(ratio, []).append(rank)
    amounts = []
    for (untaxed, taxed), ranks in groups.items():
        gross = sum(credits[rank] for rank in ranks)
        # What is left once the VAT, rounded half up, is taken out.
        tax = (2 * gross * (taxed - untaxed) + taxed) // (2 * taxed)
        amounts.append(gross - tax)
    if sum(amounts) != total:
        amounts = allocate(
            total, [sum(weights[r] for r in ranks) for ranks in groups.values()]
        )
    parts = [0] * len(credits)
    for amount, ranks in zip(amounts, groups.values(), strict=True):
        shares = allocate(amount, [weights[rank] for rank in ranks])
        for rank, share in zip(ranks, shares, strict=True):
            parts[rank] = share
    return parts
