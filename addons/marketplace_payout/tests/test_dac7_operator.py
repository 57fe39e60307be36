import base64

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .. import dac7_xml
from .test_dac7_report import FR, OECD, Dac7ReportCommon


class Dac7FileCommon(Dac7ReportCommon):
    def _root(self, report, field="file"):
        content = report.sudo().with_context(bin_size=False)[field]
        return etree.fromstring(base64.b64decode(content))

    def _filed(self, **vals):
        report = self._report(**vals)
        report.action_generate()
        report.action_file()
        return report

    def _drafts(self, year=2026):
        return self.Report.search(
            [("year", "=", year), ("state", "=", "draft")]
        ).with_user(self.accountant)


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2027-01-20 10:00:00")
class TestDac7Operator(Dac7FileCommon):
    """L1: the operator is told once, resent, and corrected when he changed."""

    def _operator(self, report):
        root = self._root(report)
        part = "//d:PlatformOperator"
        return {
            "name": self._texts(root, f"{part}/d:Name"),
            "type": self._texts(root, f"{part}//s:DocTypeIndic"),
            "ref": self._texts(root, f"{part}//s:DocRefId"),
            "corrects": self._texts(root, f"{part}//s:CorrDocRefId"),
        }

    def test_a_changed_operator_alone_makes_a_correction(self):
        report = self._filed()
        first = self._operator(report)
        self.assertEqual(first["type"], ["OECD1"])
        self.assertFalse(first["corrects"])
        with self.assertRaisesRegex(MarketplaceError, "Nothing changed"):
            report.action_follow_up()
        self.company.street = "5 rue Neuve"
        report.action_follow_up()
        correction = self._drafts()
        self.assertEqual(correction.kind, "correction")
        self.assertTrue(correction.is_operator_changed)
        self.assertFalse(correction.line_ids)
        correction.action_generate()
        dac7_xml.validate(self._xml(correction))
        second = self._operator(correction)
        self.assertEqual(second["type"], ["OECD2"])
        self.assertEqual(second["corrects"], first["ref"])
        self.assertNotEqual(second["ref"], first["ref"])
        root = self._root(correction)
        self.assertEqual(self._texts(root, "//d:MessageTypeIndic"), ["DPI402"])
        self.assertFalse(root.xpath("//d:ReportableSeller", namespaces=FR))
        self.assertEqual(
            self._texts(root, "//d:PlatformOperator//d:Street"), ["5 rue Neuve"]
        )
        correction.action_file()
        # what was filed last is the measure; a second change corrects the second
        with self.assertRaisesRegex(MarketplaceError, "Nothing changed"):
            correction.action_follow_up()
        self.company.street = "6 rue Neuve"
        correction.action_follow_up()
        third = self._drafts()
        third.action_generate()
        self.assertEqual(self._operator(third)["corrects"], second["ref"])

    def test_a_report_of_new_sellers_resends_the_operator_as_filed(self):
        self.b.vendor_birth_date = False
        report = self._report(skip_incomplete=True)
        report.action_generate()
        report.action_file()
        first = self._operator(report)
        self.b.vendor_birth_date = "1980-05-06"
        self.company.street = "5 rue Neuve"
        report.action_follow_up()
        later = self._drafts()
        self.assertEqual(sorted(later.mapped("kind")), ["correction", "new"])
        new = later.filtered(lambda report: report.kind == "new")
        new.action_generate()
        resent = self._operator(new)
        self.assertEqual(resent["type"], ["OECD0"])
        self.assertEqual(resent["ref"], first["ref"])
        self.assertEqual(
            self._texts(self._root(new), "//d:PlatformOperator//d:Street"),
            ["4 rue de la Paix"],
        )
        new.action_file()
        correction = later - new
        correction.action_generate()
        self.assertEqual(self._operator(correction)["corrects"], first["ref"])

    def test_back_to_draft_forgets_the_operator_of_the_file(self):
        report = self._report()
        report.action_generate()
        self.assertTrue(report.operator_snapshot)
        report.action_draft()
        self.assertFalse(report.operator_snapshot or report.operator_version)
        with self.assertRaises(MarketplaceError):
            report.operator_version = 7


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2027-01-20 10:00:00")
class TestDac7TestFile(Dac7FileCommon):
    """L1: files of test data, OECD10 to OECD13, leave the report as it is."""

    def test_a_test_file_has_its_own_indicators_and_references(self):
        report = self._report()
        report.action_generate_test()
        root = self._root(report, "test_file")
        dac7_xml.validate(etree.tostring(root))
        self.assertEqual(
            self._texts(root, "//s:DocTypeIndic"), ["OECD11", "OECD11", "OECD11"]
        )
        self.assertEqual(
            self._texts(root, "//d:MessageRefId"), ["OP_2026_732829320_t1_d1"]
        )
        self.assertTrue(
            all("_t1_" in text for text in self._texts(root, "//s:DocRefId"))
        )
        self.assertEqual(
            report.test_file_name, "DPIDAC7_2026_732829320_001_20270120110000.xml"
        )
        self.assertEqual((report.state, report.message_ref), ("draft", False))
        self.assertFalse(any(report.line_ids.mapped("doc_ref")))
        # once more: an authority takes no reference twice
        report.action_generate_test()
        again = self._root(report, "test_file")
        self.assertEqual(
            self._texts(again, "//d:MessageRefId"), ["OP_2026_732829320_t2_d1"]
        )
        # the real file is what it would have been
        report.action_generate()
        self.assertEqual(report.message_ref, "OP_2026_732829320_d1")
        self.assertNotIn("OECD1", self._texts(again, "//s:DocTypeIndic"))
        self.assertEqual(
            self._texts(self._root(report), "//s:DocTypeIndic"), ["OECD1"] * 3
        )
        report.action_file()
        with self.assertRaisesRegex(MarketplaceError, "is filed"):
            report.action_generate_test()

    def test_a_test_of_a_correction_repeats_corrects_and_deletes(self):
        report = self._report()
        report.action_generate_test()
        tested = self._texts(self._root(report, "test_file"), "//s:DocRefId")
        report.action_generate()
        report.action_file()
        self._refund_of(self.a, "2027-01-19", amount=100.0)
        self._refund_of(self.b, "2027-01-19")
        self._settle("2027-01-20")
        report.action_follow_up()
        correction = self._drafts()
        correction.action_generate_test()
        root = self._root(correction, "test_file")
        dac7_xml.validate(etree.tostring(root))
        self.assertEqual(
            self._texts(root, "//s:DocTypeIndic"), ["OECD10", "OECD12", "OECD13"]
        )
        self.assertLessEqual(set(self._texts(root, "//s:CorrDocRefId")), set(tested))

    def test_the_oecd_format_has_them_too(self):
        report = self._report(profile="oecd")
        report.action_generate_test()
        root = self._root(report, "test_file")
        self.assertEqual(
            self._texts(root, "//s:DocTypeIndic", OECD), ["OECD11", "OECD11", "OECD11"]
        )
        self.assertEqual(
            self._texts(root, "//d:MessageRefId", OECD), ["FR_2026_732829320_t1_d1"]
        )

    def test_only_accountants_make_it_and_what_is_missing_stops_it(self):
        report = self._report()
        with self.assertRaises(AccessError):
            report.with_user(self.viewer).action_generate_test()
        self.b.vendor_birth_date = False
        report.action_prepare()
        with self.assertRaisesRegex(MarketplaceError, "date of birth"):
            report.action_generate_test()
