"""Read the report of a payment service provider: one row per movement of its balance.

Pure: text and a column mapping in, rows and problems out. Amounts are minor units.
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from .csv_table import DELIMITERS

# What a movement is. Those of CLAIM_KINDS carry a fee that our own claim books.
KINDS = (
    "charge",
    "refund",
    "chargeback",
    "chargeback_won",
    "fee",
    "transfer",
    "adjustment",
)
CLAIM_KINDS = ("chargeback", "chargeback_won")
IGNORE = "ignore"
# Above it an amount does not fit what the database stores exactly.
AMOUNT_MAX = Decimal(10**12)


class Mapping(NamedTuple):
    """Name the columns of a provider's file; empty when the file has none.

    ``references`` are tried in order. ``kinds`` maps the provider's words to ours.
    ``in_minor_units`` tells amounts such as ``1050`` for 10.50.
    """

    identifier: str
    payout: str
    payout_date: str
    kind: str
    currency: str
    gross: str
    fee: str
    net: str
    references: tuple[str, ...]
    date: str
    kinds: dict[str, str]
    in_minor_units: bool = False


class Row(NamedTuple):
    """A movement; ``gross - fee = net``, a charge being positive."""

    number: int
    identifier: str
    payout: str
    payout_date: date
    kind: str
    provider_kind: str
    currency: str
    gross: int
    fee: int
    net: int
    references: tuple[str, ...]
    date: date


class Movement(NamedTuple):
    """A movement as a provider's interface tells it; ``word`` is its type's name."""

    identifier: str
    word: str
    currency: str
    gross: int
    fee: int
    net: int
    references: tuple[str, ...]
    date: date


class Problem(NamedTuple):
    """A line that is left out: its number, its identifier, a code and the value."""

    number: int
    identifier: str
    code: str
    value: str


class MissingColumnsError(ValueError):
    """Refuse a file without the columns that the mapping names."""


def taken_from_clearing(kind: str, gross: int, net: int) -> int:
    """Return what a movement takes out of the clearing account, minor units.

    The report books fees apart, so gross; but the fee of a claim was booked with the
    claim itself, so net.

    >>> taken_from_clearing("charge", 1000, 971)
    1000
    >>> taken_from_clearing("chargeback", -1000, -2500)
    -2500
    """
    return net if kind in CLAIM_KINDS else gross


def read_kinds(text: str) -> dict[str, str]:
    """Return {provider's word: kind} of lines ``word = kind``.

    :raises ValueError: with the line that is none.

    >>> read_kinds("payment = charge\\n\\npayout = ignore")
    {'payment': 'charge', 'payout': 'ignore'}
    """
    kinds = {}
    for line in filter(str.strip, (text or "").splitlines()):
        word, _sign, kind = (part.strip() for part in line.partition("="))
        if not word or kind not in (*KINDS, IGNORE):
            raise ValueError(line.strip())
        kinds[word.lower()] = kind
    return kinds


def read_report(text: str, mapping: Mapping, places: dict[str, int]):
    """Return the rows of a file, and its lines that cannot be read.

    :param places: {currency code: decimal places}; other currencies are a problem.
    :return: (rows, problems).
    :raises MissingColumnsError: naming the columns.
    """
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count)
    )
    names = [name.strip() for name in reader.fieldnames or () if name]
    wanted = (mapping.identifier, mapping.kind, mapping.gross, mapping.payout)
    missing = [name for name in wanted if name not in names]
    if not set(mapping.references) & set(names):
        missing += mapping.references[:1]
    if missing:
        raise MissingColumnsError(", ".join(missing))
    reader.fieldnames = names
    rows, problems, seen = [], [], set()
    for cells in reader:
        values = {
            key: (cell or "").strip() for key, cell in cells.items() if key in names
        }
        if not any(values.values()):
            continue
        found = _read_row(reader.line_num, values, mapping, places)
        if isinstance(found, Row) and found.identifier in seen:
            found = Problem(found.number, found.identifier, "twice", found.identifier)
        if isinstance(found, Problem):
            problems.append(found)
        elif found:
            seen.add(found.identifier)
            rows.append(found)
    return rows, problems


def _read_amounts(values, mapping, scale):
    """Return ((gross, fee, net), None), or (None, (code, value)) of what is wrong."""
    amounts = {}
    for name in ("gross", "fee", "net"):
        cell = values.get(getattr(mapping, name))
        if cell is None or (name != "gross" and not cell):
            continue
        minor = _read_minor(cell, scale)
        if minor is None:
            return None, (name, cell)
        amounts[name] = minor
    gross = amounts["gross"]
    fee = amounts.get("fee", gross - amounts.get("net", gross))
    net = amounts.get("net", gross - fee)
    if gross - fee != net:
        return None, ("sum", values.get(mapping.net, ""))
    return (gross, fee, net), None


def _read_row(number, values, mapping, places):
    """Return a row, a problem, or None for what the mapping leaves out."""
    identifier = values[mapping.identifier]

    def problem(code, value):
        return Problem(number, identifier, code, value)

    word = values[mapping.kind]
    kind = mapping.kinds.get(word.lower(), "adjustment")
    if kind == IGNORE:
        return None
    if not identifier:
        return problem("no_identifier", "")
    if not values[mapping.payout]:
        return problem("not_paid_out", "")
    currency = values.get(mapping.currency, "").upper()
    if currency not in places:
        return problem("currency", currency)
    scale = 0 if mapping.in_minor_units else places[currency]
    amounts, fault = _read_amounts(values, mapping, scale)
    if fault:
        return problem(*fault)
    gross, fee, net = amounts
    moved = _read_date(values.get(mapping.date, ""))
    paid = _read_date(values.get(mapping.payout_date, "")) or moved
    if not paid:
        return problem("date", values.get(mapping.payout_date, ""))
    kind, gross, fee = _told(kind, gross, fee, net)
    references = tuple(
        dict.fromkeys(filter(None, (values.get(name) for name in mapping.references)))
    )
    return Row(
        number,
        identifier,
        values[mapping.payout],
        paid,
        kind,
        word,
        currency,
        gross,
        fee,
        net,
        references,
        moved or paid,
    )


def _told(kind, gross, fee, net):
    """Return kind, gross and fee of a movement as lines of ours tell it."""
    if kind != "fee":
        return kind, gross, fee
    # A fee on its own is told as a movement; one given back is for a person.
    return ("fee", 0, -net) if net <= 0 else ("adjustment", net, 0)


def rows_of(
    movements: Iterable[Movement],
    payout: str,
    payout_date: date,
    kinds: dict[str, str],
    currencies: Iterable[str],
) -> tuple[list[Row], list[Problem]]:
    """Return the rows of one payout that an interface told, as those of its file.

    :param kinds: {provider's word: kind}; words that are not named are adjustments.
    :param currencies: codes that are active; others are a problem.

    >>> day = date(2026, 3, 3)
    >>> moved = Movement("txn_1", "charge", "EUR", 1000, 29, 971, ("ch_1",), day)
    >>> [row], problems = rows_of([moved], "po_1", day, {"charge": "charge"}, ["EUR"])
    >>> row.kind, row.gross, row.fee, row.references, problems
    ('charge', 1000, 29, ('ch_1',), [])
    """
    rows, problems, seen = [], [], set()
    for number, movement in enumerate(movements, 1):
        identifier, word, currency, gross, fee, net, references, moved = movement
        kind = kinds.get(word.lower(), "adjustment")
        if kind == IGNORE:
            continue
        code, value = _fault(movement, seen, currencies)
        if code:
            problems.append(Problem(number, identifier, code, value))
            continue
        seen.add(identifier)
        kind, gross, fee = _told(kind, gross, fee, net)
        rows.append(
            Row(
                number,
                identifier,
                payout,
                payout_date,
                kind,
                word,
                currency,
                gross,
                fee,
                net,
                tuple(dict.fromkeys(filter(None, references))),
                moved,
            )
        )
    return rows, problems


def _fault(movement, seen, currencies):
    """Return what is wrong with a movement, as (code, value); ("", "") for nothing."""
    if not movement.identifier:
        return "no_identifier", ""
    if movement.identifier in seen:
        return "twice", movement.identifier
    if movement.currency not in currencies:
        return "currency", movement.currency
    if movement.gross - movement.fee != movement.net:
        return "sum", str(movement.net)
    return "", ""


def _read_minor(text, places):
    """Return an amount with a decimal point as minor units, None when it is none.

    >>> _read_minor("-10.5", 2), _read_minor("10.505", 2), _read_minor("NaN", 2)
    (-1050, None, None)
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= AMOUNT_MAX:
        return None
    minor = number.scaleb(places)
    return int(minor) if minor == minor.to_integral_value() else None


def _read_date(text):
    """Return the day that an ISO date or moment begins with, None when it is none.

    >>> _read_date("2026-03-11 09:30:00"), _read_date("11/03/2026")
    (datetime.date(2026, 3, 11), None)
    """
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
