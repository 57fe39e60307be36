"""The Vendure adapter's reading of documents, events and failures."""

import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from odoo.addons.marketplace_connector.adapters.errors import (
    AuthError,
    DocumentError,
    InvalidError,
    SignatureError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
)
from odoo.addons.marketplace_connector.adapters.signed_events import (
    parse_event,
    sign,
)
from odoo.addons.marketplace_connector.adapters.vendure.bulk import (
    BODY_BYTES,
    ROWS,
    Call,
    send,
)
from odoo.addons.marketplace_connector.adapters.vendure.orders import parse_order
from odoo.addons.marketplace_connector.adapters.vendure.transport import Transport
from odoo.addons.marketplace_connector.engine.contract import (
    OrderState,
    PaymentState,
    TaxMode,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BODY = b'{"kind":"order","id":"7","occurredAt":"2026-03-02T09:59:00.000Z"}'


def headers(
    age=timedelta(), body=BODY, delivery="d-1", secret="s3cret", timestamp=None
):
    timestamp = timestamp or str(int((NOW - age).timestamp()))
    return {
        "X-Marketplace-Topic": "order.PaymentSettled",
        "X-Marketplace-Delivery": delivery,
        "X-Marketplace-Timestamp": timestamp,
        "X-Marketplace-Signature": sign(secret, timestamp, delivery, body),
    }


def test_signed_event_is_read():
    event = parse_event(headers(), BODY, "s3cret", NOW)
    assert (event.delivery_id, event.ref, event.kind) == ("d-1", "7", "order")
    assert event.occurred_at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    "given",
    [
        headers(secret="other"),
        headers(body=b"{}"),
        headers(age=timedelta(minutes=6)),
        headers(age=-timedelta(minutes=6)),
        headers() | {"X-Marketplace-Delivery": "d-2"},
        headers() | {"X-Marketplace-Timestamp": "1"},
        headers(timestamp="soon"),
        headers() | {"X-Marketplace-Signature": "é"},
        {},
    ],
)
def test_event_of_somebody_else_is_refused(given):
    with pytest.raises(SignatureError):
        parse_event(given, BODY, "s3cret", NOW)


def test_no_secret_accepts_nothing():
    with pytest.raises(SignatureError):
        parse_event(headers(secret=""), BODY, "", NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"kind": "order"}', b"\xff"])
def test_signed_nonsense_is_no_event(body):
    with pytest.raises(DocumentError):
        parse_event(headers(body=body), body, "s3cret", NOW)


def order_payload(**values):
    return {
        "id": "1",
        "code": "ABC",
        "state": "PaymentSettled",
        "pricesIncludeTax": True,
        "orderPlacedAt": "2026-03-02T09:30:00.000Z",
        "currencyCode": "EUR",
        "totalWithTax": 1800,
        "customer": {
            "id": "5",
            "emailAddress": "a@example.test",
            "firstName": "",
            "lastName": "",
            "phoneNumber": None,
        },
        "shippingAddress": {"streetLine1": None, "city": None},
        "billingAddress": None,
        "promotions": [
            {"id": "1", "couponCode": "TEN", "name": "Ten"},
            {"id": "2", "couponCode": None, "name": "Spring"},
        ],
        "surcharges": [],
        "lines": [
            {
                "id": "11",
                "quantity": 2,
                "shippingLineId": None,
                "unitPrice": 833,
                "unitPriceWithTax": 1000,
                "linePrice": 1667,
                "linePriceWithTax": 2000,
                "proratedLinePrice": 1500,
                "proratedLinePriceWithTax": 1800,
                "discounts": [
                    {
                        "adjustmentSource": "PROMOTION:1",
                        "description": "Ten",
                        "amount": -83,
                        "amountWithTax": -100,
                    },
                    {
                        "adjustmentSource": "PROMOTION:2",
                        "description": "Spring",
                        "amount": -84,
                        "amountWithTax": -101,
                    },
                ],
                "taxLines": [{"description": "VAT 20", "taxRate": 20}],
                "productVariant": {"id": "3", "sku": "MUG", "name": "Mug"},
            }
        ],
        "shippingLines": [],
        "payments": [
            {
                "id": "9",
                "method": "card",
                "amount": 1800,
                "state": "Settled",
                "transactionId": None,
                "createdAt": "2026-03-02T09:31:00.000Z",
                "refunds": [],
            }
        ],
        **values,
    }


