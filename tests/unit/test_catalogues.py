"""The translation check of the tools finds each kind of fault."""

import polib
import pytest

from tools import catalogues

ADDON = "marketplace_example"
PLACE = [("code:addons/marketplace_example/models/example.py", "0")]


def _write(path, **translations):
    catalogue = polib.POFile()
    for msgid, msgstr in translations.items():
        catalogue.append(polib.POEntry(msgid=msgid, msgstr=msgstr, occurrences=PLACE))
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(path)
    return path


@pytest.fixture
def folders(tmp_path):
    """Return the fresh export's folder, the addons' folder and the path of fr.po."""
    fresh, addons = tmp_path / "fresh", tmp_path / "addons"
    folder = addons / ADDON / "i18n"
    for path in (fresh, folder):
        _write(path / f"{ADDON}.pot", **{"%(count)s offers": "", "Vendor": ""})
    french = {"%(count)s offers": "%(count)s offres", "Vendor": "Vendeur"}
    return fresh, addons, _write(folder / "fr.po", **french)


def _findings(fresh, addons, _french):
    return list(catalogues.check(fresh, addons, ADDON))


def test_complete_catalogue_has_no_finding(folders):
    assert _findings(*folders) == []


def test_template_without_a_term_of_the_source_is_out_of_date(folders):
    fresh, addons, _french = folders
    new = {"%(count)s offers": "", "Vendor": "", "Refund": ""}
    _write(fresh / f"{ADDON}.pot", **new)
    findings = _findings(*folders)
    assert len(findings) == 2
    assert all("lacks 'Refund'" in text for text in findings)


@pytest.mark.parametrize(
    ("msgstr", "flags", "finding"),
    [
        ("", [], "does not translate"),
        ("%(count)s offres", ["fuzzy"], "fuzzy"),
        ("offres", [], "placeholder"),
        ("%(number)s offres", [], "placeholder"),
    ],
)
def test_bad_translation_is_found(folders, msgstr, flags, finding):
    path = folders[2]
    french = polib.pofile(path)
    entry = french.find("%(count)s offers")
    entry.msgstr, entry.flags = msgstr, flags
    french.save()
    [found] = _findings(*folders)
    assert finding in found


def test_term_used_elsewhere_is_out_of_date(folders):
    """Odoo loads a term only where its references say."""
    path = folders[2]
    french = polib.pofile(path)
    french.find("Vendor").occurrences = []
    french.save()
    [found] = _findings(*folders)
    assert "misplaces 'Vendor'" in found


def test_merge_keeps_translations_and_drops_what_is_gone(folders):
    fresh, addons, path = folders
    _write(fresh / f"{ADDON}.pot", Vendor="", Refund="")
    assert len(list(catalogues.merge(fresh, addons, ADDON))) == 2
    merged = {entry.msgid: entry.msgstr for entry in polib.pofile(path)}
    assert merged == {"Vendor": "Vendeur", "Refund": ""}
    assert list(catalogues.merge(fresh, addons, ADDON)) == []
