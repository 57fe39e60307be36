"""Write the DAC7 message of a platform operator, with the library of the French format.

No odoo import. The library carries the schema of the French authority (DGFiP) and
writes that format only. The format of the OECD, which other authorities take, has the
same structure: it is made from the French one, validated before, by other namespaces
and names.
"""

import json
from functools import cache

from dac7.constants import Env
from dac7.core import DAC7_SCHEMA, json_to_xml
from dac7.models import flat
from dac7.models.enums import CountryCode, EUCountryCode
from dac7.naming import build_filename
from lxml import etree
from xmlschema import XMLSchema10, XMLSchemaException

EU_COUNTRIES = frozenset(EUCountryCode)
FRENCH, OECD = "fr", "oecd"
DPI = {FRENCH: "urn:oecd:ties:dpi", OECD: "urn:oecd:ties:dpi:v1"}
STF = {FRENCH: "urn:oecd:ties:dpistf", OECD: "urn:oecd:ties:dpistf:v1"}
# Elements of the French format -> of the OECD's.
OECD_NAMES = {f"TaxesQ{number}": f"TaxQ{number}" for number in range(1, 5)}
# DocTypeIndic of what a message says of a seller.
DOC_TYPES = {"new": "OECD1", "corrected": "OECD2", "deleted": "OECD3"}
TEST_DOC_TYPES = {"new": "OECD11", "corrected": "OECD12", "deleted": "OECD13"}
COUNTRY_ELEMENTS = ("TransmittingCountry", "ReceivingCountry")
REFERENCE_ELEMENTS = ("MessageRefId", "DocRefId", "CorrDocRefId")
# Stands where the French format wants a SIREN; the OECD's reference follows it.
NO_SIREN = "000000000"


class FileError(ValueError):
    """Refuse a message that the schema or the rules of the authority refuse."""


class IndividualSeller(flat.ReportableIndividualSeller):
    """A person whose place of birth is not known: a tax number replaces it."""

    birth_city: str | None = None
    birth_country_code: CountryCode | None = None

    def get_birth_place_dpi(self):
        if not (self.birth_city and self.birth_country_code):
            return None
        return super().get_birth_place_dpi()


class Message(flat.Declaration):
    """A declaration that names itself and its sellers by our own reference."""

    reference: str
    reportable_individual_sellers: list[IndividualSeller] = []

    @property
    def ref_id_prefix(self):
        return self.reference


def references(profile, year, operator, country, number, sellers, test=0):
    """Return the references of a message: its own, and those of its sellers.

    :param operator: number of the operator at the authority.
    :param sellers: [(seller id, version)].
    :param test: which test of the message it is, 0 for the real one.
    :return: (MessageRefId, {(seller id, version): DocRefId})

    >>> references("fr", 2026, "732829320", "FR", 1, [("7", 2)])
    ('OP_2026_732829320_d1', {('7', 2): 'OP_2026_732829320_7_v2'})
    >>> references("oecd", 2026, "12345", "DE", 3, [])[0]
    'DE_2026_12345_d3'
    >>> references("fr", 2026, "732829320", "FR", 1, [], test=2)[0]
    'OP_2026_732829320_t2_d1'
    """
    head = "OP" if profile == FRENCH else country
    prefix = f"{head}_{year}_{operator}" + _test_mark(test)
    return f"{prefix}_d{number}", {
        (seller, version): f"{prefix}_{seller}_v{version}"
        for seller, version in sellers
    }


def _test_mark(test):
    """Return what keeps references of a test apart from those that are filed."""
    return f"_t{test}" if test else ""


