"""Read what banks say about our credit transfers: pain.002, camt.053 and camt.054.

Every version of the three messages is read by element name, whatever its namespace:
the elements used here have kept their names since 2009 (status codes moved one level
down, which is handled). Sources: ISO 20022 message definition reports; EPC130-08
(return reasons of the SEPA credit transfer).
"""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from lxml import etree

from .answers import Answer

# Status of a payment or of a batch -> what it means for us. Others are no answer yet.
STATUSES = {
    "ACTC": "accepted",
    "ACCP": "accepted",
    "ACSP": "accepted",
    "ACWC": "accepted",
    "ACWP": "accepted",
    "PDNG": "accepted",
    "RCVD": "accepted",
    "PART": "accepted",
    "ACSC": "booked",
    "ACCC": "booked",
    "RJCT": "rejected",
    "CANC": "rejected",
}
ROOTS = {
    "CstmrPmtStsRpt": "pain.002",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
}
NOT_PROVIDED = "NOTPROVIDED"


class MessageError(ValueError):
    """The file is no message that this module reads; says why."""


class Line(NamedTuple):
    """One answer: about a payment (``reference``) or a whole batch (``batch``).

    ``is_credit`` is the direction of the entry on our account; None has no entry. The
    answer is in the words of a credit transfer: a direct debit turns them round.
    """

    reference: str
    batch: str
    answer: Answer
    currency: str = ""
    is_credit: bool | None = None


class Message(NamedTuple):
    """A message, its kind as in ``ROOTS``; ``identifier`` is the bank's own."""

    kind: str
    identifier: str
    lines: list[Line]


def read_message(content: bytes) -> Message:
    """Return the answers of a bank message.

    Amounts become minor units of two decimals, the only ones of euro transfers.

    :raises MessageError: when it is not one of the three messages.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise MessageError(f"not readable as XML ({error.msg})") from error
    if root.getroottree().docinfo.doctype:
        raise MessageError("a bank message holds no document type")
    body = root[0] if len(root) else None
    kind = ROOTS.get(_name(body)) if body is not None else None
    if kind is None:
        raise MessageError("no pain.002, camt.053 or camt.054")
    lines = _read_statuses(body) if kind == "pain.002" else _read_entries(body)
    return Message(kind, _text(body, "GrpHdr/MsgId"), lines)


# -- status reports -----------------------------------------------------------


def _read_statuses(body: etree._Element) -> list[Line]:
    lines = []
    group = _find(body, "OrgnlGrpInfAndSts")
    original = _text(group, "OrgnlMsgId") if group is not None else ""
    if group is not None and (answer := _status(group, "GrpSts")):
        lines.append(Line("", original, answer))
    for batch in _all(body, "OrgnlPmtInfAndSts"):
        payment_id = _text(batch, "OrgnlPmtInfId") or original
        answer = _status(batch, "PmtInfSts")
        if answer and not _all(batch, "TxInfAndSts"):
            lines.append(Line("", payment_id, answer))
        for payment in _all(batch, "TxInfAndSts"):
            # A transaction without its own status has the one of its batch.
            own = _status(payment, "TxSts") or answer
            if own:
                lines.append(Line(_text(payment, "OrgnlEndToEndId"), payment_id, own))
    return lines


def _status(element: etree._Element, name: str) -> Answer | None:
    kind = STATUSES.get(_text(element, name))
    if kind is None:
        return None
    reason = _find(element, "StsRsnInf")
    return Answer(
        kind,
        code=_code(reason),
        text=_text(reason, "AddtlInf") if reason is not None else "",
    )


# -- statements and notices -----------------------------------------------------------


def _read_entries(body: etree._Element) -> list[Line]:
    lines = []
    for entry in body.iter("{*}Ntry"):
        status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
        if status != "BOOK":
            continue
        day = _day(_text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm"))
        is_credit = _text(entry, "CdtDbtInd") == "CRDT"
        details = [
            transaction
            for group in _all(entry, "NtryDtls")
            for transaction in _all(group, "TxDtls")
        ]
        for transaction in details:
            lines += _read_transaction(entry, transaction, day, is_credit, details)
        if not details:
            lines += _read_batch(entry, day, is_credit)
    return lines


def _read_transaction(entry, transaction, day, is_credit, details) -> list[Line]:
    reference = _text(transaction, "Refs/EndToEndId")
    if reference in ("", NOT_PROVIDED):
        # Somebody else's payment, or a fee: no answer to a transfer of ours.
        return _read_batch(transaction, day, is_credit) if len(details) == 1 else []
    amount = _first_amount(
        transaction,
        ("Amt", "AmtDtls/TxAmt/Amt"),
        entry if len(details) == 1 else None,
    )
    returned = _find(transaction, "RtrInf")
    if not is_credit and returned is None:
        answer = Answer("booked", day, amount)
    else:
        answer = Answer(
            "returned",
            day,
            amount,
            fee=_fee(transaction),
            code=_code(returned),
            text=_text(returned, "AddtlInf") if returned is not None else "",
        )
    currency = _currency(transaction) or _currency(entry)
    batch = _text(transaction, "Refs/PmtInfId")
    return [Line(reference, batch, answer, currency, is_credit)]


def _read_batch(element, day, is_credit) -> list[Line]:
    """Read an entry that names the whole batch only, not its payments."""
    batch = next(
        (
            text
            for path in ("NtryDtls/Btch/PmtInfId", "Refs/PmtInfId", "NtryRef")
            if (text := _text(element, path))
        ),
        "",
    )
    if not batch:
        return []
    return [Line("", batch, Answer("booked", day), _currency(element), is_credit)]


def _first_amount(element, paths, entry) -> int | None:
    for path in paths:
        if (found := _find(element, path)) is not None:
            return _minor(found.text)
    amount = _find(entry, "Amt") if entry is not None else None
    return None if amount is None else _minor(amount.text)


def _fee(transaction: etree._Element) -> int:
    charges = _find(transaction, "Chrgs")
    if charges is None:
        return 0
    total = _find(charges, "TtlChrgsAndTaxAmt")
    if total is not None:
        return _minor(total.text)
    amounts = [_find(record, "Amt") for record in _all(charges, "Rcrd")]
    amounts = amounts or [_find(charges, "Amt")]
    return sum(_minor(amount.text) for amount in amounts if amount is not None)


def _minor(text: str) -> int:
    try:
        return int((Decimal(text) * 100).to_integral_exact())
    except (InvalidOperation, TypeError) as error:
        raise MessageError(f"{text!r} is no amount") from error


def _day(text: str) -> date | None:
    match = re.match(r"\d{4}-\d{2}-\d{2}", text)
    return date.fromisoformat(match.group()) if match else None


def _currency(element: etree._Element) -> str:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        if (found := _find(element, path)) is not None:
            return found.get("Ccy", "")
    return ""


def _code(reason: etree._Element | None) -> str:
    if reason is None:
        return ""
    return _text(reason, "Rsn/Cd") or _text(reason, "Rsn/Prtry")


# -- elements by name -----------------------------------------------------------


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _find(element: etree._Element, path: str) -> etree._Element | None:
    return element.find("/".join(f"{{*}}{name}" for name in path.split("/")))


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return element.findall(f"{{*}}{name}")


def _text(element: etree._Element, path: str) -> str:
    found = _find(element, path)
    return (found.text or "").strip() if found is not None else ""
