"""Merge freshly exported templates into the catalogues, or compare them.

Called as ``catalogues.py merge|check FRESH ADDONS_DIR ADDON...`` with the environment's
Python (it needs polib); FRESH holds one ``ADDON.pot`` per addon. Prints one line per
catalogue written, or per finding.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib

HEADER = {
    "Project-Id-Version": "Odoo Server 19.0",
    "Language": "fr",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n > 1);",
}
# What is computed inside a term: Python formats, inline templates, QWeb directives.
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%[%sd]|\{\{.*?\}\}|\bt-[\w-]+=\"[^\"]*\"")


def merge(fresh: Path, addons_dir: Path, addon: str) -> Iterator[str]:
    """Write one addon's template and bring its French catalogue up to it.

    Translations are kept by their source term; new terms come untranslated. Yield
    the names of the files that changed.
    """
    folder = addons_dir / addon / "i18n"
    folder.mkdir(exist_ok=True)
    template = polib.pofile(fresh / f"{addon}.pot")
    path = folder / f"{addon}.pot"
    # The export's date alone is no reason to write.
    if not path.exists() or _references(path) != _references(template):
        path.write_bytes((fresh / path.name).read_bytes())
        yield f"{addon}: {path.name}"

    path = folder / "fr.po"
    french = polib.pofile(path) if path.exists() else polib.POFile()
    known = {entry.msgid: entry for entry in french}
    merged = polib.POFile()
    merged.header = f"French translation of {addon}; terms: docs/translations.md."
    merged.metadata = HEADER
    for entry in template:
        if translated := known.get(entry.msgid):
            entry.msgstr, entry.flags = translated.msgstr, translated.flags
        merged.append(entry)
    if not path.exists() or path.read_text() != str(merged):
        path.write_text(str(merged))
        missing = len(merged.untranslated_entries())
        yield f"{addon}: {path.name}, {missing or 'no'} terms to translate"


def check(fresh: Path, addons_dir: Path, addon: str) -> Iterator[str]:
    """Yield what is wrong with one addon's catalogues."""
    folder = addons_dir / addon / "i18n"
    wanted = _references(fresh / f"{addon}.pot")
    for name in (f"{addon}.pot", "fr.po"):
        path = folder / name
        if not path.exists():
            yield f"{addon}: i18n/{name} is missing ('make i18n' writes it)"
            continue
        found = _references(path)
        for msgid in sorted(wanted.keys() - found.keys()):
            yield f"{addon}: i18n/{name} lacks {msgid!r} ('make i18n')"
        for msgid in sorted(found.keys() - wanted.keys()):
            yield f"{addon}: i18n/{name} still has {msgid!r} ('make i18n')"
        for msgid in sorted(found.keys() & wanted.keys()):
            # Odoo loads a term into the records named by its references only.
            if found[msgid] != wanted[msgid]:
                yield f"{addon}: i18n/{name} misplaces {msgid!r} ('make i18n')"
    if (path := folder / "fr.po").exists():
        for entry in polib.pofile(path):
            if problem := _problem(entry):
                yield f"{addon}: i18n/fr.po {problem} {entry.msgid!r}"


def _references(catalogue: Path | polib.POFile) -> dict[str, set]:
    """Return where each term of a catalogue is used."""
    if isinstance(catalogue, Path):
        catalogue = polib.pofile(catalogue)
    return {
        entry.msgid: {place for place, _line in entry.occurrences}
        for entry in catalogue
        if not entry.obsolete
    }


def _problem(entry: polib.POEntry) -> str | None:
    """Say what is wrong with one translation.

    >>> _problem(polib.POEntry(msgid="%(n)s left", msgstr="reste %(m)s"))
    'loses or adds a placeholder in'
    >>> _problem(polib.POEntry(msgid="%(n)s left", msgstr="reste %(n)s"))
    """
    if entry.fuzzy:
        return "has a fuzzy translation of"
    if not entry.msgstr:
        return "does not translate"
    inside, translated = (
        Counter(PLACEHOLDER.findall(text)) for text in (entry.msgid, entry.msgstr)
    )
    return None if inside == translated else "loses or adds a placeholder in"


def main() -> None:
    """Run one action over all addons and print what it yields."""
    action, fresh, addons_dir, *addons = sys.argv[1:]
    for addon in addons:
        yielded = {"merge": merge, "check": check}[action](
            Path(fresh), Path(addons_dir), addon
        )
        for text in yielded:
            print(text)


if __name__ == "__main__":
    main()
