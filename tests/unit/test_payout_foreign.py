import doctest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_payout.engine import foreign_transfer
from odoo.addons.marketplace_payout.engine.foreign_transfer import (
    REQUIRED,
    ForeignPayee,
    foreign_problems,
)

GOOD = ForeignPayee(
    name="Ada",
    town="Austin",
    country="US",
    account="000123456789",
    currency="USD",
    bic="CHASUS33",
    bank="Chase",
    bank_address="New York",
    bank_country="US",
    clearing="021000021",
    purpose="Goods",
)


def test_doctests():
    result = doctest.testmod(foreign_transfer)
    assert result.attempted and not result.failed


@given(st.sets(st.sampled_from(REQUIRED)), st.booleans())
def test_every_missing_field_is_named_and_no_other(missing, has_clearing):
    payee = GOOD._replace(**dict.fromkeys(missing, " "))
    if not has_clearing:
        payee = payee._replace(clearing="")
    named = {field for field, problem in foreign_problems(payee) if problem}
    assert named == missing
