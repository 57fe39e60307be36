"""Lint and format: ruff, pylint-odoo and prettier, at pinned versions."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import paths, storefront
from .steps import lock, say, step

PRETTIER_DIR = paths.ROOT / "tools" / "prettier"
PYTHON_TREES = ("addons", "tests", "tools", "bench", "conftest.py")
XML_GLOB = "addons/**/*.xml"


def check() -> int:
    """Run every check, all of them even after a finding; 0 when none found."""
    trees = _trees()
    engines = _engines()
    ruff = [str(paths.VENV / "bin" / "ruff")]
    results = [
        _tool("ruff check", [*ruff, "check", "-q", *trees]),
        _tool("ruff format", [*ruff, "format", "--check", "-q", "--diff", *trees]),
    ]
    if engines:
        strict = ["check", "-q", "--config", "ruff-engine.toml"]
        results.append(_tool("ruff check, engines", [*ruff, *strict, *engines]))
    if addons := paths.present_addons():
        pylint = [str(paths.PYTHON), "-m", "pylint", "--rcfile=.pylintrc"]
        folders = [f"addons/{name}" for name in addons]
        results.append(_tool("pylint-odoo", [*pylint, *folders]))
        results.append(_tool("prettier", [*_prettier(), "--check", XML_GLOB]))
    return 0 if all(results) else 1


def fix() -> int:
    """Format the code and apply ruff's safe corrections."""
    trees = _trees()
    ruff = [str(paths.VENV / "bin" / "ruff")]
    _tool("ruff check --fix", [*ruff, "check", "-q", "--fix", *trees])
    _tool("ruff format", [*ruff, "format", "-q", *trees])
    if paths.present_addons():
        options = ["--write", "--log-level=warn", XML_GLOB]
        _tool("prettier", [*_prettier(), *options])
    return 0


def _trees() -> list[str]:
    return [name for name in PYTHON_TREES if (paths.ROOT / name).exists()]


def _engines() -> list[str]:
    return [
        str(folder.relative_to(paths.ROOT))
        for folder in sorted(paths.ADDONS_DIR.glob("*/engine"))
    ]


def _prettier() -> list[str]:
    """Return prettier's command, its packages installed."""
    storefront.ensure_node()
    digest = hashlib.sha256((PRETTIER_DIR / "package-lock.json").read_bytes())
    stamp = PRETTIER_DIR / "node_modules" / ".marketplace-stamp"
    with lock("prettier"):
        if not (stamp.exists() and stamp.read_text() == digest.hexdigest()):
            with step("npm packages of the formatter"):
                storefront.npm_ci(PRETTIER_DIR)
            stamp.write_text(digest.hexdigest())
    return ["node", str(Path("tools/prettier/node_modules/prettier/bin/prettier.cjs"))]


def _tool(name: str, command: Sequence[str]) -> bool:
    done = subprocess.run(list(command), cwd=paths.ROOT, check=False)
    say(f"{name}: {'ok' if done.returncode == 0 else 'FINDINGS above'}")
    return done.returncode == 0
