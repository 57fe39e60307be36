"""WooCommerce's own API tests against the local WooCommerce server.

They are @woocommerce/api-core-tests, a package of the WooCommerce team, unchanged.
Each of their files gets an empty shop, as they count what they find.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "storefronts" / "woocommerce"
MODULES = FOLDER / "node_modules"
TESTS = MODULES / "@woocommerce" / "api-core-tests"
if str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))

from woocommerce_server.app import running  # noqa: E402

# File: tests that pass.  A file that would run fewer than that is no check.
FILES = {
    "coupons/coupons": 12,
    "hello/hello": 2,
    "orders/order-complex": 1,
    "orders/order-search": 15,
    "orders/orders": 16,
    "orders/orders-crud": 20,
    "products/product-list": 28,  # and two that its authors skip
    "products/products-crud": 9,
    "refunds/refunds": 4,
    "shipping/shipping-method": 3,
    "shipping/shipping-zones": 10,
}
SECONDS = 120


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """Copy the tests: jest looks for none within node_modules."""
    folder = tmp_path_factory.mktemp("woocommerce") / "tests"
    shutil.copytree(TESTS, folder)
    (folder / "node_modules").symlink_to(MODULES)
    shutil.copy(FOLDER / "jest.config.js", folder / "local.config.js")
    return folder


def test_no_file_is_left_out(copied):
    present = {
        str(path.relative_to(copied / "tests")).removesuffix(".test.js")
        for path in (copied / "tests").rglob("*.test.js")
    }
    assert present == FILES.keys()


@pytest.mark.parametrize("name", sorted(FILES))
def test_published_tests_pass(copied, name):
    with running() as app:
        done = subprocess.run(
            [
                *("node", str(MODULES / "jest" / "bin" / "jest.js"), "--runInBand"),
                *("--config", "local.config.js", f"tests/{name}.test.js"),
            ],
            cwd=copied,
            env={
                **os.environ,
                "API_PATH": f"{app.url}/wp-json/wc/v3/",
                "USER_KEY": app.shop.key,
                "USER_SECRET": app.shop.secret,
                "CI": "1",
            },
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr[:3000]
    found = re.search(r"^Tests: .*?(\d+) passed", done.stderr, re.MULTILINE)
    assert found and int(found[1]) == FILES[name], done.stderr[:3000]
