"""Where everything lives. No other module builds these paths by hand."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDONS_DIR = ROOT / "addons"
TESTS_DIR = ROOT / "tests"
STOREFRONT_DIR = ROOT / "storefronts" / "vendure"
BASE_CONF = ROOT / "odoo.conf"

RUN = ROOT / ".run"
LOG_DIR = RUN / "log"
LOCK_DIR = RUN / "lock"
DATA_DIR = RUN / "odoo-data"
FILESTORE = DATA_DIR / "filestore"
CONF = RUN / "odoo.conf"

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ODOO_BIN = ROOT / "tools" / "bin" / "odoo-bin"

ADDONS = (
    "marketplace_base",
    "marketplace_commission",
    "marketplace_payout",
    "marketplace_connector",
)


def cache_dir() -> Path:
    """Return the user's cache folder for this suite, shared by all checkouts."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "marketplace-suite"


def present_addons() -> list[str]:
    """Return our addons that exist in this checkout, dependencies first."""
    return [name for name in ADDONS if (ADDONS_DIR / name / "__manifest__.py").exists()]


def prepare_run() -> None:
    """Create the folders every command writes to."""
    for folder in (RUN, LOG_DIR, LOCK_DIR, FILESTORE):
        folder.mkdir(parents=True, exist_ok=True)
