"""Start Odoo: effective configuration, environment, command lines."""

from __future__ import annotations

import os
from configparser import RawConfigParser
from dataclasses import dataclass
from io import StringIO

from . import odoo_install, paths, postgres, venv
from .steps import free_port

# Odoo's commands that take a command of their own, as in "i18n export".
NESTED_COMMANDS = ("db", "i18n", "module")


@dataclass(frozen=True)
class Site:
    """Everything needed to run Odoo in this checkout."""

    odoo: odoo_install.Odoo
    server: postgres.Server

    def env(self, **extra: str) -> dict[str, str]:
        """Return the environment of an Odoo process."""
        env = self.server.env()
        # Odoo's folder is read-only: compiled files go to the cache instead.
        env["PYTHONPYCACHEPREFIX"] = str(paths.cache_dir() / "pycache")
        env["PYTHONUNBUFFERED"] = "1"
        env.setdefault("LC_ALL", "C.UTF-8")
        env.pop("PYTHONPATH", None)
        return env | extra

    def command(self, *args: str, database: str | None = None) -> list[str]:
        """Return a command line of odoo-bin with our configuration.

        A leading argument without a dash is a sub-command and stays first.
        """
        rest = list(args)
        words = 2 if rest and rest[0] in NESTED_COMMANDS else 1
        sub = []
        while rest and len(sub) < words and not rest[0].startswith("-"):
            sub.append(rest.pop(0))
        line = [str(paths.PYTHON), str(paths.ODOO_BIN), *sub, "-c", str(paths.CONF)]
        if database:
            line += ["-d", database]
        return line + rest


def site() -> Site:
    """Return the site, making whatever of it does not exist yet."""
    paths.prepare_run()
    odoo = odoo_install.locate()
    venv.ensure(odoo)
    found = Site(odoo, postgres.server())
    _write_conf(found)
    return found


def serve_options(http_port: int, gevent_port: int, name: str) -> list[str]:
    """Return the options of a server for people: workers, one database, calm logs.

    The job runner starts with the workers. Warnings that Python code is deprecated
    are for tests.
    """
    return [
        "--workers=2",
        f"--http-port={http_port}",
        f"--gevent-port={gevent_port}",
        f"--db-filter=^{name}$",
        "--log-handler=py.warnings:ERROR",
    ]


def ports() -> list[str]:
    """Return options with two free ports, so that runs do not collide."""
    return [f"--http-port={free_port()}", f"--gevent-port={free_port()}"]


def _write_conf(found: Site) -> None:
    """Write .run/odoo.conf: the common settings plus those of this machine."""
    conf = RawConfigParser(comment_prefixes=("#", ";"), interpolation=None)
    conf.read(paths.BASE_CONF)
    folders = [*found.odoo.addons_paths]
    if any(paths.ADDONS_DIR.glob("*/__manifest__.py")):
        folders.insert(0, paths.ADDONS_DIR)
    conf["options"].update(
        {
            "addons_path": ",".join(str(folder) for folder in folders),
            "data_dir": str(paths.DATA_DIR),
            "db_host": found.server.host,
            "db_port": found.server.port,
            "db_user": found.server.user,
            # Pictures of pages on which a browser test failed.
            "screenshots": str(paths.RUN / "screenshots"),
        }
    )
    buffer = StringIO()
    buffer.write("# Written by tools/odoo.py from odoo.conf: edit that file.\n")
    conf.write(buffer)
    if paths.CONF.exists() and paths.CONF.read_text() == buffer.getvalue():
        return
    draft = paths.CONF.with_suffix(f".{os.getpid()}")
    draft.write_text(buffer.getvalue())
    draft.replace(paths.CONF)
