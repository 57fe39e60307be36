"""The Shopify adapter on the local server, which executes on Shopify's own schema."""

import json
import re
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from graphql import parse, validate

from odoo.addons.marketplace_connector.adapters import shopify
from odoo.addons.marketplace_connector.adapters.errors import (
    AuthError,
    InvalidError,
    ThrottledError,
)
from odoo.addons.marketplace_connector.adapters.shopify import (
    ShopifyAdapter,
    offer_bulk,
)
from odoo.addons.marketplace_connector.engine import contract
from odoo.addons.marketplace_connector.engine.contract import (
    FulfilmentState,
    OrderState,
    PaymentState,
)
from odoo.addons.marketplace_connector.engine.validate import check_order

from .driver import Placed, ShownOffer, ShownParcel, ShownRefund, default_settings
from .suite import AdapterConformance, make_offer

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "shopify"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

from shopify_server import schema  # noqa: E402
from shopify_server.app import running, sign  # noqa: E402
from shopify_server.bulk import Fault  # noqa: E402, F401
from shopify_server.orders import OrderView  # noqa: E402
from shopify_server.shop import Bucket, Shop, gid  # noqa: E402
from shopify_server.writes import Writes  # noqa: E402

ADDRESS = {
    "firstName": "Ada", "lastName": "Lovelace", "company": None,
    "address1": "3 rue du Moulin", "address2": None, "city": "Lyon", "zip": "69001",
    "provinceCode": None, "countryCodeV2": "FR", "phone": None,
}  # fmt: skip


