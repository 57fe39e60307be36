import doctest
import hashlib
import hmac
import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.marketplace_payout.engine import (
    answers,
    bank_message,
    payee_check,
    psp,
)
from odoo.addons.marketplace_payout.engine.answers import Answer, decide

# By its path: importing the package of the addon's tests would need a database.
FILES = Path(answers.__file__).parents[1] / "tests" / "bank_files.py"
spec = importlib.util.spec_from_file_location("bank_files", FILES)
bank_files = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bank_files)

NEXT = {"confirm": "confirmed", "fail": "failed", "return": "returned"}


@pytest.mark.parametrize("module", [answers, payee_check, psp])
def test_doctests(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def play(kinds):
    """Return the last state of a payout, and what its answers moved."""
    state, moved = "sent", []
    for kind in kinds:
        action = decide(state, Answer(kind), 100)
        if action in NEXT:
            state = NEXT[action]
            moved.append(action)
    return state, moved


@given(st.permutations(["accepted", "accepted", "booked", "booked", "returned"]))
def test_a_returned_payout_ends_returned_in_any_order(kinds):
    state, moved = play(kinds)
    assert state == "returned"
    assert moved.count("return") == 1 and moved.count("confirm") <= 1


@given(st.permutations(["accepted", "booked", "booked", "accepted"]))
def test_a_paid_payout_is_paid_once_in_any_order(kinds):
    assert play(kinds) == ("confirmed", ["confirm"])


@given(st.permutations(["accepted", "rejected", "rejected"]))
def test_a_refused_payout_is_refused_once_in_any_order(kinds):
    assert play(kinds) == ("failed", ["fail"])


def test_contradictions_are_problems_not_changes():
    assert decide("failed", Answer("booked"), 100) == "booked_after_failure"
    assert decide("confirmed", Answer("rejected"), 100) == "rejected_after_booking"
    assert decide("failed", Answer("returned"), 100) == "returned_after_failure"


def test_status_report():
    message = bank_message.read_message(
        bank_files.pain002(
            "PAY/1", [("PAY/1-1", "RJCT", "AC01"), ("PAY/1-2", "ACSC", "")], "PART"
        )
    )
    assert message.kind == "pain.002"
    assert [
        (line.reference, line.batch, line.answer.kind, line.answer.code)
        for line in message.lines
    ] == [
        ("", "PAY/1", "accepted", ""),
        ("PAY/1-1", "PAY/1", "rejected", "AC01"),
        ("PAY/1-2", "PAY/1", "booked", ""),
    ]


@pytest.mark.parametrize("version", ["02", "08"])
def test_statement(version):
    status = "<Sts>BOOK</Sts>" if version == "02" else "<Sts><Cd>BOOK</Cd></Sts>"
    message = bank_message.read_message(
        bank_files.camt053(
            bank_files.entry("PAY/1-1", "39.00", "2026-03-22", status=status),
            bank_files.entry(
                "PAY/1-1", "35.00", "2026-03-24", True, "AC04", "4.00", status
            ),
            bank_files.entry("PAY/1-2", "1.00", "2026-03-22", status="<Sts>PDNG</Sts>"),
            bank_files.batch_entry("PAY/2", "80.00", "2026-03-22"),
            version=version,
        )
    )
    booked, returned, batch = message.lines
    assert (booked.answer.kind, booked.answer.amount) == ("booked", 3900)
    assert booked.currency == "EUR"
    assert str(booked.answer.date) == "2026-03-22"
    assert returned.answer[0::2] == ("returned", 3500, "AC04")
    assert returned.answer.fee == 400
    assert (batch.reference, batch.batch) == ("", "PAY/2")
    assert batch.answer.amount is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not readable"),
        (b"<Document/>", "no pain.002"),
        (b"<Document><Other/></Document>", "no pain.002"),
        (
            b"<!DOCTYPE d [<!ENTITY x 'y'>]><Document><BkToCstmrStmt/></Document>",
            "document type",
        ),
    ],
)
def test_other_files_are_refused(content, why):
    with pytest.raises(bank_message.MessageError, match=why):
        bank_message.read_message(content)


def test_amount_that_is_none():
    content = bank_files.camt053(bank_files.entry("PAY/1-1", "x", "2026-03-22"))
    with pytest.raises(bank_message.MessageError, match="no amount"):
        bank_message.read_message(content)


def test_signature_window_and_several_secrets():
    now = int(time.time())
    good = sign("new", now, b"{}")
    psp.verify_signature(f"{good},v1=00", b"{}", "new", now, 300)
    for header, body, secret, when in (
        (good, b"{ }", "new", now),
        (good, b"{}", "old", now),
        (good, b"{}", "", now),
        (good, b"{}", "new", now + 301),
        (good, b"{}", "new", now - 301),
        ("v1=00", b"{}", "new", now),
        ("t=\u0663,v1=\u0663", b"{}", "new", now),
    ):
        with pytest.raises(psp.SignatureRefusedError):
            psp.verify_signature(header, body, secret, when, 300)


def sign(secret, stamp, body):
    payload = str(stamp).encode() + b"." + body
    return (
        f"t={stamp},v1={hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()}"
    )