def test_discounts_make_exactly_what_the_price_was_lowered_by():
    """Named amounts miss the charged price by a cent; the charged price counts."""
    (line,) = parse_order(order_payload()).lines
    assert [(d.code, d.amount) for d in line.discounts] == [
        ("TEN", 100),
        ("Spring", 100),
    ]
    assert line.amount_discounted == 1800
    assert [(t.code, t.rate, t.amount) for t in line.taxes] == [
        ("VAT 20", Decimal("0.2"), 300)
    ]


def test_prices_without_tax_are_read_as_such():
    order = parse_order(order_payload(pricesIncludeTax=False))
    assert order.tax_mode is TaxMode.EXCLUDED
    assert (order.lines[0].unit_price, order.lines[0].amount) == (833, 1667)
    assert order.lines[0].amount_discounted == 1500


def test_customer_without_a_name_has_his_address():
    assert parse_order(order_payload()).customer.name == "a@example.test"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("PaymentAuthorized", OrderState.OPEN),
        ("Delivered", OrderState.DELIVERED),
        ("Cancelled", OrderState.CANCELLED),
    ],
)
def test_state_of_the_order(state, expected):
    order = parse_order(order_payload(state=state))
    assert order.state is expected
    assert order.payments[0].state is PaymentState.CAPTURED


@pytest.mark.parametrize(
    "broken",
    [
        {"totalWithTax": ...},
        {"lines": None},
        {"customer": None},
        {"orderPlacedAt": "yesterday"},
        {"payments": [{"id": "9", "refunds": [], "state": "Teleported"}]},
    ],
)
def test_document_of_another_form_is_named(broken):
    payload = order_payload(**broken)
    for key in [key for key, value in broken.items() if value is ...]:
        del payload[key]
    with pytest.raises(DocumentError):
        parse_order(payload)


