"""Command line of the tooling; ``make help`` lists the everyday forms."""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from . import (
    bench,
    database,
    debian,
    demo,
    lint,
    medusa,
    odoo,
    packaging,
    paths,
    postgres,
    steps,
    suite,
    testing,
    translations,
    venv,
)
from .steps import Stop, fail, free_port, say


def setup(_args: argparse.Namespace) -> int:
    """Environment, Odoo, PostgreSQL, the template database, the tests' shops."""
    site = odoo.site()
    name = database.template(site)
    if shutil.which("node"):  # only tests and demo need it, and they say so
        for shop in medusa.present():
            medusa.template(site, shop)
    say(
        f"ready: Odoo {site.odoo.version}, PostgreSQL {site.server.host}:"
        f"{site.server.port}, template {name}"
    )
    return 0


def test_addon(args: argparse.Namespace) -> int:
    """Install an addon on a fresh copy of the template and run its tests."""
    name = args.db or f"mkp_test_{args.addon.removeprefix('marketplace_')}"
    site = odoo.site()
    with steps.lock(f"db-{database.check_name(name)}"):
        outcome = testing.test_addon(site, args.addon, name, args.tags, args.keep)
    if outcome.ok and not outcome.total:
        print("no test ran: check the addon's tests and TAGS", file=sys.stderr)
        return 1
    return 0 if outcome.ok else 1


def test(_args: argparse.Namespace) -> int:
    """Run the whole test suite, as CI does."""
    return suite.full(odoo.site())


def test_fast(_args: argparse.Namespace) -> int:
    """Run the quick tests on a database that is kept."""
    return suite.fast(odoo.site())


def pytest(args: argparse.Namespace) -> int:
    """Run top-level tests on an existing database (or a copy of the suite's)."""
    site = odoo.site()
    name = args.db
    if not name:
        name = "mkp_test_pytest"
        database.copy(site, suite.suite_database(site), name)
    elif not database.exists(site, name):
        raise Stop(f"There is no database {name}: 'make db DB={name} ADDON=...'.")
    result = suite.run_top_level(site, name, args.arguments or ["tests/flow"])
    for fault in result.faults:
        print(fault, file=sys.stderr)
    return 0 if result.ok else 1


def conformance(args: argparse.Namespace) -> int:
    """Run the adapters' conformance suite against real shops, without Odoo."""
    result = suite.conformance(odoo.site(), args.arguments)
    for fault in result.faults:
        print(fault, file=sys.stderr)
    return 0 if result.ok else 1


def check_lint(_args: argparse.Namespace) -> int:
    """Run all linters and format checks, and check the translations."""
    site = odoo.site()
    return max(lint.check(), translations.check(site))


def fix_format(_args: argparse.Namespace) -> int:
    """Format Python and XML."""
    odoo.site()
    return lint.fix()


def i18n(args: argparse.Namespace) -> int:
    """Export the translation catalogues, or check that they are complete."""
    site = odoo.site()
    return translations.check(site) if args.check else translations.export(site)


def run_bench(_args: argparse.Namespace) -> int:
    """Run the benchmarks on fresh databases."""
    return bench.run_all(odoo.site())


def wheels(_args: argparse.Namespace) -> int:
    """Build the wheels of the addons into dist/."""
    odoo.site()
    return packaging.build()


def run_demo(args: argparse.Namespace) -> int:
    """Bring up the demo and serve it."""
    return demo.run(demo.Ports(args.port, args.shop_port))


def demo_stop(_args: argparse.Namespace) -> int:
    """Stop the demo."""
    return demo.stop()


def demo_reset(_args: argparse.Namespace) -> int:
    """Drop the demo's databases."""
    demo.stop()
    demo.remove(odoo.site())
    return 0


def clean(_args: argparse.Namespace) -> int:
    """Remove all that was made here: servers, databases, environment, logs."""
    demo.stop()
    postgres.remove_private()
    for folder in (
        paths.RUN,
        paths.VENV,
        packaging.DIST,
        lint.PRETTIER_DIR / "node_modules",
        paths.STOREFRONT_DIR / "node_modules",
        *(shop.folder / "node_modules" for shop in medusa.SHOPS),
    ):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def clean_db(_args: argparse.Namespace) -> int:
    """Remove the private PostgreSQL cluster and all filestores."""
    demo.stop()
    postgres.remove_private()
    shutil.rmtree(paths.DATA_DIR, ignore_errors=True)
    return 0


def _existing(args: argparse.Namespace) -> odoo.Site:
    site = odoo.site()
    if not database.exists(site, args.db):
        raise Stop(
            f"There is no database {args.db}: make one with "
            f"'make db DB={args.db} ADDON=...'."
        )
    return site