class ShopifyDriver:
    adapter_class = ShopifyAdapter
    username = ""
    password = "shpat_operator"
    currency = "EUR"
    signs_time = False

    def __init__(self, app):
        self.app = app
        self.shop = app.shop
        self.url = app.url
        self.staff = Writes(app.shop)

    def is_write(self, _method, _path, body):
        return json.loads(body)["query"].lstrip().startswith("mutation")

    def settings(self):
        return default_settings(self.currency)

    def vendor(self, ref, name):
        return contract.Vendor(ref, name)

    def _order(self, ref):
        return self.shop.tables["orders"][gid("Order", ref)]

    def _line(self, ref, sku):
        return next(line for line in self._order(ref)["lines"] if line["sku"] == sku)

    # ---- as customer -------------------------------------------------------

    def place_order(self, quantities, coupon="", capture=True):
        self.shop.ahead += timedelta(seconds=1)  # its times have no smaller step
        response = requests.post(
            f"{self.url}/shop/checkout",
            json={
                "quantities": quantities,
                "coupon": coupon or None,
                "captured": capture,
                "email": "ada@example.test",
                "address": ADDRESS,
            },
            timeout=30,
        )
        response.raise_for_status()
        order = response.json()
        return Placed(order["id"], order["name"], cents(order["total"]))

    # ---- as staff ----------------------------------------------------------

    def create_coupon(self, percent):
        code = f"C-{uuid.uuid4().hex[:8]}".upper()
        self.shop.tables["coupons"][code] = percent
        return code

    def capture(self, ref):
        order = self._order(ref)
        (payment,) = order["transactions"]
        self.staff.shop_capture(order, payment["id"], payment["amount"])

    def refund(self, ref, sku, quantity):
        order, line = self._order(ref), self._line(ref, sku)
        paid = next(
            t for t in order["transactions"] if t["kind"] in ("SALE", "CAPTURE")
        )
        worth = line["price"] * line["quantity"] - line["discount"]
        amount = (worth * quantity / line["quantity"]).quantize(Decimal("0.01"))
        made = self.staff.refundCreate(
            None,
            {
                "orderId": order["id"],
                "note": "Broken",
                "refundLineItems": [{"lineItemId": line["id"], "quantity": quantity}],
                "transactions": [
                    {
                        "parentId": paid["id"],
                        "gateway": paid["gateway"],
                        "amount": str(amount),
                    }
                ],
            },
        )
        return ShownRefund(made["refund"]["id"].rpartition("/")[2], cents(amount))

    def ask_return(self, ref, sku, quantity, reason="OTHER", status="REQUESTED"):
        line = self._line(ref, sku)["id"]
        rows = [(line, quantity, reason, "Please")]
        made = self.staff.shop_return(self._order(ref), rows, status)
        return made["id"].rpartition("/")[2]

    def grow_old(self, ref, at):
        order = self._order(ref)
        order["closed"] = True
        order["created_at"] = order["updated_at"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def cancel(self, ref):
        self.staff.orderCancel(None, gid("Order", ref))

    def take_off(self, ref, sku, quantity):
        order, line = self._order(ref), self._line(ref, sku)
        left = line["quantity"] - OrderView(self.shop, order).removed(line) - quantity
        edit = self.staff.orderEditBegin(None, order["id"])["calculatedOrder"]["id"]
        self.staff.orderEditSetQuantity(None, edit, line["id"], left)
        self.staff.orderEditCommit(None, edit)

    def same_instant(self, refs):
        rows = [self._order(ref) for ref in refs]
        latest = max(row["updated_at"] for row in rows)
        for row in rows:
            row["created_at"] = row["updated_at"] = latest

    # ---- what the shop shows -----------------------------------------------

    def offers(self):
        return {
            row["sku"]: ShownOffer(
                name=row["title"],
                price=cents(row["price"]),
                sellable=row["available"],
                vendor=row["vendor"],
            )
            for row in self.shop.tables["products"].values()
            if row["status"] == "ACTIVE" and row["published"]
        }

    def facts(self, _sku):
        return {}  # the local server keeps none of them

    def count_offers(self, sku):
        products = self.shop.tables["products"].values()
        return sum(row["sku"] == sku for row in products)

    def count_vendors(self, name):
        rows = self.shop.tables["metaobjects"].values()
        return sum(row["displayName"] == name for row in rows)

    def parcels(self, ref):
        order = self._order(ref)
        skus = {line["id"]: line["sku"] for line in order["lines"]}
        return [
            ShownParcel(
                "delivered" if parcel["arrived"] else "shipped",
                parcel["company"],
                parcel["number"],
                {skus[line]: quantity for line, quantity in parcel["items"].items()},
            )
            for parcel in order["parcels"]
        ]

    def refunds(self, ref):
        order = self._order(ref)
        amounts = {item["id"]: item["amount"] for item in order["transactions"]}
        return [
            ShownRefund(
                refund["id"].rpartition("/")[2],
                sum(cents(amounts[item]) for item in refund["transactions"]),
            )
            for refund in order["refunds"]
            if refund["transactions"]
        ]

    def count_webhooks(self, url):
        rows = self.shop.tables["webhooks"].values()
        return sum(row["uri"] == url for row in rows)

    def sign(self, body, secret, delivery, at):
        return {
            "X-Shopify-Topic": "orders/updated",
            "X-Shopify-Webhook-Id": delivery,
            "X-Shopify-Triggered-At": at.isoformat(),
            "X-Shopify-Hmac-SHA256": sign(body, secret),
        }

    def event_body(self, ref, at):
        return json.dumps({"id": int(ref), "updated_at": at.isoformat()}).encode()


def cents(amount):
    return int(Decimal(amount) * 100)


def own_documents():
    """Yield (name, document) of everything the adapter may send."""
    kinds = {
        "vendors.UPSERT": ["MetaobjectHandleInput!", "MetaobjectUpsertInput!"],
        "vendors.DEFINE": ["MetaobjectDefinitionCreateInput!"],
        "offers.SET": ["ProductSetIdentifiers", "ProductSetInput!", "ID!"],
        "offers.PUBLISH": ["ID!", "[PublicationInput!]!"],
        "commands.SET_QUANTITY": ["ID!", "ID!", "Int!"],
        "events.CREATE": ["WebhookSubscriptionTopic!", "WebhookSubscriptionInput!"],
    }
    modules = "bulk documents vendors offers commands events settings"
    for name in modules.split():
        module = (
            getattr(shopify, name, None) or sys.modules[f"{shopify.__name__}.{name}"]
        )
        for key, text in vars(module).items():
            full = f"{name}.{key}"
            if not (key.isupper() and isinstance(text, str) and "{" in text):
                continue
            if full in kinds:
                parameters = ", ".join(
                    f"$v{rank}: {kind}" for rank, kind in enumerate(kinds[full])
                )
                call = re.sub(r"\$(\d)", r"$v\1", text)
                yield full, f"mutation({parameters}) {{ {call} }}"
            elif text.lstrip().startswith(("query", "mutation")):
                yield full, text
    # What operations run for each line of a file.
    for key in ("SET", "PUBLISH"):
        parameters = getattr(offer_bulk, f"{key}_PARAMETERS")
        call = getattr(offer_bulk, f"{key}_CALL")
        yield f"bulk.{key}", f"mutation({parameters}) {{ {call} }}"


class TestShopify(AdapterConformance):
    """The suite, and what is peculiar to Shopify."""

    @pytest.fixture(scope="class")
    def driver(self):
        with running() as app:
            yield ShopifyDriver(app)

    @pytest.fixture(autouse=True)
    def _ready(self, driver, world):
        driver.shop.bucket = Bucket()  # each test begins with a full bucket
        world.adapter.upsert_offers(world.offers)

    @pytest.mark.parametrize("which", ["oldest", "pinned", "newest"])
    def test_every_document_is_valid_in_the_published_schema(self, which):
        found = dict(own_documents())
        assert len(found) >= 20
        for name, text in found.items():
            errors = validate(schema.load(which), parse(text))
            assert not errors, (name, which, errors[0].message)

    def test_missing_right_is_named(self, driver):
        driver.shop.scopes.remove("write_inventory")
        try:
            with pytest.raises(AuthError, match="write_inventory"):
                self.connect(driver).check()
        finally:
            driver.shop.scopes.append("write_inventory")

    def test_app_of_the_dev_dashboard_asks_for_its_token_once(self, driver, world):
        """The next adapter goes on with it; one that is refused is asked for anew."""
        mine = ("app-client", driver.shop.secret)
        for _job in range(2):
            adapter = ShopifyAdapter(driver.url, *mine)
            assert adapter.check().version == shopify.transport.API_VERSION
            assert adapter.pull_orders("", 25).documents
        assert len(driver.app.granted) == 1
        driver.app.granted.clear()  # as when the secret was renewed
        assert ShopifyAdapter(driver.url, *mine).check().is_set_up
        assert len(driver.app.granted) == 1

    def test_token_is_asked_for_again_before_its_day_is_over(self, driver, monkeypatch):
        adapter = ShopifyAdapter(driver.url, "app-client", driver.shop.secret)
        adapter.check()
        before, now = len(driver.app.granted), shopify.access.time.monotonic()
        monkeypatch.setattr(
            shopify.access.time, "monotonic", lambda: now + 24 * 60 * 60 - 60
        )
        adapter.check()
        assert len(driver.app.granted) == before + 1

    def test_shop_says_why_it_gives_an_app_no_token(self, driver):
        wrong = ShopifyAdapter(driver.url, "app-client", "shpss_wrong")
        with pytest.raises(AuthError, match="The client secret is not valid"):
            wrong.check()

    def test_development_shop_is_no_production(self, driver, world):
        assert world.adapter.check().is_production is False

    def test_empty_bucket_is_patience_not_failure(self, driver, world):
        """Shopify answers 200; the wait is what the call lacks at the rate told."""
        driver.shop.bucket.empty()
        with pytest.raises(ThrottledError) as caught:
            world.adapter.pull_orders("", 25)
        assert 1 <= caught.value.wait_seconds <= 10

    def test_call_that_costs_too_much_is_made_smaller(self, driver, world):
        for _rank in range(3):
            driver.place_order({world.skus[0]: 1})
        driver.shop.bucket.call_max = 120
        try:
            adapter = self.connect(driver)
            documents = self.pull(adapter.pull_orders, limit=25)
        finally:
            driver.shop.bucket.call_max = 1000
        assert len(documents) >= 3

    def test_refund_is_kept_by_its_key(self, driver, world):
        """Even sent twice by somebody who looks for nothing, it is made once."""
        placed = driver.place_order({world.skus[0]: 2})
        command = self._refund(world, placed)
        first = world.adapter.make_refund(command)
        again = self.connect(driver).make_refund(command)
        assert first == again
        assert len(driver.refunds(placed.ref)) == 1

    def test_refund_goes_back_on_the_capture(self, driver, world):
        """The payment keeps its reference from authorized to captured."""
        placed = driver.place_order({world.skus[0]: 1}, capture=False)
        (before,) = self.read(world, placed.ref).payments
        driver.capture(placed.ref)
        (payment,) = self.read(world, placed.ref).payments
        assert (payment.ref, payment.state) == (before.ref, PaymentState.CAPTURED)
        world.adapter.push_refund(self._refund(world, placed))
        (refund,) = self.read(world, placed.ref).refunds
        assert refund.payment_ref == payment.ref

    def test_refund_of_what_is_not_captured_is_refused(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1}, capture=False)
        with pytest.raises(InvalidError, match="not captured"):
            world.adapter.push_refund(self._refund(world, placed))

    def test_edit_brings_discount_and_taxes_down(self, driver, world):
        """The shop tells them for all pieces, removed ones too."""
        coupon = driver.create_coupon(10)
        placed = driver.place_order({world.skus[0]: 3}, coupon=coupon)
        whole = self.read(world, placed.ref).lines[0]
        driver.take_off(placed.ref, world.skus[0], 1)
        order = self.read(world, placed.ref)
        (line,) = order.lines
        assert line.quantity == 2
        assert line.discounts[0].amount == round(whole.discounts[0].amount * 2 / 3)
        assert order.refunds == (), "an edit gives no money back by itself"
        assert check_order(order, tolerance=1) == []

    def test_parcel_of_the_staff_is_not_taken_for_ours(self, driver, world):
        placed = driver.place_order({world.skus[0]: 2})
        number = placed.ref
        item = driver._line(placed.ref, world.skus[0])["id"]
        driver.staff.fulfillmentCreate(
            None,
            {
                "lineItemsByFulfillmentOrder": [
                    {
                        "fulfillmentOrderId": gid("FulfillmentOrder", number),
                        "fulfillmentOrderLineItems": [
                            {
                                "id": item.replace(
                                    "LineItem", "FulfillmentOrderLineItem"
                                ),
                                "quantity": 1,
                            }
                        ],
                    }
                ],
                "trackingInfo": {"company": "Other", "number": "STAFF-1"},
            },
        )
        command = self._parcel(world, placed, f"fulfilment-{world.key}s")
        world.adapter.push_fulfilment(command)
        assert len(driver.parcels(placed.ref)) == 2

    def test_tracking_is_corrected_on_the_same_parcel(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        command = self._parcel(world, placed, f"fulfilment-{world.key}t")
        made = world.adapter.push_fulfilment(command)
        corrected = replace(command, tracking="6A-OTHER")
        again = self.connect(driver).push_fulfilment(corrected)
        assert again.external_id == made.external_id
        assert [p.tracking for p in driver.parcels(placed.ref)] == ["6A-OTHER"]

    def test_order_is_delivered_when_all_has_arrived(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        command = self._parcel(world, placed, f"fulfilment-{world.key}a")
        world.adapter.push_fulfilment(replace(command, state=FulfilmentState.DELIVERED))
        assert self.read(world, placed.ref).state is OrderState.DELIVERED

    def test_lost_answers_cancel_pieces_once(self, driver, world):
        def prepare():
            placed = driver.place_order({world.skus[0]: 3}, capture=False)
            (line,) = self.read(world, placed.ref).lines
            command = contract.CancelCommand(
                ref=f"cancellation-{uuid.uuid4().hex[:6]}",
                order_ref=placed.ref,
                reason="Out of stock",
                lines=(contract.LineQuantity(line.ref, 1),),
            )
            return placed, command

        def act(adapter, case):
            adapter.cancel_order(case[1])

        for placed, _command in self.lose_each_answer(driver, act, prepare):
            (line,) = self.read(world, placed.ref).lines
            assert line.quantity == 2

    @pytest.mark.parametrize(
        "reason, told",
        [
            ("DEFECTIVE", "defective"),
            ("UNWANTED", "withdrawal"),
            ("WRONG_ITEM", "wrong_item"),
            ("STYLE", "Style"),
        ],
    )
    def test_return_says_why(self, driver, world, reason, told):
        placed = driver.place_order({world.skus[0]: 1})
        driver.ask_return(placed.ref, world.skus[0], 1, reason)
        (wanted,) = self.read(world, placed.ref).returns
        assert (wanted.reason, wanted.note) == (told, "Please")

    @pytest.mark.parametrize("status", ["DECLINED", "CANCELED", "CLOSED"])
    def test_return_that_waits_for_nothing_is_left_out(self, driver, world, status):
        placed = driver.place_order({world.skus[0]: 1})
        driver.ask_return(placed.ref, world.skus[0], 1, status=status)
        assert self.read(world, placed.ref).returns == ()

    def test_returns_of_many_pages_are_read_to_their_end(self, driver, world):
        """Twelve returns, the last one of fifteen lines and one of another shop."""
        offers = [make_offer(world.vendors[0], f"Tile{n}", 100) for n in range(15)]
        world.adapter.upsert_offers(offers)
        placed = driver.place_order({offer.sku: 20 for offer in offers})
        for _rank in range(11):
            driver.ask_return(placed.ref, offers[0].sku, 1)
        lines = [driver._line(placed.ref, offer.sku)["id"] for offer in offers]
        rows = [(line, 2, "OTHER", "") for line in ["gid://shopify/LineItem/1", *lines]]
        driver.staff.shop_return(driver._order(placed.ref), rows)
        order = self.read(world, placed.ref)
        assert len(order.returns) == 12
        assert {line.quantity for line in order.returns[-1].lines} == {2}
        assert len(order.returns[-1].lines) == 15

    def test_return_of_an_old_order_comes_by_the_second_lane(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        driver.grow_old(placed.ref, datetime.now(UTC) - timedelta(days=90))
        driver.ask_return(placed.ref, world.skus[0], 1)
        assert len(self.reread(world, placed.ref).returns) == 1

    def test_return_of_a_webhook_calls_for_its_order(self, driver):
        now = datetime.now(UTC)
        body = json.dumps({"id": 9, "order": {"id": 7}}).encode()
        headers = driver.sign(body, "s3cret", "d", now)
        event = ShopifyAdapter.parse_event(headers, body, "s3cret", now)
        assert (event.kind, event.ref) == ("order", "7")

    def test_order_of_many_lines_is_read_to_its_end(self, driver, world):
        offers = [make_offer(world.vendors[0], f"Bead{n}", 100) for n in range(60)]
        world.adapter.upsert_offers(offers)
        driver.shop.bucket = Bucket()
        placed = driver.place_order({offer.sku: 1 for offer in offers})
        order = self.read(world, placed.ref)
        assert len(order.lines) == 60
        assert check_order(order) == []

    def test_hundred_offers_cost_few_calls(self, driver, world):
        offers = [make_offer(world.vendors[0], f"Pin{n}", 100) for n in range(100)]
        driver.shop.bucket = Bucket(size=10**6)
        world.adapter.upsert_offers(offers)
        driver.app.calls.clear()
        world.adapter.upsert_offers([replace(offer, price=110) for offer in offers])
        assert len(driver.app.calls) == 11  # ten products a call, all stock in one

    def test_prices_without_tax(self):
        with running(Shop(included=False)) as app:
            driver = ShopifyDriver(app)
            adapter = self.connect(driver)
            differences = adapter.push_settings(driver.settings())
            assert any("include tax" in text for text in differences)
            vendor = driver.vendor("vendor-1", "Ardoise")
            adapter.upsert_vendors([vendor])
            offer = make_offer(vendor, "Mug", 1666)
            adapter.upsert_offers([offer])
            placed = driver.place_order({offer.sku: 1})
            order = adapter.parse_order(adapter.fetch_orders([placed.ref])[0].payload)
        assert order.tax_mode is contract.TaxMode.EXCLUDED
        assert check_order(order) == []
        assert (order.lines[0].amount, order.lines[0].taxes[0].amount) == (1666, 333)

    def test_refund_of_a_webhook_calls_for_its_order(self, driver):
        now = datetime.now(UTC)
        body = json.dumps({"id": 9, "order_id": 7}).encode()
        headers = driver.sign(body, "s3cret", "d", now)
        event = ShopifyAdapter.parse_event(headers, body, "s3cret", now)
        assert event.ref == "7"
