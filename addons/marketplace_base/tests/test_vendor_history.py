from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorHistory(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "mkp_history_clerk", groups="marketplace_base.group_catalogue"
        )
        cls.vendor = cls._create_vendor("Maison Laure")
        cls.offer = cls._create_offer(cls.vendor, 30.0)

    def _suspend(self):
        self.env["marketplace.vendor.transition"].with_user(self.clerk).create(
            self._prepare_suspension_vals(self.vendor, "Parcels late")
        ).action_apply()

    def test_each_change_keeps_user_time_and_reason(self):
        with freeze_time("2026-05-04 08:30:00"):
            self._suspend()
        change = self.vendor.vendor_history_ids.sorted("id")[-1]
        self.assertRecordValues(
            change,
            [
                {
                    "state_from": "approved",
                    "state_to": "suspended",
                    "user_id": self.clerk.id,
                    "reason_code": "late",
                    "reason": "Parcels late",
                    "date": fields.Datetime.to_datetime("2026-05-04 08:30:00"),
                }
            ],
        )

    def test_ordinary_steps_are_kept_too_and_a_second_call_is_not(self):
        vendor = self.env["res.partner"].create(
            {"name": "Neuf", "is_company": True, "is_marketplace_vendor": True}
        )
        for target in ("invited", "onboarding", "onboarding"):
            vendor.with_user(self.clerk)._vendor_transition(target)
        self.assertEqual(
            vendor.vendor_history_ids.sorted("id").mapped(
                lambda change: (change.state_to, change.reason_code)
            ),
            [("invited", "progress"), ("onboarding", "progress")],
        )

    def test_refused_jump_leaves_no_trace(self):
        before = len(self.vendor.vendor_history_ids)
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            self.vendor._vendor_transition("rejected")
        self.vendor.invalidate_recordset()
        self.assertEqual(len(self.vendor.vendor_history_ids), before)

    def test_nobody_rewrites_the_history(self):
        administrator = new_test_user(
            self.env, "mkp_history_admin", groups="marketplace_base.group_manager"
        )
        change = self.vendor.vendor_history_ids[0].with_user(administrator)
        self.assertEqual(change.state_to, "approved")
        with self.assertRaises(AccessError):
            change.reason = "Never happened"
        with self.assertRaises(AccessError):
            change.unlink()
        with self.assertRaises(AccessError):
            change.copy()

    def test_suspension_hides_offers_and_refuses_new_orders(self):
        open_order = self._import_order([(self.offer, 1)]).sale_order_ids
        self._suspend()
        self.assertFalse(self.offer.is_sellable)
        self.assertEqual(self.offer.inactive_reason, "vendor_suspended")
        groups, problems = self.env["marketplace.order"]._import_batch(
            [self._prepare_payload([(self.offer, 1)])]
        )
        self.assertFalse(groups)
        self.assertIn("takes no new orders", problems[0][0])
        # what was sold before is shipped all the same
        self._ship_and_deliver(open_order)
        self.assertEqual(open_order.marketplace_shipping_state, "delivered")
        self.assertBalances(self.vendor, due=30)

    def test_order_placed_before_the_suspension_is_served(self):
        with freeze_time("2026-05-01 08:00:00"):
            self.vendor._vendor_transition("suspended")
            self.vendor._vendor_transition("approved")
        with freeze_time("2026-05-04 08:30:00"):
            self._suspend()
        early = self._import_order([(self.offer, 1)], date="2026-05-04 08:29:00")
        self.assertEqual(early.sale_order_ids.vendor_id, self.vendor)
        _groups, problems = self.env["marketplace.order"]._import_batch(
            [self._prepare_payload([(self.offer, 1)], date="2026-05-04 08:31:00")]
        )
        self.assertIn("not approved", problems[0][0])

    def test_quotation_for_a_suspended_vendor_is_not_confirmed(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    fields.Command.create(
                        {
                            "product_id": self.offer.product_id.id,
                            "offer_id": self.offer.id,
                            "product_uom_qty": 1,
                        }
                    )
                ],
            }
        )
        self._suspend()
        with self.assertRaisesRegex(MarketplaceError, "takes no new orders"):
            order.action_confirm()