def new_db(args: argparse.Namespace) -> int:
    """Make a database: a copy of the template, with addons installed."""
    site = odoo.site()
    database.copy(site, database.template(site), args.db)
    if args.addon:
        log = database.fresh_log(f"db-{args.db}")
        code = testing.run_odoo(
            site,
            log,
            site.command(
                *("-i", args.addon, "--skip-auto-install"),
                *("--stop-after-init", "--no-http"),
                database=args.db,
            ),
        )
        outcome = testing.read_log(log.read_text(errors="replace"), code)
        testing.report(outcome, log)
        return 0 if outcome.ok else 1
    return 0


def drop_db(args: argparse.Namespace) -> int:
    """Drop a database and its filestore."""
    database.drop(odoo.site(), args.db)
    return 0


def shell(args: argparse.Namespace) -> int:
    """Open an Odoo shell on a database."""
    site = _existing(args)
    command = site.command("shell", "--no-http", database=args.db)
    os.execvpe(command[0], command, site.env())


def serve(args: argparse.Namespace) -> int:
    """Serve a database with two workers and the queue_job runner."""
    site = _existing(args)
    port = args.port or free_port(8069)
    print(f"http://127.0.0.1:{port} (login admin, password admin); Ctrl-C stops")
    options = odoo.serve_options(port, free_port(), args.db)
    command = site.command(*options, database=args.db)
    os.execvpe(command[0], command, site.env())


def psql(args: argparse.Namespace) -> int:
    """Open psql on a database."""
    site = odoo.site()
    command = [postgres.client("psql"), "-d", args.db]
    os.execvpe(command[0], command, site.env())


def run_odoo(args: argparse.Namespace) -> int:
    """Run odoo-bin with our configuration and any arguments."""
    site = odoo.site()
    command = site.command(*args.arguments)
    os.execvpe(command[0], command, site.env())


def list_dbs(_args: argparse.Namespace) -> int:
    """List the databases and their sizes."""
    print(
        *odoo.site().server.psql(
            "SELECT datname || '  ' || pg_size_pretty(pg_database_size(datname)) "
            "FROM pg_database WHERE NOT datistemplate ORDER BY datname"
        ),
        sep="\n",
    )
    return 0


def stop(_args: argparse.Namespace) -> int:
    """Stop the private PostgreSQL server."""
    if not postgres.stop_private():
        print("no private PostgreSQL was running")
    return 0


def lock(_args: argparse.Namespace) -> int:
    """Resolve the requirements anew and write the lock file."""
    venv.relock()
    return 0


def browser(_args: argparse.Namespace) -> int:
    """Make sure a browser for the HTTP tests is there."""
    print(debian.ensure_browser())
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each command is one function above."""
    parser = argparse.ArgumentParser(prog="python3 -m tools", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=function.__doc__)
        found.set_defaults(function=function)
        return found

    command("setup", setup)
    one = command("test-addon", test_addon)
    one.add_argument("addon", choices=paths.ADDONS, metavar="ADDON")
    one.add_argument("--db", help="database; default mkp_test_<addon>")
    one.add_argument("--tags", help="Odoo's --test-tags; default /ADDON")
    one.add_argument("--keep", action="store_true", help="update an existing one")
    new = command("db", new_db)
    new.add_argument("db")
    new.add_argument("--addon", help="addons to install, comma separated")
    command("drop-db", drop_db).add_argument("db")
    command("shell", shell).add_argument("db")
    command("psql", psql).add_argument("db")
    served = command("serve", serve)
    served.add_argument("db")
    served.add_argument("--port", type=int)
    free = command("odoo", run_odoo)
    free.add_argument("arguments", nargs=argparse.REMAINDER)
    command("dbs", list_dbs)
    command("test", test)
    command("test-fast", test_fast)
    top = command("pytest", pytest)
    top.add_argument("--db")
    top.add_argument("arguments", nargs=argparse.REMAINDER)
    adapters = command("conformance", conformance)
    adapters.add_argument("arguments", nargs=argparse.REMAINDER)
    command("lint", check_lint)
    command("format", fix_format)
    command("i18n", i18n).add_argument("--check", action="store_true")
    command("bench", run_bench)
    command("wheels", wheels)
    shown = command("demo", run_demo)
    shown.add_argument("--port", type=int, default=8069)
    shown.add_argument("--shop-port", type=int, default=3000)
    command("demo-stop", demo_stop)
    command("demo-reset", demo_reset)
    command("clean", clean)
    command("clean-db", clean_db)
    command("stop", stop)
    command("lock", lock)
    command("browser", browser)
    return parser


def main() -> int:
    """Run one command; refusals are one sentence and exit code 2."""
    args = build_parser().parse_args()
    paths.prepare_run()
    try:
        return args.function(args)
    except Stop as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
