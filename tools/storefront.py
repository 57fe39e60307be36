"""The Vendure storefront: packages, database, process."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from . import database, paths, processes
from .odoo import Site
from .steps import Stop, lock, run, step

MIN_NODE = 20
# The adapter's webhook route in marketplace_connector; the last part is the
# storefront's code.
WEBHOOK_PATH = "/marketplace/webhook/vendure"
UP_SECONDS = 90


def is_present() -> bool:
    """Tell whether this checkout has the storefront."""
    return (paths.STOREFRONT_DIR / "package-lock.json").exists()


def ensure_node() -> None:
    """Stop unless a recent enough Node.js and npm are on the PATH."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise Stop(
            f"Node.js {MIN_NODE} or newer and npm are needed for the storefront: "
            "install them and run again."
        )
    version = run(["node", "--version"]).strip()
    found = re.match(r"v(\d+)", version)
    if not found or int(found[1]) < MIN_NODE:
        raise Stop(
            f"Node.js {version} is too old for the storefront: "
            f"install version {MIN_NODE} or newer."
        )


def install(folder: Path = paths.STOREFRONT_DIR) -> None:
    """Install the npm packages of a folder's lock file, once."""
    ensure_node()
    stamp = folder / "node_modules" / ".marketplace-stamp"
    content = (folder / "package-lock.json").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with lock(f"storefront-{folder.name}"):
        if stamp.exists() and stamp.read_text() == digest:
            return
        with step(f"npm packages of {folder.relative_to(paths.ROOT)}"):
            npm_ci(folder)
        stamp.write_text(digest)


def npm_ci(folder) -> None:
    """Run ``npm ci`` without scripts: nothing is built or fetched beside npm."""
    run(
        [
            *("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"),
            *("--prefer-offline", "--loglevel=error"),
        ],
        cwd=folder,
        log=paths.LOG_DIR / "npm.log",
        what=f"npm ci in {folder.relative_to(paths.ROOT)}",
    )


def start(
    site: Site, name: str, port: int, *, odoo_url: str = "", secret: str = ""
) -> processes.Child:
    """Start the shop on its own database and wait until it answers.

    Without the address of Odoo, it tells nobody of its orders.
    """
    install()
    if not database.exists(site, name):
        site.server.psql(f'CREATE DATABASE "{name}" TEMPLATE template0')
    env = {
        **site.server.env(),
        "PGDATABASE": name,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "CONNECTOR_URL": odoo_url and odoo_url + WEBHOOK_PATH,
        "CONNECTOR_SECRET": secret,
        "VENDURE_DISABLE_TELEMETRY": "true",
        "NODE_ENV": "production",
    }
    with step(f"Vendure on 127.0.0.1:{port}"):
        child = processes.start(
            "The storefront (Vendure)",
            ["node", "index.js"],
            env,
            paths.LOG_DIR / f"vendure-{name}.log",
            paths.STOREFRONT_DIR,
        )
        try:
            processes.wait_until_up(
                child, f"http://127.0.0.1:{port}/health", UP_SECONDS
            )
        except BaseException:
            child.stop()
            raise
    return child
