import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_payout.engine import netting

AMOUNT = st.integers(min_value=-(10**12), max_value=10**12)
MINIMUM = st.integers(min_value=0, max_value=10**9)


def test_doctests():
    result = doctest.testmod(netting)
    assert result.attempted and not result.failed


@given(AMOUNT, AMOUNT, MINIMUM)
def test_opening_and_movements_are_payout_and_carried(opening, movements, minimum):
    """Nothing is lost, nothing is made up, and a payout is all of the balance."""
    outcome = netting.settle(opening, movements, minimum)
    assert opening + movements == outcome.payout + outcome.carried
    assert outcome.payout == 0 or outcome.carried == 0
    assert outcome.payout == 0 or outcome.payout >= max(minimum, 1)
    assert (outcome.reason is None) == (outcome.carried == 0)
    assert outcome.reason != "threshold" or 0 < outcome.carried < minimum
    assert outcome.reason != "negative" or outcome.carried < 0


@given(st.lists(AMOUNT, max_size=30), MINIMUM)
def test_a_chain_of_cycles_pays_what_one_cycle_would_owe(cycles, minimum):
    """Carrying forward changes when money is paid, never how much."""
    carried, paid = 0, 0
    for movements in cycles:
        outcome = netting.settle(carried, movements, minimum)
        carried, paid = outcome.carried, paid + outcome.payout
    assert paid + carried == sum(cycles)


@given(
    st.integers(min_value=1, max_value=10**9),
    AMOUNT,
    *[st.booleans()] * 4,
)
def test_paid_only_when_nothing_holds_it_back(amount, due, hold, kyc, iban, trusted):
    reason = netting.exclusion_reason(
        netting.Payee(amount, due, hold, kyc, iban, trusted)
    )
    free = not hold and kyc and iban and trusted and due >= amount
    assert (reason is None) == free
