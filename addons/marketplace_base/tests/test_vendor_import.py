import base64
import doctest

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.engine import vendor_csv
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

HEAD = "name,email,country,street,zip,city,vat,registry,iban,vendor_code\n"
GOOD = (
    "Amande,amande@import.example,FR,1 rue du Port,13002,Marseille,FR23334175221,"
    "334175221,FR7630006000011234567890189,AMANDE\n"
)


@tagged("post_install", "-at_install", "marketplace")
class TestVendorImport(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env, "mkp_import_clerk", groups="marketplace_base.group_catalogue"
        )

    def _import(self, text):
        wizard = (
            self.env["marketplace.vendor.import"]
            .with_user(self.clerk)
            .create({"file": base64.b64encode(text.encode())})
        )
        wizard.action_import()
        return wizard

    def test_engine_doctests(self):
        self.assertFalse(doctest.testmod(vendor_csv).failed)

    @mute_logger("odoo.sql_db")
    def test_bad_lines_leave_the_others_alone_and_say_why(self):
        wizard = self._import(
            HEAD
            + GOOD
            + "Basalte,no mail,FR,,,,,,,\n"
            + "Cerise,cerise@import.example,XX,,,,,,,\n"
            + "Datte,datte@import.example,FR,,,,,334175222,,\n"
            + ",empty@import.example,FR,,,,,,,\n"
            + "Figue,figue@import.example,FR,,,,,,,amande\n"
            + "Grenade,grenade@import.example,BE,,,,,,,\n"
        )
        self.assertEqual(
            [(line.row, line.state) for line in wizard.line_ids],
            [
                (2, "created"),
                (3, "refused"),
                (4, "refused"),
                (5, "refused"),
                (6, "refused"),
                (7, "refused"),
                (8, "created"),
            ],
        )
        for line, words in zip(
            wizard.line_ids[1:6],
            ("no e-mail", "no country", "check digits", "empty: name", "capitals"),
            strict=True,
        ):
            self.assertIn(words, line.problems)
        vendor = wizard.line_ids[0].vendor_id
        self.assertRecordValues(
            vendor,
            [
                {
                    "vendor_code": "AMANDE",
                    "vendor_state": "pending",
                    "city": "Marseille",
                    "vat": "FR23334175221",
                }
            ],
        )
        self.assertEqual(vendor.vendor_number_ids.number, "334175221")
        self.assertFalse(vendor.user_ids)

    def test_report_says_what_each_vendor_lacks(self):
        report = self._import(
            HEAD + GOOD + "Grenade,grenade@import.example,US,,,,,,,\n"
        ).line_ids
        with_bank, without = (line.problems.split("\n") for line in report)
        common = [
            "no billing mandate",
            "no contract in force",
            "no offer",
            "identity (KYC) not approved",
        ]
        self.assertEqual(with_bank, ["no bank account that may be paid yet", *common])
        self.assertLessEqual(
            {"no tax or registry number", "no bank account", *common}, set(without)
        )

    def test_ready_vendor_lacks_nothing(self):
        vendor = self._create_vendor("Atelier Amande")
        vendor.vat = "FR23334175221"
        self._create_offer(vendor, 10.0)
        terms = self.env["marketplace.terms"].create(
            {"name": "Mandate", "kind": "mandate", "body": "<p>Text</p>"}
        )
        terms.action_publish()
        terms._accept(vendor, "203.0.113.7")
        self.assertEqual(vendor._vendor_readiness(), [])

    def test_same_file_again_writes_nothing(self):
        self._import(HEAD + GOOD)
        count = self.env["res.partner"].search_count([])
        again = self._import(HEAD + GOOD)
        self.assertEqual(again.line_ids.state, "known")
        self.assertEqual(again.known_count, 1)
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_unknown_columns_and_other_encodings_are_refused(self):
        with self.assertRaisesRegex(MarketplaceError, "mail.*email"):
            self._import("name,mail,country\n")
        wizard = self.env["marketplace.vendor.import"].create(
            {"file": base64.b64encode("é".encode("latin-1"))}
        )
        with self.assertRaisesRegex(MarketplaceError, "UTF-8"):
            wizard.action_import()

    # -- test order -----------------------------------------------------------------

    def _simulate(self, offer, quantity=2):
        wizard = (
            self.env["marketplace.vendor.simulation"]
            .with_user(self.clerk)
            .create(
                {
                    "vendor_id": offer.vendor_id.id,
                    "offer_id": offer.id,
                    "quantity": quantity,
                }
            )
        )
        wizard.action_simulate()
        return wizard.result

    def _count_all(self):
        return {
            model: self.env[model].search_count([])
            for model in (
                "marketplace.order",
                "sale.order",
                "marketplace.payment",
                "marketplace.shipment",
                "marketplace.ledger.line",
                "account.move",
                "mail.message",
                "mail.mail",
            )
        }

    def test_simulated_order_shows_the_money_and_keeps_nothing(self):
        vendor = self._create_vendor("Atelier Amande")
        offer = self._create_offer(vendor, 30.0)
        before = self._count_all()
        result = self._simulate(offer)
        self.assertIn("Order of Atelier Amande", result)
        self.assertIn("Payment captured: PSP_CLEARING → VENDOR_PENDING", result)
        self.assertIn("Vendor entitled: VENDOR_PENDING → VENDOR_DUE", result)
        self.assertIn("60.00", result)
        self.assertEqual(self._count_all(), before)
        self.assertBalances(vendor)

    def test_simulation_says_why_an_order_would_be_refused(self):
        vendor = self._create_vendor("Atelier Amande")
        offer = self._create_offer(vendor, 30.0)
        vendor._vendor_transition("suspended")
        before = self._count_all()
        self.assertIn("takes no new orders", self._simulate(offer))
        self.assertEqual(self._count_all(), before)