@pytest.fixture
def shop():
    """A server that answers what ``server.answers`` says, login first."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["content-length"]))
            self.server.requests.append(json.loads(request)["query"])
            status, headers, body = self.server.answers.pop(0)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.requests, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def answer(data, status=200, **headers):
    return status, headers, json.dumps(data).encode()


def logged_in():
    return answer(
        {"data": {"login": {"__typename": "CurrentUser"}}},
        **{"vendure-auth-token": "token"},
    )


def error(code):
    return answer({"errors": [{"message": code, "extensions": {"code": code}}]})


def call(shop, *answers, write=False):
    shop.answers = [logged_in(), *answers]
    transport = Transport(f"http://127.0.0.1:{shop.server_port}", "me", "pass")
    return (transport.mutate if write else transport.query)("{ thing }")


def test_good_answer(shop):
    assert call(shop, answer({"data": {"thing": 1}})) == {"thing": 1}


@pytest.mark.parametrize(
    ("reply", "on_read", "on_write"),
    [
        (answer({}, 429, **{"retry-after": "7"}), ThrottledError, ThrottledError),
        (answer({}, 503), TransientError, UnknownOutcomeError),
        ((200, {}, b"<html>closed</html>"), TransientError, UnknownOutcomeError),
        ((200, {}, b'{"data": {'), TransientError, UnknownOutcomeError),
        ((None, {}, b""), TransientError, UnknownOutcomeError),
        (error("INTERNAL_SERVER_ERROR"), TransientError, UnknownOutcomeError),
        (error("USER_INPUT_ERROR"), InvalidError, InvalidError),
        (
            answer({"data": {"thing": {"errorCode": "NO", "message": "no"}}}),
            InvalidError,
            InvalidError,
        ),
    ],
)
def test_failures_say_what_to_do_next(shop, reply, on_read, on_write):
    """A read may be repeated; a write without an answer may have been done."""
    with pytest.raises(on_read):
        call(shop, reply)
    with pytest.raises(on_write):
        call(shop, reply, write=True)


def test_throttling_says_how_long(shop):
    with pytest.raises(ThrottledError) as caught:
        call(shop, answer({}, 429, **{"retry-after": "7"}))
    assert caught.value.wait_seconds == 7


def test_wrong_password_is_an_access_error(shop):
    shop.answers = [
        answer({"data": {"login": {"__typename": "X", "errorCode": "INVALID"}}})
    ]
    transport = Transport(f"http://127.0.0.1:{shop.server_port}", "me", "pass")
    with pytest.raises(AuthError):
        transport.query("{ thing }")


def test_session_that_ran_out_is_renewed_once(shop):
    good = answer({"data": {"thing": 1}})
    shop.answers = [logged_in(), good, error("FORBIDDEN"), logged_in(), good]
    transport = Transport(f"http://127.0.0.1:{shop.server_port}", "me", "pass")
    transport.query("{ thing }")
    assert transport.query("{ thing }") == {"thing": 1}
    shop.answers = [error("FORBIDDEN"), logged_in(), error("FORBIDDEN")]
    with pytest.raises(AuthError):
        transport.query("{ thing }")


def test_closed_shop_did_nothing(shop):
    """Nobody took the call: even a write may simply be repeated."""
    shop.shutdown()
    shop.server_close()
    transport = Transport(f"http://127.0.0.1:{shop.server_port}", "me", "pass")
    with pytest.raises(TransientError):
        transport.mutate("mutation { thing }")


def test_password_is_in_no_error(shop):
    for reply in (answer({}, 503), error("USER_INPUT_ERROR"), (None, {}, b"")):
        with pytest.raises(Exception) as caught:  # noqa: B017, PT011
            call(shop, reply, write=True)
        assert "pass" not in repr(caught.value)


class _Recorder:
    """Stands for the shop: keeps documents, answers each row with its value."""

    def __init__(self):
        self.documents = []

    def mutate(self, document, **variables):
        self.documents.append(document)
        return variables


def _call(kind, value, argument="input"):
    return Call(f"do({argument}: $input) {{ id }}", kind, value)


def test_list_is_cut_where_a_request_is_full_and_answered_as_a_whole():
    shop, rows = _Recorder(), list(range(2 * ROWS + 1))
    (answer,) = send(shop, [_call("[ID!]!", rows)])
    assert answer == rows
    assert len(shop.documents) == 3


def test_request_is_full_by_its_bytes_too():
    shop, rows = _Recorder(), ["é" * 10_000] * 5  # 60 kB of JSON each
    send(shop, [_call("ID!", row) for row in rows])
    assert len(shop.documents) == 5
    assert all(len(json.dumps(row)) < BODY_BYTES for row in rows)


def test_two_types_of_one_argument_are_never_in_one_document():
    """Vendure would read the ids of the first by the type of the second."""
    shop = _Recorder()
    calls = [
        _call("A!", 1, "product"),
        _call("[B!]!", [2, 3]),
        _call("[B!]!", []),
        _call("C!", 4),
    ]
    assert send(shop, calls) == [1, [2, 3], [], 4]
    first, second = shop.documents
    assert "A!" in first and "[B!]!" in first
    assert "C!" in second and "B!" not in second


def test_nothing_to_send_is_no_request():
    shop = _Recorder()
    assert send(shop, []) == []
    assert send(shop, [_call("[A!]!", [])]) == [[]]
    assert shop.documents == []
