"""Split one purchase between its sellers, to the minor unit.

Gross first: what the customer was charged for a line is the invariant and everything
shared is allocated once, by largest remainder (accounting design, 4.1). A seller's
credit is the gross of his lines, less the discounts he pays, plus his shipping.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from .money import allocate, percent_of
from .share import NET, QUANTITY, WEIGHT, Allocation, allocate_within, portions

# Who pays for a discount.
VENDOR = "vendor"
MARKETPLACE = "marketplace"
SHARING = "shared"

# Seller keys that are no vendor: the operator's own goods, and all sellers together.
OPERATOR = 0
SHARED = object()


class Problem(NamedTuple):
    """Name what is wrong with a purchase; ``code`` is translated by the models."""

    code: str
    ref: str
    amount: int = 0


class SplitError(ValueError):
    """Refuse a purchase that cannot be split, with all its problems."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(", ".join(f"{p.code}({p.ref})" for p in problems))
        self.problems = list(problems)


@dataclass(slots=True)
class Line:
    """One line of goods: input as charged, filled with its share of the rest.

    ``gross`` is what the customer pays before discounts, VAT included; a line of a
    bundle gets it from the bundle. ``seller`` is any stable key; ``own`` says that the
    operator is the seller: a discount of the marketplace is then a lower price, and
    ``given`` remembers how much of it is.
    """

    ref: str
    seller: Hashable
    gross: int = 0
    bundle: str | None = None
    own: bool = False
    vendor_discount: int = 0
    marketplace_discount: int = 0
    given: int = 0
    quantity: int = 0
    weight: int = 0

    def share_weight(self, key: str, net: int) -> int:
        """Return what the line weighs on a key; ``net`` is its amount today."""
        return {NET: net, QUANTITY: self.quantity, WEIGHT: self.weight}[key]

    @property
    def credit(self) -> int:
        """What the seller is credited."""
        return self.gross - self.vendor_discount

    @property
    def charged(self) -> int:
        """What the customer pays."""
        return self.credit - self.marketplace_discount

    def discount(
        self, amount: int, funder: str, vendor_share: Decimal | None = None
    ) -> int:
        """Lower the line; return the part that lowers what its seller is credited."""
        vendor = vendor_part(amount, funder, vendor_share)
        return self.fund(vendor, amount - vendor)

    def fund(self, vendor: int, marketplace: int) -> int:
        """Lower the line by both parts; return the part that its seller pays.

        >>> line = Line("A", "vendor", 12000, own=True)
        >>> line.fund(300, 1200), line.charged, line.given
        (1500, 10500, 1200)
        """
        if self.own:
            self.given += marketplace
            vendor, marketplace = vendor + marketplace, 0
        self.vendor_discount += vendor
        self.marketplace_discount += marketplace
        return vendor


def vendor_part(amount: int, funder: str, vendor_share: Decimal | None = None) -> int:
    """Return the part of a discount that vendors pay, rounded half up.

    :param vendor_share: fraction, when both pay; the funder says it otherwise.

    >>> vendor_part(1001, MARKETPLACE), vendor_part(1001, SHARING, Decimal("0.4"))
    (0, 400)
    """
    if vendor_share is None:
        return 0 if funder == MARKETPLACE else amount
    return percent_of(amount, vendor_share)


class Discount(NamedTuple):
    """Lower some lines (all when ``lines`` is None) by one amount.

    ``vendor_share``: fraction that vendors pay, when they and the marketplace share it.
    """

    ref: str
    amount: int
    funder: str
    lines: frozenset[str] | None = None
    vendor_share: Decimal | None = None
    key: str = NET


class Shipping(NamedTuple):
    """Charge a delivery: of one seller, or shared by all (``seller`` is SHARED).

    ``funded``: the marketplace pays it, the customer does not. ``operator_sells`` holds
    the sellers whose part is sold by the operator instead of by themselves.
    """

    ref: str
    amount: int
    seller: Hashable
    funded: bool = False
    operator_sells: frozenset[Hashable] = frozenset()
    key: str = NET


