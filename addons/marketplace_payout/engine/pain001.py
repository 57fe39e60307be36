"""Map credit transfers to an ISO 20022 pain.001 file, through sepaxml.

Version 001.09 by default; 001.03 for banks that have not moved yet.

Sources: EPC132-08 (customer-to-bank implementation guidelines of the SEPA credit
transfer), EPC217-08 (character set and conversion table). Euro only.
"""

import re
from datetime import date, datetime
from typing import NamedTuple

from lxml import etree
from sepaxml import SepaTransfer
from sepaxml.validation import try_valid_xml
from text_unidecode import unidecode

SCHEMA = "pain.001.001.09"
NAMESPACE_PREFIX = "urn:iso:std:iso:20022:tech:xsd:"
NAMESPACE = NAMESPACE_PREFIX + SCHEMA

# Longest values, in characters.
MAX_NAME = 70
MAX_IDENTIFIER = 35
MAX_REMITTANCE = 140
MAX_ADDRESS_LINE = 70
MAX_TOWN = 35
MAX_POSTCODE = 16


class Party(NamedTuple):
    """One side of a transfer. ``address`` comes from :func:`hybrid_address`."""

    name: str
    iban: str
    bic: str | None = None
    address: dict | None = None


class Transfer(NamedTuple):
    """One credit transfer: ``amount`` in cents, positive."""

    creditor: Party
    amount: int
    end_to_end_id: str
    remittance: str


def clean_text(text: str, limit: int) -> str:
    """Reduce a text to the SEPA character set and cut it.

    Latin letters lose their accents, other signs become a full stop (EPC217-08).

    >>> clean_text("Société  Générale & Cie — n° 5", 70)
    'Societe Generale + Cie - ndeg 5'
    >>> clean_text("a_b@c", 4)
    'a.b.'
    """
    latin = unidecode(text).replace("&", "+")
    allowed = re.sub(r"[^A-Za-z0-9/?:().,'+ -]", ".", re.sub(r"\s+", " ", latin))
    return re.sub(r"-+", "-", allowed)[:limit].strip()


def clean_identifier(text: str) -> str:
    """Reduce a reference to what every bank gives back unchanged.

    At most 35 characters; no slash at either end and no double slash (EPC132-08).

    :raises ValueError: when it is too long: cutting it could make two of them equal.

    >>> clean_identifier("/PAY/2026//00001-7")
    'PAY/2026/00001-7'
    """
    identifier = re.sub(r"/+", "/", clean_text(text, len(text) * 4)).strip("/")
    if not 0 < len(identifier) <= MAX_IDENTIFIER:
        raise ValueError(f"{text!r} does not fit in {MAX_IDENTIFIER} characters")
    return identifier


def hybrid_address(
    lines: list[str], postcode: str, town: str, country: str
) -> dict | None:
    """Return a hybrid address: town and country apart, the street in free lines.

    Fully free addresses are refused by banks from November 2026; an address
    without town or country is therefore left out (it is optional inside the EEA).

    >>> hybrid_address(["1 rue de l'Œuf"], "75001", "Paris", "FR")["lines"]
    ["1 rue de l'OEuf"]
    >>> hybrid_address(["1 rue"], "75001", "", "FR")
    """
    if not (town and country):
        return None
    address = {"town": clean_text(town, MAX_TOWN), "country": country.upper()}
    if postcode:
        address["postcode"] = clean_text(postcode, MAX_POSTCODE)
    cleaned = [clean_text(line, MAX_ADDRESS_LINE) for line in lines if line]
    # Two lines at most in a hybrid address.
    address["lines"] = [line for line in cleaned if line][:2]
    return address


def credit_transfer_file(
    debtor: Party,
    transfers: list[Transfer],
    *,
    message_id: str,
    created: datetime,
    execution_date: date,
    schema: str = SCHEMA,
) -> bytes:
    """Return the XML file of one batch, valid against the ISO schema.

    One batch is one debtor account, one currency and one day. The same input gives
    the same bytes. ``message_id`` also names the batch.

    :raises ValueError: for an amount that is not positive.
    :raises sepaxml.validation.ValidationError: when the schema refuses a value.
    """
    document = SepaTransfer(
        {**party_values(debtor), "batch": True, "currency": "EUR"},
        schema=schema,
        clean=False,  # cleaned here, by the rules of the EPC
    )
    for transfer in transfers:
        if transfer.amount <= 0:
            raise ValueError(f"{transfer.end_to_end_id}: nothing to transfer")
        document.add_payment(
            {
                **party_values(transfer.creditor),
                "amount": transfer.amount,
                "execution_date": execution_date,
                "description": clean_text(transfer.remittance, MAX_REMITTANCE),
                "endtoend_id": clean_identifier(transfer.end_to_end_id),
            }
        )
    root = etree.fromstring(document.export(validate=False))
    _stamp(root, NAMESPACE_PREFIX + schema, clean_identifier(message_id), created)
    content = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    try_valid_xml(content, schema)
    return content


def party_values(party: Party) -> dict:
    """Return a side of a transfer as sepaxml takes it."""
    values = {"name": clean_text(party.name, MAX_NAME), "IBAN": party.iban}
    if party.bic:
        values["BIC"] = party.bic
    if party.address:
        values["address"] = party.address
    return values


def _stamp(
    root: etree._Element, namespace: str, message_id: str, created: datetime
) -> None:
    """Put our identifiers and date in place of sepaxml's random ones and clock.

    Also says *not provided* for the bank of a debtor without BIC, as EPC132-08
    wants: sepaxml leaves an empty element, which the schema alone accepts.
    """

    def tag(name: str) -> str:
        return f"{{{namespace}}}{name}"

    for name, text in (
        ("MsgId", message_id),
        ("PmtInfId", message_id),
        ("CreDtTm", created.strftime("%Y-%m-%dT%H:%M:%S")),
    ):
        for element in root.iter(tag(name)):
            element.text = text
    for institution in root.iter(tag("FinInstnId")):
        if len(institution) == 0:
            other = etree.SubElement(institution, tag("Othr"))
            etree.SubElement(other, tag("Id")).text = "NOTPROVIDED"
