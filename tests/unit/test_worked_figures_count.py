"""No worked figure is left out: each code has its test, and no claim is made twice.

Figures that others publish have a code each, such as N-31c. A test claims a code by its
name (``test_n_31c_...``), by its docstring or by the label of a table's row; the text
begins with the code. Claims of one code in several places see it from other sides: the
engine, the posted entry, the page.
"""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIGURES = {
    "commission": "01 03 04 06 07 10 11 12 14 15 16 17 19",
    "tax between order and payout": "21 22 23 24 25 26",
    "refunds, coupons, shipping": "27 27c 28 29 30 31 31c 32 32c 32d",
    "VAT and shape of the fee": "33 34 35 37 37c",
    "ledger, payout, period": "38 39 41 42 44 45 46 47 48 51 52 53 56",
}
CODES = [code for codes in FIGURES.values() for code in codes.split()]
IN_NAME = re.compile(r"test_n_(\d\d[a-z]?)_")
IN_TEXT = re.compile(r"N-(\d\d[a-z]?)\b")


def _claims():
    """Return [(code, claim)] of all test files."""
    claims = []
    for folder in (ROOT / "tests", *(ROOT / "addons").glob("*/tests")):
        for path in sorted(folder.rglob("test_*.py")):
            name = str(path.relative_to(ROOT))
            for statement in ast.parse(path.read_text()).body:
                claims += _tests_claiming(statement, name)
                if isinstance(statement, ast.Assign):
                    table = f"{name}: {ast.unparse(statement.targets[0])}"
                    claims += _rows_claiming(statement, table)
    return claims


def _tests_claiming(statement, place):
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            text = ast.get_docstring(node) or ""
            found = IN_NAME.match(node.name) or IN_TEXT.match(text)
            if found:
                yield found[1], f"{place}: {node.name}"


def _rows_claiming(table, place):
    for node in ast.walk(table):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if found := IN_TEXT.match(node.value):
                yield found[1], f"{place}: {node.value}"


CLAIMS = _claims()


def test_no_figure_is_listed_twice():
    assert len(set(CODES)) == len(CODES) == 47


@pytest.mark.parametrize("code", CODES)
def test_figure_has_its_test(code):
    assert code in {claimed for claimed, _claim in CLAIMS}


def test_no_test_claims_a_figure_that_is_none():
    assert not [claim for code, claim in CLAIMS if code not in CODES]


def test_no_claim_is_made_twice():
    """Rows of one table, or tests of one file, of the same name hide each other."""
    counts = Counter(claim for _code, claim in CLAIMS)
    assert not [claim for claim, count in counts.items() if count > 1]
