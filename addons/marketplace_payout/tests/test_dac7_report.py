import base64
import json

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .. import dac7_xml
from .test_dac7_figures import Dac7Common

FR = {"d": dac7_xml.DPI["fr"], "s": dac7_xml.STF["fr"]}
OECD = {"d": dac7_xml.DPI["oecd"], "s": dac7_xml.STF["oecd"]}


class Dac7ReportCommon(Dac7Common):
    """Give two vendors who are reported, one small, one abroad, one public body."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "marketplace_dac7_number": "732829320",
                "marketplace_dac7_platform": "Le Marché",
                "vat": "FR44732829320",
                "street": "4 rue de la Paix",
                "zip": "75002",
                "city": "Paris",
                "country_id": cls.france.id,
            }
        )
        cls.Report = cls.env["marketplace.dac7.report"]
        cls.a, cls.b, cls.small, cls.abroad, cls.public = (
            cls._create_vendor(name)
            for name in ("Amande", "Basalte", "Cerise", "Dover", "Etat")
        )
        cls._complete(cls.a, cls.small, cls.abroad, cls.public)
        # a person without tax number
        cls.b.write(
            {
                "vendor_kind": "private",
                "vendor_first_name": "Bruno",
                "vendor_last_name": "Basalte",
                "vendor_birth_date": "1980-05-06",
                "vendor_birth_city": "Nice",
                "vendor_birth_country_id": cls.france.id,
            }
        )
        cls.abroad.country_id = cls.env.ref("base.us")
        cls.public.dac7_exclusion = "public"
        cls.offers = {
            vendor: cls._create_offer(vendor, 2500.0)
            for vendor in (cls.a, cls.b, cls.abroad, cls.public)
        }
        cls.offers[cls.small] = cls._create_offer(cls.small, 2000.0)
        cls.group = cls._sell(
            [(offer, 1) for offer in cls.offers.values()], "2026-02-01", "2026-02-05"
        )
        cls._settle("2026-12-31")

    @classmethod
    def _complete(cls, *vendors):
        for vendor in vendors:
            vendor.write(
                {
                    "vendor_number_ids": [
                        Command.create(
                            {
                                "kind": kind,
                                "country_id": cls.france.id,
                                "number": "732829320",
                            }
                        )
                        for kind in ("tin", "registry")
                    ]
                }
            )

    def _report(self, **vals):
        report = self.Report.with_user(self.accountant).create({"year": 2026, **vals})
        report.action_prepare()
        return report

    def _xml(self, report):
        return base64.b64decode(report.with_context(bin_size=False).file).decode()

    def _line(self, report, vendor):
        return report.line_ids.filtered(lambda line: line.vendor_id == vendor)

    def _texts(self, root, path, names=None):
        return [node.text for node in root.xpath(path, namespaces=names or FR)]

    def _refund_of(self, vendor, date, amount=None):
        line = self.group.sale_order_ids.filtered(
            lambda order: order.vendor_id == vendor
        ).order_line
        self._refund(self.group, [(line, 1 if amount is None else 0, amount)], date)


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2027-01-20 10:00:00")
class TestDac7Report(Dac7ReportCommon):
    def test_who_is_reported_and_why_not(self):
        report = self._report()
        self.assertEqual(
            {line.vendor_id: line.reason for line in report.line_ids}
            | {self.a: False, self.b: False},
            {
                self.a: False,
                self.b: False,
                self.small: "small",
                self.abroad: "not_resident",
                self.public: "public",
            },
        )
        self.assertEqual(report.reported_count, 2)

    def test_french_file_is_valid_and_tells_the_ledger(self):
        report = self._report()
        report.action_generate()
        xml = self._xml(report)
        dac7_xml.validate(xml)
        root = etree.fromstring(xml.encode())
        self.assertEqual(report.message_ref, "OP_2026_732829320_d1")
        self.assertEqual(
            report.file_name, "DPIDAC7_2026_732829320_001_20270120110000.xml"
        )
        self.assertEqual(self._texts(root, "//d:MessageRefId"), [report.message_ref])
        self.assertEqual(self._texts(root, "//d:MessageTypeIndic"), ["DPI401"])
        # 2,500 less 300 of commission with VAT
        self.assertEqual(self._texts(root, "//d:ConsQ1"), ["2200", "2200"])
        self.assertEqual(self._texts(root, "//d:FeesQ1"), ["300", "300"])
        self.assertEqual(self._texts(root, "//d:NumbQ1"), ["1", "1"])
        self.assertEqual(self._texts(root, "//d:TIN")[1:], ["732829320", "NOTIN"])
        self.assertEqual(
            sorted(self._texts(root, "//d:ReportableSeller//s:DocRefId")),
            sorted(report.line_ids.filtered("is_in_file").mapped("doc_ref")),
        )

    def test_oecd_file_is_the_french_one_by_other_names(self):
        """The OECD's schema is not shipped: names are turned back to the French."""
        self.company.marketplace_dac7_profile = "oecd"
        report = self._report(profile="oecd")
        report.action_generate()
        root = etree.fromstring(self._xml(report).encode())
        self.assertEqual(root.tag, f"{{{OECD['d']}}}DPI_OECD")
        self.assertEqual(root.get("version"), "1.0")
        self.assertEqual(self._texts(root, "//d:TaxQ1", OECD), ["0", "0"])
        self.assertEqual(
            self._texts(root, "//d:MessageRefId", OECD), [report.message_ref]
        )
        self.assertEqual(report.message_ref, "FR_2026_732829320_d1")
        self.assertEqual(report.file_name, "FR_2026_732829320_d1.xml")
        self.assertEqual(
            sorted(self._texts(root, "//d:ReportableSeller//s:DocRefId", OECD)),
            sorted(report.line_ids.filtered("is_in_file").mapped("doc_ref")),
        )
        french = (
            self._xml(report)
            .replace(OECD["d"], FR["d"])
            .replace(OECD["s"], FR["s"])
            .replace("TaxQ", "TaxesQ")
            .replace("FR_2026_732829320_", "OP_2026_732829320_")
        )
        dac7_xml.validate(french.encode())

    def test_incomplete_sellers_stop_the_file_or_wait(self):
        self.b.vendor_birth_date = False
        report = self._report()
        self.assertEqual(self._line(report, self.b).missing, "date of birth")
        with self.assertRaisesRegex(MarketplaceError, "Basalte: date of birth"):
            report.action_generate()
        report.skip_incomplete = True
        report.action_generate()
        self.assertEqual(report.reported_count, 1)
        report.action_file()
        # complete now: he follows as new, in a message of his own
        self.b.vendor_birth_date = "1980-05-06"
        report.action_follow_up()
        later = self.Report.search([("year", "=", 2026), ("state", "=", "draft")])
        self.assertEqual((later.kind, later.number), ("new", 2))
        self.assertEqual(later.line_ids.filtered("is_in_file").vendor_id, self.b)
        later.with_user(self.accountant).action_generate()
        dac7_xml.validate(self._xml(later))

    def test_later_refunds_make_a_correction(self):
        """A part refunded is corrected, a seller refunded whole deleted."""
        report = self._report()
        report.action_generate()
        report.action_file()
        refs = {
            line.vendor_id: line.doc_ref for line in report.line_ids if line.doc_ref
        }
        with self.assertRaisesRegex(MarketplaceError, "Nothing changed"):
            report.action_follow_up()
        self._refund_of(self.a, "2027-01-19", amount=100.0)
        self._refund_of(self.b, "2027-01-19")
        self._settle("2027-01-20")
        report.action_follow_up()
        correction = self.Report.search([("previous_id", "=", report.id)])
        self.assertEqual(
            {line.vendor_id: line.change for line in correction.line_ids},
            {self.a: "corrected", self.b: "deleted"},
        )
        correction.with_user(self.accountant).action_generate()
        xml = self._xml(correction)
        dac7_xml.validate(xml)
        root = etree.fromstring(xml.encode())
        self.assertEqual(self._texts(root, "//d:MessageTypeIndic"), ["DPI402"])
        # the operator is resent; a deletion repeats what it deletes
        self.assertEqual(
            self._texts(root, "//s:DocTypeIndic"), ["OECD0", "OECD2", "OECD3"]
        )
        self.assertEqual(
            self._texts(root, "//s:CorrDocRefId"), [refs[self.a], refs[self.b]]
        )
        self.assertEqual(self._texts(root, "//d:ConsQ1"), ["2112", "2200"])
        self.assertFalse(
            set(self._texts(root, "//d:ReportableSeller//s:DocRefId"))
            & set(refs.values())
        )
        correction.with_user(self.accountant).action_file()
        self.assertEqual((report.state, correction.state), ("corrected", "filed"))
        # what was filed last is the measure, not what was filed first
        with self.assertRaisesRegex(MarketplaceError, "Nothing changed"):
            correction.with_user(self.accountant).action_follow_up()

    def test_a_changed_identity_is_corrected_once_complete(self):
        report = self._report()
        report.action_generate()
        report.action_file()
        self.a.street = "2 rue Neuve"
        self.b.vendor_birth_date = False
        report.action_follow_up()
        correction = self.Report.search([("previous_id", "=", report.id)])
        self.assertEqual(
            {line.vendor_id: line.change for line in correction.line_ids},
            dict.fromkeys((self.a, self.b), "corrected"),
        )
        with self.assertRaisesRegex(MarketplaceError, "date of birth"):
            correction.with_user(self.accountant).action_generate()
        self.b.vendor_birth_date = "1980-05-06"
        correction.with_user(self.accountant).action_prepare()
        self.assertEqual(correction.line_ids.vendor_id, self.a)
        correction.with_user(self.accountant).action_generate()
        xml = self._xml(correction)
        dac7_xml.validate(xml)
        self.assertIn("2 rue Neuve", xml)

    def test_nil_report(self):
        report = self._report(year=2025, kind="nil")
        report.action_generate()
        xml = self._xml(report)
        dac7_xml.validate(xml)
        self.assertIn("DPI403", xml)
        self.assertNotIn("ReportableSeller", xml)
        wrong = self._report(kind="nil")
        with self.assertRaisesRegex(MarketplaceError, "Amande"):
            wrong.action_generate()
        empty = self._report(year=2025)
        with self.assertRaisesRegex(MarketplaceError, "reports no seller"):
            empty.action_generate()

    def test_figures_are_frozen(self):
        report = self._report()
        line = self._line(report, self.a)
        with self.assertRaises(AccessError):
            line.with_user(self.accountant).write({"amount_gross": 1})
        with self.assertRaises(AccessError):
            line.write({"amount_gross": 1})
        with self.assertRaises(AccessError):
            line.with_context(marketplace_dac7_token=True).sudo().unlink()
        report.action_generate()
        report.action_file()
        with self.assertRaises(MarketplaceError):
            report.unlink()
        with self.assertRaises(MarketplaceError):
            report.year = 2025
        with self.assertRaises(MarketplaceError):
            report.file = base64.b64encode(b"<x/>")
        with self.assertRaises(MarketplaceError):
            report.action_draft()
        self.assertEqual(json.loads(json.dumps(line.snapshot)), line.snapshot)

    def test_settings_are_asked_for(self):
        report = self._report()
        self.company.marketplace_dac7_number = False
        with self.assertRaisesRegex(MarketplaceError, "number for DAC7"):
            report.action_generate()

    def test_only_accountants_act(self):
        report = self._report()
        for user in (self.viewer, self.preparer):
            with self.assertRaises(AccessError):
                report.with_user(user).action_generate()
            with self.assertRaises(AccessError):
                report.with_user(user).line_ids.mapped("snapshot")

    def test_small_quarters_keep_a_unit(self):
        """Sales of less than half a unit would make a quarter the authority refuses."""
        cheap = self._create_offer(self.a, 0.30)
        self._sell([(cheap, 1)], "2026-07-01", "2026-07-02")
        self._settle("2026-12-31", self.a)
        report = self._report()
        [third] = self._line(report, self.a).quarter_ids.filtered(
            lambda quarter: quarter.quarter == 3
        )
        self.assertEqual((third.sale_count, third.units_consideration), (1, 1))
        report.action_generate()
        dac7_xml.validate(self._xml(report))
