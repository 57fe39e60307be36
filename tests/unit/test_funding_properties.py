"""Who pays for promotions: properties, and the worked figures of other platforms."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_base.engine.money import percent_of
from odoo.addons.marketplace_base.engine.split import (
    MARKETPLACE,
    SHARED,
    SHARING,
    VENDOR,
    Discount,
    Line,
    Shipping,
    SplitError,
    split,
)

SELLERS = (7, 8, 9)
shares = st.decimals(0, 1, places=4)


@st.composite
def promotions(draw):
    """Return (lines, discount, whether some line is the operator's)."""
    lines = [
        Line(f"L{rank}", seller, gross, own=own)
        for rank, (seller, gross, own) in enumerate(
            draw(
                st.lists(
                    st.tuples(
                        st.sampled_from(SELLERS), st.integers(0, 10**7), st.booleans()
                    ),
                    min_size=1,
                    max_size=8,
                )
            )
        )
    ]
    amount = draw(st.integers(0, sum(line.gross for line in lines)))
    return lines, Discount("D", amount, SHARING, None, draw(shares))


@given(promotions())
def test_both_parts_make_the_discount(promotion):
    """Nothing is lost between vendors and marketplace, on any line."""
    lines, discount = promotion
    result = split(lines, discounts=[discount])
    assert sum(f.vendor + f.marketplace for f in result.fundings) == discount.amount
    for part in result.fundings:
        assert part.vendor >= 0 and part.marketplace >= 0
        assert part.vendor == part.line.vendor_discount
        assert part.marketplace == part.line.marketplace_discount
    assert result.credit - result.funded == result.charged
    assert all(line.charged >= 0 for line in lines)


@given(promotions())
def test_vendors_pay_the_agreed_share_to_the_unit(promotion):
    """Over the order exactly the rounded share, on each line within one unit of it."""
    lines, discount = promotion
    for line in lines:
        line.own = False
    result = split(lines, discounts=[discount])
    vendor = sum(part.vendor for part in result.fundings)
    exact = discount.amount * discount.vendor_share
    assert vendor == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    for part in result.fundings:
        whole = part.vendor + part.marketplace
        assert abs(part.vendor * discount.amount - whole * vendor) < discount.amount


@given(promotions())
def test_operator_shares_with_nobody(promotion):
    lines, discount = promotion
    split(lines, discounts=[discount])
    assert not any(line.marketplace_discount for line in lines if line.own)


@given(promotions(), st.sampled_from([(Decimal(0), MARKETPLACE), (Decimal(1), VENDOR)]))
def test_whole_shares_are_the_single_funders(promotion, case):
    """0 % and 100 % give what one payer gives."""
    lines, discount = promotion
    share, funder = case
    twins = [Line(line.ref, line.seller, line.gross, own=line.own) for line in lines]
    split(lines, discounts=[discount._replace(vendor_share=share)])
    split(twins, discounts=[discount._replace(vendor_share=None, funder=funder)])
    assert lines == twins


def test_share_out_of_bounds_is_a_problem():
    with pytest.raises(SplitError, match="bad_share"):
        split(
            [Line("a", 7, 1000)],
            discounts=[Discount("d", 100, SHARING, None, Decimal("1.01"))],
        )


# -- worked figures: commission on the credit of the vendor, at the rate given -------


def settle(lines, discounts, rate, shipping=0, platform_shipping=0):
    """Return (customer pays, commission, vendor, platform) in minor units.

    The commission is taken on the vendor's goods; what the platform funds it pays out
    of its own pocket.
    """
    shippings = [Shipping("s", shipping, SHARED)] if shipping else []
    result = split(lines, shippings, discounts)
    goods = sum(line.credit for line in result.lines)
    commission = percent_of(goods, Decimal(rate))
    vendor = result.credit - commission
    charged = result.charged + platform_shipping
    return charged, commission, vendor, charged - vendor


def n15_lines():
    return [Line("1", 7, 1500), Line("2", 7, 2000)]


def test_n15_shipping_to_vendor_and_to_platform():
    assert settle(n15_lines(), [], "0.1", 2000)[1:3] == (350, 5150)
    assert settle(n15_lines(), [], "0.1", 0, 2000)[2:] == (3150, 2350)


def test_n16_platform_coupon_leaves_the_vendor_alone():
    coupon = Discount("c", 300, MARKETPLACE, frozenset({"1"}))
    charged, commission, vendor, platform = settle(
        n15_lines(), [coupon], "0.1", 0, 2000
    )
    assert (charged, vendor, platform) == (5200, 3150, 2050)
    assert commission - 300 == 50, "net commission"


def test_n17_vendor_coupon_lowers_the_vendor():
    coupon = Discount("c", 300, VENDOR, frozenset({"1"}))
    _charged, commission, vendor, _platform = settle(
        n15_lines(), [coupon], "0.1", 0, 2000
    )
    assert (commission, vendor) == (320, 2880)


def test_n17_shared_half_and_half_lies_between():
    coupon = Discount("c", 300, SHARING, frozenset({"1"}), Decimal("0.5"))
    _charged, commission, vendor, _platform = settle(
        n15_lines(), [coupon], "0.1", 0, 2000
    )
    assert (commission, vendor) == (335, 3015)


@pytest.mark.parametrize(
    ("funder", "charged", "commission", "vendor"),
    [(VENDOR, 4500, 450, 4050), (MARKETPLACE, 4500, 700, 6300)],
)
def test_n19_coupon_per_unit(funder, charged, commission, vendor):
    lines = [Line("1", 7, 3000), Line("2", 7, 4000)]
    coupons = [
        Discount("c1", 1500, funder, frozenset({"1"})),
        Discount("c2", 1000, funder, frozenset({"2"})),
    ]
    found = settle(lines, coupons, "0.1")
    assert found[:3] == (charged, commission, vendor)
    if funder == MARKETPLACE:
        assert commission - 2500 == -1800, "net commission"


def test_n28_shared_shipping_follows_the_goods():
    """Dokan shares it equally (2.50 each); ours by what the goods cost, to the cent."""
    lines = [Line("A", 7, 50000), Line("B", 8, 20000)]
    result = split(lines, [Shipping("s", 500, SHARED)])
    assert [share.amount for share in result.shippings] == [357, 143]
    assert result.charged == 70500


@pytest.mark.parametrize(
    ("gross", "coupon", "funder", "rate", "vendor", "platform"),
    [
        (10000, 5000, MARKETPLACE, "0.1", 9000, -4000),  # N-29
        (10000, 2000, MARKETPLACE, "0.25", 7500, 500),  # N-30, platform
        (10000, 2000, VENDOR, "0.25", 6000, 2000),  # N-30, vendor
        (20000, 5000, MARKETPLACE, "0.3", 14000, 1000),  # N-31
        (20000, 5000, MARKETPLACE, "0.2", 16000, -1000),  # N-31, 20 %
        (30000, 10000, MARKETPLACE, "0", 30000, -10000),  # N-31c, platform
        (30000, 10000, VENDOR, "0", 20000, 0),  # N-31c, vendor
        (10000, 1000, VENDOR, "0.15", 7650, 1350),  # N-32, vendor
        (10000, 1000, MARKETPLACE, "0.15", 8500, 500),  # N-32, platform
    ],
)
def test_worked_coupons(gross, coupon, funder, rate, vendor, platform):
    found = settle([Line("1", 7, gross)], [Discount("c", coupon, funder)], rate)
    assert found[0] == gross - coupon
    assert found[2:] == (vendor, platform)
