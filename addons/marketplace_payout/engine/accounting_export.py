"""The vendor's own books: what one month of the marketplace is to his accountant.

Amounts are integer minor units of one currency. Columns follow the French file of
entries (FEC, article A47 A-1 of the LPF); account codes are a template to replace.
"""

from datetime import date
from typing import NamedTuple

# Code and name in a French chart; 4678 is the operator's account in the vendor's books.
ACCOUNTS = {
    "marketplace": ("467800", "Marketplace"),
    "reserve": ("275000", "Reserve held by the marketplace"),
    "sales": ("707000", "Sales"),
    "sales_vat": ("445710", "VAT on sales"),
    "fees": ("622200", "Marketplace commission"),
    "fees_vat": ("445660", "VAT on commission"),
    "other": ("658000", "Other marketplace movements"),
    "bank": ("512000", "Bank"),
    "cash": ("531000", "Cash in hand"),
}
COLUMNS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)


class Movement(NamedTuple):
    """One movement of the vendor's account, positive = owed to him.

    ``vat`` is the part of the amount that is VAT, with its sign. ``letter`` names what
    the movement was settled with on ``letter_day``; empty while it is open.
    """

    day: date
    kind: str
    label: str
    reference: str
    amount: int
    vat: int = 0
    letter: str = ""
    letter_day: date | None = None


class Item(NamedTuple):
    """One item of an entry: ``balance`` is debit less credit."""

    account: str
    balance: int


def items(movement: Movement) -> list[Item]:
    """Return the balanced entry of a movement in the vendor's books.

    >>> items(Movement(date(2026, 3, 5), "sale", "", "S1", 12000, 2000))
    ... # doctest: +NORMALIZE_WHITESPACE
    [Item(account='marketplace', balance=12000), Item(account='sales', balance=-10000),
     Item(account='sales_vat', balance=-2000)]
    >>> items(Movement(date(2026, 3, 21), "payout", "", "PAY", -3900))
    [Item(account='marketplace', balance=-3900), Item(account='bank', balance=3900)]
    """
    counterpart = {
        "sale": "sales",
        "fee": "fees",
        "payout": "bank",
        "reserve": "reserve",
        "cash": "cash",
    }.get(movement.kind, "other")
    entry = [
        Item("marketplace", movement.amount),
        Item(counterpart, movement.vat - movement.amount),
    ]
    if movement.vat:
        entry.append(Item(f"{counterpart}_vat", -movement.vat))
    return entry
