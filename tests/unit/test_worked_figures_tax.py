"""Worked figures of others: what reaches the vendor, taxes and costs looked at apart.

Like test_worked_figures, each case quotes its source. Amounts are cents.
"""

from decimal import Decimal

import pytest

from odoo.addons.marketplace_base.engine.money import percent_of
from odoo.addons.marketplace_base.engine.refund import entitled, line_money, tax_part
from odoo.addons.marketplace_commission.engine.compute import Sale, Terms, charge
from odoo.addons.marketplace_commission.engine.reversal import reverse

MIRAKL = "stripe-mirakl StripeTransferFactoryTest"


def terms(rate="0", **options):
    return Terms("EUR", Decimal(rate), **options)


def sale(included, excluded=None, **options):
    excluded = included if excluded is None else excluded
    return Sale("EUR", included, excluded, Decimal(1), **options)


def credited(net, tax=0, apart=False):
    """Return what a delivered line credits its vendor with.

    :param apart: the operator owes the tax and keeps it (VAT_DEEMED).
    """
    moves = [("capture", "PSP_CLEARING", "VENDOR_PENDING", net + tax * (not apart))]
    if apart:
        moves.append(("capture", "PSP_CLEARING", "VAT_DEEMED", tax))
    money = line_money(moves, 1, 0)
    return entitled(money.state, money.pending, 0, 1)


# One order of 69.12 without tax, commission 3.99, taxes 8.68 on goods and 6.92 on its
# delivery. The connector sets the tax on goods apart and leaves that on the delivery to
# the vendor. Ours sets both apart: where the operator is the deemed supplier, the
# transport is attached to his supply (directive 2006/112/EC, articles 14a and 36b), so
# nobody but he can owe its VAT.
TAX_APART = [
    # (case, net, commission, tax on goods, on delivery, published, ours)
    ("a", 6912, 399, 868, 692, 7205, 6513),
    ("b no commission", 6912, 0, 868, 692, 7604, 6912),
    ("c no tax", 6912, 399, 0, 0, 6513, 6513),
    # The price includes its tax: 60.44 and 8.68.
    ("d tax in the price", 6044, 399, 868, 0, 5645, 5645),
    ("e partial tax", 6912, 399, 334, 446, 6959, 6513),
    ("f no tax on goods", 6912, 399, 0, 692, 7205, 6513),
    ("g no tax on delivery", 6912, 399, 868, 0, 6513, 6513),
]


@pytest.mark.parametrize(
    ("net", "commission", "on_goods", "on_delivery", "published", "ours"),
    [row[1:] for row in TAX_APART],
    ids=[f"N-21 {row[0]}" for row in TAX_APART],
)
def test_n_21_tax_kept_apart(net, commission, on_goods, on_delivery, published, ours):
    charged = charge(terms(fixed=commission), sale(net + on_goods, net)).amount
    goods = credited(net, on_goods, apart=True)
    assert goods + credited(0, on_delivery) - charged == published, MIRAKL
    assert goods + credited(0, on_delivery, apart=True) - charged == ours


@pytest.mark.parametrize(
    ("taxes", "apart", "published"),
    [
        ((112, 134, 334), 0, 1415),
        ((112, 134, 334), 334, 1081),
        # "Without tax": without the 3.34; the others stay.
        ((112, 134), 0, 1081),
        # 12.37 follows from taxes of 4.02 (derived).
        ((402,), 0, 1237),
    ],
    ids=["all taxes", "tax apart", "without tax", "partial tax"],
)
def test_n_22_service_order(taxes, apart, published):
    """stripe-mirakl: 12.34 and its taxes, commission 3.99."""
    rest = sum(taxes) - apart
    charged = charge(terms(fixed=399), sale(1234 + sum(taxes), 1234)).amount
    kept = credited(1234 + rest, apart, apart=bool(apart))
    assert kept - charged == published


def test_n_23_refund_pulls_back_what_the_vendor_had():
    """stripe-mirakl: 12.34 refunded, 1.23 of commission given back: 11.11."""
    charged = charge(terms("0.10"), sale(1234))
    step = reverse(charged, (charged.base, charged.amount), 1234, 1234)
    assert 1234 + step.amount == 1111


@pytest.mark.parametrize(
    ("apart", "vendor", "operator"), [(True, 5000, 7000), (False, 7000, 5000)]
)
def test_n_25_vat_goes_to_who_owes_it(apart, vendor, operator):
    """YITH support article 360002903213: 100 and 20 of VAT, half to the vendor.

    VAT to the platform, or to the vendor. To split it 60/60 is no choice here: see
    TestVatShare for the refusal.
    """
    commission = charge(terms("0.50", base_tax="excluded"), sale(12000, 10000)).amount
    net = credited(10000, 2000, apart=apart) - commission
    assert (net, 12000 - net) == (vendor, operator)


def test_n_12_payment_cost_of_the_operator():
    """dokan PR #3324: of 1.94, a payment cost of 0.49 leaves him 1.45."""
    assert charge(terms("0.30"), sale(645)).amount - 49 == 145


def test_n_27_gateway_borne_by_the_vendor():
    """MVX #976: 100 and 20 of delivery, 10 %, 14 to the gateway: 96."""
    assert 10000 + 2000 - charge(terms("0.10"), sale(10000)).amount - 1400 == 9600


def test_n_27c_tax_that_is_left():
    """mvx #1010: 100 and 6 of tax; 10 and 1 go back: 11, and 5 of tax are left."""
    given = tax_part(10600, 600, 0, 0, 1100, 100)
    assert (1000 + given, 600 - given) == (1100, 500)


def test_n_32c_order_after_a_refund():
    """Lervice help 270: of 35.00, 5.00 go back; 3.00 and 27.00 are left."""
    lines = [1500, 2000]
    charges = [charge(terms("0.10"), sale(amount)) for amount in lines]
    step = reverse(charges[0], (charges[0].base, charges[0].amount), 1500, 500)
    commission = sum(item.amount for item in charges) + step.amount
    assert (step.amount, 500 + step.amount) == (-50, 450)
    assert (commission, sum(lines) - 500 - commission) == (300, 2700)


@pytest.mark.parametrize(
    ("net", "rate", "total"),
    [(583, "0.21", 705), (583, "0", 583), (333, "0.21", 403), (400, "0.19", 476)],
    ids=["N-33 Dutch seller", "N-33 reverse charge", "N-07", "N-34 Germany"],
)
def test_fee_with_its_vat(net, rate, total):
    assert net + percent_of(net, Decimal(rate)) == total


def test_n_56_sponsor_earns_on_what_the_operator_keeps():
    """AffiliateWP #620: 100, vendor 50 %, affiliate 10 % of the rest: 50, 5, 45."""
    commission = charge(terms("0.50"), sale(10000)).amount
    sponsor = percent_of(commission, Decimal("0.10"))
    assert (10000 - commission, sponsor, commission - sponsor) == (5000, 500, 4500)
