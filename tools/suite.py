"""The whole test suite: phases, their results, one verdict.

Phases: engine tests without a database; addon tests on fresh databases; the
top-level tests on databases with all addons, with a real shop beside each.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import (
    database,
    debian,
    medusa,
    paths,
    postgres,
    shopify_schema,
    storefront,
    testing,
)
from .odoo import Site, ports
from .steps import Stop, free_port, lock, say, step

# A skip that is not listed here fails the run: a green line must mean "ran".
# (text that the skip's name or reason contains, why it is all right)
ALLOWED_SKIPS: tuple[tuple[str, str], ...] = ()

WARM_SCRIPT = Path(__file__).with_name("warm_bundles.py")
FAST_DATABASE = "mkp_fast"
SLOW_TAG = "marketplace_slow"
SHOP_TESTS = ("flow", "conformance")  # folders whose tests need a shop
# Test files named after one of these shops need it; the others have Vendure.
MEDUSA_SHOPS = {shop.kind: shop for shop in medusa.SHOPS}
HTTP_CLASS = re.compile(r"^class (\w+)\([^)]*HttpCase", re.MULTILINE)


@dataclass
class Result:
    """One phase's figures, and what made it fail beside failed tests."""

    name: str
    passed: int = 0
    failed: int = 0
    skips: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def judge(self) -> Result:
        """Add the faults that no test reports: nothing ran, or a skip."""
        if not (self.passed or self.failed) and not self.faults:
            self.faults.append("no test ran")
        for skip in self.skips:
            if not any(text in skip for text, _why in ALLOWED_SKIPS):
                self.faults.append(f"unexpected skip: {skip}")
        return self

    @property
    def ok(self) -> bool:
        """Tell whether the phase is green."""
        return not (self.failed or self.faults)


def suite_database(site: Site) -> str:
    """Return a database with all addons and no test data, made once per source."""
    addons = paths.present_addons()
    if not addons:
        raise Stop("There is no addon in addons/ yet.")
    template = database.template(site)
    name = f"mkp_suite_{source_key(site)}"
    with lock("suite"):
        if database.is_complete(site, name):
            return name
        database.drop_like(site, "mkp_suite_")
        with step(f"Database {name} with {', '.join(addons)}"):
            _build_suite(site, template, name, addons)
    return name


