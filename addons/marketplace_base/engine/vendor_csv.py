"""Read a file of vendors. Pure: text in, rows with their problems out."""

from typing import NamedTuple

from .csv_table import read_table

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


def read_vendors(text: str) -> list[Row]:
    """Return the rows of a file with a head line; see :func:`read_table`.

    :raises UnknownColumnsError: naming the columns.
    :raises UnreadableError: when the text is no CSV.

    >>> rows = read_vendors("name;email;country\\nAmande;a@b.fr;FR\\n;;\\nX;;FR\\n")
    >>> [(row.number, row.values["name"], row.missing) for row in rows]
    [(2, 'Amande', ()), (4, 'X', ('email',))]
    """
    rows = []
    for line in read_table(text, COLUMNS, REQUIRED):
        values = {name: line.values.get(name, "") for name in COLUMNS}
        missing = tuple(name for name in REQUIRED if not values[name])
        rows.append(Row(line.number, values, missing))
    return rows
