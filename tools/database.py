"""Databases with their filestores: the template, copies of it, removal."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import paths
from .odoo import Site
from .steps import Stop, lock, run, step

# The dependencies of the four addons, and what a French operator's books need.
# Modules that would install themselves beside these are left out: they make every
# later step slower and call addresses outside (SMS, snail mail, enrichment).
TEMPLATE_MODULES = (
    "sale_management",
    "sale_stock",
    "stock_account",
    "account",
    "account_edi_ubl_cii",
    "portal",
    "contacts",
    "l10n_fr_account",
    "queue_job",
)
COMPANY_SCRIPT = Path(__file__).with_name("template_company.py")
DONE = "script finished"


def template(site: Site) -> str:
    """Return the name of the template database, building it when missing."""
    name = f"mkp_tpl_{_template_key(site)}"
    with lock("template"):
        if not is_complete(site, name):
            drop_like(site, "mkp_tpl_")
            with step(f"Template database {name} (once, 1 to 2 minutes)"):
                _build_template(site, name)
    return name


def _template_key(site: Site) -> str:
    """Hash all that decides the template's content."""
    parts = [
        site.odoo.version,
        *TEMPLATE_MODULES,
        COMPANY_SCRIPT.read_text(),
        (paths.ROOT / "requirements-addons.txt").read_text(),
    ]
    if not site.server.is_private:
        # Another checkout may use the same server, and its files are not ours.
        parts.append(str(paths.ROOT))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]


def _build_template(site: Site, name: str) -> None:
    # A half-built one keeps its own name and is thrown away by the next run.
    draft = f"{name}_draft"
    drop(site, draft)
    log = fresh_log("template")
    run(
        site.command(
            *("-i", ",".join(TEMPLATE_MODULES), "--skip-auto-install"),
            *("--stop-after-init", "--no-http"),
            database=draft,
        ),
        env=site.env(),
        log=log,
        what="building the template database",
    )
    shell_script(site, draft, COMPANY_SCRIPT, log)
    rename(site, draft, name)


def rename(site: Site, draft: str, name: str) -> None:
    """Give a finished draft its name, and close it: it is only to be copied."""
    target = paths.FILESTORE / name
    shutil.rmtree(target, ignore_errors=True)
    if (paths.FILESTORE / draft).exists():
        (paths.FILESTORE / draft).rename(target)
    site.server.psql(f'ALTER DATABASE "{draft}" ALLOW_CONNECTIONS false')
    site.server.psql(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')


def shell_script(site: Site, name: str, script: Path, log: Path) -> None:
    """Run a script in an Odoo shell (``env`` is given); commit at its end."""
    path = str(script)
    run_python(
        site, name, f"exec(compile(open({path!r}).read(), {path!r}, 'exec'))", log
    )


def run_python(site: Site, name: str, code: str, log: Path) -> None:
    """Run code in an Odoo shell, with the project on Python's path; then commit.

    The shell's exit code does not tell an exception from an end: its last line does.
    """
    runner = log.with_suffix(".py")
    runner.write_text(
        f"import sys\nsys.path.insert(0, {str(paths.ROOT)!r})\n{code}\n"
        f"env.cr.commit()\nprint({DONE!r})\n"
    )
    start = log.stat().st_size if log.exists() else 0
    command = site.command(
        *("shell", "--no-http", "--shell-interface=python"), database=name
    )
    with runner.open() as handle, log.open("ab") as output:
        subprocess.run(
            command,
            stdin=handle,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=site.env(),
            cwd=paths.ROOT,
            check=False,
        )
    text = log.read_bytes()[start:].decode(errors="replace")
    if DONE not in text:
        tail = "\n".join(text.splitlines()[-20:])
        raise Stop(f"A script failed on database {name} (log {log}):\n{tail}")


def fresh_log(name: str) -> Path:
    """Return an empty log file of this name."""
    path = paths.LOG_DIR / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def check_name(name: str) -> str:
    """Refuse a database name that would need quoting, or is not for us."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,50}", name):
        raise Stop(
            f"'{name}' is no usable database name: lower-case letters, digits and _."
        )
    return name


def exists(site: Site, name: str) -> bool:
    """Tell whether the database is there."""
    sql = f"SELECT 1 FROM pg_database WHERE datname = '{check_name(name)}'"
    return bool(site.server.psql(sql))


def is_complete(site: Site, name: str) -> bool:
    """Tell whether a database is there and its files are in this checkout."""
    return exists(site, name) and (paths.FILESTORE / name).is_dir()


def drop_like(site: Site, prefix: str) -> None:
    """Remove outdated databases: those whose files are here, and broken drafts."""
    for name in site.server.psql(
        f"SELECT datname FROM pg_database WHERE starts_with(datname, '{prefix}')"
    ):
        if site.server.is_private or (paths.FILESTORE / name).is_dir():
            drop(site, name)


def drop(site: Site, name: str) -> None:
    """Remove a database, its connections and its filestore, if there."""
    site.server.psql(f'DROP DATABASE IF EXISTS "{check_name(name)}" WITH (FORCE)')
    shutil.rmtree(paths.FILESTORE / name, ignore_errors=True)


def copy(site: Site, source: str, target: str) -> None:
    """Replace ``target`` by a copy of ``source``, filestore included."""
    drop(site, target)
    site.server.psql(f'CREATE DATABASE "{target}" TEMPLATE "{check_name(source)}"')
    folder = paths.FILESTORE / source
    if folder.exists():
        # Files are named by their content and never changed: links are enough.
        shutil.copytree(folder, paths.FILESTORE / target, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
