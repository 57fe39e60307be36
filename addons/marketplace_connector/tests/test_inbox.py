from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import ConnectorCommon

# What one more order of a batch may cost, and what the batch itself may.
QUERIES_PER_ORDER = 9


@tagged("post_install", "-at_install", "marketplace")
class TestInbox(ConnectorCommon):
    def test_document_is_stored_once(self):
        """The same meaning is one message, whatever the shop's time of writing."""
        payload = self._payload("1", [self._line("11", self.tile)])
        first = self._store(payload)
        again = self._store({**payload, "updatedAt": "2026-03-02T12:00:00.000Z"})
        self.assertEqual(len(first), 1)
        self.assertFalse(again)
        changed = self._store({**payload, "state": "Shipped"})
        self.assertEqual(len(changed), 1)

    def test_unique_index_refuses_a_second_copy(self):
        """Two jobs that store at the same time leave one message."""
        message = self._store(self._payload("1", [self._line("11", self.tile)]))
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            message.copy()

    def test_import_makes_one_group_and_an_order_per_vendor(self):
        message = self._import(
            self._payload(
                "1", [self._line("11", self.tile, 2), self._line("12", self.linen)]
            )
        )
        self.assertEqual(message.state, "done", message.reason)
        group = message.order_id
        self.assertEqual(self._minor(group.amount_charged), 7500)
        self.assertEqual(
            {o.vendor_id: self._minor(o.amount_total) for o in group.sale_order_ids},
            # 5.00 shared by 40.00 and 30.00
            {self.vendors[0]: 4286, self.vendors[1]: 3214},
        )
        self.assertEqual(group.partner_id.country_id, self.france)
        self.assertEqual(group.storefront_id, self.storefront)

    def test_total_that_does_not_add_up_is_held(self):
        counts = self._counts()
        message = self._import(
            self._payload("1", [self._line("11", self.tile)], totalWithTax=2600)
        )
        self.assertEqual(message.state, "quarantine")
        self.assertIn("26.00", message.reason)
        self.assertIn("25.00", message.reason)
        self.assertEqual(self._counts(), counts)

    def test_difference_within_the_tolerance_is_rounding(self):
        self.storefront.tolerance = 0.02
        payload = self._payload("1", [self._line("11", self.tile)], totalWithTax=2499)
        payload["payments"][0]["amount"] = 2499
        message = self._import(payload)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self._minor(message.order_id.amount_charged), 2499)
        self.assertEqual(self._minor(message.order_id.amount_rounding), 1)
        named = message.order_id.ledger_line_ids.filtered(
            lambda line: line.event == "rounding"
        )
        self.assertEqual(
            [(line.role_debit, self._minor(line.amount)) for line in named],
            [("OPERATOR_COST", 1)],
        )
        self.assertTiedOut()

    def test_all_faults_are_named_at_once(self):
        """Whoever repairs an order sees everything that is wrong with it."""
        nothing = {"id": "x", "sku": "GONE", "name": "Gone"}
        message = self._import(
            self._payload(
                "1",
                [
                    self._line("11", self.tile, tax="TVA 20"),
                    self._line("12", self.linen, productVariant=nothing),
                ],
                currencyCode="CHF",
            )
        )
        for part in ("TVA 20", "GONE", "CHF"):
            self.assertIn(part, message.reason)

    def test_one_bad_order_does_not_hold_the_others(self):
        good, bad, other = self._import(
            self._payload("1", [self._line("11", self.tile)]),
            self._payload("2", [self._line("21", self.tile, tax="TVA 20")]),
            self._payload("3", [self._line("31", self.linen)]),
        )
        self.assertEqual(
            (good | bad | other).mapped("state"), ["done", "quarantine", "done"]
        )

    def test_document_of_an_unknown_form_is_held(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        del payload["totalWithTax"]
        message = self._import(payload)
        self.assertEqual(message.state, "quarantine")
        self.assertIn("totalWithTax", message.reason)

    def test_vendor_without_contract_is_held_and_replayed(self):
        vendor = self._create_vendor("Ocre", date_start="2026-06-01")
        offer = self._create_offer(vendor, 9.0, sku="OCRE")
        message = self._import(self._payload("1", [self._line("11", offer)]))
        self.assertEqual(message.state, "quarantine")
        self.assertIn("Ocre", message.reason)
        self.assertFalse(
            self.env["marketplace.order"].search([("channel", "=", "corner")])
        )
        self.env["marketplace.contract"].create(
            {
                **self._prepare_contract_vals(vendor),
                "date_start": "2026-01-01",
                "date_end": "2026-05-31",
            }
        )._transition("active")
        message.action_replay()
        self.assertEqual(message.state, "done", message.reason)

    def test_unknown_promotion_is_held_when_nobody_pays_by_default(self):
        line = self._line(
            "11", self.tile, proratedLinePrice=1500, proratedLinePriceWithTax=1800
        )
        line["discounts"] = [
            {
                "adjustmentSource": "PROMOTION:5",
                "description": "Two euros off",
                "amount": -167,
                "amountWithTax": -200,
            }
        ]
        promotion = {"id": "5", "couponCode": "TWO", "name": "Two euros off"}
        payload = self._payload("1", [line], promotions=[promotion])
        self.storefront.default_funder = False
        message = self._import(payload)
        self.assertEqual(message.state, "quarantine")
        self.assertIn("“TWO”", message.reason)
        self.env["marketplace.storefront.discount"].create(
            {"storefront_id": self.storefront.id, "code": "two", "funder": "vendor"}
        )
        message.action_replay()
        self.assertEqual(message.state, "done", message.reason)
        # Paid by the vendor: he is credited what the customer was charged.
        self.assertEqual(
            self._minor(message.order_id.sale_order_ids.amount_total), 2300
        )

    def test_replay_of_what_is_done_changes_nothing(self):
        message = self._import(self._payload("1", [self._line("11", self.tile)]))
        counts = self._counts()
        message.action_replay()
        self.assertEqual(message.state, "done")
        self.assertEqual(self._counts(), counts)

    def test_later_payment_and_refund_of_a_known_order(self):
        payload = self._payload("1", [self._line("11", self.tile, 2)])
        payload["payments"][0]["state"] = "Authorized"
        group = self._import(payload).order_id
        self.assertEqual(group.payment_state, "authorized")
        payload["payments"][0]["state"] = "Settled"
        self._import(payload)
        self.assertEqual(group.payment_state, "paid")
        payload["payments"][0]["refunds"] = [
            {
                "id": "r-1",
                "paymentId": "payment-1",
                "state": "Settled",
                "reason": "broken",
                "createdAt": "2026-03-05T10:00:00.000Z",
                "total": 2000,
                "shipping": 0,
                "lines": [{"orderLineId": "11", "quantity": 1}],
            }
        ]
        message = self._import(payload)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self._minor(group.refund_ids.amount), 2000)
        self.assertTiedOut()

    def test_refund_above_what_was_paid_is_held(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        group = self._import(payload).order_id
        payload["payments"][0]["refunds"] = [
            {
                "id": "r-1",
                "paymentId": "payment-1",
                "state": "Settled",
                "reason": "",
                "createdAt": "2026-03-05T10:00:00.000Z",
                "total": 9900,
                "shipping": 0,
                "lines": [],
            }
        ]
        message = self._import(payload)
        self.assertEqual(message.state, "quarantine")
        self.assertFalse(group.refund_ids)

    def test_order_cancelled_before_its_import_is_ignored(self):
        message = self._import(
            self._payload("1", [self._line("11", self.tile)], state="Cancelled")
        )
        self.assertEqual(message.state, "ignored")
        self.assertFalse(message.order_id)

    def test_older_document_of_a_batch_gives_way(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        messages = self._store(payload, {**payload, "state": "Shipped"})
        self.storefront._process_inbox()
        self.assertEqual(messages.mapped("state"), ["done", "done"])
        self.assertFalse(messages[0].order_id)
        self.assertTrue(messages[1].order_id)

    def test_states_move_through_the_gate_only(self):
        message = self._store(self._payload("1", [self._line("11", self.tile)]))
        with self.assertRaises(MarketplaceError):
            message.state = "done"
        message.action_ignore()
        with self.assertRaises(MarketplaceError):
            message._transition("done")
        message.action_ignore()  # twice is once
        with self.assertRaises(MarketplaceError):
            message.unlink()

    def test_viewer_reads_and_order_desk_replays(self):
        viewer = new_test_user(
            self.env, "conn_viewer", groups="marketplace_base.group_viewer"
        )
        desk = new_test_user(
            self.env, "conn_desk", groups="marketplace_base.group_order_desk"
        )
        message = self._store(self._payload("1", [self._line("11", self.tile)]))
        self.assertEqual(message.with_user(viewer).read(["state"])[0]["state"], "new")
        with self.assertRaises(AccessError):
            message.with_user(viewer).action_ignore()
        message.action_ignore()
        message.with_user(desk).action_replay()
        self.assertEqual(message.state, "done", message.reason)

    def test_import_of_a_batch_keeps_its_query_budget(self):
        self._import(self._payload("0", [self._line("1", self.tile)]))
        costs = {}
        for size in (5, 25):
            self._store(
                *(
                    self._payload(
                        f"{size}-{rank}",
                        [
                            self._line(f"{size}-{rank}-1", self.tile),
                            self._line(f"{size}-{rank}-2", self.linen),
                        ],
                    )
                    for rank in range(size)
                )
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.storefront._process_inbox()
            self.env.flush_all()
            costs[size] = self.cr.sql_log_count - before
        self.assertLessEqual((costs[25] - costs[5]) / 20, QUERIES_PER_ORDER, costs)

    def _counts(self):
        return {
            model: self.env[model].search_count([])
            for model in (
                "marketplace.order",
                "sale.order",
                "res.partner",
                "marketplace.binding",
                "marketplace.ledger.line",
                "account.move",
            )
        }
