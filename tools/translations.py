"""Translations: templates and French catalogues, exported and checked."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import database, paths, suite
from .odoo import Site
from .steps import run, say, step

DATABASE = "mkp_i18n"
SCRIPT = Path(__file__).with_name("catalogues.py")


def export(site: Site) -> int:
    """Write i18n/ADDON.pot and bring i18n/fr.po up to it, in all addons."""
    say("Catalogues written:")
    print(_catalogues("merge", _fresh_templates(site)), end="")
    return 0


def check(site: Site) -> int:
    """Compare the catalogues with a fresh export, and judge the translations.

    Nothing may be missing, left over, fuzzy or without its placeholders. The export
    goes to a folder of its own: a check changes nothing.
    """
    text = _catalogues("check", _fresh_templates(site))
    print(text, end="")
    findings = len(text.splitlines())
    say(f"translations: {findings or 'no'} findings")
    return 1 if findings else 0


def _catalogues(action: str, fresh: Path) -> str:
    return run(
        [
            *(paths.PYTHON, SCRIPT, action, fresh, paths.ADDONS_DIR),
            *paths.present_addons(),
        ]
    )


def _fresh_templates(site: Site) -> Path:
    """Export every addon's template in one run of Odoo; return their folder.

    Odoo is not asked for fr.po: it leaves out translations equal to their source, and
    reads those of the code from the very file it would be writing.
    """
    fresh = paths.RUN / "i18n"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    jobs = [(addon, str(fresh / f"{addon}.pot")) for addon in paths.present_addons()]
    code = (
        "from odoo.tools.translate import trans_export\n"
        f"for addon, path in {jobs!r}:\n"
        "    with open(path, 'wb') as output:\n"
        "        trans_export(None, [addon], output, 'po', env)\n"
        "\n"
    )
    source = suite.suite_database(site)
    with step("Exporting translations"):
        database.copy(site, source, DATABASE)
        database.run_python(site, DATABASE, code, database.fresh_log("i18n"))
        database.drop(site, DATABASE)
    return fresh
