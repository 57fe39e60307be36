"""The demo: Odoo with the suite, a real shop beside it, a month of business.

The story itself is ``tools/demo_story.py``; it runs inside Odoo through
``main(env, shop_url=..., odoo_url=..., webhook_secret=...)``, may be called again
at any time, and returns ``{"logins": [(role, login, password)], "look_at": [text]}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from . import database, front, paths, postgres, processes, storefront, suite, testing
from .odoo import Site, serve_options, site
from .steps import Stop, free_port, only_one, port_is_free, say, step

DATABASE = "mkp_demo"
SHOP_DATABASE = "mkp_demo_shop"
STATE = paths.RUN / "demo.json"
STORY = paths.ROOT / "tools" / "demo_story.py"
CLOSING_WORDS = paths.RUN / "demo-closing-words.json"
ODOO_UP_SECONDS = 120


@dataclass(frozen=True)
class Ports:
    """Where the demo is reached; the other ports are any free ones."""

    odoo: int
    shop: int

    def check(self) -> None:
        """Stop when one is taken, before anything slow begins."""
        for name, port in (("PORT", self.odoo), ("SHOP_PORT", self.shop)):
            if not port_is_free(port):
                raise Stop(
                    f"Port {port} is taken: stop what listens there, or choose "
                    f"another with 'make demo {name}={port + 100}'."
                )


def run(ports: Ports) -> int:
    """Bring the demo up, tell the story, serve until Ctrl-C or `make demo-stop`."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    refusal = "The demo runs already: open it, or stop it with 'make demo-stop'."
    paths.prepare_run()
    with only_one("demo", refusal), contextlib.ExitStack() as at_end:
        state = _read_state()
        _stop_leftovers(state)
        ports.check()
        if not STORY.exists():
            raise Stop("tools/demo_story.py, the demo's story, is missing.")
        storefront.install()
        place = site()
        at_end.callback(postgres.stop_if_idle, place.server)
        _prepare_databases(place, state)
        try:
            return _serve(place, ports, state, at_end)
        except KeyboardInterrupt:
            say("stopping")
            return 0


def stop() -> int:
    """Stop a running demo and whatever an earlier one left behind."""
    state = _read_state()
    pid = state.get("pid")
    if pid and processes.start_time(pid) == state.get("started"):
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 90
        while processes.start_time(pid) == state["started"]:
            if time.monotonic() > end:
                raise Stop(f"The demo (process {pid}) does not end: kill it.")
            time.sleep(0.2)
        say("the demo is stopped")
    elif not _stop_leftovers(state):
        say("no demo was running")
    return 0


def remove(place: Site) -> None:
    """Drop the demo's databases: the next run tells the story anew."""
    database.drop(place, DATABASE)
    database.drop(place, SHOP_DATABASE)
    STATE.unlink(missing_ok=True)


def _prepare_databases(place: Site, state: dict) -> None:
    """Make the demo's database once; update it when the addons have changed."""
    source = suite.source_key(place)
    both = all(database.exists(place, name) for name in (DATABASE, SHOP_DATABASE))
    if not state.get("secret") or not both:
        # New, or half of it is missing: shop and books only make sense together.
        remove(place)
        database.copy(place, suite.suite_database(place), DATABASE)
        state.clear()
        state["secret"] = secrets.token_hex(16)
        place.server.psql(f'CREATE DATABASE "{SHOP_DATABASE}" TEMPLATE template0')
    elif state.get("source") != source:
        with step("Updating the demo's database to the changed addons"):
            _update(place)
    state["source"] = source
    _write_state(state)


def _update(place: Site) -> None:
    log = database.fresh_log("demo-update")
    addons = ",".join(paths.present_addons())
    command = place.command(
        *("-u", addons, "--skip-auto-install", "--stop-after-init", "--no-http"),
        database=DATABASE,
    )
    code = testing.run_odoo(place, log, command)
    outcome = testing.read_log(log.read_text(errors="replace"), code)
    if not outcome.ok:
        testing.report(outcome, log)
        raise Stop(
            "The demo's database could not be updated to the changed addons: "
            "'make demo-reset' makes a new one."
        )


