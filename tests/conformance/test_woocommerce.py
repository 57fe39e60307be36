"""The WooCommerce adapter on the local server, which WooCommerce's own tests check."""

import json
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from odoo.addons.marketplace_connector.adapters.errors import InvalidError
from odoo.addons.marketplace_connector.adapters.woocommerce import WooCommerceAdapter
from odoo.addons.marketplace_connector.engine import contract
from odoo.addons.marketplace_connector.engine.contract import (
    FulfilmentState,
    OrderState,
    PaymentState,
)
from odoo.addons.marketplace_connector.engine.validate import check_order

from .driver import Placed, ShownOffer, ShownParcel, ShownRefund, default_settings
from .suite import AdapterConformance, make_offer

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "woocommerce"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

from woocommerce_server.app import running  # noqa: E402
from woocommerce_server.shop import Shop  # noqa: E402
from woocommerce_server.webhooks import headers_for  # noqa: E402

ADDRESS = {
    "first_name": "Ada", "last_name": "Lovelace", "company": "", "country": "FR",
    "address_1": "3 rue du Moulin", "address_2": "", "city": "Lyon", "state": "",
    "postcode": "69001", "phone": "0400000000",
}  # fmt: skip


class WooCommerceDriver:
    adapter_class = WooCommerceAdapter
    username = "ck_operator"
    password = "cs_operator"
    currency = "EUR"
    signs_time = False

    def __init__(self, app):
        self.app = app
        self.shop = app.shop
        self.url = app.url

    def is_write(self, method, _path, _body):
        return method != "GET"

    def settings(self):
        return default_settings(self.currency)

    def vendor(self, ref, name):
        delivery = contract.ShippingMethod(
            f"delivery-1-{ref}", f"Parcel, {name}", 490, Decimal("0.2")
        )
        return contract.Vendor(ref, name, (delivery,))

    def call(self, method, path, **options):
        response = requests.request(
            method,
            f"{self.url}/wp-json/wc/v3/{path}",
            auth=(self.username, self.password),
            timeout=30,
            **options,
        )
        response.raise_for_status()
        return response.json()

    # ---- as customer -------------------------------------------------------

    def place_order(
        self, quantities, coupon="", capture=True, payment_method="payflow"
    ):
        self.shop.ahead += timedelta(seconds=1)  # its times have no smaller step
        response = requests.post(
            f"{self.url}/shop/checkout",
            json={
                "quantities": quantities,
                "coupon": coupon,
                "captured": capture,
                "payment_method": payment_method,
                "customer": "ada@example.test",
                "shipping": ADDRESS,
            },
            timeout=30,
        )
        response.raise_for_status()
        order = response.json()
        return Placed(str(order["id"]), order["number"], cents(order["total"]))

    # ---- as staff ----------------------------------------------------------

    def create_coupon(self, percent):
        code = f"c-{uuid.uuid4().hex[:8]}"
        values = {"code": code, "discount_type": "percent", "amount": str(percent)}
        return self.call("POST", "coupons", json=values)["code"]

    def capture(self, ref):
        self.call("PUT", f"orders/{ref}", json={"status": "processing"})

    def refund(self, ref, sku, quantity):
        line = self._line(ref, sku)
        paid = Decimal(line["total"]) + Decimal(line["total_tax"])
        amount = paid * quantity / line["quantity"]
        values = {
            "amount": f"{amount:.2f}",
            "reason": "Broken",
            "line_items": [{"id": line["id"], "quantity": quantity}],
        }
        made = self.call("POST", f"orders/{ref}/refunds", json=values)
        return ShownRefund(str(made["id"]), cents(made["amount"]))

    def cancel(self, ref):
        self.call("PUT", f"orders/{ref}", json={"status": "cancelled"})

    def take_off(self, ref, sku, quantity):
        line = self._line(ref, sku)
        left = line["quantity"] - quantity
        item = {"id": line["id"], "quantity": left}
        for key in ("subtotal", "total"):
            item[key] = f"{Decimal(line[key]) * left / line['quantity']:.6f}"
        self.call("PUT", f"orders/{ref}", json={"line_items": [item]})

    def same_instant(self, refs):
        with self.shop.lock:
            rows = [self.shop.tables["orders"][int(ref)] for ref in refs]
            latest = max(row["date_modified_gmt"] for row in rows)
            for row in rows:
                row["date_created_gmt"] = row["date_modified_gmt"] = latest

    def grow_old(self, ref, at):
        with self.shop.lock:
            row = self.shop.tables["orders"][int(ref)]
            row["status"] = "completed"
            row["date_created_gmt"] = row["date_modified_gmt"] = at.strftime(
                "%Y-%m-%dT%H:%M:%S"
            )

    # ---- what the shop shows -----------------------------------------------

    def offers(self):
        return {
            product["sku"]: ShownOffer(
                name=product["name"],
                price=cents(product["price"]),
                sellable=product["stock_quantity"],
                vendor=product["store"].get("name", ""),
            )
            for product in self._products()
            if product["status"] == "publish"
        }

    def facts(self, sku):
        (product,) = [row for row in self._products() if row["sku"] == sku]
        meta = {row["key"]: row["value"] for row in product["meta_data"]}
        rows = self.call("GET", "products/categories", params={"per_page": 100})
        by_id = {row["id"]: row for row in rows}
        path, row = [], by_id.get(product["categories"][0]["id"])
        while row:
            path.insert(0, row["name"])
            row = by_id.get(row["parent"])
        return {
            "category": tuple(path),
            "barcode": meta["_marketplace_barcode"],
            "eco_contribution": cents(meta["_marketplace_eco_contribution"]),
        }

    def count_offers(self, sku):
        return sum(product["sku"] == sku for product in self._products())

    def _products(self):
        page, found = 1, []
        while rows := self.call(
            "GET", "products", params={"per_page": 100, "page": page}
        ):
            found += rows
            page += 1
        return found

    def count_vendors(self, name):
        stores = self.shop.tables["stores"].values()
        return sum(store["store_name"] == name for store in stores)

    def _line(self, ref, sku):
        lines = self.call("GET", f"orders/{ref}", params={"dp": 6})["line_items"]
        return next(line for line in lines if line["sku"] == sku)

    def parcels(self, ref):
        lines = self.call("GET", f"orders/{ref}")["line_items"]
        skus = {line["id"]: line["sku"] for line in lines}
        found = []
        for parcel in self.call("GET", f"orders/{ref}/fulfillments"):
            meta = {item["key"]: item["value"] for item in parcel["meta_data"]}
            found.append(
                ShownParcel(
                    meta["_marketplace_state"],
                    meta["_shipment_provider"],
                    meta["_tracking_number"],
                    {skus[item["item_id"]]: item["qty"] for item in meta["_items"]},
                )
            )
        return found

    def refunds(self, ref):
        return [
            ShownRefund(str(refund["id"]), cents(refund["amount"]))
            for refund in self.call("GET", f"orders/{ref}/refunds")
        ]

    def count_webhooks(self, url):
        hooks = self.call("GET", "webhooks", params={"per_page": 100})
        return sum(hook["delivery_url"] == url for hook in hooks)

    def sign(self, body, secret, delivery, at):
        return headers_for("order.updated", body, secret, delivery=delivery)

    def event_body(self, ref, at):
        modified = at.strftime("%Y-%m-%dT%H:%M:%S")
        order = {"id": int(ref), "parent_id": 0, "date_modified_gmt": modified}
        return json.dumps(order).encode()


