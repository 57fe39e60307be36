"""Addon tests on databases of their own, and what their logs say."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import database, debian, paths
from .odoo import Site, ports
from .steps import Stop, say, step

RECORD = re.compile(
    r"^(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \d+ (?P<level>[A-Z]+) "
    r"(?P<db>\S+) (?P<logger>\S+?): (?P<text>.*)"
)
TOTAL = re.compile(
    r"(?P<failed>\d+) failed, (?P<errors>\d+) error\(s\) of (?P<total>\d+) tests"
)
SKIPPED = re.compile(r"skipped (?P<name>.+?) : (?P<reason>.*)")


@dataclass
class Outcome:
    """What one Odoo run with tests gave."""

    returncode: int
    total: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    skips: list[str] = field(default_factory=list)

    @property
    def passed(self) -> int:
        """Return how many tests ran to a good end; Odoo's total counts skips."""
        return max(0, self.total - self.failed - len(self.skips))

    @property
    def ok(self) -> bool:
        """Tell whether tests ran and nothing at all went wrong."""
        return not (self.returncode or self.failed or self.problems)


def read_log(text: str, returncode: int) -> Outcome:
    """Collect totals, errors with their traceback, warnings and skips of a log."""
    outcome = Outcome(returncode)
    problems: list[list[str]] = []
    warnings: list[list[str]] = []
    current: list[str] | None = None
    for line in text.splitlines():
        found = RECORD.match(line)
        if not found:
            if current is not None and len(current) < 80:
                current.append(line)
            continue
        current = None
        level, message = found["level"], found["text"]
        if total := TOTAL.search(message):
            outcome.total += int(total["total"])
            outcome.failed += int(total["failed"]) + int(total["errors"])
            continue
        if level in ("ERROR", "CRITICAL"):
            current = [f"{level} {found['logger']}: {message}"]
            problems.append(current)
        elif level == "WARNING":
            current = [f"{found['logger']}: {message}"]
            warnings.append(current)
        elif skip := SKIPPED.search(message):
            outcome.skips.append(f"{skip['name']}: {skip['reason']}")
    outcome.problems = ["\n".join(lines) for lines in problems]
    outcome.warnings = ["\n".join(ls[:4]) for ls in warnings if _is_ours(ls)]
    return outcome


def _is_ours(warning: list[str]) -> bool:
    """Leave out what Odoo's pinned libraries deprecate: nobody here can act on it."""
    return "py.warnings" not in warning[0] or "/addons/marketplace_" in warning[0]


def report(outcome: Outcome, log: Path) -> None:
    """Print failures in full, warnings and skips in short, and the totals."""
    for problem in outcome.problems:
        print(f"\n{problem}")
    if outcome.warnings:
        print(f"\n{len(outcome.warnings)} warnings, the first:")
        for warning in list(dict.fromkeys(outcome.warnings))[:8]:
            print("  " + warning.replace("\n", "\n  "))
    for skip in outcome.skips:
        print(f"skipped {skip}")
    say(
        f"{outcome.passed} passed, {outcome.failed} failed, "
        f"{len(outcome.skips)} skipped, {len(outcome.problems)} errors logged "
        f"(log: {os.path.relpath(log)})"
    )


def run_odoo(site: Site, log: Path, command: Sequence[str]) -> int:
    """Run Odoo into ``log``, telling every half minute that it goes on."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=site.env(),
        )
        told = time.monotonic()
        try:
            while process.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - told > 30:
                    told = time.monotonic()
                    say("... " + _last_step(log))
        except BaseException:
            process.terminate()
            process.wait(30)
            raise
    return process.returncode


def _last_step(log: Path) -> str:
    """Return the last thing the log says Odoo began."""
    with log.open("rb") as handle:
        handle.seek(max(0, log.stat().st_size - 8000))
        lines = handle.read().decode(errors="replace").splitlines()
    for line in reversed(lines):
        if found := RECORD.match(line):
            return found["text"][:110]
    return "starting"


def test_addon(
    site: Site, addon: str, name: str, tags: str | None, keep: bool
) -> Outcome:
    """Install one addon on a copy of the template and run its tests.

    With ``keep`` an existing database is updated instead: quicker, but the judge is
    the fresh one.
    """
    if not (paths.ADDONS_DIR / addon / "__manifest__.py").exists():
        raise Stop(f"There is no addon '{addon}' in addons/.")
    if any((paths.ADDONS_DIR / addon).rglob("static/tests/tours/*.js")):
        debian.ensure_browser()
    template = database.template(site)
    if keep and database.exists(site, name):
        option = "-u"
    else:
        option = "-i"
        with step(f"Database {name}, a copy of {template}"):
            database.copy(site, template, name)
    log = paths.LOG_DIR / f"test-{name}.log"
    log.write_text("")
    say(f"odoo-bin {option} {addon} on {name}, tests {tags or '/' + addon}")
    code = run_odoo(
        site,
        log,
        site.command(
            *(option, addon, "--skip-auto-install", "--stop-after-init"),
            *(f"--test-tags={tags or '/' + addon}", *ports()),
            database=name,
        ),
    )
    outcome = read_log(log.read_text(errors="replace"), code)
    if code and not outcome.problems:
        outcome.problems.append(f"Odoo ended with code {code}; see the log.")
    report(outcome, log)
    return outcome
