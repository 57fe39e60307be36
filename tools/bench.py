"""The benchmarks: on fresh databases, with the peers they measure against."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench import payout_crash

from . import database, paths, storefront, suite, testing
from .odoo import Site
from .steps import Stop, free_port, run, step

REQUIREMENTS = paths.ROOT / "requirements-bench.txt"
DATABASE = "mkp_bench"
PEER_DATABASE = "mkp_bench_oca"
SHOP_DATABASE = "mkp_bench_shop"
PEER = "account_commission_oca"


def run_all(site: Site) -> int:
    """Run every benchmark; return the first exit code that is not zero."""
    database.copy(site, suite.suite_database(site), DATABASE)
    peers = _peers()
    _build_peer_database(site, peers)
    # The OCA addon is on the path of its own comparison only. Memory in a process of
    # its own: the peak of a process never falls.
    codes = [
        _run_module(site, "run"),
        _run_module(site, "commission", [repr(PEER_DATABASE)], peers),
        _run_module(site, "payout"),
        _run_module(site, "memory"),
        payout_crash.main(site, suite.suite_database(site)),
        _run_storefront(site),
    ]
    for name in (DATABASE, PEER_DATABASE, SHOP_DATABASE):
        database.drop(site, name)
    return next((code for code in codes if code), 0)


def _run_module(
    site: Site, module: str, arguments: Sequence[str] = (), peers: Path | None = None
) -> int:
    """Run ``main`` of a benchmark module in an Odoo shell of its own."""
    options = ["--no-http", "--shell-interface=python", "--log-level=warn"]
    if peers:
        options.append(_addons_path(site, peers))
    code = (
        f"import sys; sys.path.insert(0, {str(paths.ROOT)!r})\n"
        f"from bench.{module} import main\nmain({', '.join(['env', *arguments])})\n"
    )
    return subprocess.run(
        site.command("shell", *options, database=DATABASE),
        input=code,
        text=True,
        env=site.env(),
        cwd=paths.ROOT,
        check=False,
    ).returncode


def _run_storefront(site: Site) -> int:
    """Measure the exchange with a Vendure of its own, on a database of its own."""
    database.copy(site, suite.suite_database(site), DATABASE)
    database.drop(site, SHOP_DATABASE)
    port = free_port()
    shop = storefront.start(site, SHOP_DATABASE, port)
    try:
        return _run_module(site, "storefront", [repr(f"http://127.0.0.1:{port}")])
    finally:
        shop.stop()


def _peers() -> Path:
    """Return the folder of the peers' addons, installed when missing."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:10]
    folder = paths.RUN / f"bench-{digest}"
    if not folder.exists():
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        with step("Addons to measure against, pinned"):
            run(
                [
                    *(paths.PYTHON, "-m", "pip", "install", "--no-deps", "-q"),
                    *("--disable-pip-version-check", "--target", draft),
                    *("-r", REQUIREMENTS),
                ],
                log=paths.LOG_DIR / "pip-bench.log",
                what="pip install",
            )
        draft.rename(folder)
    return folder / "odoo" / "addons"


def _build_peer_database(site: Site, peers: Path) -> None:
    """Make a database with Odoo and the OCA addon, and nothing of ours."""
    with step(f"Database {PEER_DATABASE} with {PEER}"):
        database.copy(site, database.template(site), PEER_DATABASE)
        log = database.fresh_log("bench-oca")
        code = testing.run_odoo(
            site,
            log,
            site.command(
                *("-i", PEER, "--skip-auto-install", "--stop-after-init"),
                *("--no-http", _addons_path(site, peers)),
                database=PEER_DATABASE,
            ),
        )
    if code:
        raise Stop(f"{PEER} was not installed: see {log}.")


def _addons_path(site: Site, peers: Path) -> str:
    """Return the option with our addons, Odoo's and those of the peers."""
    folders = [paths.ADDONS_DIR, *site.odoo.addons_paths, peers]
    return "--addons-path=" + ",".join(str(folder) for folder in folders)
