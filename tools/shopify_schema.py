"""Shopify's published schema, out of a package of theirs with a known checksum."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from pathlib import Path

from . import paths, storefront
from .steps import Stop, lock, run, step

FOLDER = paths.ROOT / "storefronts" / "shopify"
WITHIN = "package/dist/data/"


def ensure() -> Path:
    """Fetch the schemas once; return the folder they are in."""
    pins = json.loads((FOLDER / "schema.json").read_text())
    target = paths.RUN / "shopify-schema" / pins["version"]
    if target.exists():
        return target
    storefront.ensure_node()
    with lock("shopify-schema"):
        if target.exists():
            return target
        with step(f"Shopify's schema ({pins['package']} {pins['version']})"):
            _fetch(pins, target)
    return target


def _fetch(pins: dict, target: Path) -> None:
    folder = target.parent
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{pins['package']}@{pins['version']}"
    output = run(
        [
            *("npm", "pack", name, "--json", "--prefer-offline"),
            *("--loglevel=error", f"--pack-destination={folder}"),
        ]
    )
    archive = folder / json.loads(output)[0]["filename"]
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if f"sha512-{base64.b64encode(digest).decode()}" != pins["integrity"]:
        archive.unlink()
        raise Stop(f"{name} is not the package that was checked: nothing was kept.")
    part = folder / f"{target.name}.part"
    part.mkdir(exist_ok=True)
    with tarfile.open(archive) as packed:
        for file in pins["files"].values():
            content = packed.extractfile(WITHIN + file)
            part.joinpath(file).write_bytes(content.read())
    archive.unlink()
    part.rename(target)
