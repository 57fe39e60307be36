"""The virtual environment: exact versions from a lock file, and Odoo on its path."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from . import debian, paths
from .odoo_install import Odoo
from .steps import Stop, lock, run, step

SUPPORTED = ((3, 11), (3, 12))
STAMP = paths.VENV / "marketplace-stamp.json"


def ensure(odoo: Odoo) -> None:
    """Create or complete ``.venv``; do nothing when it is already right."""
    with lock("venv"):
        interpreter, version = _current() or _find_python()
        lock_file = paths.ROOT / f"requirements-py{version[0]}{version[1]}.lock"
        stamp = {
            "lock": hashlib.sha256(lock_file.read_bytes()).hexdigest(),
            "root": str(paths.ROOT),
            "version": list(version),
        }
        if _read_stamp() == stamp and paths.PYTHON.exists():
            _link_odoo(odoo, version)
            return
        _build(interpreter, lock_file)
        _link_odoo(odoo, version)
        STAMP.write_text(json.dumps(stamp))


def relock() -> None:
    """Write the lock file of the venv's Python from the requirements files."""
    version = _version_of(str(paths.PYTHON))
    if version is None:
        raise Stop("There is no virtual environment yet: run 'make setup' first.")
    folder = paths.RUN / "relock"
    shutil.rmtree(folder, ignore_errors=True)
    with step(f"Resolving requirements-dev.txt for Python {version[0]}.{version[1]}"):
        run([paths.PYTHON, "-m", "venv", folder])
        pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        run([*pip, "install", "-q", "-r", paths.ROOT / "requirements-dev.txt"])
        frozen = run([*pip, "-q", "freeze", "--all"]).splitlines()
    shutil.rmtree(folder, ignore_errors=True)
    addons = (paths.ROOT / "requirements-addons.txt").read_text().splitlines()
    pins = [line for line in frozen if "==" in line] + addons
    pins = [p for p in pins if not p.startswith(("#", "pip==")) and p]
    head = (
        "# Written by 'make lock' from requirements-dev.txt and "
        "requirements-addons.txt.\n"
    )
    target = paths.ROOT / f"requirements-py{version[0]}{version[1]}.lock"
    target.write_text(head + "\n".join(sorted(pins, key=str.lower)) + "\n")
    print(f"wrote {target.name}")


def _build(interpreter: str, lock_file: Path) -> None:
    log = paths.LOG_DIR / "pip.log"
    with step(f"Virtual environment with {interpreter}"):
        if not paths.PYTHON.exists() or _read_stamp().get("root") != str(paths.ROOT):
            shutil.rmtree(paths.VENV, ignore_errors=True)
            _create(interpreter)
        include = run(
            [paths.PYTHON, "-c", "import sysconfig as s; print(s.get_path('include'))"]
        ).strip()
        debian.ensure_compiler(include)
    debian.ensure_library(
        "pango-1.0",
        ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"],
        "WeasyPrint, which makes the PDF documents,",
    )
    with step("Python packages, pinned"):
        # --no-deps: the lock is complete, and the OCA wheels ask for an "odoo"
        # that no package index holds.
        run(
            [
                *(paths.PYTHON, "-m", "pip", "install", "--no-deps", "-q"),
                *("--disable-pip-version-check", "-r", lock_file),
            ],
            log=log,
            what="pip install",
        )


def _create(interpreter: str) -> None:
    done = subprocess.run(
        [interpreter, "-m", "venv", str(paths.VENV)], check=False, capture_output=True
    )
    if done.returncode:
        shutil.rmtree(paths.VENV, ignore_errors=True)
        debian.install(["python3-venv"], f"{interpreter} lacks the module venv")
        run([interpreter, "-m", "venv", paths.VENV])


def _link_odoo(odoo: Odoo, version: tuple[int, int]) -> None:
    """Put Odoo on the environment's path; pip then sees it as installed."""
    site = paths.VENV / "lib" / f"python{version[0]}.{version[1]}" / "site-packages"
    link = site / "odoo_home.pth"
    content = f"{odoo.python_path}\n"
    if not link.exists() or link.read_text() != content:
        link.write_text(content)


def _current() -> tuple[str, tuple[int, int]] | None:
    """Return the existing environment's own Python, so that it is kept."""
    stamp = _read_stamp()
    if stamp.get("root") != str(paths.ROOT):
        return None
    version = _version_of(str(paths.PYTHON))
    return (str(paths.PYTHON), version) if version in SUPPORTED else None


def _find_python() -> tuple[str, tuple[int, int]]:
    names = [sys.executable, "python3", "python3.11", "python3.12"]
    for name in names:
        version = _version_of(name)
        if version in SUPPORTED:
            return name, version
    raise Stop(
        "Python 3.11 or 3.12 is needed and neither was found: install one and put "
        "it on the PATH, or run 'make PYTHON=/path/to/python3.12 ...'."
    )


def _version_of(interpreter: str) -> tuple[int, int] | None:
    try:
        done = subprocess.run(
            [interpreter, "-c", "import sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        major, minor = done.stdout.split()
    except (OSError, ValueError):
        return None
    return int(major), int(minor)


def _read_stamp() -> dict:
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
