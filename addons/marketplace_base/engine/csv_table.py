"""Read a table that somebody saved as CSV. Pure: bytes or text in, rows out."""

import csv
import io
from typing import NamedTuple

DELIMITERS = ",;\t|"
# What may be read after UTF-8: Windows programs save these.
FALLBACK_ENCODING = "cp1252"


class Line(NamedTuple):
    """A line of the file: its number there and the text of its cells by column.

    ``has_excess`` tells that it has more cells than the head line has columns.
    """

    number: int
    values: dict[str, str]
    has_excess: bool


class UnknownColumnsError(ValueError):
    """Refuse a file whose head line has columns nobody knows, or lacks some."""

    def __init__(self, unknown, lacking):
        super().__init__(unknown, lacking)
        self.unknown, self.lacking = unknown, lacking


class UnreadableError(ValueError):
    """Refuse a file that is no table of text."""


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or Windows-1252.

    :raises UnreadableError: for anything else, a spreadsheet or an image for instance.

    >>> decode(b"\\xef\\xbb\\xbfprix"), decode("é".encode("cp1252"))
    ('prix', 'é')
    >>> decode("prix".encode("utf-16"))
    'prix'
    >>> try:
    ...     decode(b"PK\\x03\\x04\\x00\\x00")
    ... except UnreadableError:
    ...     print("refused")
    refused
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    else:
        encodings = ("utf-8-sig", FALLBACK_ENCODING)
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise UnreadableError()


def read_table(
    text: str, columns: tuple, required: tuple = (), prefix: str | None = None
) -> list[Line]:
    """Return the lines of a table with a head line, empty ones skipped.

    Cells are separated by comma, semicolon, tab or bar: the one that the head line has
    most of. Column names are read in lower case. Numbers of lines are those of the
    file, the head line being 1.

    :param prefix: columns that start with it are read too, whatever follows.
    :raises UnknownColumnsError: naming the columns.
    :raises UnreadableError: when the text is no CSV.

    >>> read_table("SKU;Price\\nA;1,5\\n;\\nB;2;3\\n", ("sku", "price"))
    ... # doctest: +NORMALIZE_WHITESPACE
    [Line(number=2, values={'sku': 'A', 'price': '1,5'}, has_excess=False),
     Line(number=4, values={'sku': 'B', 'price': '2'}, has_excess=True)]
    >>> try:
    ...     read_table("sku,prise", ("sku", "price"), ("sku", "price"))
    ... except UnknownColumnsError as error:
    ...     print(error.unknown, error.lacking)
    ['prise'] ['price']
    """
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        unknown = [
            name
            for name in names
            if name not in columns and not (prefix and name.startswith(prefix))
        ]
        lacking = [name for name in required if name not in names]
        if unknown or lacking:
            raise UnknownColumnsError(unknown, lacking)
        reader.fieldnames = names
        lines = []
        for cells in reader:
            values = {name: (cells[name] or "").strip() for name in names}
            if any(values.values()):
                lines.append(Line(reader.line_num, values, None in cells))
        return lines
    except csv.Error as error:
        raise UnreadableError() from error


def write_table(head: list[str], rows: list[list[str]]) -> bytes:
    """Return a CSV file that spreadsheets open with its accents.

    >>> write_table(["sku"], [["A,1"]])
    b'\\xef\\xbb\\xbfsku\\r\\n"A,1"\\r\\n'
    """
    buffer = io.StringIO()
    csv.writer(buffer).writerows([head, *rows])
    return buffer.getvalue().encode("utf-8-sig")


def defuse(text: str) -> str:
    """Return text that a spreadsheet shows instead of running it as a formula.

    Source: OWASP, CSV Injection.

    >>> defuse("=1+1"), defuse("A-1")
    ("'=1+1", 'A-1')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
