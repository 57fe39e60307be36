import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_payout import dac7_xml
from odoo.addons.marketplace_payout.engine import dac7

MINOR = st.integers(min_value=0, max_value=10**12)
QUARTER = st.builds(
    dac7.Quarter,
    gross=MINOR,
    fees=st.integers(min_value=-(10**9), max_value=10**12),
    taxes=MINOR,
    sales=st.integers(min_value=0, max_value=10**6),
)


def test_doctests():
    for module in (dac7, dac7_xml):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


@given(QUARTER, st.sampled_from([0, 2, 3]))
def test_a_quarter_is_what_authorities_accept(quarter, decimals):
    """No figure is negative, sales have a consideration, rounding is once."""
    reported = dac7.report_quarter(quarter, decimals)
    assert min(reported) >= 0
    assert reported.consideration or not reported.sales
    net = quarter.gross - quarter.fees
    if reported.consideration > 1:
        assert abs(reported.consideration * 10**decimals - net) * 2 <= 10**decimals


@given(QUARTER, st.integers(min_value=0, max_value=3 * 10**5), st.booleans())
def test_who_sells_much_is_reported(quarter, eur_minor, is_resident):
    """Both limits must hold for a seller to be small."""
    seller = dac7.Seller(quarter.sales, eur_minor, None, is_resident)
    reason = dac7.exclusion(seller, 30, 2000)
    if quarter.sales >= 30 or (quarter.sales and eur_minor > 200000):
        assert reason == (None if is_resident else "not_resident")
    else:
        assert reason