def _serve(place: Site, ports: Ports, state: dict, at_end: contextlib.ExitStack) -> int:
    odoo_url = f"http://127.0.0.1:{ports.odoo}"
    shop_url = f"http://127.0.0.1:{ports.shop}"
    children = [_start_odoo(place, ports)]
    at_end.callback(_stop_children, children)
    _remember(state, children)
    children.append(
        storefront.start(
            place,
            SHOP_DATABASE,
            ports.shop,
            odoo_url=odoo_url,
            secret=state["secret"],
        )
    )
    _remember(state, children)
    with step("The story of the first month (told once)"):
        words = _tell_story(place, odoo_url, shop_url, state["secret"])
    _print_words(words, odoo_url, shop_url, children)
    while True:
        for child in children:
            if not child.is_alive():
                raise Stop(f"{child.name} has ended; see its log {child.log}.")
        time.sleep(0.5)


def _start_odoo(place: Site, ports: Ports) -> processes.Child:
    """Start Odoo with two workers, job runner and gateway; wait for its first page."""
    http_port, gevent_port = free_port(), free_port()
    with step(f"Odoo on 127.0.0.1:{ports.odoo}"):
        child = processes.start(
            "Odoo",
            place.command(
                *serve_options(http_port, gevent_port, DATABASE), database=DATABASE
            ),
            place.env(),
            paths.LOG_DIR / "demo-odoo.log",
        )
        try:
            processes.wait_until_up(
                child, f"http://127.0.0.1:{http_port}/web/login", ODOO_UP_SECONDS
            )
            front.Front(ports.odoo, http_port, gevent_port).start()
        except BaseException:
            child.stop()
            raise
    return child


def _tell_story(place: Site, odoo_url: str, shop_url: str, secret: str) -> dict:
    CLOSING_WORDS.unlink(missing_ok=True)
    code = (
        "import json\n"
        "from tools.demo_story import main\n"
        "parameters = env['ir.config_parameter'].sudo()\n"
        f"parameters.set_param('web.base.url', {odoo_url!r})\n"
        "parameters.set_param('web.base.url.freeze', 'True')\n"
        "env.cr.commit()\n"
        f"words = main(env, shop_url={shop_url!r}, odoo_url={odoo_url!r}, "
        f"webhook_secret={secret!r})\n"
        f"open({str(CLOSING_WORDS)!r}, 'w').write(json.dumps(words))"
    )
    database.run_python(place, DATABASE, code, database.fresh_log("demo-story"))
    return json.loads(CLOSING_WORDS.read_text())


def _print_words(
    words: dict, odoo_url: str, shop_url: str, children: list[processes.Child]
) -> None:
    say("the demo is up")
    print(f"\n  Odoo   {odoo_url}")
    print(f"  Shop   {shop_url} (GraphQL: /shop-api and /admin-api)")
    print("\n  Logins (name / password)")
    for role, login, password in words["logins"]:
        print(f"    {role:28} {login} / {password}")
    print("\n  Look at")
    for number, text in enumerate(words["look_at"], 1):
        print(f"    {number}. {text}")
    print("\n  Logs   " + "\n         ".join(str(child.log) for child in children))
    print("\nCtrl-C stops everything.", flush=True)


def _stop_children(children: list[processes.Child]) -> None:
    for child in reversed(children):
        child.stop()
    state = _read_state()
    state.pop("children", None)
    state.pop("pid", None)
    _write_state(state)


def _stop_leftovers(state: dict) -> bool:
    """End servers of an earlier run that was killed; tell whether there were any."""
    found = False
    for child in state.pop("children", []):
        if processes.start_time(child["pid"]) == child["started"]:
            say(f"stopping {child['name']}, left by an earlier run")
            processes.stop_group(child["pid"])
            found = True
    return found


def _remember(state: dict, children: list[processes.Child]) -> None:
    state["pid"] = os.getpid()
    state["started"] = processes.start_time(os.getpid())
    state["children"] = [
        {
            "name": child.name,
            "pid": child.process.pid,
            "started": processes.start_time(child.process.pid),
        }
        for child in children
    ]
    _write_state(state)


def _read_state() -> dict:
    try:
        return json.loads(STATE.read_text())
    except (OSError, ValueError):
        return {}


def _write_state(state: dict) -> None:
    draft = Path(f"{STATE}.draft")
    draft.write_text(json.dumps(state))
    draft.replace(STATE)