def cents(amount):
    return int(Decimal(amount) * 100)


class TestWooCommerce(AdapterConformance):
    """The suite, and what is peculiar to WooCommerce and Dokan."""

    @pytest.fixture(scope="class")
    def driver(self):
        with running() as app:
            yield WooCommerceDriver(app)

    @pytest.fixture(autouse=True)
    def _restocked(self, world):
        world.adapter.upsert_offers(world.offers)

    def test_keys_do_not_travel_in_clear(self):
        adapter = WooCommerceAdapter("http://shop.example", "ck", "cs")
        with pytest.raises(InvalidError, match="https"):
            adapter.check()

    def test_shop_without_dokan_is_named(self):
        with running(Shop(dokan=False)) as app:
            adapter = self.connect(WooCommerceDriver(app))
            with pytest.raises(InvalidError, match="Dokan"):
                adapter.check()

    def test_purchase_of_two_vendors_is_one_document(self, driver, world):
        """Dokan's sub-orders repeat the lines; who sells what is read from them."""
        placed = driver.place_order({world.skus[0]: 1, world.skus[2]: 2})
        parts = driver.call("GET", "orders", params={"parent": placed.ref})
        assert len(parts) == 2
        documents = self.pull(world.adapter.pull_orders)
        refs = {document.ref for document in documents}
        assert placed.ref in refs
        assert not refs & {str(part["id"]) for part in parts}
        order = self.read(world, placed.ref)
        assert [len(shipping.line_refs) for shipping in order.shippings] == [1, 1]
        covered = {ref for shipping in order.shippings for ref in shipping.line_refs}
        assert covered == {line.ref for line in order.lines}

    def test_part_of_a_purchase_calls_for_the_whole(self, driver):
        now = datetime.now(UTC)
        body = json.dumps({"id": 8, "parent_id": 7}).encode()
        headers = driver.sign(body, "s3cret", "d", now)
        event = WooCommerceAdapter.parse_event(headers, body, "s3cret", now)
        assert event.ref == "7"

    def test_cash_on_delivery_is_not_paid_when_placed(self, driver, world):
        """WooCommerce dates the payment of such an order when it is placed."""
        placed = driver.place_order({world.skus[0]: 1}, payment_method="cod")
        shown = driver.call("GET", f"orders/{placed.ref}")
        assert shown["date_paid_gmt"]
        (payment,) = self.read(world, placed.ref).payments
        assert (payment.state, payment.method) == (PaymentState.AUTHORIZED, "cod")
        driver.call("PUT", f"orders/{placed.ref}", json={"status": "completed"})
        (payment,) = self.read(world, placed.ref).payments
        assert payment.state is PaymentState.CAPTURED

    def test_left_at_the_till_is_no_order(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        driver.call("PUT", f"orders/{placed.ref}", json={"status": "pending"})
        documents = self.pull(world.adapter.pull_orders)
        assert placed.ref not in {document.ref for document in documents}

    def test_deleted_refund_is_seen_in_the_second_lane(self, driver, world):
        """Nothing moves the order's time then."""
        placed = driver.place_order({world.skus[0]: 1})
        shown = driver.refund(placed.ref, world.skus[0], 1)
        before = driver.call("GET", f"orders/{placed.ref}")
        driver.call(
            "DELETE", f"orders/{placed.ref}/refunds/{shown.ref}", json={"force": True}
        )
        after = driver.call("GET", f"orders/{placed.ref}")
        assert before["date_modified_gmt"] == after["date_modified_gmt"]
        assert self.reread(world, placed.ref).refunds == ()

    def test_refund_of_an_amount_alone(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        driver.call("POST", f"orders/{placed.ref}/refunds", json={"amount": "3.00"})
        (refund,) = self.read(world, placed.ref).refunds
        assert (refund.amount, refund.lines) == (300, ())

    def test_our_refund_tells_the_shop_its_taxes(self, driver, world):
        placed = driver.place_order({world.skus[0]: 2})
        world.adapter.push_refund(self._refund(world, placed, amount=1999))
        (refund,) = driver.call("GET", f"orders/{placed.ref}/refunds")
        (line,) = refund["line_items"]
        assert (line["quantity"], line["total"], line["total_tax"]) == (
            -1,
            "-16.66",
            "-3.33",
        )

    def test_two_vendors_may_use_one_sku(self, driver, world):
        first = make_offer(world.vendors[0], "Plate", 700)
        second = make_offer(world.vendors[1], "Dish", 800, sku=first.sku)
        results = world.adapter.upsert_offers([first, second])
        assert [result.error for result in results] == ["", ""]
        again = self.connect(driver).upsert_offers([first, second])
        assert again == results
        assert driver.count_offers(first.sku) == 1
        assert driver.count_offers(f"{first.sku}-{second.ref}") == 1

    def test_offer_under_another_sku_is_the_same_product(self, driver, world):
        offer = make_offer(world.vendors[0], "Tray", 1500)
        (made,) = world.adapter.upsert_offers([offer])
        renamed = replace(offer, sku=f"{offer.sku}-B", price=1600)
        (again,) = self.connect(driver).upsert_offers([renamed])
        assert again.external_id == made.external_id
        assert driver.count_offers(offer.sku) == 0
        assert driver.offers()[renamed.sku].price == 1600

    def test_offer_keeps_its_vendor_when_another_takes_it_over(self, driver, world):
        offer = make_offer(world.vendors[0], "Jug", 1500)
        world.adapter.upsert_offers([offer])
        moved = replace(offer, vendor_ref=world.vendors[1].ref)
        world.adapter.upsert_offers([moved])
        assert driver.offers()[offer.sku].vendor == world.vendors[1].name

    def test_delivery_of_the_vendors_is_one_of_the_shop(self, driver, world):
        methods = driver.shop.tables["methods"].values()
        assert [method["title"] for method in methods].count("Parcel") == 1
        order = self.read(
            world, driver.place_order({world.skus[0]: 1, world.skus[2]: 1}).ref
        )
        assert [shipping.amount for shipping in order.shippings] == [490, 490]

    def test_shared_delivery_is_said_to_be_charged_per_vendor(self):
        with running() as app:
            driver = WooCommerceDriver(app)
            shared = contract.ShippingMethod("d", "Relay point", 590, Decimal("0.2"))
            (difference,) = self.connect(driver).push_settings(
                replace(driver.settings(), shared_shipping=(shared,))
            )
        assert "Relay point" in difference

    def test_categories_are_made_once(self, driver, world):
        path = ("Home", f"Kitchen {world.key}")
        offers = [
            make_offer(world.vendors[0], name, 500, category=path)
            for name in ("Fork", "Spoon")
        ]
        world.adapter.upsert_offers(offers)
        self.connect(driver).upsert_offers(offers)
        rows = driver.call("GET", "products/categories", params={"per_page": 100})
        assert [row["name"] for row in rows].count(path[1]) == 1

    def test_hundred_known_offers_cost_two_requests(self, driver, world):
        """One to look, one to write; a new one costs one more, for its author."""
        offers = [
            make_offer(world.vendors[0], f"Bead{rank}", 100) for rank in range(100)
        ]
        world.adapter.upsert_offers(offers)
        driver.app.requests.clear()
        changed = [replace(offer, price=110) for offer in offers]
        assert all(result.ok for result in world.adapter.upsert_offers(changed))
        assert len(driver.app.requests) == 2

    def test_renamed_vendor_goes_on_selling(self, driver, world):
        """Dokan takes a store off the market in any update that does not say on."""
        vendor = driver.vendor(f"vendor-r{world.key}", f"Roule {world.key}")
        world.adapter.upsert_vendors([vendor])
        world.adapter.upsert_vendors([replace(vendor, name=f"Rolle {world.key}")])
        store = next(
            store
            for store in driver.shop.tables["stores"].values()
            if store["store_name"] == f"Rolle {world.key}"
        )
        assert (store["enabled"], store["trusted"]) == (True, True)

    def test_webhook_that_was_switched_off_is_on_again(self, driver, world):
        url = f"https://erp.example/off/{world.key}"
        world.adapter.ensure_webhooks(url, "one")
        hooks = [
            hook
            for hook in driver.shop.tables["webhooks"].values()
            if hook["delivery_url"] == url
        ]
        hooks[0]["status"] = "disabled"
        world.adapter.ensure_webhooks(url, "two")
        assert {hook["status"] for hook in hooks} == {"active"}
        assert {hook["secret"] for hook in hooks} == {"two"}

    def test_tracking_is_corrected_on_the_same_parcel(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        command = self._parcel(world, placed, f"fulfilment-{world.key}t")
        made = world.adapter.push_fulfilment(command)
        world.adapter.push_fulfilment(replace(command, state=FulfilmentState.DELIVERED))
        corrected = replace(command, tracking="6A-OTHER")
        again = self.connect(driver).push_fulfilment(corrected)
        assert again.external_id == made.external_id
        (parcel,) = driver.parcels(placed.ref)
        assert (parcel.state, parcel.tracking) == ("delivered", "6A-OTHER")
        assert parcel.quantities == {world.skus[0]: 1}

    def test_order_is_complete_when_all_has_arrived(self, driver, world):
        placed = driver.place_order({world.skus[0]: 2})
        for rank in range(2):
            command = self._parcel(world, placed, f"fulfilment-{world.key}d{rank}")
            world.adapter.push_fulfilment(
                replace(command, state=FulfilmentState.DELIVERED)
            )
            shown = driver.call("GET", f"orders/{placed.ref}")
            assert shown["status"] == ("processing", "completed")[rank]
        assert self.read(world, placed.ref).state is OrderState.DELIVERED

    def test_half_cents_are_rounded_once(self, driver, world):
        """With taxes rounded on the whole, parts have fractions of a cent.

        Each is rounded by itself; the total may then be a cent away per part, for the
        rounding line of the import.
        """
        name = "woocommerce_tax_round_at_subtotal"
        driver.call("PUT", f"settings/tax/{name}", json={"value": "yes"})
        try:
            placed = driver.place_order({world.skus[0]: 1, world.skus[2]: 3})
        finally:
            driver.call("PUT", f"settings/tax/{name}", json={"value": "no"})
        raw = driver.call("GET", f"orders/{placed.ref}", params={"dp": 6})
        assert any(not line["total"].endswith("0000") for line in raw["line_items"])
        order = self.read(world, placed.ref)
        (fault,) = check_order(order)
        assert (fault.code, fault["gap"]) == ("total_gap", -1)
        assert check_order(order, tolerance=1) == []
        assert [line.amount for line in order.lines] == [1999, 3600]

    def test_prices_without_tax(self):
        """The same purchase has the same taxes in a shop that shows prices so."""
        with running() as app:
            driver = WooCommerceDriver(app)
            adapter = self.connect(driver)
            adapter.push_settings(
                replace(driver.settings(), tax_mode=contract.TaxMode.EXCLUDED)
            )
            vendor = driver.vendor("vendor-1", "Ardoise")
            adapter.upsert_vendors([vendor])
            offer = make_offer(vendor, "Mug", 1666)
            adapter.upsert_offers([offer])
            placed = driver.place_order({offer.sku: 1})
            (document,) = adapter.fetch_orders([placed.ref])
            order = adapter.parse_order(document.payload)
        assert order.tax_mode is contract.TaxMode.EXCLUDED
        assert check_order(order) == []
        assert (order.lines[0].amount, order.lines[0].taxes[0].amount) == (1666, 333)

    def test_server_takes_pieces_off_once(self, driver, world):
        """The server under test: a state that comes again moves no stock."""
        offer = make_offer(world.vendors[0], "Pin", 100, stock_available=10)
        world.adapter.upsert_offers([offer])
        placed = driver.place_order({offer.sku: 3}, capture=False)
        driver.capture(placed.ref)
        assert driver.offers()[offer.sku].sellable == 7
        driver.cancel(placed.ref)
        assert driver.offers()[offer.sku].sellable == 10
