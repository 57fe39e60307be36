"""Odoo 19: the checkout named by ODOO_HOME, or Debian's package in the cache.

No package index holds Odoo. Debian's ``sid`` suite does, for every architecture.
It is not installed (that would replace the machine's Python) but downloaded and
unpacked into the user's cache, where all checkouts share it read-only. The mirror
and the keys are the machine's own: no host is written here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .steps import Stop, is_root, lock, run, say, step

SERIES = "19.0"
PACKAGE = "odoo-19"
# The version all of this was tried with; a newer 19.0 is taken and said.
TRIED_VERSION = "19.0.0+dfsg-1"
TRIED_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"

# Odoo's static files are links into these packages; without them every page is
# an error. Font Awesome must be the 4.7 of a stable suite: sid's lacks the files.
COMPANIONS = (
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
)
FROM_STABLE = ("fonts-font-awesome",)

# Listed in mail's assets but missing from Debian's repacked source: each backend
# page would log an error in the browser, which fails every browser test.
MISSING_FILES = ("mail/static/lib/selfie_segmentation/selfie_segmentation.js",)

# Suites whose Font Awesome is 4.7, as apt's configuration may name them.
DEBIAN_SUITES = ("bullseye", "bookworm", "trixie", "oldstable", "stable")

ALTERNATIVE = (
    "Get an Odoo 19.0 source checkout another way and run again with "
    "ODOO_HOME=/path/to/odoo."
)


@dataclass(frozen=True)
class Odoo:
    """A usable Odoo: what goes on Python's path, where its addons are."""

    python_path: Path
    addons_paths: tuple[Path, ...]
    version: str


def locate() -> Odoo:
    """Return Odoo, downloading it when neither given nor cached."""
    if home := os.environ.get("ODOO_HOME"):
        return _given(Path(home).expanduser().resolve())
    cache = paths.cache_dir()
    if found := _cached(cache):
        return found
    with lock("odoo", cache):
        return _cached(cache) or _download(cache)


def _given(home: Path) -> Odoo:
    for folder in (home, home / "usr/lib/python3/dist-packages"):
        if (folder / "odoo" / "release.py").exists():
            return _describe(folder, f"at {home}")
    raise Stop(
        f"ODOO_HOME={home} holds no Odoo (no odoo/release.py in it): "
        "point it at an Odoo 19.0 checkout, or unset it to download one."
    )


def _describe(folder: Path, version_note: str) -> Odoo:
    text = (folder / "odoo" / "release.py").read_text()
    found = re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE)
    series = f"{found[1]}.{found[2]}" if found else "unknown"
    if series != SERIES:
        raise Stop(
            f"The Odoo {version_note} is version {series}, but these addons are "
            f"for {SERIES}: give an Odoo {SERIES} in ODOO_HOME, or unset it."
        )
    addons = [folder / "addons", folder / "odoo" / "addons"]
    return Odoo(
        python_path=folder,
        addons_paths=tuple(p for p in addons if any(p.glob("*/__manifest__.py"))),
        version=f"{series} {version_note}",
    )


def _cached(cache: Path) -> Odoo | None:
    """Return the newest complete unpacked copy."""
    for stamp in sorted(cache.glob(f"{PACKAGE}_*/stamp.json"), reverse=True):
        try:
            version = json.loads(stamp.read_text())["version"]
            return _describe(_packages_dir(stamp.parent), f"package {version}")
        except (OSError, ValueError, KeyError):
            say(f"ignoring the damaged copy in {stamp.parent}")
    return None


def _packages_dir(prefix: Path) -> Path:
    return prefix / "usr" / "lib" / "python3" / "dist-packages"


