"""Write CSV files that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence

# A text that begins so would be run as a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV file in UTF-8 with a mark that spreadsheets know it by.

    Texts that would be taken for formulas get a leading apostrophe; numbers given as
    numbers stay numbers.

    >>> write_csv(["Name", "Due"], [["=1+1", -5]]).decode("utf-8-sig").splitlines()
    ['Name,Due', "'=1+1,-5"]
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _safe(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
