"""No worked figure is left out: each code has its test, and no claim is made twice.

Figures that others publish have a code each, such as N-31c. A test claims a code by its
name (``test_n_31c_...``), by its docstring or by the label of a table's row, which begin
with the code. Several claims of one code look at it from several sides: the engine, the
posted entry, the page.
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
    """Return [(code, claim)] of all test files; a claim is a test or a row's label."""
    claims = []
    for folder in (ROOT / "tests", *(ROOT / "addons").glob("*/tests")):
        for path in sorted(folder.rglob("test_*.py")):
            tree = ast.parse(path.read_text())
            claims += _claims_of(tree, path.relative_to(ROOT))
    return claims


def _claims_of(tree, path):
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            text = ast.get_docstring(node) or ""
            found = IN_NAME.match(node.name) or IN_TEXT.match(text)
            if found:
                yield found[1], f"{path}: {node.name}"
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            docstrings.add(ast.get_docstring(node, clean=False))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value not in docstrings
            and (found := IN_TEXT.match(node.value))
        ):
            yield found[1], f"{path}: {node.value}"


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
