"""Check the numbers of a legal identity, with python-stdnum. Pure, no lookup anywhere.

``stdnum.iban`` is not used: inside Odoo the import hook hides the tables it reads. The
modules below carry their rules in code and load there (see ``test_vendor_identity``).
"""

from importlib import import_module
from typing import NamedTuple

from stdnum import lei
from stdnum.exceptions import ValidationError
from stdnum.util import get_cc_module

# Countries whose VAT numbers start with other letters than their ISO code.
VAT_PREFIXES = {"EL": "GR", "XI": "GB"}
# Tax identification numbers of people or companies, by issuing country.
TIN_MODULES = {
    "BE": ("be.nn", "be.vat"),
    "CZ": ("cz.rc", "cz.dic"),
    "DE": ("de.idnr",),
    "DK": ("dk.cpr", "dk.cvr"),
    "ES": ("es.nif",),
    "FI": ("fi.hetu", "fi.ytunnus"),
    "FR": ("fr.nif", "fr.siren"),
    "IE": ("ie.pps", "ie.vat"),
    "IT": ("it.codicefiscale", "it.iva"),
    "NL": ("nl.bsn", "nl.btw"),
    "PL": ("pl.pesel", "pl.nip"),
    "PT": ("pt.nif",),
    "RO": ("ro.cnp", "ro.cf"),
    "SE": ("se.personnummer", "se.orgnr"),
}
REGISTRY_MODULES = {
    "BE": ("be.vat",),
    "DK": ("dk.cvr",),
    "FI": ("fi.ytunnus",),
    "FR": ("fr.siren",),
    "IT": ("it.iva",),
    "PT": ("pt.nif",),
    "SE": ("se.orgnr",),
}
ESTABLISHMENT_MODULES = {"FR": ("fr.siret",)}
MODULES = {
    "tin": TIN_MODULES,
    "registry": REGISTRY_MODULES,
    "establishment": ESTABLISHMENT_MODULES,
}


class Check(NamedTuple):
    """What is known of a number: its compact form, and whether its rules allow it.

    ``valid`` is None where no rule is known for the country.
    """

    number: str
    valid: bool | None


def check_number(kind: str, country: str, number: str) -> Check:
    """Check a number by the rules of the country that issued it.

    :param kind: ``vat``, ``tin``, ``registry``, ``establishment``, ``lei``, or any
        other kind, which has no rules.
    :param country: ISO 3166 code; ignored for a LEI.

    >>> check_number("registry", "FR", "732 829 320")
    Check(number='732829320', valid=True)
    >>> check_number("establishment", "FR", "732 829 320 00075")
    Check(number='732 829 320 00075', valid=False)
    >>> check_number("vat", "GR", "EL 094259216")
    Check(number='EL094259216', valid=True)
    >>> check_number("tin", "US", " 12-345 ")
    Check(number='12-345', valid=None)
    """
    number = number.strip().upper()
    rules = [import_module(f"stdnum.{name}") for name in _rule_names(kind, country)]
    if kind == "lei":
        rules = [lei]
    elif kind == "vat":
        rules = [rule for rule in [_vat_rule(country, number)] if rule]
    if not rules:
        return Check(number, None)
    for rule in rules:
        try:
            compact = rule.validate(number)
            # the rules of VAT drop the prefix, which says who issued the number
            return Check(number.replace(" ", "") if kind == "vat" else compact, True)
        except ValidationError:
            continue
    return Check(number, False)


def _rule_names(kind: str, country: str) -> tuple[str, ...]:
    return MODULES.get(kind, {}).get(country, ())


def _vat_rule(country: str, number: str):
    """Return the rules of a VAT number: by its own prefix, else by the country."""
    prefix = number[:2]
    if prefix.isalpha():
        country = VAT_PREFIXES.get(prefix, prefix)
    return get_cc_module(country.lower(), "vat")