class DiscountShare(NamedTuple):
    """Part of a discount that one seller pays on one line."""

    ref: str
    line: Line
    amount: int


class Funding(NamedTuple):
    """Who pays which part of a discount on one line; ``vendor`` is its seller."""

    ref: str
    line: Line
    vendor: int
    marketplace: int


class ShippingShare(NamedTuple):
    """Part of a delivery: credited to ``seller``, for the goods of ``shipper``.

    ``given``: what the operator takes off the price of his own sale instead.
    """

    ref: str
    seller: Hashable
    amount: int
    shipper: Hashable
    funded: bool = False
    given: int = 0


@dataclass(slots=True)
class Split:
    """Result: the lines as given, with their discounts, and what was shared.

    ``discounts`` holds the parts that sellers pay; ``fundings`` all parts of the
    discounts given for several lines.
    """

    lines: list[Line]
    discounts: list[DiscountShare] = field(default_factory=list)
    shippings: list[ShippingShare] = field(default_factory=list)
    fundings: list[Funding] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)

    @property
    def credit(self) -> int:
        """Sum of what the sellers are credited."""
        return sum(x.credit for x in self.lines) + sum(x.amount for x in self.shippings)

    @property
    def funded(self) -> int:
        """What the marketplace pays for the customer."""
        return sum(line.marketplace_discount for line in self.lines) + sum(
            share.amount for share in self.shippings if share.funded
        )

    @property
    def charged(self) -> int:
        """What the customer has to pay."""
        return self.credit - self.funded


def split(
    lines: Sequence[Line],
    shippings: Iterable[Shipping] = (),
    discounts: Iterable[Discount] = (),
    bundles: dict[str, int] | None = None,
) -> Split:
    """Share bundles, then order discounts, then shipping, over lines and sellers.

    - the price of a bundle is shared equally over its lines;
    - a discount is shared by what the customer still pays for each line, so that no
      line falls below zero; what vendors pay of it is shared by these parts, so that
      it too is exact;
    - shared shipping is shared by the sellers' credits for goods;
    - discounts and shipping may declare another key: the quantity, or the weight. No
      line falls below zero then either.

    Ties go to the first line, or to the seller met first. ``lines`` are changed in
    place; discounts they already carry are kept.

    :raises SplitError: with every problem found.

    Scenario S3 of the accounting design, in cents:

    >>> cart = [Line("A1", "A", 3998), Line("A2", "A", 745), Line("B1", "B", 1299),
    ...         Line("B2", "B", 3333), Line("C1", "C", 99)]
    >>> result = split(cart, [Shipping("post", 690, SHARED)],
    ...                [Discount("10 %", 947, VENDOR)])
    >>> [line.vendor_discount for line in result.lines]
    [400, 74, 130, 333, 10]
    >>> [(share.seller, share.amount) for share in result.shippings]
    [('A', 346), ('B', 337), ('C', 7)]
    >>> result.credit, result.funded, result.charged
    (9217, 0, 9217)

    A bundle of 100.00 sold by three (S2), 10.00 of it paid by the marketplace:

    >>> result = split([Line(s, s, bundle="set") for s in "ABC"],
    ...                discounts=[Discount("promo", 1000, MARKETPLACE)],
    ...                bundles={"set": 10000})
    >>> [(line.credit, line.charged) for line in result.lines]
    [(3334, 3000), (3333, 3000), (3333, 3000)]
    """
    problems = _share_bundles(lines, bundles or {})
    problems += [
        Problem("negative_line", line.ref, line.charged)
        for line in lines
        if line.gross < 0 or line.charged < 0
    ]
    if problems:
        raise SplitError(problems)
    result = Split(list(lines))
    for discount in discounts:
        problems += _share_discount(result, discount)
    for shipping in shippings:
        problems += _share_shipping(result, shipping)
    if problems:
        raise SplitError(problems)
    return result


