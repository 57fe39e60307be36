from odoo import fields
from odoo.tests import freeze_time, tagged

from .common import PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestDac7Chase(PayoutRunCommon):
    """Both vendors have sold, and lack a tax and a registry number."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Reminder = cls.env["marketplace.dac7.reminder"]
        cls._complete(cls.b)
        cls.company.marketplace_dac7_block = "payout"

    @classmethod
    def _complete(cls, vendor):
        cls.env["marketplace.vendor.number"].create(
            [
                {
                    "vendor_id": vendor.id,
                    "kind": kind,
                    "country_id": cls.france.id,
                    "number": "732829320",
                }
                for kind in ("tin", "registry")
            ]
        )

    def _chase(self, day):
        return self.Reminder._chase(
            self.vendors, self.company, fields.Date.to_date(day)
        )

    def _blocked(self):
        self.assertTrue(self._chase("2026-01-01"))
        self._chase("2026-01-31")
        self._chase("2026-03-02")

    def test_two_reminders_then_payouts_wait_until_complete(self):
        first = self._chase("2026-01-01")
        self.assertEqual((first.vendor_id, first.kind), (self.a, "first"))
        self.assertEqual(first.missing, "tax identification number, registry number")
        self.assertEqual(first.sent_to, self.a.email)
        self.assertFalse(self._chase("2026-01-30"))
        self.assertEqual(self._chase("2026-01-31").kind, "second")
        self.assertFalse(self._chase("2026-03-01"))
        self.assertFalse(self.a.payout_block_reason)
        self._chase("2026-03-02")
        self.assertEqual(self.a.payout_block_reason, "dac7")
        run = self._prepare_run("2026-03-12", self.vendors)
        payout = self._payout(run, self.a)
        self.assertEqual((payout.state, payout.exclusion_reason), ("excluded", "dac7"))
        self.assertEqual(self._payout(run, self.b).state, "draft")
        # complete: payouts go on at once, the evidence stays
        self._complete(self.a)
        self.assertFalse(self.a.payout_block_reason)
        self._chase("2026-03-12")
        self.assertFalse(self.a.dac7_block_date)
        reminders = self.Reminder.search([("vendor_id", "=", self.a.id)])
        self.assertEqual(len(reminders), 2)
        self.assertEqual(
            set(reminders.mapped("date_answered")), {fields.Date.to_date("2026-03-12")}
        )

    def test_a_new_gap_starts_anew(self):
        self._blocked()
        self._complete(self.a)
        self._chase("2026-03-10")
        self.a.city = False
        self.assertFalse(self.a.payout_block_reason)
        self.assertEqual(self._chase("2026-03-11").kind, "first")

    def test_vendor_is_suspended_where_sales_stop(self):
        self.company.marketplace_dac7_block = "sale"
        self._blocked()
        self.assertEqual(self.a.vendor_state, "suspended")
        self.assertEqual(self.a.vendor_history_ids[:1].reason_code, "documents")
        self.assertEqual(self.b.vendor_state, "approved")

    def test_a_suspension_is_lifted_when_the_data_arrives(self):
        self.company.marketplace_dac7_block = "sale"
        self._blocked()
        self._chase("2026-03-05")
        self.assertEqual(self.a.vendor_state, "suspended", "nothing came")
        self._complete(self.a)
        self._chase("2026-03-10")
        self.assertEqual(self.a.vendor_state, "approved")
        last = self.a.vendor_history_ids.sorted()[:1]
        self.assertIn("DAC7 report is complete", last.reason)
        self.assertFalse(last.is_dac7)

    def test_a_suspension_by_a_person_is_not_lifted(self):
        self.company.marketplace_dac7_block = "sale"
        self._blocked()
        self.a._vendor_transition("approved")
        self.a._vendor_transition("suspended", reason="Sells late")
        self._complete(self.a)
        self._chase("2026-03-10")
        self.assertEqual(self.a.vendor_state, "suspended")

    def test_what_else_is_missing_is_said(self):
        self.company.marketplace_dac7_block = "sale"
        self._blocked()
        self._complete(self.a)
        self.a.kyc_state = "refused"
        self._chase("2026-03-10")
        self.assertEqual(self.a.vendor_state, "suspended")
        self.assertIn("Still suspended", self.a.message_ids[:1].body)

    def test_only_reminded(self):
        self.company.marketplace_dac7_block = "none"
        self._blocked()
        self._chase("2026-06-01")
        self.assertFalse(self.a.payout_block_reason)
        self.assertEqual(self.a.vendor_state, "approved")

    def test_who_is_not_chased(self):
        """No sale, resident outside of the EU, excluded by law."""
        idle = self._create_vendor("Idle")
        self.vendors |= idle
        self.a.country_id = self.env.ref("base.us")
        self.assertFalse(self._chase("2026-01-01"))
        self.a.country_id = self.france
        self.a.dac7_exclusion = "listed"
        self.assertFalse(self._chase("2026-01-01"))

    def test_mail_in_the_language_of_the_vendor_is_kept(self):
        self.a.lang = "fr_FR"
        reminder = self._chase("2026-01-01")
        mail = self.env["mail.mail"].search(
            [("model", "=", reminder._name), ("res_id", "=", reminder.id)]
        )
        self.assertEqual(mail.recipient_ids, self.a)
        self.assertFalse(mail.auto_delete)
        self.assertIn("/my/marketplace/company", mail.body_html)
        self.assertEqual(reminder._deadline_text(), "02/03/2026")

    def test_job_finds_them_in_all_companies(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "marketplace_payout.ir_cron_dac7_chase"
            ).method_direct_trigger()
        found = self.Reminder.search([("vendor_id", "in", self.vendors.ids)])
        self.assertEqual(found.vendor_id, self.a)
        self.company.marketplace_dac7_block = "off"
        found._frozen_unlocked().unlink()
        with self.enter_registry_test_mode():
            self.env.ref(
                "marketplace_payout.ir_cron_dac7_chase"
            ).method_direct_trigger()
        self.assertFalse(self.Reminder.search([("vendor_id", "=", self.a.id)]))
