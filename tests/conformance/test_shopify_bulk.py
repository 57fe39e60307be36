"""Bulk operations of Shopify on the local server: thousands of offers in few calls."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from odoo.addons.marketplace_connector.adapters.errors import (
    InvalidError,
    ThrottledError,
)
from odoo.addons.marketplace_connector.adapters.shopify import bulk

from .suite import STOCK, AdapterConformance, make_offer
from .test_shopify import Bucket, Fault, ShopifyDriver, running

LOOKS_MAX = 10


class TestShopifyBulk:
    connect = AdapterConformance.connect
    lose_each_answer = AdapterConformance.lose_each_answer

    @pytest.fixture
    def driver(self):
        with running() as app:
            app.shop.bucket = Bucket(size=10**6)
            yield ShopifyDriver(app)

    @pytest.fixture
    def adapter(self, driver):
        adapter = self.connect(driver)
        adapter.push_settings(driver.settings())
        return adapter

    @pytest.fixture
    def vendor(self, driver, adapter):
        vendor = driver.vendor("vendor-1", "Ardoise")
        adapter.upsert_vendors([vendor])
        return vendor

    def offers(self, vendor, count):
        return [make_offer(vendor, f"Bead{rank}", 100 + rank) for rank in range(count)]

    def stock_of(self, offers):
        known = {offer.ref: offer.stock_available for offer in offers}
        return lambda refs: {ref: known[ref] for ref in refs}

    def finish(self, adapter, state, stock_of):
        """Follow a bulk to its end."""
        for _look in range(LOOKS_MAX):
            report = adapter.follow_bulk(state, stock_of)
            if report.complete:
                return report
            state = report.state
        raise AssertionError("The bulk has no end.")

    def load(self, adapter, offers):
        begun = adapter.begin_bulk(offers)
        return self.finish(adapter, begun.state, self.stock_of(offers))

    def test_thousands_of_offers_take_a_call_for_fifty(self, driver, adapter, vendor):
        count = adapter.capabilities.offer_bulk_max
        offers = self.offers(vendor, count)
        driver.app.requests = 0
        report = self.load(self.connect(driver), offers)
        assert driver.app.requests <= count / 50
        assert (len(report.results), report.error) == (count, "")
        assert all(result.ok for result in report.results)
        shown = driver.offers()
        for offer in offers:
            row = shown[offer.sku]
            assert (row.price, row.sellable) == (offer.price, STOCK)

    def test_same_again_makes_nothing_new(self, driver, adapter, vendor):
        offers = self.offers(vendor, 60)
        first = self.load(adapter, offers)
        again = self.load(self.connect(driver), offers)
        assert set(again.results) == set(first.results)
        assert [driver.count_offers(offer.sku) for offer in offers] == [1] * 60
        # All are on sale: the second one needed no operation for that.
        assert len(driver.app.bulks.operations) == 3

    def test_offer_changed_directly_is_the_same_offer(self, driver, adapter, vendor):
        offers = self.offers(vendor, 60)
        made = {result.ref: result for result in self.load(adapter, offers).results}
        (result,) = adapter.upsert_offers([replace(offers[7], price=999)])
        assert result == made[offers[7].ref]
        assert driver.offers()[offers[7].sku].price == 999

    def test_error_of_a_line_is_the_error_of_its_offer(self, driver, adapter, vendor):
        offers = self.offers(vendor, 60)
        bad = replace(offers[4], price=-1)
        lost = replace(offers[9], vendor_ref="vendor-nobody")
        offers[4], offers[9] = bad, lost
        report = self.load(adapter, offers)
        refused = {r.ref: r.error for r in report.results if not r.ok}
        assert refused.keys() == {bad.ref, lost.ref}
        assert "Price" in refused[bad.ref]
        assert "vendor-nobody" in refused[lost.ref]
        assert len(driver.offers()) == 58

    @pytest.mark.parametrize(
        "fault, done",
        [
            (Fault("FAILED", 20, "INTERNAL_SERVER_ERROR"), 20),
            (Fault("FAILED", 0, "TIMEOUT"), 0),
            (Fault("CANCELED", 5), 5),
            (Fault("EXPIRED", 60), 0),
        ],
    )
    def test_what_ends_early_goes_on_without_doubling(
        self, driver, adapter, vendor, fault, done
    ):
        offers = self.offers(vendor, 60)
        driver.app.bulks.faults.append(fault)
        report = self.load(adapter, offers)
        assert report.error
        told = {result.ref for result in report.results if result.ok}
        assert told == {offer.ref for offer in offers[:done]}
        left = [offer for offer in offers if offer.ref not in told]
        self.load(self.connect(driver), left)
        assert len(driver.offers()) == 60
        assert [driver.count_offers(offer.sku) for offer in offers] == [1] * 60

    def test_what_was_not_put_on_sale_has_no_result(self, driver, adapter, vendor):
        offers = self.offers(vendor, 60)
        driver.app.bulks.faults += [Fault("COMPLETED", 60), Fault("FAILED", 10)]
        report = self.load(adapter, offers)
        assert len(report.results) == len(driver.offers()) == 10
        again = self.load(adapter, offers)
        assert len(again.results) == len(driver.offers()) == 60

    def test_no_more_run_at_once_than_the_shop_works_on(self, driver, adapter, vendor):
        driver.app.bulks.is_held = True
        states, parts = [], [self.offers(vendor, 3) for _rank in range(6)]
        for part in parts:
            state = adapter.begin_bulk(part).state
            states.append((state, self.stock_of(part)))
        at_once = adapter.capabilities.bulks_at_once
        going = [
            (adapter.follow_bulk(state, stocks).state, stocks)
            for state, stocks in states[:at_once]
        ]
        with pytest.raises(ThrottledError):
            adapter.follow_bulk(*states[at_once])
        assert driver.app.bulks.count_under_way() == at_once
        driver.app.bulks.is_held = False
        for state, stocks in [*going, *states[at_once:]]:
            assert len(self.finish(adapter, state, stocks).results) == 3

    def test_lost_answers_start_each_operation_once(self, driver, adapter, vendor):
        """The connector keeps the state after each step, and goes on from there."""

        def act(adapter, case):
            if "state" not in case:
                case["state"] = adapter.begin_bulk(case["offers"]).state
            stock_of = self.stock_of(case["offers"])
            for _look in range(LOOKS_MAX):
                report = adapter.follow_bulk(case["state"], stock_of)
                case["state"] = report.state
                if report.complete:
                    case["results"] = report.results
                    return

        cases = self.lose_each_answer(
            driver, act, lambda: {"offers": self.offers(vendor, 60)}
        )
        assert len(cases) == 6  # file, operation and stock; file, operation; none
        assert len(driver.app.bulks.operations) == 2 * len(cases)
        for case in cases:
            assert len(case["results"]) == 60
            assert {driver.count_offers(o.sku) for o in case["offers"]} == {1}

    def test_stock_is_that_of_the_time_it_is_told(self, driver, adapter, vendor):
        """A bulk takes its time, and the shop sells meanwhile."""
        offers = self.offers(vendor, 3)
        self.load(adapter, offers)
        begun = adapter.begin_bulk(offers)
        driver.place_order({offers[0].sku: 2})
        left = {offers[0].ref: None, offers[1].ref: 7, offers[2].ref: None}
        self.finish(adapter, begun.state, lambda refs: {ref: left[ref] for ref in refs})
        shown = driver.offers()
        assert [shown[o.sku].sellable for o in offers] == [STOCK - 2, 7, STOCK]

    def test_file_larger_than_the_storage_takes_is_cut(
        self, driver, adapter, vendor, monkeypatch
    ):
        monkeypatch.setattr(bulk, "FILE_BYTES_MAX", 4000)
        offers = self.offers(vendor, 20)
        report = self.load(adapter, offers)
        assert 0 < len(report.results) < 20
        assert report.error == ""

    def test_mutation_that_the_shop_cannot_run_is_refused(self, adapter):
        path = bulk.upload(adapter._transport, [b"{}\n"])
        with pytest.raises(InvalidError, match="in bulk"):
            bulk.run(
                adapter._transport,
                "a: tagsAdd(id: $id, tags: []) { userErrors { message } } "
                "b: tagsAdd(id: $id, tags: []) { userErrors { message } }",
                "$id: ID!",
                path,
            )

    def test_end_of_an_operation_is_an_event(self, driver):
        body = (
            b'{"admin_graphql_api_id": "gid://shopify/BulkOperation/7", '
            b'"completed_at": "2026-11-25T10:00:00Z", "status": "completed"}'
        )
        now = datetime.now(UTC)
        headers = {
            **driver.sign(body, "s3cret", "d", now),
            "X-Shopify-Topic": "bulk_operations/finish",
        }
        event = driver.adapter_class.parse_event(headers, body, "s3cret", now)
        assert (event.kind, event.ref) == ("bulk", "7")
