"""The Medusa storefronts, plain and Mercur: packages, template database, process."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import database, paths, processes, storefront
from .odoo import Site
from .steps import lock, run, step

ADMIN = "operator@example.com"
PASSWORD = "operator-pass"
CLI = "node_modules/@medusajs/cli/cli.js"
UP_SECONDS = 120


@dataclass(frozen=True)
class Shop:
    """One of the shops that Medusa's server makes."""

    kind: str

    @property
    def folder(self) -> Path:
        """Return where its packages and configuration are."""
        return paths.ROOT / "storefronts" / self.kind

    @property
    def lock_digest(self) -> str:
        """Identify the packages it is made of."""
        content = (self.folder / "package-lock.json").read_bytes()
        return hashlib.sha256(content).hexdigest()


SHOPS = (Shop("medusa"), Shop("mercur"))


def present() -> list[Shop]:
    """Return the shops that this checkout has."""
    return [shop for shop in SHOPS if (shop.folder / "package-lock.json").exists()]


def install(shop: Shop) -> None:
    """Install the npm packages of the lock file, once.

    ``npm ci`` refuses locks that leave out optional packages of other platforms;
    ``npm install`` takes the versions of the lock and leaves it as it is.
    """
    storefront.ensure_node()
    stamp = shop.folder / "node_modules" / ".marketplace-stamp"
    with lock(f"storefront-{shop.kind}"):
        if stamp.exists() and stamp.read_text() == shop.lock_digest:
            return
        with step(f"npm packages of {shop.kind}"):
            run(
                [
                    *("npm", "install", "--ignore-scripts", "--omit=dev"),
                    *("--no-audit", "--no-fund", "--prefer-offline"),
                    "--loglevel=error",
                ],
                cwd=shop.folder,
                log=paths.LOG_DIR / f"npm-{shop.kind}.log",
                what=f"npm install in {shop.folder.relative_to(paths.ROOT)}",
            )
        stamp.write_text(shop.lock_digest)


def template(site: Site, shop: Shop) -> str:
    """Return an empty, migrated database with an operator, made once per lock file."""
    install(shop)
    prefix = f"mkp_{shop.kind}_"
    name = f"{prefix}{shop.lock_digest[:10]}"
    with lock(f"storefront-{shop.kind}"):
        if database.exists(site, name):
            return name
        if site.server.is_private:
            database.drop_like(site, prefix)
        draft = f"{name}_draft"
        database.drop(site, draft)
        site.server.psql(f'CREATE DATABASE "{draft}" TEMPLATE template0')
        with step(f"Template database of {shop.kind}"):
            _cli(site, shop, draft, "db:migrate")
            _cli(site, shop, draft, "user", "-e", ADMIN, "-p", PASSWORD)
        database.rename(site, draft, name)
    return name


def start(
    site: Site,
    shop: Shop,
    name: str,
    port: int,
    *,
    odoo_url: str,
    secret: str,
) -> processes.Child:
    """Start the shop on a fresh copy of its template and wait until it answers."""
    source = template(site, shop)
    database.copy(site, source, name)
    env = {
        **_env(site, name),
        "PORT": str(port),
        # The last part is the storefront's webhook key.
        "CONNECTOR_URL": f"{odoo_url}/marketplace/webhook/{shop.kind}",
        "CONNECTOR_SECRET": secret,
    }
    with step(f"{shop.kind.capitalize()} on 127.0.0.1:{port}"):
        child = processes.start(
            f"The storefront ({shop.kind})",
            ["node", CLI, "start", "--host", "127.0.0.1", "--port", str(port)],
            env,
            paths.LOG_DIR / f"{name}.log",
            shop.folder,
        )
        try:
            processes.wait_until_up(
                child, f"http://127.0.0.1:{port}/health", UP_SECONDS
            )
        except BaseException:
            child.stop()
            raise
    return child


def _cli(site: Site, shop: Shop, name: str, *command: str) -> None:
    run(
        ["node", CLI, *command],
        env=_env(site, name),
        cwd=shop.folder,
        log=paths.LOG_DIR / f"{shop.kind}-set-up.log",
        what=f"{shop.kind} {command[0]}",
    )


def _env(site: Site, name: str) -> dict[str, str]:
    return {
        **site.server.env(),
        "DATABASE_URL": _database_url(site, name),
        "HOST": "127.0.0.1",
        "MEDUSA_DISABLE_TELEMETRY": "true",
        "NODE_ENV": "production",
    }


def _database_url(site: Site, name: str) -> str:
    server = site.server
    password = os.environ.get("PGPASSWORD")
    user = quote(server.user, safe="") + (
        f":{quote(password, safe='')}" if password else ""
    )
    if server.host.startswith("/"):  # the folder of a socket
        host = quote(server.host, safe="")
        return f"postgres://{user}@/{name}?host={host}&port={server.port}"
    return f"postgres://{user}@{server.host}:{server.port}/{name}"
