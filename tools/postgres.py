"""PostgreSQL: the server named by PGHOST, or a private cluster under .run/.

The private cluster is for development, tests and the demo only: it listens on
127.0.0.1, trusts local connections and does not wait for the disk (fsync off).
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import debian, paths
from .steps import Stop, free_port, is_root, lock, port_is_free, run, say, step

FIRST_PORT = 54329
STATE = paths.RUN / "postgres.json"
# The server refuses to run as root; Debian's package makes this user.
SYSTEM_USER = "postgres"
# Odoo refuses the database user "postgres".
DATABASE_USER = "odoo"

SETTINGS = """
# Written by tools/postgres.py: development, tests and demo only.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 150
max_locks_per_transaction = 128
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
autovacuum_naptime = 30s
log_min_messages = warning
log_min_error_statement = panic
"""


@dataclass(frozen=True)
class Server:
    """How to reach the server, whoever started it."""

    host: str
    port: str
    user: str
    is_private: bool
    started_now: bool = False

    def env(self) -> dict[str, str]:
        """Return the environment of children: ours plus libpq's variables."""
        return {
            **os.environ,
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
        }

    def dsn(self, database: str) -> str:
        """Return how libpq reaches a database."""
        return f"host={self.host} port={self.port} user={self.user} dbname={database}"

    def psql(self, sql: str, database: str = "postgres") -> list[str]:
        """Run one statement and return the rows as lines."""
        output = run(
            [
                *(_client("psql"), "-X", "-q", "-A", "-t"),
                *("-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql),
            ],
            env={**self.env(), "PGAPPNAME": "mkp-tools", "PGCLIENTENCODING": "UTF8"},
            what=f"SQL on database {database}",
        )
        return [line for line in output.splitlines() if line]


def server() -> Server:
    """Return the server to use, starting the private one when needed."""
    if os.environ.get("PGHOST"):
        return _given_server()
    paths.prepare_run()
    with lock("postgres"):
        return _private_server()


def stop_private() -> bool:
    """Stop the private cluster; tell whether it was running."""
    state = _read_state()
    if not state:
        return False
    data = Path(state["data"])
    if not _is_running(data):
        return False
    with step("Stopping the private PostgreSQL"):
        run([_bin("pg_ctl"), "stop", "-m", "fast", "-D", data], **_as_owner())
    return True


def stop_if_idle(found: Server) -> None:
    """Stop the cluster we started, unless somebody else has come to use it."""
    if found.is_private and found.started_now:
        sql = (
            "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid() LIMIT 1"
        )
        if not found.psql(sql):
            stop_private()


def remove_private() -> None:
    """Stop the private cluster and delete its files."""
    stop_private()
    if state := _read_state():
        shutil.rmtree(state["data"], ignore_errors=True)
        STATE.unlink(missing_ok=True)


def _given_server() -> Server:
    env = os.environ
    user = env.get("PGUSER") or pwd.getpwuid(os.geteuid()).pw_name
    if user == "postgres":
        raise Stop(
            "Odoo refuses to connect as the database user 'postgres': set PGUSER to "
            "a role that may create databases."
        )
    found = Server(env["PGHOST"], env.get("PGPORT") or "5432", user, False)
    try:
        found.psql("SELECT 1")
    except Stop as error:
        raise Stop(
            f"PGHOST asks for the PostgreSQL server {found.host}:{found.port} as "
            f"user {found.user}, which does not answer: correct PGHOST, PGPORT, "
            f"PGUSER, PGPASSWORD, or unset PGHOST to get a private one.\n{error}"
        ) from None
    return found


def _private_server() -> Server:
    state = _read_state()
    if not state or not (Path(state["data"]) / "PG_VERSION").exists():
        state = _init_cluster()
    data = Path(state["data"])
    started = not _is_running(data)
    if started:
        if not port_is_free(state["port"]):
            state["port"] = free_port(FIRST_PORT)
            STATE.write_text(json.dumps(state))
        _start(data, state["port"])
    return Server("127.0.0.1", str(state["port"]), DATABASE_USER, True, started)


def _init_cluster() -> dict:
    data = _data_folder()
    with step(f"New private PostgreSQL cluster in {data}"):
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True, mode=0o700)
        if is_root():
            shutil.chown(data, SYSTEM_USER, SYSTEM_USER)
        run(
            [
                *(_bin("initdb"), "-D", data, "-U", DATABASE_USER),
                *("-A", "trust", "-E", "UTF8", "--no-sync"),
                *("--locale=C.UTF-8", "--lc-collate=C"),
            ],
            **_as_owner(),
        )
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(SETTINGS)
        state = {"data": str(data), "port": free_port(FIRST_PORT)}
        STATE.write_text(json.dumps(state))
    return state


