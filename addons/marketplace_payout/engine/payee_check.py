"""Tell, before the file is made, which field of a payee a bank would refuse.

Sources: EPC132-08 (SEPA credit transfer, customer to bank), EPC409-09 (countries of
the SEPA scheme), ISO 9362 (BIC).
"""

import re
from typing import NamedTuple

from .pain001 import MAX_NAME, clean_text

# Inside the European Economic Area an account number is enough.
EEA_CODES = (
    "AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO"
    " SE SI SK"
)
# In the scheme without being in the area: the bank and an address are needed too.
OUTSIDE_CODES = "AD AL CH GB GI GG IM JE MC MD ME MK RS SM VA"
EEA = frozenset(EEA_CODES.split())
OUTSIDE_EEA = frozenset(OUTSIDE_CODES.split())

BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")


class PayeeData(NamedTuple):
    """What the transfer file says of a payee; texts empty when unknown.

    ``iban`` has passed its check digits; an invalid number is an empty one.
    """

    name: str
    iban: str
    bic: str
    town: str
    country: str


def payee_problems(payee: PayeeData) -> list[tuple[str, str]]:
    """Return what a bank would refuse, as (field, problem) codes in order.

    >>> good = PayeeData("Ana", "DE89370400440532013000", "", "", "")
    >>> payee_problems(good)
    []
    >>> payee_problems(good._replace(name="株式会社", bic="NOBANK"))
    [('name', 'characters'), ('bic', 'format')]
    >>> payee_problems(good._replace(iban="CH9300762011623852957"))
    [('bic', 'missing'), ('town', 'missing'), ('country', 'missing')]
    >>> payee_problems(good._replace(iban=""))
    [('iban', 'invalid')]
    """
    problems = []
    if not payee.name.strip():
        problems.append(("name", "missing"))
    elif not _is_readable(payee.name):
        problems.append(("name", "characters"))
    scheme = payee.iban[:2]
    if not scheme:
        problems.append(("iban", "invalid"))
    elif scheme not in EEA | OUTSIDE_EEA:
        problems.append(("iban", "outside"))
    if payee.bic and not BIC.fullmatch(payee.bic):
        problems.append(("bic", "format"))
    if scheme in OUTSIDE_EEA:
        problems += [
            (field, "missing")
            for field, value in (
                ("bic", payee.bic),
                ("town", payee.town),
                ("country", payee.country),
            )
            if not value
        ]
    return problems


def _is_readable(name: str) -> bool:
    """Return whether enough of a name is left in the characters of the scheme.

    Signs without a Latin equivalent become full stops; a name of those alone is what
    the payee's bank cannot compare with its account holder.
    """
    if not any(character.isalpha() and character <= "\u024f" for character in name):
        return False
    return bool(re.search(r"[A-Za-z0-9]", clean_text(name, MAX_NAME)))