def _download(cache: Path) -> Odoo:
    if not all(shutil.which(name) for name in ("apt-get", "dpkg-deb")):
        raise Stop(f"Odoo is fetched with apt, which is missing here. {ALTERNATIVE}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as temporary:
        work = Path(temporary)
        if is_root():
            # apt drops to its own user for downloads: let it write here.
            work.chmod(0o755)
        with step("Downloading Odoo 19 (130 MB)"):
            debs = _fetch(work)
        version, digest = _check(debs)
        prefix = work / "prefix"
        with step("Unpacking Odoo 19"):
            for deb in debs:
                run(["dpkg-deb", "-x", deb, prefix], what=f"unpacking {deb.name}")
            addons = _packages_dir(prefix) / "odoo" / "addons"
            for name in MISSING_FILES:
                path = addons / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            (prefix / "stamp.json").write_text(
                json.dumps({"version": version, "sha256": digest})
            )
            run(["chmod", "-R", "a-w,a+rX", prefix])
            prefix.chmod(0o755)
            target = cache / f"{PACKAGE}_{version}"
            shutil.rmtree(target, ignore_errors=True)
            prefix.rename(target)
    return _describe(_packages_dir(target), f"package {version}")


def _check(debs: list[Path]) -> tuple[str, str]:
    """Return the version and digest of Odoo's package, saying if it is untried."""
    odoo = next(deb for deb in debs if deb.name.startswith(f"{PACKAGE}_"))
    version = run(["dpkg-deb", "-f", odoo, "Version"]).strip()
    digest = hashlib.sha256(odoo.read_bytes()).hexdigest()
    if version == TRIED_VERSION and digest != TRIED_SHA256:
        raise Stop(
            f"The package {odoo.name} is not the one known by that version "
            f"(SHA-256 {digest}): the mirror is not to be trusted. {ALTERNATIVE}"
        )
    if version != TRIED_VERSION:
        say(f"Odoo {version} is newer than the tried {TRIED_VERSION}: going on")
    return version, digest


def _fetch(work: Path) -> list[Path]:
    """Download the packages with an apt state of our own; no root needed."""
    uri, suite, signed_by = _mirror()
    options = f" [signed-by={signed_by}]" if signed_by else ""
    sources = work / "sources.list"
    sources.write_text(
        f"deb{options} {uri} sid main\ndeb{options} {uri} {suite} main\n"
    )
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (work / folder).mkdir(parents=True)
    apt = [
        *("apt-get", "-q"),
        *("-o", f"Dir::Etc::sourcelist={sources}"),
        *("-o", "Dir::Etc::sourceparts=-"),
        *("-o", "Dir::Etc::preferencesparts=-"),
        *("-o", f"Dir::State::lists={work / 'lists'}"),
        *("-o", f"Dir::Cache={work / 'cache'}"),
        *("-o", "Debug::NoLocking=1"),
        *("-o", "APT::Sandbox::User=root"),
    ]
    run([*apt, "update"], what="reading Debian's package list of the suite sid")
    wanted = [f"{name}/sid" for name in (PACKAGE, *COMPANIONS)]
    wanted += [f"{name}/{suite}" for name in FROM_STABLE]
    try:
        run([*apt, "download", *wanted], cwd=work / "debs")
    except Stop as error:
        raise Stop(
            f"Debian's suite sid no longer gives {PACKAGE} or one of its companions. "
            f"{ALTERNATIVE}\n{error}"
        ) from None
    return sorted((work / "debs").glob("*.deb"))


def _mirror() -> tuple[str, str, str]:
    """Read mirror, own suite and key from the machine's apt configuration."""
    folder = Path("/etc/apt")
    for path in [*folder.glob("sources.list.d/*.sources")]:
        for paragraph in re.split(r"\n\s*\n", path.read_text()):
            lines = [ln for ln in paragraph.splitlines() if not ln.startswith("#")]
            fields = dict(
                (key.strip().lower(), value.strip())
                for key, colon, value in (line.partition(":") for line in lines)
                if colon
            )
            uris = fields.get("uris", "").split()
            suites = fields.get("suites", "").split()
            if uris and suites and _is_debian(uris[0], suites[0]):
                return uris[0], suites[0], _key(fields.get("signed-by", ""))
    for path in [folder / "sources.list", *folder.glob("sources.list.d/*.list")]:
        for line in path.read_text().splitlines() if path.exists() else ():
            found = re.match(r"deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s", line + " ")
            if found and _is_debian(found[2], found[3]):
                key = re.search(r"signed-by=([^\s\]]+)", found[1] or "")
                return found[2], found[3], _key(key[1] if key else "")
    raise Stop(f"No Debian mirror is set up for apt on this machine. {ALTERNATIVE}")


def _is_debian(uri: str, suite: str) -> bool:
    """Tell a mirror of Debian's main archive from security and third-party ones."""
    return "security" not in uri and suite in DEBIAN_SUITES


def _key(value: str) -> str:
    """Return the key file, or Debian's own when apt's configuration names none."""
    if value and "\n" not in value and Path(value).exists():
        return value
    default = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    return str(default) if default.exists() else ""
