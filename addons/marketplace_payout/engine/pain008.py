"""Map direct debits to an ISO 20022 pain.008 file, through sepaxml.

Version 001.08 by default; 001.02 for banks that have not moved yet. Sources: EPC130-08
and EPC131-08 (customer-to-bank guidelines of the SEPA core and B2B direct debit).
"""

from datetime import date, datetime
from typing import NamedTuple

from lxml import etree
from sepaxml import SepaDD
from sepaxml.validation import try_valid_xml

from .pain001 import (
    MAX_REMITTANCE,
    Party,
    clean_identifier,
    clean_text,
    party_values,
)

SCHEMA = "pain.008.001.08"
# Of a journal whose bank takes that version of transfers: the one of direct debits.
SCHEMA_BY_TRANSFERS = {
    "pain.001.001.09": SCHEMA,
    "pain.001.001.03": "pain.008.001.02",
}


class Debit(NamedTuple):
    """One direct debit: ``amount`` in cents, positive; ``sequence`` FRST or RCUR."""

    debtor: Party
    amount: int
    end_to_end_id: str
    remittance: str
    mandate: str
    mandate_date: date
    sequence: str


class NoBankCodeError(ValueError):
    """Version 001.02 wants the BIC of the account that collects."""


def direct_debit_file(
    creditor: Party,
    creditor_identifier: str,
    debits: list[Debit],
    *,
    scheme: str,
    message_id: str,
    created: datetime,
    collection_date: date,
    schema: str = SCHEMA,
) -> bytes:
    """Return the XML file of one run, valid against the ISO schema.

    Debits of one sequence are one batch, named by :func:`batch_identifier`. The same
    input gives the same bytes.

    :param scheme: CORE or B2B.
    :raises NoBankCodeError: where the version needs the BIC of the creditor.
    :raises ValueError: for an amount that is not positive.
    :raises sepaxml.validation.ValidationError: when the schema refuses a value.
    """
    if schema == "pain.008.001.02" and not creditor.bic:
        raise NoBankCodeError
    document = SepaDD(
        {
            **party_values(creditor),
            "batch": True,
            "creditor_id": creditor_identifier,
            "currency": "EUR",
            "instrument": scheme,
        },
        schema=schema,
        clean=False,  # cleaned here, by the rules of the EPC
    )
    for debit in debits:
        if debit.amount <= 0:
            raise ValueError(f"{debit.end_to_end_id}: nothing to collect")
        document.add_payment(
            {
                **party_values(debit.debtor),
                "amount": debit.amount,
                "type": debit.sequence,
                "collection_date": collection_date,
                "mandate_id": debit.mandate,
                "mandate_date": debit.mandate_date,
                "description": clean_text(debit.remittance, MAX_REMITTANCE),
                "endtoend_id": clean_identifier(debit.end_to_end_id),
            }
        )
    root = etree.fromstring(document.export(validate=False))
    _name_batches(root, clean_identifier(message_id), created)
    content = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    try_valid_xml(content, schema)
    return content


def batch_identifier(message_id: str, sequence: str) -> str:
    """Return the name of the batch of one sequence in a file.

    >>> batch_identifier("DEB/2026/00001", "FRST")
    'DEB/2026/00001-FRST'
    """
    return clean_identifier(f"{message_id}-{sequence}")


def _name_batches(root, message_id: str, created: datetime) -> None:
    """Put our identifiers and date in place of sepaxml's random ones and clock."""
    for element in root.iter("{*}MsgId"):
        element.text = message_id
    for element in root.iter("{*}CreDtTm"):
        element.text = created.strftime("%Y-%m-%dT%H:%M:%S")
    for batch in root.iter("{*}PmtInf"):
        sequence = batch.find("{*}PmtTpInf/{*}SeqTp").text
        batch.find("{*}PmtInfId").text = batch_identifier(message_id, sequence)
