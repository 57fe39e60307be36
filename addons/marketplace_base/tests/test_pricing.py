from datetime import datetime

from psycopg2.errors import ExclusionViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPricing(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Tarif SARL")
        cls.offer = cls._create_offer(cls.vendor, 100.0, sku="TARIF-1")
        cls.Change = cls.env["marketplace.offer.price.change"]
        cls.Price = cls.env["marketplace.offer.price"]
        cls.History = cls.env["marketplace.offer.price.history"]

    def _waiting(self, offer=None):
        return self.Change.search(
            [("offer_id", "=", (offer or self.offer).id), ("state", "=", "pending")]
        )

    # -- guards ---------------------------------------------------------------------

    def test_breach_keeps_the_live_price_and_waits(self):
        """P4: floor, ceiling and change; the rest of the write goes through."""
        self.company.marketplace_price_change_max = 0.2
        self.offer.write({"price_min": 50.0, "price_max": 150.0})
        cases = ((40.0, "floor change"), (160.0, "ceiling change"), (121.0, "change"))
        for price, codes in cases:
            with self.subTest(price):
                self.offer.write({"price": price, "quantity": 7})
                self.assertEqual(self.offer.price, 100.0)
                self.assertEqual(self.offer.quantity, 7)
                self.assertEqual(self.offer.price_pending, price)
                waiting = self._waiting()
                self.assertEqual((waiting.breaches, waiting.price), (codes, price))
                self.assertEqual(waiting.price_from, 100.0)
        self.assertEqual(
            self.Change.search_count(
                [("offer_id", "=", self.offer.id), ("state", "=", "replaced")]
            ),
            2,
            "a newer request replaces the one that waits",
        )
        self.offer.price = 119.0
        self.assertEqual(self.offer.price, 119.0)
        self.assertFalse(self._waiting(), "a price within the limits ends the wait")

    def test_approved_price_is_live_and_told_refused_one_is_not(self):
        self.offer.price_max = 120.0
        self.offer.price = 130.0
        change = self._waiting()
        with self.assertRaisesRegex(MarketplaceError, "TARIF-1"):
            change.action_refuse()
        change.refusal_reason = "Too dear"
        change.action_refuse()
        change.action_refuse()
        self.assertEqual((change.state, self.offer.price), ("refused", 100.0))
        self.assertEqual(self.offer._get_refused_price(), change)
        with self.assertRaises(MarketplaceError):
            change.action_approve()
        self.offer.price = 140.0
        change = self._waiting()
        change.action_approve()
        change.action_approve()
        self.assertEqual((change.state, self.offer.price), ("approved", 140.0))
        self.assertEqual(self.History.search([], limit=1).cause, "approval")

    def test_first_price_beyond_a_limit_waits_too(self):
        offer = self._create_offer(self.vendor, 300.0, price_max=200.0)
        self.assertEqual((offer.price, offer.inactive_reason), (0.0, "no_price"))
        self._waiting(offer).action_approve()
        self.assertEqual((offer.price, offer.is_sellable), (300.0, True))

    def test_price_zero_is_no_way_around_the_limit(self):
        self.company.marketplace_price_change_max = 0.2
        self.offer.price = 0.0
        self.assertEqual(self.offer.inactive_reason, "no_price")
        self.offer.price = 10.0
        self.assertEqual((self.offer.price, self._waiting().price), (0.0, 10.0))

    def test_contract_says_otherwise_than_the_company(self):
        self.company.marketplace_price_change_max = 0.2
        contract = self.vendor.vendor_contract_ids
        contract.write({"price_change_policy": "own", "price_change_max": 0.5})
        self.offer.price = 145.0
        self.assertEqual(self.offer.price, 145.0)
        contract.price_change_policy = "none"
        self.offer.price = 999.0
        self.assertEqual(self.offer.price, 999.0)
        contract.price_change_policy = "company"
        self.offer.price = 1.0
        self.assertEqual(self.offer.price, 999.0)

    def test_import_of_a_file_is_judged_like_the_rest(self):
        self.company.marketplace_price_change_max = 0.2
        result = (
            self.env["marketplace.offer"]
            .with_context(import_file=True)
            .load([".id", "price"], [[str(self.offer.id), "55"]])
        )
        self.assertEqual(result["ids"], self.offer.ids)
        self.assertEqual(self.offer.price, 100.0)
        self.assertEqual((self._waiting().price, self._waiting().cause), (55, "import"))

    def test_request_stays_as_it_was_asked(self):
        self.offer.price_max = 120.0
        self.offer.price = 130.0
        with self.assertRaisesRegex(MarketplaceError, "asked for"):
            self._waiting().price = 1.0
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.offer.currency_id = dollar
        self.assertFalse(self._waiting(), "asked for in another currency")

    def test_vendor_reads_his_offer_by_rpc(self):
        """Computed prices need no right on the tables behind them."""
        self.env.invalidate_all()
        [values] = self.offer.with_user(self.vendor.user_ids).read()
        self.assertEqual(values["price_current"], 100.0)
        self.assertNotIn("price_line_ids", values)

    def test_batch_holds_only_what_goes_too_far(self):
        self.company.marketplace_price_change_max = 0.2
        near = self._create_offer(self.vendor, 55.0)
        (self.offer | near).write({"price": 60.0})
        self.assertEqual((self.offer.price, near.price), (100.0, 60.0))
        self.assertEqual(self._waiting().offer_id, self.offer)

    def test_only_the_catalogue_decides(self):
        self.offer.price_max = 120.0
        self.offer.price = 130.0
        change = self._waiting()
        viewer = new_test_user(
            self.env, "mkp_price_viewer", groups="marketplace_base.group_viewer"
        )
        for name in ("action_approve", "action_refuse"):
            with self.assertRaises(AccessError):
                getattr(change.with_user(viewer), name)()
        self.offer.price = 119.0
        with self.assertRaises(AccessError):
            self.offer.with_user(viewer).price = 500.0
        with self.assertRaises(AccessError):
            self.offer.with_user(self.vendor.user_ids).price = 500.0
        self.assertFalse(self._waiting(), "who may not write asks for nothing")
        forged = self.offer.with_context(marketplace_price_approving=True)
        forged.price = 131.0
        self.assertEqual(self.offer.price, 119.0)
        clerk = new_test_user(
            self.env, "mkp_price_clerk", groups="marketplace_base.group_catalogue"
        )
        self._waiting().with_user(clerk).action_approve()
        self.assertEqual(self.offer.price, 131.0)

    # -- special prices -------------------------------------------------------------

    def _special(self, price, **vals):
        return self.Price.create({"offer_id": self.offer.id, "price": price, **vals})

    def test_scheduled_volume_and_channel_prices(self):
        """C7: the channel's own first, then the lowest that the quantity reaches."""
        self._special(90.0, date_start="2026-03-01", date_end="2026-03-08")
        self._special(80.0, min_quantity=10)
        self._special(105.0, channel="shop")
        price = self.offer._price_for
        self.assertEqual(price(date="2026-02-28 23:59:59"), 100.0)
        self.assertEqual(price(date="2026-03-01"), 90.0)
        self.assertEqual(price(date="2026-03-08"), 100.0)
        self.assertEqual(price(date="2026-03-01", quantity=10), 80.0)
        self.assertEqual(price("shop", date="2026-03-01", quantity=10), 105.0)
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.assertIsNone(price(currency=dollar))
        self._special(111.0, currency_id=dollar.id)
        self.assertEqual(price(currency=dollar), 111.0)

    def test_periods_never_overlap(self):
        self._special(90.0, date_start="2026-03-01", date_end="2026-03-08")
        self._special(91.0, date_start="2026-03-08")
        self._special(92.0, date_start="2026-03-01", channel="shop")
        with (
            self.assertRaises(ExclusionViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._special(89.0, date_start="2026-03-07", date_end="2026-03-09")

    def test_price_starts_and_ends_with_time(self):
        """The cron tells shops and history; running it twice changes nothing."""
        with freeze_time("2026-03-01 10:00:00"):
            line = self._special(90.0, date_start="2026-03-02", date_end="2026-03-03")
            self.assertEqual((line.state, self.offer.price_current), ("planned", 100))
        told = []
        self.patch(
            type(self.offer),
            "_after_offer_change",
            lambda offers, names: told.append((offers, names)),
        )
        for moment, state, price in (
            ("2026-03-02 00:00:01", "running", 90.0),
            ("2026-03-03 00:00:01", "over", 100.0),
        ):
            with freeze_time(moment):
                told.clear()
                self.Price._cron_refresh()
                self.Price._cron_refresh()
                self.assertEqual(line.state, state)
                self.offer.invalidate_recordset(["price_current"])
                self.assertEqual(self.offer.price_current, price)
                self.assertEqual([t for t in told if t[0]], [(self.offer, {"price"})])
                self.assertEqual(self.History.search([], limit=1).cause, "schedule")

    def test_special_price_beyond_a_limit_waits(self):
        self.offer.price_min = 70.0
        line = self._special(60.0)
        self.assertEqual((line.state, self.offer.price_current), ("pending", 100.0))
        self._waiting().action_approve()
        self.assertEqual((line.state, self.offer.price_current), ("running", 60.0))
        line.price = 50.0
        self.assertEqual((line.state, self.offer.price_current), ("pending", 100.0))
        change = self._waiting()
        change.refusal_reason = "No"
        change.action_refuse()
        self.assertEqual((line.state, self.offer.price_current), ("refused", 100.0))
        line.price = 75.0
        self.assertEqual((line.state, self.offer.price_current), ("running", 75.0))

    def test_quotation_takes_the_price_of_its_quantity(self):
        self._special(80.0, min_quantity=10)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.offer.product_id.id, "product_uom_qty": 2}
                    )
                ],
            }
        )
        line = order.order_line
        self.assertEqual((line.offer_id, line.price_unit), (self.offer, 100.0))
        line.product_uom_qty = 12
        self.assertEqual(line.price_unit, 80.0)
        dozen = self.env.ref("uom.product_uom_dozen")
        line.write({"product_uom_qty": 1, "product_uom_id": dozen.id})
        self.assertEqual(line.price_unit, 960.0)

    # -- history --------------------------------------------------------------------

    def test_price_and_tax_of_any_past_moment(self):
        """P8: validities follow each other; each says what, why and who."""
        with freeze_time("2026-04-01 08:00:00"):
            offer = self._create_offer(self.vendor, 10.0)
        with freeze_time("2026-04-02 08:00:00"):
            offer.with_context(marketplace_price_cause="portal").price = 12.0
        with freeze_time("2026-04-03 08:00:00"):
            offer.product_id.taxes_id = self.company._marketplace_tax(5.5)
        with freeze_time("2026-04-04 08:00:00"):
            offer.write({"price": 12.0, "quantity": 3})
        rows = self.History.search([("offer_id", "=", offer.id)], order="date_from")
        self.assertRecordValues(
            rows,
            [
                {
                    "price_from": 0.0,
                    "price": 10.0,
                    "cause": "manual",
                    "date_to": datetime(2026, 4, 2, 8),
                },
                {
                    "price_from": 10.0,
                    "price": 12.0,
                    "cause": "portal",
                    "date_to": datetime(2026, 4, 3, 8),
                },
                {
                    "price_from": 12.0,
                    "price": 12.0,
                    "cause": "tax",
                    "date_to": False,
                },
            ],
        )
        self.assertEqual(rows.user_id, self.env.user)
        self.assertFalse(offer._price_at("2026-04-01 07:59:59"))
        self.assertEqual(offer._price_at("2026-04-02 07:59:59"), rows[0])
        self.assertEqual(offer._price_at("2026-04-02 08:00:00"), rows[1])
        self.assertEqual(rows[1].tax_ids.mapped("amount"), [20.0])
        self.assertEqual(offer._price_at("2026-05-01").tax_ids.amount, 5.5)
        screen = self.env["marketplace.price.as.of"].create(
            {"offer_id": offer.id, "date": "2026-04-02 12:00:00"}
        )
        self.assertEqual((screen.price, screen.cause), (12.0, "portal"))

    def test_history_is_closed_to_everybody(self):
        row = self.offer._price_at("2100-01-01")
        forged = row.with_context(marketplace_history_token=True)
        for forbidden in (
            lambda: row.write({"price": 1.0}),
            lambda: row.unlink(),
            lambda: row.copy(),
            lambda: forged.write({"price": 1.0}),
        ):
            with self.assertRaises(AccessError):
                forbidden()

    def test_history_of_many_offers_costs_no_more_queries(self):
        many = self.env["marketplace.offer"].union(
            *(self._create_offer(self.vendor, 5.0) for _n in range(12))
        )

        def queries(offers, price):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            offers.write({"price": price})
            self.env.flush_all()
            return self.cr.sql_log_count - before

        few = queries(many[:3], 6.0)
        self.assertLessEqual(queries(many[3:], 6.0), few)
        self.assertEqual(
            self.History.search_count(
                [("offer_id", "in", many.ids), ("price", "=", 6)]
            ),
            12,
        )
