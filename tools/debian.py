"""Debian packages: installed when we are root, named in a sentence when not."""

from __future__ import annotations

import ctypes.util
import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import paths
from .steps import Stop, is_root, run, say, step

APT_ENV = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}


@functools.cache
def _refresh_lists() -> None:
    """Fetch the package lists once: on a new machine they are absent or too old."""
    with step("Debian package lists"):
        run(
            ["apt-get", "update", "-q"],
            env=APT_ENV,
            log=paths.LOG_DIR / "apt.log",
            what="apt-get update",
        )


def install(packages: Sequence[str], reason: str) -> None:
    """Install Debian packages, or stop and say which ones are needed and why."""
    names = " ".join(packages)
    if not (is_root() and shutil.which("apt-get")):
        raise Stop(
            f"{reason}: install it first (on Debian or Ubuntu: "
            f"sudo apt-get install {names})."
        )
    say(reason)
    _refresh_lists()
    with step(f"Debian packages {names}"):
        run(
            [
                *("apt-get", "install", "-q", "-y", "--no-install-recommends"),
                *("-o", "DPkg::Lock::Timeout=600"),
                *packages,
            ],
            env=APT_ENV,
            log=paths.LOG_DIR / "apt.log",
            what=f"apt-get install {names}",
        )


def ensure_program(name: str, packages: Sequence[str], use: str) -> str:
    """Return the path of a program, installing its packages if it is missing."""
    if found := shutil.which(name):
        return found
    install(packages, f"{use} needs the program '{name}', which is missing")
    if found := shutil.which(name):
        return found
    raise Stop(f"{use} needs the program '{name}': put it on the PATH.")


def ensure_library(name: str, packages: Sequence[str], use: str) -> None:
    """Make sure a shared library can be loaded."""
    if not ctypes.util.find_library(name):
        install(packages, f"{use} needs the library '{name}', which is missing")


def ensure_browser() -> str:
    """Return the browser of the HTTP tests: Odoo looks for it by these names."""
    for name in ("google-chrome", "chromium", "chromium-browser"):
        if found := shutil.which(name):
            return found
    return ensure_program("chromium", ["chromium"], "The browser tests")


def ensure_compiler(include_dir: str) -> None:
    """Make sure psycopg2 can be compiled: C compiler, libpq and Python headers."""
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        install(["gcc", "libc6-dev"], "psycopg2 is compiled and needs a C compiler")
    if not shutil.which("pg_config"):
        install(["libpq-dev"], "psycopg2 is compiled and needs the headers of libpq")
    if not (Path(include_dir) / "Python.h").exists():
        install(["python3-dev"], "psycopg2 is compiled and needs Python's headers")
