"""Say in plain words why a payout failed, and who has to act.

Codes: ISO 20022 external status and return reasons, used by SEPA banks in pain.002
and camt; failure codes of Stripe transfers and payouts.
"""

from typing import NamedTuple

from odoo.tools.translate import LazyTranslate

# The causes are constants: no environment to translate them in before they are read.
# pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)


class Cause(NamedTuple):
    """``by_vendor``: the vendor's account or data are at fault, not our order."""

    text: object
    by_vendor: bool


WRONG_NUMBER = Cause(_lt("The account number does not exist."), True)
CLOSED = Cause(_lt("The account is closed."), True)
BLOCKED = Cause(_lt("The account is blocked."), True)
NOT_ALLOWED = Cause(_lt("This kind of account cannot receive transfers."), True)
OTHER_NAME = Cause(_lt("The name is not that of the account holder."), True)
ADDRESS = Cause(_lt("The address of the account holder is missing or wrong."), True)
WRONG_BANK = Cause(_lt("The bank code (BIC) is wrong or not reachable."), True)
DECEASED = Cause(_lt("The account holder has died."), True)
REFUSED = Cause(_lt("The account holder refused the money."), True)
LEGAL = Cause(_lt("Information required by law is missing."), True)
UNSPECIFIED = Cause(_lt("The vendor's bank gave no reason."), True)
NO_FUNDS = Cause(_lt("Our own account did not hold enough money."), False)
TWICE = Cause(_lt("The bank took the order for one sent twice."), False)
FORMAT = Cause(_lt("The bank could not read the order."), False)
LATE = Cause(_lt("The order came after the bank's closing time."), False)
DEBTOR = Cause(_lt("The bank did not recognise us as the payer."), False)
RECALLED = Cause(_lt("We called the transfer back."), False)
TECHNICAL = Cause(_lt("A technical fault at the bank or the provider."), False)

CAUSES = {
    "AC01": WRONG_NUMBER,
    "AC03": WRONG_NUMBER,
    "AC04": CLOSED,
    "AC06": BLOCKED,
    "AC14": NOT_ALLOWED,
    "AG01": NOT_ALLOWED,
    "AG02": FORMAT,
    "AM04": NO_FUNDS,
    "AM05": TWICE,
    "BE01": OTHER_NAME,
    "BE04": ADDRESS,
    "BE05": DEBTOR,
    "BE06": WRONG_NUMBER,
    "BE07": ADDRESS,
    "CNOR": WRONG_BANK,
    "CUST": RECALLED,
    "DUPL": TWICE,
    "ED05": TECHNICAL,
    "FF01": FORMAT,
    "FOCR": RECALLED,
    "MD07": DECEASED,
    "MS02": REFUSED,
    "MS03": UNSPECIFIED,
    "RC01": WRONG_BANK,
    "RC07": WRONG_BANK,
    "RR01": LEGAL,
    "RR02": LEGAL,
    "RR03": LEGAL,
    "RR04": LEGAL,
    "TECH": TECHNICAL,
    "TM01": LATE,
    "account_closed": CLOSED,
    "account_frozen": BLOCKED,
    "account_invalid": WRONG_NUMBER,
    "balance_insufficient": NO_FUNDS,
    "insufficient_capabilities_for_transfer": NOT_ALLOWED,
    "invalid_account_number": WRONG_NUMBER,
    "no_account": WRONG_NUMBER,
    "transfers_not_allowed": NOT_ALLOWED,
}
# A code of no table says nothing against our order: the account is looked at.
UNKNOWN = Cause(_lt("The payment was refused or returned."), True)


def cause_of(code):
    """Return the cause that a code stands for."""
    return CAUSES.get(code, UNKNOWN)


# What the codes say where we collect: the account at fault is the vendor's.
DEBIT_CAUSES = {
    "AC01": _lt("The account number does not exist."),
    "AC04": _lt("The account is closed."),
    "AC06": _lt("The account is blocked."),
    "AC13": _lt("The account is a private person's: a core mandate is needed."),
    "AG01": _lt("This kind of account takes no direct debits."),
    "AM04": _lt("The vendor's account did not hold enough money."),
    "AM05": _lt("The bank took the debit for one sent twice."),
    "MD01": _lt("The vendor's bank knows no such mandate, or it was revoked."),
    "MD02": _lt("The mandate is incomplete or wrong."),
    "MD06": _lt("The vendor asked his bank for the money back."),
    "MD07": _lt("The account holder has died."),
    "MS02": _lt("The vendor refused the debit."),
    "MS03": _lt("The vendor's bank gave no reason."),
    "SL01": _lt("The vendor told his bank to take no debit of ours."),
}
UNKNOWN_DEBIT = _lt("The direct debit was refused or returned.")


def debit_cause_of(code):
    """Return in words what a code says of a direct debit."""
    return DEBIT_CAUSES.get(code, UNKNOWN_DEBIT)
