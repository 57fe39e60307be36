"""Tell which field of a transfer outside SEPA is missing, before a person orders it.

Sources: EPC132-08 says which accounts a SEPA file takes; for the others, SWIFT MT103
fields 56-59 and 70 (correspondent, bank and account of the payee, remittance), ISO 9362
(BIC).
"""

from typing import NamedTuple

from .payee_check import BIC


class ForeignPayee(NamedTuple):
    """What a transfer outside SEPA says of a payee; texts empty when unknown.

    ``clearing`` is the code of the bank in its country's clearing: routing number, sort
    code, IFSC, BSB. ``currency`` is that of the account, which may not be the run's.
    """

    name: str = ""
    address: str = ""
    town: str = ""
    country: str = ""
    account: str = ""
    currency: str = ""
    bic: str = ""
    bank: str = ""
    bank_address: str = ""
    bank_country: str = ""
    clearing: str = ""
    purpose: str = ""


REQUIRED = (
    "name",
    "town",
    "country",
    "account",
    "currency",
    "bic",
    "bank_country",
    "purpose",
)


def foreign_problems(payee: ForeignPayee) -> list[tuple[str, str]]:
    """Return what keeps a transfer from being ordered, as (field, problem) codes.

    The bank is found by its clearing code, or by its name and address.

    >>> good = ForeignPayee(
    ...     "Ada", "1 Main St", "Austin", "US", "123456789", "USD", "CHASUS33",
    ...     "Chase", "", "US", "021000021", "Goods",
    ... )
    >>> foreign_problems(good)
    []
    >>> foreign_problems(good._replace(clearing="", bank="", bic="CHASE"))
    [('bic', 'format'), ('bank', 'missing'), ('bank_address', 'missing')]
    >>> foreign_problems(good._replace(currency="", purpose=" "))
    [('currency', 'missing'), ('purpose', 'missing')]
    """
    needed = REQUIRED if payee.clearing else (*REQUIRED, "bank", "bank_address")
    problems = [
        (field, "missing") for field in needed if not getattr(payee, field).strip()
    ]
    if payee.bic.strip() and not BIC.fullmatch(payee.bic):
        problems.insert(0, ("bic", "format"))
    return problems