def build(profile, message_type, message, sellers):
    """Return the XML text of a message, validated.

    :param message: dict(year, number, timestamp, country, operator, test): the operator
        as the library's ``PlatformOperator`` takes him; ``test`` as for
        :func:`references`, with the indicators of test data.
    :param sellers: [dict(data, version, change, is_person)]: ``data`` as the library's
        sellers take it; ``change``: new, corrected or deleted, against the version
        before.
    :raises FileError: with what the schema or the rules refuse.
    """
    year = message["year"]
    number = message["operator"]["tax_identification_numbers"][0]["value"]
    french = f"OP_{year}_{number}"
    if profile == OECD:
        french = f"OP_{year}_{NO_SIREN}_{number}"
    test = message["test"]
    french += _test_mark(test)
    doc_types = TEST_DOC_TYPES if test else DOC_TYPES
    groups = {True: [], False: []}
    for seller in sellers:
        groups[seller["is_person"]].append(
            {**seller["data"], "version": seller["version"]}
        )
    try:
        declaration = Message(
            reference=french,
            fiscal_year=year,
            declaration_id=message["number"],
            timestamp=message["timestamp"],
            platform_operator=message["operator"],
            other_platform_operators={},
            reportable_entity_sellers=groups[False],
            reportable_individual_sellers=groups[True],
            env=Env.TEST if test else Env.PROD,
        )
        data = declaration.get_dpi().model_dump(
            by_alias=True, exclude_defaults=True, mode="json"
        )
        data["dpi:MessageSpec"]["dpi:MessageTypeIndic"] = message_type
        changes = {
            f"{french}_{seller['data']['seller_id']}_v{seller['version']}": seller[
                "change"
            ]
            for seller in sellers
        }
        for item in data["dpi:DPIBody"].get("dpi:ReportableSeller", ()):
            spec = item["dpi:DocSpec"]
            change = changes[spec["stf:DocRefId"]]
            spec["stf:DocTypeIndic"] = doc_types[change]
            # reported anew after a deletion: corrects nothing
            if change == "new":
                spec.pop("stf:CorrDocRefId", None)
        xml = json_to_xml(json.dumps(data))
        validate(xml)
    except (ValueError, XMLSchemaException) as error:
        raise FileError(str(error)) from error
    if profile == OECD:
        return _to_oecd(xml, message["country"], f"OP_{year}_{NO_SIREN}_", year)
    return xml


def validate(xml):
    """Check a message in the French format against the authority's schema.

    :raises XMLSchemaException: where it is not valid.
    """
    _schema().validate(xml)


@cache
def _schema():
    return XMLSchema10(DAC7_SCHEMA)


def _to_oecd(xml, country, prefix, year):
    """Return the message in the format of the OECD: same structure, other names."""
    names = {DPI[FRENCH]: DPI[OECD], STF[FRENCH]: STF[OECD]}
    source = etree.fromstring(xml.encode())
    root = _renamed(source, names, OECD_NAMES)
    for element in root.iter():
        name = etree.QName(element).localname
        if name in COUNTRY_ELEMENTS:
            element.text = country
        elif name in REFERENCE_ELEMENTS:
            element.text = element.text.replace(prefix, f"{country}_{year}_", 1)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()


def _renamed(source, names, elements):
    """Return a copy of a tree in other namespaces: {old: new}, for elements alike."""
    prefixes = {prefix: names.get(uri, uri) for prefix, uri in source.nsmap.items()}
    name = etree.QName(source)
    copy = etree.Element(
        etree.QName(
            names.get(name.namespace, name.namespace),
            elements.get(name.localname, name.localname),
        ),
        dict(source.attrib),
        nsmap=prefixes,
    )
    copy.text, copy.tail = source.text, source.tail
    copy.extend(_renamed(child, names, elements) for child in source)
    return copy


def file_name(profile, message_ref, number, timestamp):
    """Return the name that the authority wants of the file.

    >>> from datetime import datetime
    >>> file_name("fr", "OP_2026_732829320_d1", 1, datetime(2027, 1, 20, 10))
    'DPIDAC7_2026_732829320_001_20270120100000.xml'
    >>> file_name("oecd", "DE_2026_12345_d1", 1, datetime(2027, 1, 20, 10))
    'DE_2026_12345_d1.xml'
    """
    if profile == OECD:
        return f"{message_ref}.xml"
    text = timestamp.strftime("%Y-%m-%dT%H:%M:%S.000")
    return f"{build_filename(message_ref, text, number)}.xml"
