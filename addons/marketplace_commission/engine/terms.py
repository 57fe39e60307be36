"""What a commission rule charges, and the sale it is charged on: plain values.

Amounts are integers of minor units, rates are ``Decimal`` fractions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from odoo.addons.marketplace_base.engine.money import to_minor

Step = dict[str, str | int | list[str] | list[int] | None]


@dataclass(frozen=True, slots=True)
class Amounts:
    """Hold the amounts of a rule in one currency, minor units; zero means none."""

    fixed: int = 0
    minimum: int = 0
    maximum: int = 0

    def __bool__(self) -> bool:
        return bool(self.fixed or self.minimum or self.maximum)


@dataclass(frozen=True, slots=True)
class Tier:
    """Charge a rate from a lower bound on, minor units of the currency of the terms."""

    start: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """Describe what a rule charges.

    ``fixed``, ``minimum`` and ``maximum`` are minor units of ``currency``, ``others``
    holds those of other currencies. They concern goods; shipping is charged its own
    rate and nothing else. Below the first tier the rate of the rule applies.

    ``fallback`` says what happens to a sale in a currency the rule has no amounts in:
    ``percentage`` charges the rate alone, ``skip`` leaves the line to the next rule.
    ``above_net`` says what happens to a commission above what the vendor is credited:
    ``allow``, ``cap`` or ``block``. ``refund_fixed`` says what a refund gives back of
    the fixed part: see :func:`.reversal.kept_commission`.
    """

    currency: str
    rate: Decimal
    fixed: int = 0
    fixed_per: str = "line"
    minimum: int = 0
    maximum: int = 0
    base_tax: str = "included"
    base_shipping: bool = False
    rate_shipping: Decimal = Decimal(0)
    others: Mapping[str, Amounts] = field(default_factory=dict)
    fallback: str = "percentage"
    tier_mode: str = "none"
    tiers: Sequence[Tier] = ()
    before_vendor_discount: bool = False
    after_marketplace_discount: bool = False
    base_excluded: bool = False
    above_net: str = "allow"
    refund_fixed: str = "proportional"

    def amounts(self, currency: str) -> Amounts | None:
        """Return the amounts in a currency, None when the rule has none in it.

        >>> terms = Terms("EUR", Decimal(0), others={"USD": Amounts(maximum=3000)})
        >>> terms.amounts("USD").maximum, terms.amounts("CHF")
        (3000, None)
        """
        if currency == self.currency:
            return Amounts(self.fixed, self.minimum, self.maximum)
        return self.others.get(currency)

    @property
    def has_amounts(self) -> bool:
        """Say whether the rule has amounts in any currency."""
        own = bool(self.fixed or self.minimum or self.maximum)
        return own or any(self.others.values())

    def lacks(self, currency: str) -> bool:
        """Say whether the rule has amounts or tiers, but none in this currency."""
        if currency == self.currency:
            return False
        return bool(self.tiers) or (self.has_amounts and currency not in self.others)


@dataclass(frozen=True, slots=True)
class Sale:
    """Describe what the vendor is credited for one order line, minor units.

    ``included`` and ``excluded`` are after the discounts that the vendor funds and
    before those that the marketplace funds; the discounts and ``not_commissionable``
    include VAT. ``ratio`` is (untaxed, taxed) for a line discounted down to nothing.
    """

    currency: str
    included: int
    excluded: int
    quantity: Decimal = Decimal(1)
    is_shipping: bool = False
    discount_vendor: int = 0
    discount_marketplace: int = 0
    not_commissionable: int = 0
    ratio: tuple[int, int] = (1, 1)
    above_net: str | None = None

    def untaxed(self, amount: int) -> int:
        """Return the untaxed part of an amount of this line, rounded half up.

        >>> Sale("EUR", 12000, 10000).untaxed(6000)
        5000
        """
        untaxed, taxed = (self.excluded, self.included) if self.included else self.ratio
        return to_minor(Decimal(amount * untaxed) / taxed, 0)


@dataclass(frozen=True, slots=True)
class Charge:
    """Hold a commission: ``amount`` is positive when the vendor owes it.

    ``fixed`` is what fixed amounts and the minimum put on top of the percentage;
    ``above_net`` tells a commission that exceeds what the vendor is credited.
    """

    base: int
    rate: Decimal
    amount: int
    steps: list[Step]
    fixed: int = 0
    refund_fixed: str = "proportional"
    above_net: bool = False
