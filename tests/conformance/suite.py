"""What every adapter must do, against a running shop.

Subclass :class:`AdapterConformance`, give it a ``driver`` fixture of class scope, and
every test here runs on that platform.  No Odoo: values in, values out.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from odoo.addons.marketplace_connector.adapters.base import Adapter
from odoo.addons.marketplace_connector.adapters.errors import (
    AuthError,
    DocumentError,
    InvalidError,
    ShopError,
    SignatureError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
)
from odoo.addons.marketplace_connector.engine import contract
from odoo.addons.marketplace_connector.engine.contract import (
    FulfilmentState,
    LineQuantity,
    OrderState,
    PaymentKind,
    PaymentState,
    RefundModel,
    RefundState,
)
from odoo.addons.marketplace_connector.engine.mapping import map_payments
from odoo.addons.marketplace_connector.engine.payment_kinds import (
    method_key,
    with_kinds,
)
from odoo.addons.marketplace_connector.engine.validate import check_order
from odoo.addons.marketplace_connector.engine.wellformed import find_misfit

from .driver import ShopDriver
from .faulty_proxy import faulty_proxy

STOCK = 500
NOWHERE = "http://127.0.0.1:9"  # nothing listens there
WRITES_MAX = 30  # of one command; more would mean that a test spoils nothing


@dataclass
class World:
    """Two vendors and three offers in the shop, and what the adapter called them."""

    key: str
    adapter: Adapter
    vendors: list[contract.Vendor]
    offers: list[contract.Offer]
    vendor_ids: list[str]
    offer_ids: list[str]

    @property
    def skus(self) -> list[str]:
        return [offer.sku for offer in self.offers]


def make_offer(vendor: contract.Vendor, name: str, price: int, **values):
    """Return an offer of a product of its own."""
    unique = uuid.uuid4().hex[:8]
    base = {
        "ref": f"offer-{unique}",
        "product_ref": f"product-{unique}",
        "product_name": f"{name} {unique}",
        "product_description": f"A good {name.lower()}.",
        "vendor_ref": vendor.ref,
        "label": vendor.name,
        "sku": f"{name.upper()}-{unique}",
        "price": price,
        "tax_code": "VAT 20",
        "stock_available": STOCK,
        "stock_held": 0,
    }
    return contract.Offer(**{**base, **values})


class AdapterConformance:
    """The tests; each makes the orders it needs."""

    @pytest.fixture(scope="class")
    def driver(self) -> ShopDriver:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    def world(self, driver) -> World:
        adapter = self.connect(driver)
        adapter.push_settings(driver.settings())
        key = uuid.uuid4().hex[:6]
        vendors = [
            driver.vendor(f"vendor-{key}{rank}", f"{name} {key}")
            for rank, name in enumerate(("Ardoise", "Bois"))
        ]
        vendor_ids = [result.external_id for result in adapter.upsert_vendors(vendors)]
        mug = make_offer(vendors[0], "Mug", 1999)
        offers = [
            mug,
            # The same product, sold by the other one too.
            replace(
                make_offer(vendors[1], "Mugtwo", 2150),
                product_ref=mug.product_ref,
                product_name=mug.product_name,
                product_description=mug.product_description,
            ),
            make_offer(vendors[1], "Book", 1200, tax_code="VAT 5.5"),
        ]
        results = adapter.upsert_offers(offers)
        assert [result.error for result in results] == ["", "", ""]
        offer_ids = [result.external_id for result in results]
        return World(key, adapter, vendors, offers, vendor_ids, offer_ids)

    def connect(self, driver, url=None, **access) -> Adapter:
        given = {"username": driver.username, "password": driver.password, **access}
        return driver.adapter_class(url or driver.url, **given)

    def read(self, world, ref) -> contract.Order:
        (document,) = world.adapter.fetch_orders([ref])
        return world.adapter.parse_order(document.payload)

    def pull(self, page_of, limit=100):
        """Return all documents of all pages."""
        documents, cursor, complete = [], "", False
        while not complete:
            page = page_of(cursor, limit)
            documents += page.documents
            cursor, complete = page.cursor, page.complete
        return documents

    def reread(self, world, ref) -> contract.Order:
        """Read an order in the lane of those that may change unseen."""
        after = datetime.now(UTC) - timedelta(days=1)
        (found,) = [
            document
            for document in self.pull(
                lambda cursor, limit: world.adapter.pull_open_orders(
                    after, cursor, limit
                )
            )
            if document.ref == ref
        ]
        return world.adapter.parse_order(found.payload)

    def lose_each_answer(self, driver, act, prepare=lambda: None):
        """Call ``act(adapter, prepared)`` until it is done, one answer lost each time.

        For every write of the command in turn: the shop does it, the answer is lost,
        the call is made again by an adapter that knows nothing.

        :param prepare: makes a new case for each turn.
        :return: the cases.
        """
        cases = []
        for rank in range(WRITES_MAX):
            case = prepare()
            cases.append(case)
            with faulty_proxy(driver.url) as proxy:
                proxy.fail_call(driver.is_write, "lost", rank)
                try:
                    act(self.connect(driver, proxy.url), case)
                except UnknownOutcomeError:
                    assert proxy.hits == ["lost"]
                    act(self.connect(driver, proxy.url), case)
                if not proxy.hits:  # it had fewer writes than that
                    assert rank, "the command wrote nothing"
                    return cases
        raise AssertionError("The command writes without end.")

    # ---- access ------------------------------------------------------------

    def test_check_describes_the_shop(self, driver, world):
        info = world.adapter.check()
        assert info.ref and info.ref == self.connect(driver).check().ref
        assert info.currency == driver.currency
        assert info.is_set_up
        assert abs(info.clock_skew) < timedelta(minutes=1)

    def test_wrong_password_is_an_access_error(self, driver):
        with pytest.raises(AuthError):
            self.connect(driver, password="wrong").check()

    def test_closed_shop_is_transient(self, driver):
        with pytest.raises(TransientError):
            self.connect(driver, NOWHERE).check()

    @pytest.mark.parametrize(
        "fault, error",
        [
            ("page", TransientError),
            ("truncated", TransientError),
            ("unavailable", TransientError),
            ("throttled", ThrottledError),
        ],
    )
    def test_broken_answer_is_no_empty_shop(self, driver, fault, error):
        with faulty_proxy(driver.url) as proxy:
            adapter = self.connect(driver, proxy.url)
            adapter.check()
            proxy.fail_call(lambda *_call: True, fault)
            with pytest.raises(error) as caught:
                adapter.pull_orders("", 10)
            assert proxy.hits == [fault]
        if fault == "throttled":
            assert caught.value.wait_seconds == 120

    # ---- settings, vendors, offers ------------------------------------------

    def test_settings_may_be_pushed_again(self, driver, world):
        settings = driver.settings()
        differences = world.adapter.push_settings(settings)
        assert world.adapter.push_settings(settings) == differences
        info = world.adapter.check()
        assert info.tax_mode is settings.tax_mode or differences

    def test_vendor_is_made_once(self, driver, world):
        again = self.connect(driver).upsert_vendors(world.vendors)
        assert [result.external_id for result in again] == world.vendor_ids
        assert [driver.count_vendors(vendor.name) for vendor in world.vendors] == [1, 1]

    def test_vendor_is_renamed(self, driver, world):
        vendor = driver.vendor(f"vendor-n{world.key}", f"Old {world.key}")
        (made,) = world.adapter.upsert_vendors([vendor])
        (renamed,) = world.adapter.upsert_vendors(
            [replace(vendor, name=f"New {world.key}")]
        )
        assert made.external_id == renamed.external_id
        assert driver.count_vendors(f"Old {world.key}") == 0
        assert driver.count_vendors(f"New {world.key}") == 1

    def test_offer_is_made_once(self, driver, world):
        again = self.connect(driver).upsert_offers(world.offers)
        assert [result.external_id for result in again] == world.offer_ids
        assert [driver.count_offers(sku) for sku in world.skus] == [1, 1, 1]

    def test_offer_shows_its_price_stock_and_vendor(self, driver, world):
        shown = driver.offers()
        names = {vendor.ref: vendor.name for vendor in world.vendors}
        for offer in world.offers:
            assert shown[offer.sku].price == offer.price
            assert shown[offer.sku].vendor == names[offer.vendor_ref]
            assert offer.product_name in shown[offer.sku].name

    def test_changed_offer_shows_the_change_and_leaves_the_shelf(self, driver, world):
        offer = make_offer(world.vendors[0], "Vase", 3000)
        (made,) = world.adapter.upsert_offers([offer])
        assert driver.offers()[offer.sku].sellable == STOCK
        changed = replace(
            offer, price=3150, stock_available=7, product_name=f"Tall {offer.sku}"
        )
        assert world.adapter.upsert_offers([changed])[0].external_id == made.external_id
        shown = driver.offers()[offer.sku]
        assert (shown.price, shown.sellable) == (3150, 7)
        assert f"Tall {offer.sku}" in shown.name
        facts = replace(
            changed,
            category=("Home", "Tables"),
            barcode="3012345678900",
            eco_contribution=12,
        )
        assert world.adapter.upsert_offers([facts])[0].ok
        told = driver.facts(offer.sku)
        for name in told:
            assert told[name] == getattr(facts, name), name
        world.adapter.upsert_offers([replace(changed, active=False)])
        assert offer.sku not in driver.offers()
        world.adapter.upsert_offers([changed])
        assert driver.offers()[offer.sku].price == 3150
        assert driver.count_offers(offer.sku) == 1

    def test_one_refused_offer_leaves_the_others_alone(self, driver, world):
        good = make_offer(world.vendors[0], "Bowl", 900)
        bad = make_offer(world.vendors[0], "Ghost", 900, vendor_ref="vendor-nobody")
        results = world.adapter.upsert_offers([bad, good])
        assert [(result.ref, result.ok) for result in results] == [
            (bad.ref, False),
            (good.ref, True),
        ]
        assert good.sku in driver.offers()

    def test_lost_answers_make_one_vendor_and_one_offer(self, driver, world):
        def prepare():
            unique = uuid.uuid4().hex[:8]
            vendor = driver.vendor(f"vendor-{unique}", f"Lost {unique}")
            return vendor, make_offer(vendor, "Lost", 500)

        def act(adapter, case):
            vendor, offer = case
            assert adapter.upsert_vendors([vendor])[0].ok
            assert adapter.upsert_offers([offer])[0].ok

        shown_once = [
            (driver.count_vendors(vendor.name), driver.count_offers(offer.sku))
            for vendor, offer in self.lose_each_answer(driver, act, prepare)
        ]
        assert set(shown_once) == {(1, 1)}
        assert len(shown_once) > 2

    def test_stock_that_is_told_can_be_bought(self, driver, world):
        """What was sold and not shipped is not taken off twice."""
        offer = make_offer(world.vendors[0], "Lamp", 2500, stock_available=10)
        world.adapter.upsert_offers([offer])
        driver.place_order({offer.sku: 2})
        assert driver.offers()[offer.sku].sellable == 8
        told = replace(offer, stock_available=20, stock_held=2)
        world.adapter.upsert_offers([told])
        assert driver.offers()[offer.sku].sellable == 20
        world.adapter.upsert_offers([replace(told, price=2600, stock_available=None)])
        assert driver.offers()[offer.sku].sellable == 20

    # ---- orders ------------------------------------------------------------

    def test_order_adds_up(self, driver, world):
        coupon = driver.create_coupon(10)
        placed = driver.place_order(
            {world.skus[0]: 3, world.skus[1]: 1, world.skus[2]: 2}, coupon=coupon
        )
        order = self.read(world, placed.ref)
        assert (find_misfit(order), check_order(order)) == ("", [])
        assert (order.ref, order.number) == (placed.ref, placed.number)
        assert (order.total, order.currency) == (placed.total, driver.currency)
        assert order.state is OrderState.OPEN
        bought = {line.offer_ref: (line.sku, line.quantity) for line in order.lines}
        assert bought == dict(
            zip(world.offer_ids, zip(world.skus, (3, 1, 2), strict=True), strict=True)
        )
        for line in order.lines:
            assert [discount.code.upper() for discount in line.discounts] == [
                coupon.upper()
            ]
            assert line.taxes
        assert order.customer.email and order.customer.name
        assert order.shipping_address.country_code == "FR"
        assert abs(order.placed_at - datetime.now(UTC)) < timedelta(minutes=5)
        (payment,) = order.payments
        assert (payment.amount, payment.state) == (placed.total, PaymentState.CAPTURED)

    def test_order_read_twice_has_one_digest(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1, world.skus[2]: 1})
        first, second = (
            adapter.fetch_orders([placed.ref])[0]
            for adapter in (world.adapter, self.connect(driver))
        )
        assert first.digest == second.digest
        assert (first.kind, first.number) == ("order", placed.number)
        pulled = [
            document
            for document in self.pull(world.adapter.pull_orders)
            if document.ref == placed.ref
        ]
        assert {document.digest for document in pulled} == {first.digest}

    def test_no_order_is_missed_while_the_shop_sells(self, driver, world):
        """One changes and one is placed between two pages."""
        placed = [driver.place_order({world.skus[0]: 2}) for _rank in range(5)]
        page = world.adapter.pull_orders("", 2)
        documents = list(page.documents)
        driver.take_off(placed[1].ref, world.skus[0], 1)
        placed.append(driver.place_order({world.skus[0]: 1}))
        pages = 1
        while not page.complete:
            page = world.adapter.pull_orders(page.cursor, 2)
            documents += page.documents
            pages += 1
        assert pages > 2
        digests = {}
        for document in documents:
            digests.setdefault(document.ref, []).append(document.digest)
        for order in placed:
            (fresh,) = world.adapter.fetch_orders([order.ref])
            assert digests[order.ref][-1] == fresh.digest
            if order != placed[1]:
                assert len(set(digests[order.ref])) == 1
        later = driver.place_order({world.skus[0]: 1})
        following = self.pull(
            lambda cursor, limit: world.adapter.pull_orders(
                cursor or page.cursor, limit
            )
        )
        assert later.ref in {document.ref for document in following}

    def test_orders_of_one_instant_are_all_read(self, driver, world):
        refs = [driver.place_order({world.skus[0]: 1}).ref for _rank in range(4)]
        driver.same_instant(refs)
        documents = self.pull(world.adapter.pull_orders, limit=2)
        assert set(refs) <= {document.ref for document in documents}

    def test_orders_of_a_span_of_time(self, driver, world):
        before, during, after = (
            driver.place_order({world.skus[0]: 1}).ref for _rank in range(3)
        )
        times = {
            ref: self.read(world, ref).placed_at for ref in (before, during, after)
        }
        documents = self.pull(
            lambda cursor, limit: world.adapter.pull_placed_orders(
                times[during], times[after], cursor, limit
            ),
            limit=1,
        )
        refs = Counter(document.ref for document in documents)
        assert during in refs
        assert not {before, after} & refs.keys()

    def test_order_is_found_by_its_number(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        found = world.adapter.find_order(placed.number)
        assert (found.ref, found.number) == (placed.ref, placed.number)
        assert world.adapter.find_order("NOT-A-NUMBER") is None

    def test_unknown_order_is_left_out(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        found = world.adapter.fetch_orders([placed.ref, "999999999"])
        assert [document.ref for document in found] == [placed.ref]

    def test_capture_and_refund_are_seen_in_the_second_lane(self, driver, world):
        placed = driver.place_order({world.skus[0]: 2}, capture=False)
        (payment,) = self.reread(world, placed.ref).payments
        assert payment.state is PaymentState.AUTHORIZED
        driver.capture(placed.ref)
        (payment,) = self.reread(world, placed.ref).payments
        assert (payment.state, payment.amount) == (PaymentState.CAPTURED, placed.total)
        shown = driver.refund(placed.ref, world.skus[0], 1)
        order = self.reread(world, placed.ref)
        (refund,) = order.refunds
        assert (refund.ref, refund.our_ref) == (shown.ref, "")
        assert (refund.amount, refund.state) == (shown.amount, RefundState.DONE)
        assert refund.payment_ref == payment.ref
        assert check_order(order) == []

    def test_unpaid_order_names_its_method_of_payment(self, driver, world):
        """A mapping can then say that it is paid at the door, and nothing is owed."""
        placed = driver.place_order({world.skus[0]: 1}, capture=False)
        order = self.read(world, placed.ref)
        (payment,) = order.payments
        assert payment.method and not order.is_cash_on_delivery
        kinds = {method_key(payment.method): PaymentKind.CASH_ON_DELIVERY}
        at_door = with_kinds(order, kinds)
        assert at_door.cash_payment.ref == payment.ref
        assert map_payments(at_door.payments) == []
        assert check_order(at_door) == []

    def test_return_is_read(self, driver, world):
        if not world.adapter.capabilities.reads_returns:
            placed = driver.place_order({world.skus[0]: 1})
            assert self.read(world, placed.ref).returns == ()
            return
        placed = driver.place_order({world.skus[0]: 2})
        assert self.read(world, placed.ref).returns == ()
        ref = driver.ask_return(placed.ref, world.skus[0], 1)
        order = self.reread(world, placed.ref)
        (wanted,) = order.returns
        assert (wanted.ref, find_misfit(order)) == (ref, "")
        (line,) = order.lines
        assert wanted.lines == (LineQuantity(line.ref, 1),)
        assert abs(wanted.at - datetime.now(UTC)) < timedelta(minutes=5)
        assert self.read(world, placed.ref).returns == order.returns

    def test_refund_of_an_old_order_is_listed_by_its_own_time(self, driver, world):
        """Nobody called us, and the order looks as it did a long time ago."""
        placed, other = (driver.place_order({world.skus[0]: 2}) for _rank in range(2))
        since = datetime.now(UTC) - timedelta(days=1)
        driver.refund(placed.ref, world.skus[0], 1)
        driver.grow_old(placed.ref, since - timedelta(days=99))
        assert len(self.read(world, placed.ref).refunds) == 1
        if world.adapter.capabilities.lists_refunds:
            listed = set(world.adapter.list_refunded(since))
            assert placed.ref in listed
            assert other.ref not in listed

    def test_edit_and_cancellation_in_the_shop_are_seen(self, driver, world):
        placed = driver.place_order({world.skus[0]: 3, world.skus[2]: 1}, capture=False)
        driver.take_off(placed.ref, world.skus[0], 1)
        order = self.reread(world, placed.ref)
        quantities = {line.sku: line.quantity for line in order.lines}
        assert quantities == {world.skus[0]: 2, world.skus[2]: 1}
        assert check_order(order) == []
        driver.cancel(placed.ref)
        assert self.read(world, placed.ref).state is OrderState.CANCELLED

    # ---- parcels -----------------------------------------------------------

    def _parcel(self, world, placed, ref, quantity=1):
        (line,) = self.read(world, placed.ref).lines
        return contract.FulfilmentCommand(
            ref=ref,
            order_ref=placed.ref,
            lines=(LineQuantity(line.ref, quantity),),
            carrier="Colissimo",
            tracking=f"6A-{ref}",
        )

    def test_parcel_is_shown_once_and_arrives(self, driver, world):
        placed = driver.place_order({world.skus[0]: 2})
        command = self._parcel(world, placed, f"fulfilment-{world.key}1")
        first = world.adapter.push_fulfilment(command)
        again = self.connect(driver).push_fulfilment(command)
        assert first.external_id == again.external_id
        (shown,) = driver.parcels(placed.ref)
        assert (shown.state, shown.carrier) == ("shipped", "Colissimo")
        assert (shown.tracking, shown.quantities) == (
            command.tracking,
            {world.skus[0]: 1},
        )
        arrived = replace(command, state=FulfilmentState.DELIVERED)
        assert world.adapter.push_fulfilment(arrived).external_id == first.external_id
        world.adapter.push_fulfilment(arrived)
        assert [parcel.state for parcel in driver.parcels(placed.ref)] == ["delivered"]
        other = self._parcel(world, placed, f"fulfilment-{world.key}2")
        assert world.adapter.push_fulfilment(other).external_id != first.external_id
        assert len(driver.parcels(placed.ref)) == 2

    def test_lost_answers_make_one_parcel(self, driver, world):
        def prepare():
            placed = driver.place_order({world.skus[0]: 2})
            ref = f"fulfilment-{uuid.uuid4().hex[:8]}"
            return placed, self._parcel(world, placed, ref)

        def act(adapter, case):
            adapter.push_fulfilment(case[1])

        for placed, _command in self.lose_each_answer(driver, act, prepare):
            (parcel,) = driver.parcels(placed.ref)
            assert (parcel.state, sum(parcel.quantities.values())) == ("shipped", 1)

    # ---- refunds and cancellations ------------------------------------------

    def _refund(self, world, placed, amount=500):
        order = self.read(world, placed.ref)
        by_lines = world.adapter.capabilities.refund_model is RefundModel.LINES
        return contract.RefundCommand(
            ref=f"refund-{uuid.uuid4().int % 10**9}",
            order_ref=placed.ref,
            payment_ref=order.payments[0].ref,
            amount=amount,
            reason="Defective",
            lines=(LineQuantity(order.lines[0].ref, 1),) if by_lines else (),
        )

    def test_refund_is_made_once_and_known_again(self, driver, world):
        placed = driver.place_order({world.skus[0]: 2})
        command = self._refund(world, placed)
        assert world.adapter.find_refund(command) is None
        first = world.adapter.push_refund(command)
        again = self.connect(driver).push_refund(command)
        assert first.external_id == again.external_id
        assert world.adapter.find_refund(command).external_id == first.external_id
        assert [refund.amount for refund in driver.refunds(placed.ref)] == [500]
        (refund,) = self.reread(world, placed.ref).refunds
        assert (refund.our_ref, refund.ref) == (command.ref, first.external_id)
        assert (refund.amount, refund.state) == (500, RefundState.DONE)

    def test_lost_answers_give_the_money_back_once(self, driver, world):
        def prepare():
            placed = driver.place_order({world.skus[0]: 1})
            return placed, self._refund(world, placed)

        def act(adapter, case):
            adapter.push_refund(case[1])

        for placed, _command in self.lose_each_answer(driver, act, prepare):
            assert [refund.amount for refund in driver.refunds(placed.ref)] == [500]

    def test_refund_above_the_payment_is_refused(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        command = self._refund(world, placed, amount=placed.total + 1)
        with pytest.raises(InvalidError):
            world.adapter.push_refund(command)
        assert driver.refunds(placed.ref) == []

    def test_command_about_an_unknown_order_is_refused(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        parcel = self._parcel(world, placed, f"fulfilment-{world.key}9")
        with pytest.raises(InvalidError):
            world.adapter.push_fulfilment(replace(parcel, order_ref="999999999"))
        with pytest.raises(InvalidError):
            world.adapter.push_refund(
                replace(self._refund(world, placed), order_ref="999999999")
            )

    def test_our_cancellation_is_made_once(self, driver, world):
        if not world.adapter.capabilities.cancels_orders:
            return
        placed = driver.place_order({world.skus[0]: 3}, capture=False)
        (line,) = self.read(world, placed.ref).lines
        command = contract.CancelCommand(
            ref=f"cancellation-{world.key}",
            order_ref=placed.ref,
            reason="Out of stock",
            lines=(LineQuantity(line.ref, 1),),
        )
        world.adapter.cancel_order(command)
        self.connect(driver).cancel_order(command)
        (line,) = self.read(world, placed.ref).lines
        assert line.quantity == 2
        whole = replace(command, ref=f"cancellation-{world.key}all", lines=())
        world.adapter.cancel_order(whole)
        self.connect(driver).cancel_order(whole)
        assert self.read(world, placed.ref).state is OrderState.CANCELLED

    # ---- what vendors find ---------------------------------------------------

    def test_vendor_records_are_shown_once(self, driver, world):
        if not world.adapter.capabilities.vendor_record_batch_max:
            return
        vendor = world.vendors[0]
        records = [
            contract.VendorRecord(
                ref=f"invoice-{world.key}",
                kind=contract.RecordKind.INVOICE,
                vendor_ref=vendor.ref,
                number=f"MKC/{world.key}/1",
                date=datetime.now(UTC).date(),
                amount=1234,
                currency=driver.currency,
                state="paid",
                url="https://erp.example/invoice/1",
            ),
            contract.VendorRecord(
                ref=f"payout-{world.key}",
                kind=contract.RecordKind.PAYOUT,
                vendor_ref=vendor.ref,
                number=f"PAY/{world.key}",
                date=datetime.now(UTC).date(),
                amount=5000,
                currency=driver.currency,
                state="sent",
                url="https://erp.example/payout/1",
            ),
        ]
        assert all(r.ok for r in world.adapter.push_vendor_records(records))
        later = [records[0], replace(records[1], state="confirmed")]
        assert all(r.ok for r in self.connect(driver).push_vendor_records(later))
        assert sorted(driver.vendor_records(vendor.ref)) == sorted(
            record.number for record in records
        )

    # ---- webhooks -----------------------------------------------------------

    def test_webhook_is_registered_once(self, driver, world):
        if not world.adapter.capabilities.registers_webhooks:
            return
        url = f"https://erp.example/hook/{world.key}"
        world.adapter.ensure_webhooks(url, "secret")
        count = driver.count_webhooks(url)
        assert count
        self.connect(driver).ensure_webhooks(url, "secret")
        assert driver.count_webhooks(url) == count

    def test_webhook_of_the_shop_is_read(self, driver):
        now = datetime.now(UTC)
        body = driver.event_body("7", now)
        headers = driver.sign(body, "s3cret", "delivery-1", now)
        event = driver.adapter_class.parse_event(headers, body, "s3cret", now)
        assert (event.kind, event.ref) == ("order", "7")
        again = driver.adapter_class.parse_event(headers, body, "s3cret", now)
        assert event.delivery_id and event.delivery_id == again.delivery_id

    def test_webhook_of_somebody_else_is_refused(self, driver):
        now = datetime.now(UTC)
        body = driver.event_body("7", now)
        good = driver.sign(body, "s3cret", "delivery-1", now)
        cases = [
            (driver.sign(body, "other", "delivery-1", now), body, "s3cret"),
            (good, driver.event_body("8", now), "s3cret"),
            ({}, body, "s3cret"),
            (driver.sign(body, "", "delivery-1", now), body, ""),
        ]
        if driver.signs_time:
            for age in (timedelta(hours=1), -timedelta(hours=1)):
                cases.append(
                    (
                        driver.sign(body, "s3cret", "delivery-1", now - age),
                        body,
                        "s3cret",
                    )
                )
        for headers, raw, secret in cases:
            with pytest.raises(SignatureError):
                driver.adapter_class.parse_event(headers, raw, secret, now)

    @pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"\xff"])
    def test_signed_nonsense_is_no_event(self, driver, body):
        now = datetime.now(UTC)
        headers = driver.sign(body, "s3cret", "delivery-1", now)
        with pytest.raises(DocumentError):
            driver.adapter_class.parse_event(headers, body, "s3cret", now)

    # ---- documents -----------------------------------------------------------

    def test_bad_document_is_named_and_breaks_nothing(self, driver, world):
        """Whatever is missing or of another kind, it is a fault of the document."""
        placed = driver.place_order({world.skus[0]: 1})
        (document,) = world.adapter.fetch_orders([placed.ref])
        refused = 0
        for payload in spoiled(document.payload):
            try:
                order = world.adapter.parse_order(payload)
            except DocumentError as error:
                assert str(error)
                refused += 1
            else:
                refused += bool(find_misfit(order))
        assert refused > 5
        with pytest.raises(DocumentError):
            world.adapter.parse_order({})

    def test_errors_are_for_people(self, driver, world):
        placed = driver.place_order({world.skus[0]: 1})
        command = self._refund(world, placed, amount=placed.total + 1)
        with pytest.raises(ShopError) as caught:
            world.adapter.push_refund(command)
        assert str(caught.value).strip()


def spoiled(payload):
    """Yield copies of a document, each with one part taken away or replaced."""
    for key in payload:
        yield {name: value for name, value in payload.items() if name != key}
        for value in (None, "text", 7, [], [7], {}):
            yield {**payload, key: value}
    for key, value in payload.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for part in spoiled(value[0]):
                yield {**payload, key: [part, *value[1:]]}