def _share_bundles(lines: Sequence[Line], bundles: dict[str, int]) -> list[Problem]:
    members: dict[str, list[Line]] = {ref: [] for ref in bundles}
    problems = []
    for line in lines:
        if line.bundle is None:
            continue
        if line.bundle in members:
            members[line.bundle].append(line)
        else:
            problems.append(Problem("unknown_bundle", line.bundle))
    for ref, amount in bundles.items():
        if not members[ref]:
            problems.append(Problem("empty_bundle", ref, amount))
            continue
        parts = allocate(amount, [1] * len(members[ref]))
        for line, part in zip(members[ref], parts, strict=True):
            line.gross = part
    return problems


def _share_discount(result: Split, discount: Discount) -> list[Problem]:
    if discount.lines is None:
        targets = result.lines
    else:
        unknown = discount.lines - {line.ref for line in result.lines}
        if unknown:
            return [Problem("unknown_line", ref) for ref in sorted(unknown)]
        targets = [line for line in result.lines if line.ref in discount.lines]
    limits = [line.charged for line in targets]
    if not 0 <= discount.amount <= sum(limits):
        return [Problem("discount_too_large", discount.ref, discount.amount)]
    if discount.vendor_share is not None and not 0 <= discount.vendor_share <= 1:
        return [Problem("bad_share", discount.ref, discount.amount)]
    weights = [line.share_weight(discount.key, line.charged) for line in targets]
    parts = allocate_within(discount.amount, weights, limits)
    result.allocations.append(
        Allocation(
            "discount",
            discount.ref,
            discount.key,
            portions([line.ref for line in targets], weights, parts),
        )
    )
    vendor_total = vendor_part(discount.amount, discount.funder, discount.vendor_share)
    # Never above its part: the quota of a line is at most that part, an integer.
    vendor_parts = allocate(vendor_total, parts)
    for line, part, vendor in zip(targets, parts, vendor_parts, strict=True):
        if not part:
            continue
        paid = line.fund(vendor, part - vendor)
        result.fundings.append(Funding(discount.ref, line, paid, part - paid))
        if paid:
            result.discounts.append(DiscountShare(discount.ref, line, paid))
    return []


def _share_shipping(result: Split, shipping: Shipping) -> list[Problem]:
    if shipping.amount < 0:
        return [Problem("negative_shipping", shipping.ref, shipping.amount)]
    credits: dict[Hashable, int] = {}
    for line in result.lines:
        weight = line.share_weight(shipping.key, line.credit)
        credits[line.seller] = credits.get(line.seller, 0) + weight
    if shipping.seller is SHARED and credits:
        weights = list(credits.values())
        parts = allocate(shipping.amount, weights)
        shares = list(zip(credits, parts, strict=True))
        result.allocations.append(
            Allocation(
                "shipping",
                shipping.ref,
                shipping.key,
                portions(list(credits), weights, parts),
            )
        )
    elif shipping.seller in credits:
        shares = [(shipping.seller, shipping.amount)]
    else:
        return [Problem("shipping_without_goods", shipping.ref, shipping.amount)]
    own = {line.seller for line in result.lines if line.own}
    result.shippings += [
        _shipping_share(shipping, seller, amount, seller in own)
        for seller, amount in shares
        if amount
    ]
    return []


def _shipping_share(
    shipping: Shipping, shipper: Hashable, amount: int, own: bool
) -> ShippingShare:
    """Return a seller's part; what the operator would pay to himself is a lower price.

    >>> part = _shipping_share(Shipping("post", 490, "A", funded=True), "A", 490, True)
    >>> part.amount, part.funded, part.given
    (0, False, 490)
    """
    if shipper in shipping.operator_sells:
        return ShippingShare(shipping.ref, OPERATOR, amount, shipper, shipping.funded)
    if own and shipping.funded:
        return ShippingShare(shipping.ref, shipper, 0, shipper, given=amount)
    return ShippingShare(shipping.ref, shipper, amount, shipper, shipping.funded)
