"""Pay vendors through Stripe Connect: separate charges and transfers.

Sources: Stripe API reference, pages Transfers, Transfer Reversals, Payouts, Balance,
Idempotent requests, Errors; API version 2024-06-20.
"""

import json
from datetime import UTC, datetime

import requests

from ..const_rails import WEBHOOK_TOLERANCE_SECONDS
from ..engine.answers import Answer
from ..engine.bank_message import Line
from ..engine.psp import (
    Event,
    PspAdapter,
    RefusedError,
    SignatureRefusedError,
    Transfer,
    TransferState,
    UnknownError,
    verify_signature,
)
from .stripe_reports import StripeReports

API_VERSION = "2024-06-20"
URL = "https://api.stripe.com"
# Answers that say for good: this order moved no money.
REFUSALS = {400, 402, 404}


class StripeConnect(StripeReports, PspAdapter):
    """Speak to Stripe's API with the platform's secret key."""

    def __init__(self, secret_key: str, url: str, timeout_seconds: float):
        self._url = (url or URL).rstrip("/")
        self._timeout = timeout_seconds
        self._headers = {
            "Authorization": f"Bearer {secret_key}",
            "Stripe-Version": API_VERSION,
        }

    # -- orders ---------------------------------------------------------------------

    def transfer(self, order: Transfer) -> TransferState:
        answer = self._call(
            "POST",
            "/v1/transfers",
            order.key,
            {
                "amount": order.amount,
                "currency": order.currency.lower(),
                "destination": order.destination,
                # Kept by Stripe for ever, unlike the idempotency key.
                "transfer_group": order.key,
                "description": order.reference,
                "metadata[reference]": order.reference,
            },
        )
        return self._state(answer)

    def status(self, key: str) -> TransferState | None:
        answer = self._ask("/v1/transfers", {"transfer_group": key, "limit": 2})
        found = answer.get("data")
        if not isinstance(found, list):
            raise UnknownError("the list of transfers is not readable")
        if len(found) > 1:
            raise UnknownError("more than one transfer under one key")
        return self._state(found[0]) if found else None

    def reverse(self, identifier: str, amount: int, key: str) -> None:
        self._call(
            "POST",
            f"/v1/transfers/{identifier}/reversals",
            f"{key}-reverse",
            {"amount": amount},
        )

    def payout(self, order: Transfer) -> str:
        answer = self._call(
            "POST",
            "/v1/payouts",
            f"{order.key}-bank",
            {
                "amount": order.amount,
                "currency": order.currency.lower(),
                "metadata[reference]": order.reference,
            },
            {"Stripe-Account": order.destination},
        )
        return self._identifier(answer)

    def balance(self) -> dict[str, int]:
        answer = self._ask("/v1/balance", {})
        try:
            return {
                fund["currency"].upper(): int(fund["amount"])
                for fund in answer["available"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownError("the balance is not readable") from error

    # -- events ---------------------------------------------------------------------

    def parse_event(self, headers, body, secret, now) -> Event:
        verify_signature(
            headers.get("Stripe-Signature", ""),
            body,
            secret,
            now,
            WEBHOOK_TOLERANCE_SECONDS,
        )
        try:
            event = json.loads(body)
            identifier, kind = event["id"], event["type"]
            lines = []
            if kind in ("transfer.created", "transfer.reversed"):
                lines.append(self._event_line(event))
        except (KeyError, TypeError, ValueError) as error:
            raise SignatureRefusedError("the event is not readable") from error
        return Event(identifier, lines)

    def _event_line(self, event: dict) -> Line:
        transfer = event["data"]["object"]
        reversed_ = event["type"] == "transfer.reversed"
        answer = Answer(
            "returned" if reversed_ else "booked",
            datetime.fromtimestamp(event["created"], UTC).date(),
            int(transfer["amount_reversed" if reversed_ else "amount"]),
            code="FOCR" if reversed_ else "",
        )
        reference = (transfer.get("metadata") or {}).get("reference", "")
        return Line(reference, "", answer, transfer["currency"].upper())

    # -- HTTP -----------------------------------------------------------------------

    def _ask(self, path: str, parameters: dict) -> dict:
        try:
            return self._call("GET", path, None, parameters)
        except RefusedError as error:
            # A question refused says nothing of the order asked about.
            raise UnknownError(error.text) from error

    def _call(self, method, path, key, values, extra=None) -> dict:
        """Call the API and return its answer.

        :raises RefusedError: for an answer that excludes that money moved.
        :raises UnknownError: for anything else but success.
        """
        headers = {**self._headers, **(extra or {})}
        if key:
            headers["Idempotency-Key"] = key
        try:
            response = requests.request(
                method,
                self._url + path,
                headers=headers,
                data=values if method == "POST" else None,
                params=values if method == "GET" else None,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The kind of fault only: its text may name addresses with parameters.
            raise UnknownError(f"no answer ({type(error).__name__})") from error
        answer = self._content(response)
        if response.status_code == 200 and answer:
            return answer
        fault = answer.get("error")
        fault = fault if isinstance(fault, dict) else {}
        # The same key with other values: there is an order, and it is not this one.
        same_key = fault.get("type") == "idempotency_error"
        if response.status_code in REFUSALS and fault and not same_key:
            code = fault.get("code") or fault.get("type") or "refused"
            raise RefusedError(str(code), str(fault.get("message", "")))
        raise UnknownError(f"answer {response.status_code}")

    @classmethod
    def _state(cls, answer: dict) -> TransferState:
        try:
            return TransferState(
                cls._identifier(answer),
                int(answer["amount"]),
                int(answer.get("amount_reversed") or 0),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownError("the transfer is not readable") from error

    @staticmethod
    def _identifier(answer: dict) -> str:
        identifier = answer.get("id")
        if not identifier:
            raise UnknownError("the answer has no identifier")
        return str(identifier)
