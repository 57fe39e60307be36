import doctest
import re
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sepaxml.validation import ValidationError

from odoo.addons.marketplace_payout.engine import pain001
from odoo.addons.marketplace_payout.engine.pain001 import Party, Transfer

SEPA_CHARACTERS = re.compile(r"[A-Za-z0-9/?:().,'+ -]*")
DEBTOR = Party(
    "Opérateur & Cie",
    "FR7630006000011234567890189",
    None,
    pain001.hybrid_address(["1 rue de l'Œuf", "Bât. B"], "75001", "Paris", "FR"),
)
VENDOR = Party("Ünïcode GmbH", "DE89370400440532013000", "COBADEFFXXX")


def write(transfers, message_id="PAY/00001"):
    return pain001.credit_transfer_file(
        DEBTOR,
        transfers,
        message_id=message_id,
        created=datetime(2026, 3, 11, 9, 30),
        execution_date=date(2026, 3, 12),
    )


def texts(content, path):
    root = etree.fromstring(content)
    return root.xpath(
        "//" + "/".join(f"n:{step}" for step in path.split("/")) + "/text()",
        namespaces={"n": pain001.NAMESPACE},
    )


def test_doctests():
    result = doctest.testmod(pain001)
    assert result.attempted and not result.failed


def test_file_says_who_pays_whom_how_much_and_when():
    content = write(
        [
            Transfer(VENDOR, 2833, "PAY/00001-0001", "SET/20260310/ACME Opérateur"),
            Transfer(VENDOR, 5, "PAY/00001-0002", "SET/20260310/B"),
        ]
    )
    assert texts(content, "MsgId") == ["PAY/00001"]
    assert texts(content, "CreDtTm") == ["2026-03-11T09:30:00"]
    assert texts(content, "GrpHdr/NbOfTxs") == ["2"]
    assert texts(content, "GrpHdr/CtrlSum") == ["28.38"]
    assert texts(content, "ReqdExctnDt/Dt") == ["2026-03-12"]
    assert texts(content, "DbtrAcct/Id/IBAN") == ["FR7630006000011234567890189"]
    assert texts(content, "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]
    assert texts(content, "Dbtr/Nm") == ["Operateur + Cie"]
    assert texts(content, "Dbtr/PstlAdr/TwnNm") == ["Paris"]
    assert texts(content, "Dbtr/PstlAdr/AdrLine") == ["1 rue de l'OEuf", "Bat. B"]
    assert texts(content, "InstdAmt") == ["28.33", "0.05"]
    assert texts(content, "EndToEndId") == ["PAY/00001-0001", "PAY/00001-0002"]
    assert texts(content, "CdtrAgt/FinInstnId/BICFI") == ["COBADEFFXXX"] * 2
    assert texts(content, "Cdtr/Nm") == ["Unicode GmbH"] * 2
    assert texts(content, "Ustrd")[0] == "SET/20260310/ACME Operateur"


def test_same_run_gives_the_same_bytes():
    transfers = [Transfer(VENDOR, 100, "A-1", "x")]
    assert write(transfers) == write(transfers)


@pytest.mark.parametrize("amount", [0, -1])
def test_amount_must_be_positive(amount):
    with pytest.raises(ValueError, match="nothing to transfer"):
        write([Transfer(VENDOR, amount, "A-1", "x")])


def test_malformed_iban_is_refused_by_the_schema():
    wrong = VENDOR._replace(iban="not an iban")
    with pytest.raises(ValidationError):
        write([Transfer(wrong, 100, "A-1", "x")])


def test_too_long_a_reference_is_refused_not_cut():
    """Cut references could be equal, and the bank line would not tell them apart."""
    with pytest.raises(ValueError, match="35 characters"):
        pain001.clean_identifier("R" * 36)


@given(st.text(max_size=200), st.integers(min_value=1, max_value=140))
def test_cleaned_text_is_sepa_text(text, limit):
    cleaned = pain001.clean_text(text, limit)
    assert len(cleaned) <= limit
    assert SEPA_CHARACTERS.fullmatch(cleaned)
    assert pain001.clean_text(cleaned, limit) == cleaned


@settings(max_examples=10, deadline=None)
@given(
    name=st.text(min_size=1, max_size=120).filter(
        lambda text: pain001.clean_text(text, 70)
    ),
    street=st.text(max_size=120),
    town=st.text(max_size=60),
    remittance=st.text(min_size=1, max_size=200).filter(
        lambda text: pain001.clean_text(text, 140)
    ),
    cents=st.integers(min_value=1, max_value=99_999_999_999),
)
def test_whatever_people_type_the_file_is_valid(name, street, town, remittance, cents):
    """The schema accepts every name and address a vendor may have."""
    address = pain001.hybrid_address([street], "", town, "FR")
    creditor = Party(name, "FR7630006000011234567890189", None, address)
    content = write([Transfer(creditor, cents, "A-1", remittance)])
    assert texts(content, "InstdAmt") == [f"{cents // 100}.{cents % 100:02d}"]
