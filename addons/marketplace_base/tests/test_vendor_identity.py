import doctest

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.engine import identity
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestVendorIdentity(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.germany = cls.env.ref("base.de")

    def _number(self, kind, number, country=None, **vals):
        return self.env["marketplace.vendor.number"].create(
            {
                "vendor_id": self.vendor.id,
                "kind": kind,
                "number": number,
                "country_id": (country or self.france).id,
                **vals,
            }
        )

    def test_engine_doctests(self):
        self.assertFalse(doctest.testmod(identity).failed)

    def test_rules_of_every_country_load_inside_odoo(self):
        """The import hook of Odoo hides data files of stdnum: ours need none."""
        for kind, countries in identity.MODULES.items():
            for country in countries:
                with self.subTest(f"{kind} {country}"):
                    check = identity.check_number(kind, country, "not a number")
                    self.assertIs(check.valid, False)
        for country in self.env.ref("base.europe").country_ids:
            with self.subTest(country.code):
                check = identity.check_number("vat", country.code, "00")
                self.assertIs(check.valid, False)

    # -- numbers --------------------------------------------------------------------

    def test_numbers_are_checked_by_the_rules_of_their_country(self):
        for kind, country, good, bad in (
            ("registry", self.france, "732 829 320", "732 829 321"),
            ("establishment", self.france, "732 829 320 00074", "732 829 320 00075"),
            ("tin", self.germany, "36 574 261 809", "36 574 261 808"),
            ("vat", self.germany, "DE 136 695 976", "DE 136 695 978"),
            ("lei", None, "213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D16"),
        ):
            with self.subTest(kind):
                vals = {} if country else {"country_id": False}
                number = self._number(kind, good, country, **vals)
                self.assertEqual(number.number, good.replace(" ", ""))
                self.assertTrue(number.is_checked)
                with self.assertRaisesRegex(MarketplaceError, "check digits"):
                    self._number(kind, bad, country, **vals)

    def test_number_without_known_rule_is_kept_unchecked(self):
        number = self._number("tin", "123-45-6789", self.env.ref("base.us"))
        self.assertFalse(number.is_checked)
        epr = self._number("epr", "FR234567_01ABCD", scheme="Packaging")
        self.assertEqual((epr.number, epr.is_checked), ("FR234567_01ABCD", False))

    def test_number_is_there_once_and_names_its_country(self):
        self._number("registry", "732829320")
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._number("registry", "732829320")
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._number("tin", "12345", country_id=False)

    def test_vat_number_of_a_vendor_is_checked(self):
        self.vendor.vat = "FR23334175221"
        # Odoo's own check says it first where base_vat is installed
        with self.assertRaisesRegex(UserError, "VAT number"):
            self.vendor.vat = "FR23334175222"

    def test_scheme_of_the_electronic_address_is_a_code(self):
        self.vendor.einvoice_scheme = "0225"
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.vendor.einvoice_scheme = "my invoices"
            self.env.flush_all()

    def test_only_vendors_are_taken_for_professionals(self):
        self.assertEqual(self.vendor.vendor_kind, "professional")
        self.assertFalse(self.customer.vendor_kind)
        self.customer.is_marketplace_vendor = True
        self.assertEqual(self.customer.vendor_kind, "professional")

    # -- completeness ---------------------------------------------------------------

    def test_completeness_of_a_company_per_use(self):
        vendor = self.vendor
        # five parts of the address of eight, plus the e-invoicing address
        self.assertEqual(vendor.completeness_invoice, 100 * 5 // 9)
        self.assertEqual(vendor.completeness_sepa, 100)
        self.assertEqual(
            vendor._identity_missing("dac7"),
            ["tax identification number", "registry number"],
        )
        vendor.write(
            {
                "vendor_legal_form": "limited",
                "vat": "FR23334175221",
                "einvoice_scheme": "0225",
                "einvoice_address": "334175221",
                "vendor_number_ids": [
                    Command.create(
                        {
                            "kind": "registry",
                            "number": "334175221",
                            "country_id": self.france.id,
                        }
                    ),
                    Command.create(
                        {
                            "kind": "tin",
                            "number": "334175221",
                            "country_id": self.france.id,
                        }
                    ),
                ],
            }
        )
        self.assertEqual(
            (vendor.completeness_invoice, vendor.completeness_dac7), (100, 100)
        )
        self.assertFalse(vendor.identity_missing)
        vendor.payout_bank_account_id = False
        self.assertEqual(vendor._identity_missing("sepa"), ["payout account"])
        self.assertIn("payout account", vendor.identity_missing)

    def test_registry_number_of_odoos_own_field_counts_when_its_digits_are_right(self):
        self.vendor.company_registry = "73282932000075"
        self.assertIn("registry number", self.vendor._identity_missing("dac7"))
        self.vendor.company_registry = "73282932000074"
        self.assertNotIn("registry number", self.vendor._identity_missing("dac7"))

    def test_sole_trader_gives_birth_data_when_he_has_no_tin(self):
        vendor = self.vendor
        vendor.vendor_legal_form = "sole_trader"
        missing = vendor._identity_missing("dac7")
        self.assertIn("date of birth", missing)
        self.assertIn("tax identification number or place of birth", missing)
        vendor.write(
            {
                "vendor_first_name": "Laure",
                "vendor_last_name": "Amande",
                "vendor_birth_date": "1980-02-03",
                "vendor_birth_city": "Lyon",
                "vendor_birth_country_id": self.france.id,
            }
        )
        self.assertEqual(vendor.completeness_dac7, 100)

    def test_private_person_needs_nothing_for_invoices(self):
        self.vendor.vendor_kind = "private"
        self.assertEqual(self.vendor.completeness_invoice, 100)

    def test_excluded_seller_needs_nothing_for_dac7(self):
        self.vendor.dac7_exclusion = "listed"
        self.assertEqual(self.vendor.completeness_dac7, 100)

    def test_birth_data_is_not_for_everyone(self):
        desk = new_test_user(
            self.env, "mkp_identity_desk", groups="marketplace_base.group_order_desk"
        )
        with self.assertRaises(AccessError):
            self.vendor.with_user(desk).read(["vendor_birth_date"])
        self.assertGreater(self.vendor.with_user(desk).completeness_dac7, 0)