def source_key(site: Site) -> str:
    """Hash the template's name and every file of our addons."""
    digest = hashlib.sha256(database.template(site).encode())
    for addon in paths.present_addons():
        for path in sorted((paths.ADDONS_DIR / addon).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(paths.ROOT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _build_suite(site: Site, template: str, name: str, addons: Sequence[str]) -> None:
    draft = f"{name}_draft"
    database.copy(site, template, draft)
    log = database.fresh_log("suite-database")
    code = testing.run_odoo(
        site,
        log,
        site.command(
            *("-i", ",".join(addons), "--skip-auto-install"),
            *("--stop-after-init", "--no-http"),
            database=draft,
        ),
    )
    outcome = testing.read_log(log.read_text(errors="replace"), code)
    if not outcome.ok:
        testing.report(outcome, log)
        raise Stop(f"The addons do not install; see {log}.")
    database.shell_script(site, draft, WARM_SCRIPT, log)
    database.rename(site, draft, name)


def unit(_site: Site) -> Result:
    """Engine tests and other tests that need no database."""
    return _pytest("unit", ["-p", "no:odoo", "tests/unit"], {})


def addons_together(site: Site) -> Result:
    """All addons on one fresh database, each one's tests."""
    addons = paths.present_addons()
    tags = ",".join(f"/{name}" for name in addons)
    return _odoo_phase(site, "addons together", addons, tags, "mkp_test_all")


def addons_alone(site: Site) -> Result:
    """Each addon without those that build on it: it must work on its own.

    Two at a time; the slowest tests ran with all addons already.
    """

    def run_one(addon: str) -> Result:
        name = addon.removeprefix("marketplace_")
        tags = f"/{addon},-{SLOW_TAG}"
        return _odoo_phase(site, f"{name} alone", [addon], tags, f"mkp_alone_{name}")

    total = Result("addons alone")
    # Those with most beneath them take longest.
    addons = paths.present_addons()[:-1][::-1]
    with ThreadPoolExecutor(max_workers=2) as pool:
        for addon, one in zip(addons, pool.map(run_one, addons), strict=True):
            total.passed += one.passed
            total.failed += one.failed
            total.skips += one.skips
            total.faults += [f"{addon}: {fault}" for fault in one.faults]
    return total


def top_level(site: Site) -> Result:
    """tests/ but tests/unit, with Odoo's HTTP server and a real shop."""
    name = "mkp_test_top"
    database.copy(site, suite_database(site), name)
    folders = [
        str(folder.relative_to(paths.ROOT))
        for folder in sorted(paths.TESTS_DIR.iterdir())
        if folder.name != "unit" and any(folder.rglob("test_*.py"))
    ]
    if not folders:
        return Result("top level", faults=["tests/ has no test with a database"])
    return run_top_level(site, name, folders)


def medusa_shops(site: Site) -> Result:
    """tests/ of the shops made with Medusa, one shop after the other."""
    total = Result("Medusa and Mercur")
    for shop in medusa.present():
        name = f"mkp_test_{shop.kind}"
        database.copy(site, suite_database(site), name)
        files = [
            str(path.relative_to(paths.ROOT))
            for path in sorted(paths.TESTS_DIR.glob(f"*/test_{shop.kind}*.py"))
        ]
        _add(total, run_top_level(site, name, files))
    return total


def run_top_level(site: Site, name: str, arguments: Sequence[str]) -> Result:
    """Run pytest with Odoo on a database that holds the addons.

    The shop is the one that the arguments name, else Vendure.
    """
    kinds = _kinds_named(arguments) or ["vendure"]
    total = Result("top level")
    # For tests that need a database of their own. They cannot ask for it: with the
    # server's address in their environment they would take it for somebody else's.
    env = {**site.env(), "MKP_SUITE_DATABASE": suite_database(site)}
    for kind in kinds:
        with _shop(site, name, kind, arguments) as variables:
            options = [f"--odoo-config={paths.CONF}", f"--odoo-database={name}"]
            one = _pytest(
                "top level" if kind == "vendure" else kind,
                [*options, "--odoo-http", *_of_shop(kind, arguments)],
                {**env, **variables},
            )
            _add(total, one)
    return total


def conformance(site: Site, arguments: Sequence[str]) -> Result:
    """Run the adapters' conformance suite alone: real shops, no Odoo.

    The shops are those of the files that the arguments name, else all.
    """
    arguments = arguments or ["tests/conformance"]
    kinds = _kinds_named(arguments) or ["vendure"]
    if not any("test_" in text for text in arguments):
        kinds = ["vendure", *_present_medusa()]
    total = Result("conformance")
    for kind in kinds:
        with _shop(site, f"mkp_conf_{kind}", kind, ["conformance"]) as variables:
            one = _pytest(
                f"conformance {kind}",
                ["-p", "no:odoo", *_of_shop(kind, arguments)],
                {**os.environ, **variables},
            )
            _add(total, one)
    return total


def _present_medusa() -> list[str]:
    return [shop.kind for shop in medusa.present()]


def _kinds_named(arguments: Sequence[str]) -> list[str]:
    """Return the Medusa shops whose test files the arguments name."""
    return [
        kind
        for kind in _present_medusa()
        if any(f"test_{kind}" in text for text in arguments)
    ]


def _of_shop(kind: str, arguments: Sequence[str]) -> list[str]:
    """Return the arguments without the test files of other shops."""
    others = [f"test_{other}" for other in MEDUSA_SHOPS if other != kind]
    return [
        *(f"--ignore-glob=*/{other}*" for other in others),
        *(text for text in arguments if not any(other in text for other in others)),
    ]


def _add(total: Result, one: Result) -> None:
    total.passed += one.passed
    total.failed += one.failed
    total.skips += one.skips
    total.faults += [f"{one.name}: {fault}" for fault in one.faults]


@contextlib.contextmanager
def _shop(site: Site, name: str, kind: str, arguments: Sequence[str]) -> Iterator[dict]:
    """Run a shop of its own for the flow tests; give the variables naming it."""
    wanted = any(name in text for text in arguments for name in SHOP_TESTS)
    if not (wanted and storefront.is_present()):
        yield {}
        return
    shop_database = f"{name}_shop"
    database.drop(site, shop_database)
    http_port, shop_port, secret = free_port(), free_port(), "flow-test-secret"
    odoo_url = f"http://127.0.0.1:{http_port}"
    of_others = {}  # platforms without a shop of ours, tested beside Vendure
    if kind in MEDUSA_SHOPS:
        shop = medusa.start(
            site,
            MEDUSA_SHOPS[kind],
            shop_database,
            shop_port,
            odoo_url=odoo_url,
            secret=secret,
        )
    else:
        storefront.install(paths.ROOT / "storefronts" / "woocommerce")
        of_others["MKP_SHOPIFY_SCHEMAS"] = str(shopify_schema.ensure())
        shop = storefront.start(
            site, shop_database, shop_port, odoo_url=odoo_url, secret=secret
        )
    prefix = f"MKP_{kind.upper()}"
    try:
        yield {
            "MKP_HTTP_PORT": str(http_port),
            f"{prefix}_URL": f"http://127.0.0.1:{shop_port}",
            f"{prefix}_SECRET": secret,
            f"{prefix}_DSN": site.server.dsn(shop_database),
            **of_others,
        }
    finally:
        shop.stop()
        database.drop(site, shop_database)


def _pytest(name: str, arguments: Sequence[str], env: dict[str, str]) -> Result:
    report = paths.RUN / "reports" / f"{name.replace(' ', '-')}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [
            *(str(paths.PYTHON), "-m", "pytest", "-q", f"--junitxml={report}"),
            *arguments,
        ],
        cwd=paths.ROOT,
        env=env or None,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    result = Result(name)
    if report.exists():
        for case in ET.parse(report).getroot().iter("testcase"):
            label = f"{case.get('classname')}.{case.get('name')}"
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                result.failed += 1
            elif skip is not None:
                result.skips.append(f"{label}: {skip.get('message')}")
            else:
                result.passed += 1
    if done.returncode not in (0, 1, 5):
        result.faults.append(f"pytest ended with code {done.returncode}")
    elif done.returncode == 1 and not result.failed:
        result.faults.append("pytest failed without naming a test")
    return result.judge()


def _odoo_phase(
    site: Site, name: str, addons: Sequence[str], tags: str, database_name: str
) -> Result:
    database.copy(site, database.template(site), database_name)
    log = database.fresh_log(f"test-{database_name}")
    code = testing.run_odoo(
        site,
        log,
        site.command(
            *("-i", ",".join(addons), "--skip-auto-install", "--stop-after-init"),
            *(f"--test-tags={tags}", *ports()),
            database=database_name,
        ),
    )
    outcome = testing.read_log(log.read_text(errors="replace"), code)
    testing.report(outcome, log)
    return _from_outcome(name, outcome)


def _from_outcome(name: str, outcome: testing.Outcome) -> Result:
    result = Result(name, outcome.passed, outcome.failed, outcome.skips)
    if outcome.problems and not outcome.failed:
        first = outcome.problems[0].splitlines()[0]
        result.faults.append(f"{len(outcome.problems)} errors logged, first: {first}")
    if outcome.returncode and not (outcome.failed or outcome.problems):
        result.faults.append(f"Odoo ended with code {outcome.returncode}")
    return result.judge()


def fast(site: Site) -> int:
    """Engine tests, then the quick addon tests on a database that is kept.

    The database is updated, not made anew, and slow classes are left out: good for
    the edit loop. `make test` is the judge.
    """
    return _run_phases(site, [unit, _fast_addons])


def _fast_addons(site: Site) -> Result:
    """Quick addon tests: no browser, no slow class."""
    suite_database(site)
    total = Result("addons, quick tests")
    # Two processes, for two cores: base and connector, commission and payout.
    addons = paths.present_addons()
    halves = [half for half in (addons[::3], addons[1:3]) if half]
    with ThreadPoolExecutor() as pool:
        for one in pool.map(lambda half: _fast_half(site, half), halves):
            total.passed += one.passed
            total.failed += one.failed
            total.skips += one.skips
            total.faults += one.faults
    return total


def _fast_half(site: Site, tested: Sequence[str]) -> Result:
    addons = ",".join(paths.present_addons())
    name = f"{FAST_DATABASE}_{tested[0].removeprefix('marketplace_')}"
    if not database.exists(site, name):
        database.copy(site, suite_database(site), name)
    tags = [*(f"/{addon}" for addon in tested), f"-{SLOW_TAG}"]
    log = database.fresh_log(f"test-{name}")
    code = testing.run_odoo(
        site,
        log,
        site.command(
            *("-i", addons, "-u", addons, "--skip-auto-install"),
            *("--stop-after-init", *ports()),
            f"--test-tags={','.join([*tags, *_http_exclusions(tested)])}",
            database=name,
        ),
    )
    outcome = testing.read_log(log.read_text(errors="replace"), code)
    testing.report(outcome, log)
    if "Failed to initialize database" in "".join(outcome.problems):
        # Perhaps only the kept database is at odds with the code: begin anew.
        database.drop(site, name)
    return _from_outcome(", ".join(tested), outcome)


def _http_exclusions(addons: Sequence[str]) -> list[str]:
    """Return tags that leave HttpCase classes out.

    One of them is enough to make Odoo build every asset bundle first: half a minute.
    """
    return [
        f"-/{addon}:{found[1]}"
        for addon in addons
        for path in sorted((paths.ADDONS_DIR / addon / "tests").glob("test_*.py"))
        for found in HTTP_CLASS.finditer(path.read_text())
    ]


def full(site: Site) -> int:
    """Everything, as CI runs it."""
    debian.ensure_browser()
    if storefront.is_present():
        storefront.install()
    for shop in medusa.present():
        medusa.install(shop)
    phases = [unit, addons_together, addons_alone, top_level, medusa_shops]
    try:
        return _run_phases(site, phases)
    finally:
        postgres.stop_if_idle(site.server)


def _run_phases(site: Site, phases: Sequence[Callable[[Site], Result]]) -> int:
    results = []
    for phase in phases:
        title = (phase.__doc__ or "").splitlines()[0].rstrip(".")
        say(f"=== {title}")
        try:
            results.append(phase(site))
        except Stop as error:
            results.append(Result(title, faults=[str(error)]))
    return _verdict(results)


def _verdict(results: Sequence[Result]) -> int:
    print()
    for result in results:
        mark = "ok  " if result.ok else "FAIL"
        print(
            f"{mark} {result.name}: {result.passed} passed, {result.failed} failed, "
            f"{len(result.skips)} skipped"
        )
        for fault in result.faults:
            print(f"     {fault}")
    passed = sum(result.passed for result in results)
    # A fault that is no failed test still counts: the last line must not be green.
    failed = sum(result.failed + len(result.faults) for result in results)
    say(f"{'all green' if not failed else 'FAILED'}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
