"""Read a file of vendors. Pure: text in, rows with their problems out."""

import csv
import io
from typing import NamedTuple

COLUMNS = (
    "name",
    "email",
    "country",
    "street",
    "zip",
    "city",
    "phone",
    "vendor_code",
    "legal_form",
    "vat",
    "registry",
    "tin",
    "iban",
)
REQUIRED = ("name", "email", "country")


class Row(NamedTuple):
    """A line of the file: its number there, its values, what is wrong with it.

    ``missing`` names required columns that are empty.
    """

    number: int
    values: dict[str, str]
    missing: tuple[str, ...]


class UnknownColumnsError(ValueError):
    """Refuse a file whose head line has columns nobody knows, or lacks some."""

    def __init__(self, unknown, lacking):
        super().__init__(unknown, lacking)
        self.unknown, self.lacking = unknown, lacking


def read_vendors(text: str) -> list[Row]:
    """Return the rows of a file with a head line, separated by commas or semicolons.

    Empty lines are skipped; numbers are those of the file, the head line being 1.

    :raises UnknownColumnsError: naming the columns.

    >>> rows = read_vendors("name;email;country\\nAmande;a@b.fr;FR\\n;;\\nX;;FR\\n")
    >>> [(row.number, row.values["name"], row.missing) for row in rows]
    [(2, 'Amande', ()), (4, 'X', ('email',))]
    >>> try:
    ...     read_vendors("name,mail")
    ... except UnknownColumnsError as error:
    ...     print(error.unknown, error.lacking)
    ['mail'] ['email', 'country']
    """
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    unknown = [name for name in names if name not in COLUMNS]
    lacking = [name for name in REQUIRED if name not in names]
    if unknown or lacking:
        raise UnknownColumnsError(unknown, lacking)
    reader.fieldnames = names
    rows = []
    for line in reader:
        values = {name: (line.get(name) or "").strip() for name in COLUMNS}
        if any(values.values()):
            missing = tuple(name for name in REQUIRED if not values[name])
            rows.append(Row(reader.line_num, values, missing))
    return rows
