"""Compare translation catalogues with freshly exported ones.

Called as ``check_catalogues.py FRESH ADDONS_DIR ADDON...`` with the environment's
Python (it needs polib). Prints one line per finding.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import polib


def findings(fresh: Path, addons_dir: Path, addon: str) -> Iterator[str]:
    """Yield what is wrong with one addon's catalogues."""
    folder = addons_dir / addon / "i18n"
    wanted = {entry.msgid for entry in polib.pofile(fresh / f"{addon}.pot")}
    for name in (f"{addon}.pot", "fr.po"):
        path = folder / name
        if not path.exists():
            yield f"{addon}: i18n/{name} is missing ('make i18n' writes it)"
            continue
        entries = {e.msgid: e for e in polib.pofile(path) if not e.obsolete}
        for msgid in sorted(wanted - entries.keys()):
            yield f"{addon}: i18n/{name} lacks {msgid!r} ('make i18n')"
        for msgid in sorted(entries.keys() - wanted):
            yield f"{addon}: i18n/{name} still has {msgid!r} ('make i18n')"
        if name.endswith(".po"):
            for msgid, entry in entries.items():
                if entry.fuzzy:
                    yield f"{addon}: i18n/{name} has a fuzzy entry, {msgid!r}"
                elif not entry.msgstr and not entry.msgstr_plural:
                    yield f"{addon}: i18n/{name} does not translate {msgid!r}"


def main() -> None:
    """Print the findings of all addons."""
    fresh, addons_dir, *addons = sys.argv[1:]
    for addon in addons:
        for text in findings(Path(fresh) / addon / "i18n", Path(addons_dir), addon):
            print(text)


if __name__ == "__main__":
    main()
