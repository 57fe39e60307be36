from psycopg2.errors import CheckViolation, ExclusionViolation

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestContract(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Ferme du Lac", date_end="2025-12-31")
        cls.contract = cls.vendor.vendor_contract_ids

    def _contract(self, **vals):
        return self.env["marketplace.contract"].create(
            {**self._prepare_contract_vals(self.vendor), **vals}
        )

    def _use(self, contract, date_order):
        """Rest an order on a contract, as the confirmation of a vendor order does."""
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "date_order": date_order,
                "contract_id": contract.id,
            }
        )

    # -- overlap --------------------------------------------------------------------

    def test_overlap_is_refused_by_the_database(self):
        """Two contracts of a vendor and company never cover the same day."""
        second = self._contract(date_start="2025-12-31")
        with (
            self.assertRaises(ExclusionViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE marketplace_contract SET state = 'active' WHERE id = %s",
                [second.id],
            )

    def test_overlap_is_refused_with_a_sentence(self):
        """The gate names the other contract before anything is written."""
        for dates in (
            {"date_start": "2025-06-01"},
            {"date_start": "2025-12-31"},
            {"date_start": "2024-06-01", "date_end": "2025-01-01"},
            {"date_start": "2024-06-01", "date_end": False},
        ):
            second = self._contract(**dates)
            with (
                self.subTest(dates),
                self.assertRaisesRegex(MarketplaceError, "one contract at a time. End"),
            ):
                second._transition("active")
            self.assertEqual(second.state, "draft")
        before = self._contract(date_start="2024-06-01", date_end="2024-12-31")
        before._transition("active")
        self.assertEqual(before.state, "active")

    def test_next_contract_starts_the_day_after(self):
        second = self._contract(date_start="2026-01-01")
        second._transition("active")
        found = {
            day: self.vendor._marketplace_contracts(
                fields.Date.to_date(day), self.company
            ).get(self.vendor.id)
            for day in ("2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01")
        }
        self.assertEqual(
            found,
            {
                "2024-12-31": None,
                "2025-01-01": self.contract,
                "2025-12-31": self.contract,
                "2026-01-01": second,
            },
        )

    def test_drafts_may_overlap(self):
        self.assertEqual(self._contract().state, "draft")

    def test_another_company_has_its_own_contract(self):
        company = self.env["res.company"].create({"name": "Second Operator"})
        user = self.vendor.user_ids
        self.assertNotIn(company, user.company_ids)
        self._contract(**self._prepare_contract_vals(self.vendor, company))._transition(
            "active"
        )
        day = fields.Date.to_date("2025-06-01")
        contracts = self.vendor._marketplace_contracts(day, company)
        self.assertEqual(contracts[self.vendor.id].company_id, company)
        self.assertIn(company, user.company_ids, "he sees both halves of his sales")

    def test_contract_ends_after_it_starts(self):
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._contract(date_start="2026-02-01", date_end="2026-01-31")

    # -- gate -----------------------------------------------------------------------

    def test_state_cannot_be_written_past_the_gate(self):
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            self.contract.state = "ended"
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            self._contract(state="active")

    @freeze_time("2025-08-14 10:00:00")
    def test_ending_makes_today_the_last_day_once(self):
        self.assertEqual(self.contract._transition("ended"), self.contract)
        last_day = fields.Date.to_date("2025-08-14")
        self.assertEqual(self.contract.date_end, last_day)
        self.assertFalse(self.contract._transition("ended"))
        self.assertEqual(self.vendor.current_contract_id, self.contract)
        with freeze_time("2025-08-15 10:00:00"):
            self.env.invalidate_all()
            self.assertFalse(self.vendor.current_contract_id)
            later = self._contract(date_start="2025-08-15")
            later._transition("active")

    @freeze_time("2026-03-01 10:00:00")
    def test_ending_an_expired_contract_keeps_its_last_day(self):
        self.contract._transition("ended")
        self.assertEqual(self.contract.date_end, fields.Date.to_date("2025-12-31"))

    @freeze_time("2025-08-14 10:00:00")
    def test_contract_that_has_not_started_cannot_end(self):
        later = self._contract(date_start="2026-01-01")
        later._transition("active")
        with self.assertRaisesRegex(MarketplaceError, "not started"):
            later._transition("ended")
        later._transition("draft")
        later.unlink()

    def test_active_contract_cannot_be_deleted(self):
        with self.assertRaisesRegex(MarketplaceError, "not a draft"):
            self.contract.unlink()

    def test_ended_contract_cannot_be_activated_again(self):
        self.contract._transition("ended")
        with self.assertRaisesRegex(MarketplaceError, "cannot become"):
            self.contract._transition("active")

    def test_closed_vendor_starts_no_contract(self):
        later = self._contract(date_start="2026-01-01")
        self.vendor._vendor_transition("closed")
        with self.assertRaisesRegex(MarketplaceError, "closed"):
            later._transition("active")

    def test_customer_has_no_contract(self):
        with self.assertRaisesRegex(MarketplaceError, "no vendor"):
            self._contract(vendor_id=self.customer.id)

    # -- frozen terms ---------------------------------------------------------------

    def test_terms_change_until_an_order_uses_them(self):
        self.contract.entitlement_delay_days = 14
        self._use(self.contract, "2025-05-02 09:00:00")
        self.assertTrue(self.contract.is_used)
        for name, value in (
            ("entitlement_delay_days", 0),
            ("posture", "principal"),
            ("vat_debtor", "operator"),
            ("date_start", "2025-03-01"),
            ("currency_id", self.env.ref("base.USD").id),
        ):
            with (
                self.subTest(name),
                self.assertRaisesRegex(MarketplaceError, "Orders rest on"),
            ):
                self.contract.write({name: value})
        with self.assertRaisesRegex(MarketplaceError, "Orders rest on"):
            self.contract._transition("draft")

    def test_used_contract_cannot_end_before_its_last_order(self):
        self._use(self.contract, "2025-05-02 09:00:00")
        with self.assertRaisesRegex(MarketplaceError, "2025-05-02"):
            self.contract.date_end = "2025-05-01"
        self.contract.date_end = "2025-05-02"
        self.contract.date_end = False

    def test_new_terms_start_from_a_duplicate(self):
        self._use(self.contract, "2025-05-02 09:00:00")
        copy = self.contract.copy({"date_start": "2026-01-01"})
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.name, self.contract.name)
        copy.entitlement_delay_days = 30
        copy._transition("active")
