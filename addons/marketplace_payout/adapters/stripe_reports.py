"""Read from Stripe which movements its payouts to our bank consist of.

Sources: Stripe API reference, pages Payouts, Balance Transactions, Pagination,
Expanding Responses, Rate limits; API version 2024-06-20.
"""

from datetime import UTC, date, datetime, time

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from odoo.addons.marketplace_base.engine.psp_report import Movement

from ..engine.psp import UnknownError
from ..engine.psp_fetch import BankPayout, PspReports

# Objects of one page: the most that Stripe gives.
PAGE_SIZE = 100
# Pages of one list: a provider that never ends is not read for ever.
PAGES_MAX = 1000
# Further attempts of one page, what they are for, and the longest wait before one.
RETRIES = 2
RETRY_STATUSES = (429, 500, 502, 503, 504)
RETRY_SECONDS_MAX = 5


class _Patience(Retry):
    """Wait as long as the provider asks for, within reason."""

    def get_retry_after(self, response):
        wait = super().get_retry_after(response)
        return wait and min(wait, RETRY_SECONDS_MAX)


class StripeReports(PspReports):
    """List payouts and balance transactions; whoever extends it knows the key."""

    _url: str
    _timeout: float
    _headers: dict

    def bank_payouts(self, since):
        start = int(datetime.combine(since, time.min, UTC).timestamp())
        found = self._list(
            "/v1/payouts", {"status": "paid", "arrival_date[gte]": start}
        )
        payouts = [self._read(self._bank_payout, item) for item in found]
        return sorted(payouts, key=lambda payout: (payout.date, payout.identifier))

    def movements(self, payout):
        found = self._list(
            "/v1/balance_transactions",
            {"payout": payout.identifier, "expand[]": "data.source"},
        )
        # The payout itself is the last of its movements.
        return [
            self._read(self._movement, item)
            for item in found
            if item.get("type") not in ("payout", "payout_cancel")
        ]

    def _list(self, path, parameters):
        """Return all objects of a list, page by page.

        :raises UnknownError: when a page is missing, or comes again.
        """
        found, seen, cursor = [], set(), {}
        with requests.Session() as session:
            adapter = HTTPAdapter(
                max_retries=_Patience(
                    total=RETRIES,
                    backoff_factor=0.2,
                    status_forcelist=RETRY_STATUSES,
                    allowed_methods=("GET",),
                    raise_on_status=False,
                )
            )
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            for _page in range(PAGES_MAX):
                items, has_more = self._page(
                    session, path, {**parameters, "limit": PAGE_SIZE, **cursor}
                )
                names = {str(item.get("id")) for item in items}
                if names & seen or (has_more and not items):
                    raise UnknownError("the pages of a list repeat")
                seen |= names
                found += items
                if not has_more:
                    return found
                cursor = {"starting_after": items[-1].get("id")}
        raise UnknownError("a list without end")

    def _page(self, session, path, parameters):
        """Return the objects of one page, and whether there are more.

        :raises UnknownError: naming the kind of fault, never an address or a key.
        """
        try:
            response = session.get(
                self._url + path,
                headers=self._headers,
                params=parameters,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The kind of fault only: its text may name addresses with parameters.
            raise UnknownError(f"no answer ({type(error).__name__})") from error
        answer = self._content(response)
        if response.status_code != 200:
            fault = answer.get("error")
            fault = fault if isinstance(fault, dict) else {}
            code = fault.get("code") or fault.get("type")
            detail = f" ({code})" if code else ""
            raise UnknownError(f"answer {response.status_code}{detail}")
        items, has_more = answer.get("data"), answer.get("has_more")
        if (
            not isinstance(has_more, bool)
            or not isinstance(items, list)
            or not all(isinstance(item, dict) for item in items)
        ):
            raise UnknownError("a page is not readable, or cut off")
        return items, has_more

    @staticmethod
    def _content(response) -> dict:
        """Return the object that an answer holds, empty when it holds none."""
        try:
            answer = response.json()
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}

    @staticmethod
    def _read(read, item):
        try:
            return read(item)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnknownError("an object of a list is not readable") from error

    @staticmethod
    def _bank_payout(item) -> BankPayout:
        return BankPayout(
            str(item["id"]),
            int(item["amount"]),
            item["currency"].upper(),
            _day(item["arrival_date"]),
            bool(item["automatic"]),
        )

    @staticmethod
    def _movement(item) -> Movement:
        source = item.get("source") or {}
        if isinstance(source, str):
            source = {"id": source}
        # As the columns of the itemised report: the object, its charge, its intent.
        references = [source.get(name) for name in ("id", "charge", "payment_intent")]
        return Movement(
            str(item["id"]),
            item.get("reporting_category") or item["type"],
            item["currency"].upper(),
            int(item["amount"]),
            int(item["fee"]),
            int(item["net"]),
            tuple(
                name if isinstance(name, str) else name.get("id", "")
                for name in references
                if name
            ),
            _day(item["created"]),
        )


def _day(seconds) -> date:
    """Return the day of a moment, as Stripe's reports do: in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).date()
