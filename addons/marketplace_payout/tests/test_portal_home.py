from lxml import html

from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.marketplace_base.models.marketplace_vendor_user import VENDOR_ROLES

from .common import PayoutCommon


@freeze_time("2026-03-12 09:00:00")
@tagged("post_install", "-at_install", "marketplace")
class TestPortalHome(PayoutCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Joaillerie Jonquille")
        cls.offer = cls._create_offer(cls.vendor, 100.0)
        cls._sell([(cls.offer, 1)], "2026-03-02", "2026-03-05")
        cls._sell([(cls.offer, 2)], "2026-03-11")

    def _home(self):
        login = self.vendor.user_ids.login
        self.authenticate(login, login)
        response = self.url_open("/my/marketplace")
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.content)

    def test_figures_are_those_of_the_back_office(self):
        """Pending, payable, reserved and paid: the very sums of the vendor's form."""
        buckets = self.Ledger._vendor_balances(self.vendor, self.company)[
            self.vendor.id, self.currency.id
        ]
        shown = {
            node.get("data-bucket"): node.find_class("oe_currency_value")[0].text
            for node in self._home().xpath("//*[@data-bucket]")
        }
        self.assertEqual(
            shown,
            {
                name: f"{buckets[name]:.2f}"
                for name in ("pending", "due", "reserved", "paid")
            },
        )
        self.assertEqual(shown["due"], f"{self.vendor.vendor_balance_due:.2f}")
        self.assertEqual(shown["due"], "100.00")

    def test_next_payout_has_date_and_amount(self):
        """The calendar's next cut-off is the 20th, banks settle on Monday 23rd."""
        self.vendor.vendor_contract_ids.payout_calendar = "dekad"
        [row] = self.vendor._vendor_portal_balances()
        self.assertEqual(str(row["next_payout"]["date"]), "2026-03-23")
        self.assertEqual(f"{row['next_payout']['amount']:.2f}", "100.00")
        card = self._home().find_class("o_marketplace_next_payout")[0].text_content()
        self.assertIn("100.00", card)
        self.assertIn("2026", card)

    def test_next_payout_follows_statement_minimum_and_block(self):
        def next_payout():
            [row] = self.vendor._vendor_portal_balances()
            payout = row["next_payout"]
            return payout["date"] and str(payout["date"]), f"{payout['amount']:.2f}"

        contract = self.vendor.vendor_contract_ids
        contract.payout_minimum = 500
        self.assertEqual(next_payout(), (None, "0.00"))
        contract.payout_minimum = 0
        contract.payout_calendar = "manual"
        self.assertEqual(next_payout(), (None, "100.00"))
        self._settle("2026-03-10", self.vendor)
        self.assertEqual(next_payout(), ("2026-03-12", "88.00"))
        self.vendor.payout_hold = True
        self.assertEqual(next_payout(), (None, "88.00"))

    def test_vendor_below_his_minimum_reads_what_he_waits_for(self):
        self.vendor.vendor_contract_ids.payout_minimum = 500
        page = self._home()
        card = page.find_class("o_marketplace_next_payout")[0].text_content()
        self.assertIn("You are paid once", card)
        self.assertIn("500.00", card)
        balances = page.find_class("o_marketplace_balances")[0].text_content()
        self.assertIn("Below your payout minimum", balances)
        self.assertNotIn("Goes into your next payout", balances)

    def test_statements_are_for_finance(self):
        """Page and RPC alike: other roles reach no statement."""
        settlement = self._settle("2026-03-10", self.vendor)
        for role in VENDOR_ROLES:
            user = self.vendor._vendor_invite_user(
                role, f"{role}.jonquille@example.com", [role]
            ).user_id
            opens = role in ("owner", "finance")
            with self.subTest(role):
                self.authenticate(user.login, user.login)
                for path in ("", f"/{settlement.id}", f"/{settlement.id}/csv"):
                    response = self.url_open(f"/my/marketplace/statements{path}")
                    self.assertEqual(response.status_code, 200 if opens else 403)
                found = settlement.with_env(self.env(user=user, su=False, context={}))
                self.assertEqual(bool(found.search([])), opens)