def _start(data: Path, port: int) -> None:
    log = data / "server.log"
    with step(f"Private PostgreSQL on 127.0.0.1:{port}"):
        # pg_ctl hands its own output to the server for life: not a pipe of ours.
        done = subprocess.run(
            [
                *(_bin("pg_ctl"), "start", "-w", "-t", "60", "-s"),
                *("-D", str(data), "-l", str(log), "-o", f"-p {port}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            start_new_session=True,
            **_as_owner(),
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        raise Stop(
            f"The private PostgreSQL did not start; if its files are damaged, "
            f"'make clean-db' makes new ones. Its log {log} ends with:\n{tail}"
        )


def _is_running(data: Path) -> bool:
    done = subprocess.run(
        [_bin("pg_ctl"), "status", "-D", str(data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        **_as_owner(),
    )
    return done.returncode == 0


def _read_state() -> dict | None:
    try:
        state = json.loads(STATE.read_text())
        return {"data": str(state["data"]), "port": int(state["port"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _data_folder() -> Path:
    """Return .run/postgres, or a folder the server's user can reach."""
    inside = paths.RUN / "postgres"
    if not is_root() or _owner_can_enter(paths.RUN):
        return inside
    key = hashlib.sha256(str(paths.ROOT).encode()).hexdigest()[:10]
    outside = Path("/var/tmp") / f"marketplace-suite-{key}" / "postgres"
    say(
        f"user '{SYSTEM_USER}' cannot enter {paths.RUN}: "
        f"the database files go to {outside}"
    )
    return outside


def _owner_can_enter(folder: Path) -> bool:
    done = subprocess.run(
        ["test", "-x", str(folder)], cwd="/", check=False, **_owner_options()
    )
    return done.returncode == 0


def _owner_options() -> dict:
    """Return the options that make a child process run as the cluster's owner."""
    if not is_root():
        return {}
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise Stop(
            f"PostgreSQL refuses to run as root and there is no user "
            f"'{SYSTEM_USER}': install the package postgresql, or set PGHOST."
        ) from None
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _as_owner() -> dict:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return {"env": env, "cwd": "/", **_owner_options()}


def _candidates(name: str) -> list[Path]:
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    found = [folder / name for folder in folders]
    if on_path := shutil.which(name):
        found.append(Path(on_path))
    if config := shutil.which("pg_config"):
        bindir = subprocess.run(
            [config, "--bindir"], capture_output=True, text=True, check=False
        )
        found.append(Path(bindir.stdout.strip()) / name)
    return [path for path in found if path.exists()]


def _bin(name: str) -> str:
    """Return a server program, installing PostgreSQL when we may."""
    if not _candidates(name):
        debian.install(["postgresql"], "PostgreSQL's server programs are missing")
    if found := _candidates(name):
        return str(found[0])
    raise Stop(
        "PostgreSQL's server programs are missing: install PostgreSQL 13 or newer, "
        "or set PGHOST to a running server."
    )


def _client(name: str) -> str:
    if not _candidates(name):
        debian.install(["postgresql-client"], f"The program '{name}' is missing")
    if found := _candidates(name):
        return str(found[0])
    raise Stop(f"The program '{name}' is missing: install PostgreSQL's client.")


def client(name: str) -> str:
    """Return a client program such as psql."""
    return _client(name)
