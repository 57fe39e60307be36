"""Translations: templates and French catalogues, exported and checked."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import database, paths, suite
from .odoo import Site
from .steps import run, say, step

DATABASE = "mkp_i18n"
LANGUAGE = "fr_FR"
CHECK_SCRIPT = Path(__file__).with_name("check_catalogues.py")


def export(site: Site) -> int:
    """Write i18n/ADDON.pot and merge new terms into i18n/fr.po, in the addons."""
    suite.suite_database(site)
    with step("Exporting translations"):
        _export(site, paths.ADDONS_DIR)
    return 0


def check(site: Site) -> int:
    """Compare the catalogues with a fresh export: nothing missing, fuzzy or left over.

    The export goes to a copy: a check changes nothing.
    """
    fresh = paths.RUN / "i18n"
    shutil.rmtree(fresh, ignore_errors=True)
    with step("Exporting translations to compare with"):
        _export(site, fresh)
    text = run(
        [
            *(paths.PYTHON, CHECK_SCRIPT, fresh, paths.ADDONS_DIR),
            *paths.present_addons(),
        ]
    )
    print(text, end="")
    findings = len(text.splitlines())
    say(f"translations: {findings or 'no'} findings")
    return 1 if findings else 0


def _export(site: Site, target: Path) -> None:
    """Write all catalogues below ``target`` in one run of Odoo."""
    jobs = []
    for addon in paths.present_addons():
        folder = target / addon / "i18n"
        folder.mkdir(parents=True, exist_ok=True)
        jobs.append((addon, None, str(folder / f"{addon}.pot")))
        jobs.append((addon, LANGUAGE, str(folder / "fr.po")))
    code = (
        "from odoo.tools.translate import trans_export\n"
        f"for addon, language, path in {jobs!r}:\n"
        "    with open(path, 'wb') as output:\n"
        "        trans_export(language, [addon], output, 'po', env)\n"
        "\n"
    )
    database.copy(site, suite.suite_database(site), DATABASE)
    database.run_python(site, DATABASE, code, database.fresh_log("i18n"))
    database.drop(site, DATABASE)
