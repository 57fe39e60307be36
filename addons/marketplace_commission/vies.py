"""Ask VIES, the register of the European Commission, about a VAT number."""

from typing import NamedTuple

import requests

# REST interface of https://ec.europa.eu/taxation_customs/vies/, described by its
# swagger_publicVAT.yaml. What the service itself fails at comes with status 200, too:
# {"actionSucceed": false, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}.
URL = "https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number"
TIMEOUT_SECONDS = 10
TEXT_MAX_CHARS = 300
# Remarks of the service that go with a real answer; others say why there is none.
ANSWER_REMARKS = {"", "VALID", "INVALID"}


class Answer(NamedTuple):
    """What VIES said: ``valid``, ``invalid`` or ``unavailable``."""

    state: str
    name: str = ""
    address: str = ""
    reference: str = ""
    message: str = ""


def check_number(number: str, requester: str = "", url: str = URL) -> Answer:
    """Return what VIES answers on a number.

    :param number: compact, with its country prefix.
    :param requester: own VAT number: with it the answer has a consultation number,
        which is the proof.
    :return: never raises for what the network or the service does: such an answer is
        ``unavailable`` and says why.
    """
    payload = {"countryCode": number[:2], "vatNumber": number[2:]}
    if requester:
        payload["requesterMemberStateCode"] = requester[:2]
        payload["requesterNumber"] = requester[2:]
    try:
        response = requests.post(
            url, json=payload, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        content = response.json()
    except (requests.RequestException, ValueError) as error:
        return Answer("unavailable", message=type(error).__name__)
    if not _is_answer(content):
        return Answer("unavailable", message=_error_code(content, response.status_code))
    return Answer(
        "valid" if content["valid"] else "invalid",
        name=_text(content.get("name")),
        address=_text(content.get("address")),
        reference=_text(content.get("requestIdentifier")),
    )


def _is_answer(content: object) -> bool:
    """Tell whether VIES says anything about the number.

    >>> _is_answer({"valid": False, "userError": "INVALID"})
    True
    >>> _is_answer({"valid": False, "userError": "MS_MAX_CONCURRENT_REQ"})
    False
    """
    return (
        isinstance(content, dict)
        and isinstance(content.get("valid"), bool)
        and (content.get("userError") or "") in ANSWER_REMARKS
    )


def _error_code(content: object, status: int) -> str:
    """Return the code of an answer that says nothing about the number."""
    if isinstance(content, dict):
        for error in content.get("errorWrappers") or ():
            if isinstance(error, dict) and error.get("error"):
                return _text(error["error"])
        if content.get("userError"):
            return _text(content["userError"])
    return f"HTTP {status}"


def _text(value: object) -> str:
    """Return a field of the answer; VIES writes three dashes for what it keeps."""
    text = str(value or "").strip()[:TEXT_MAX_CHARS]
    return "" if text == "---" else text
