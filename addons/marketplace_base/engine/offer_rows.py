"""Check the rows of an offer import. Pure: plain values in, values and problems out.

A row is a dict of columns to texts or numbers; a column that is absent or empty is not
given, and what is not given stays as it is.
"""

from decimal import Decimal
from typing import NamedTuple

from stdnum import ean
from stdnum.exceptions import InvalidChecksum, ValidationError

from .numbers import has_decimals, parse_number

COLUMNS = (
    "sku",
    "gtin",
    "reference",
    "price",
    "quantity",
    "condition",
    "lead_time_days",
    "name",
    "brand",
    "category",
    "description",
)
REQUIRED = ("sku",)
# "attribute:Color": the vendor's word for an attribute of a new product.
ATTRIBUTE_PREFIX = "attribute:"
# Columns that describe a product nobody has yet.
PRODUCT_COLUMNS = ("name", "brand", "category", "description")
TEXT_MAX_CHARS = {"sku": 64, "name": 256, "brand": 64, "category": 256}
DESCRIPTION_MAX_CHARS = 4000
LEAD_TIME_MAX_DAYS = 365
# What a problem repeats of a wrong cell.
QUOTED_MAX_CHARS = 64
# What groups digits of a number in some countries.
DIGIT_SPACES = {ord(space): None for space in " \u00a0\u202f\u2009'"}


class Problem(NamedTuple):
    """Something wrong with a row: a code, the column it is in, the text found there."""

    code: str
    column: str
    text: str = ""


class OfferRow(NamedTuple):
    """A checked row. ``values`` holds what was given and could be read.

    Amounts are ``Decimal``, with the decimals that were typed; ``attributes`` maps a
    name in lower case to a text.
    """

    values: dict
    attributes: dict[str, str]
    problems: list[Problem]


def gtin_key(gtin: str) -> str:
    """Return the 14 digits that name a product whatever the length of its bar code.

    Source: GS1 General Specifications, GTINs are compared right-aligned in 14 digits.

    >>> gtin_key("012345678905") == gtin_key("0012345678905")
    True
    """
    return gtin.rjust(14, "0")


def gtin_forms(gtin: str) -> list[str]:
    """Return the bar codes under which a GTIN may be stored.

    >>> gtin_forms("73513537")
    ['73513537', '000073513537', '0000073513537', '00000073513537']
    """
    key = gtin_key(gtin)
    lengths = (8, 12, 13, 14)
    return [key[-n:] for n in lengths if not key[:-n].strip("0")]


def read_row(row: dict, conditions: dict[str, str]) -> OfferRow:
    """Read a row; every problem of it is found, not only the first.

    :param conditions: accepted words, in lower case, to the code of a condition.

    >>> read_row({"sku": "A", "gtin": "4006381333931", "price": "1 234,50"}, {})
    ... # doctest: +NORMALIZE_WHITESPACE
    OfferRow(values={'sku': 'A', 'gtin': '4006381333931', 'price': Decimal('1234.50')},
             attributes={}, problems=[])
    >>> bad = {"gtin": "4006381333932", "price": -1, "prise": 2}
    >>> [problem.code for problem in read_row(bad, {}).problems]
    ['missing', 'check_digit', 'price', 'column']
    """
    texts, attributes, problems = {}, {}, []
    for column, value in row.items():
        name = _clean(column).lower()
        text = "" if value is None else _clean(value)
        if name.startswith(ATTRIBUTE_PREFIX):
            if text:
                attributes[name.removeprefix(ATTRIBUTE_PREFIX).strip()] = text
        elif name not in COLUMNS:
            problems.append(Problem("column", name[:QUOTED_MAX_CHARS]))
        elif text:
            texts[name] = text
    values, found = {}, [Problem("missing", "sku")] if "sku" not in texts else []
    for name, text in texts.items():
        value, code = _read_cell(name, text, conditions)
        if code:
            found.append(Problem(code, name, text[:QUOTED_MAX_CHARS]))
        else:
            values[name] = value
    return OfferRow(values, attributes, found + problems)


def _clean(value) -> str:
    """Return the text of a cell without what a database cannot hold.

    >>> _clean(" A\\0B "), _clean(12.5)
    ('AB', '12.5')
    """
    text = str(value).replace("\0", "").strip()
    return text.encode("utf-8", "replace").decode("utf-8")


def _read_cell(name, text, conditions):
    """Return the value of a cell and the code of what is wrong with it, or None."""
    if name == "gtin":
        return _read_gtin(text)
    if name == "price":
        return _read_decimal(text, "price", None)
    if name == "quantity":
        return _read_decimal(text, "quantity", None)
    if name == "lead_time_days":
        days, code = _read_decimal(text, "days", 0)
        if code or days > LEAD_TIME_MAX_DAYS:
            return None, "days"
        return int(days), None
    if name == "condition":
        code = conditions.get(text.lower())
        return code, None if code else "condition"
    if len(text) > TEXT_MAX_CHARS.get(name, DESCRIPTION_MAX_CHARS):
        return None, "too_long"
    return text, None


def _read_gtin(text: str):
    try:
        return ean.validate(text), None
    except InvalidChecksum:
        return None, "check_digit"
    except ValidationError:
        return None, "gtin"


def _read_decimal(text: str, code: str, decimals: int | None):
    number: Decimal | None = parse_number(text.translate(DIGIT_SPACES))
    if number is None or (decimals is not None and not has_decimals(number, decimals)):
        return None, code
    return number, None
