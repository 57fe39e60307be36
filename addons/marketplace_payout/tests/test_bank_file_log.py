import base64

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import PayoutRunCommon
from .test_dac7_report import Dac7ReportCommon


class BankFileCommon(HttpCase):
    def _logs(self, record):
        return self.env["marketplace.reveal.log"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )

    def assertLogged(self, record, *users):
        """Assert who took files of a record, since the last look at the log."""
        logs = self._logs(record) - self.seen
        self.seen |= logs
        self.assertEqual(logs.user_id.mapped("login"), [user.login for user in users])
        self.assertEqual(set(logs.mapped("reason")), {"Bank file"} if users else set())
        self.assertEqual(len(logs), len(users))

    def setUp(self):
        super().setUp()
        self.seen = self.env["marketplace.reveal.log"]

    def _download(self, user, url):
        self.authenticate(user.login, user.login)
        # the server warns that it takes a download again, on a cursor that writes
        with mute_logger("odoo.http"):
            return self.url_open(url)


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestBankFileLog(PayoutRunCommon, BankFileCommon):
    """X4: whole account numbers in files leave a trace, also for role holders."""

    def test_a_download_of_the_transfer_file_is_logged(self):
        run = self._pay("2026-03-12", self.vendors)
        self.assertLogged(run)
        url = run.with_user(self.preparer).action_download_file()["url"]
        for user in (self.preparer, self.approver, self.accountant):
            response = self._download(user, url)
            self.assertIn(b"FR7630006000011234567890189", response.content)
            self.assertLogged(run, user)
        log = self._logs(run)[:1]
        self.assertIn(run.name.replace("/", "-"), log.number_masked)
        self.assertEqual(str(log.date)[:10], "2026-03-12")
        self.assertEqual(log.partner_id, self.company.partner_id)

    def test_who_may_not_read_the_file_leaves_no_trace(self):
        run = self._pay("2026-03-12", self.vendors)
        url = run.with_user(self.preparer).action_download_file()["url"]
        self.assertEqual(self._download(self.viewer, url).status_code, 404)
        self.assertLogged(run)

    def test_reading_the_file_by_rpc_or_export_is_logged(self):
        run = self._pay("2026-03-12", self.vendors)
        file = run.sudo().file_id.with_user(self.accountant)
        file.read(["name", "mimetype"])
        file.with_context(bin_size=True).read(["datas"])
        self.assertLogged(run)
        file.read(["datas"])
        self.assertLogged(run, self.accountant)
        self.env["ir.attachment"].with_user(self.accountant).search_read(
            [("id", "=", file.id)], ["raw"]
        )
        self.assertLogged(run, self.accountant)
        exporter = new_test_user(
            self.env,
            "exporter",
            groups="marketplace_base.group_accountant,base.group_allow_export",
        )
        run.with_user(exporter).export_data(["name", "file_id/datas"])
        self.assertLogged(run, exporter)

    def test_other_attachments_are_not(self):
        run = self._pay("2026-03-12", self.vendors)
        letter = self.env["ir.attachment"].create(
            {"name": "x.txt", "raw": b"x", "res_model": run._name, "res_id": run.id}
        )
        self._download(self.accountant, f"/web/content/{letter.id}")
        letter.with_user(self.accountant).read(["raw"])
        self.assertLogged(run)

    def test_a_bank_message_is_logged(self):
        message = self.env["marketplace.bank.message"].create(
            {
                "name": "camt.xml",
                "company_id": self.company.id,
                "kind": "camt.053",
                "file": base64.b64encode(b"<x/>"),
                "file_hash": "x",
            }
        )
        self._download(
            self.accountant, f"/web/content/{message._name}/{message.id}/file"
        )
        self.assertLogged(message, self.accountant)


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2027-01-20 10:00:00")
class TestDac7FileLog(Dac7ReportCommon, BankFileCommon):
    def test_the_dac7_file_and_what_it_says_of_a_seller_are_logged(self):
        report = self._report()
        report.action_generate()
        self.assertLogged(report)
        url = report.with_user(self.accountant).action_download()["url"]
        response = self._download(self.accountant, url)
        self.assertIn(b"FR7630006000011234567890189", response.content)
        self.assertLogged(report, self.accountant)
        line = self._line(report, self.a).with_user(self.accountant)
        line.read(["amount_gross"])
        self.assertLogged(report)
        self.assertIn("FR7630006000011234567890189", str(line.read(["snapshot"])))
        self.assertLogged(report, self.accountant)
        report.with_user(self.accountant).with_context(bin_size=False).read(["file"])
        self.assertLogged(report, self.accountant)
        # the attachment behind the field is no detour
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", report._name),
                ("res_id", "=", report.id),
                ("res_field", "=", "file"),
            ]
        )
        self._download(self.accountant, f"/web/content/{attachment.id}")
        self.assertLogged(report, self.accountant)
        with self.assertRaises(AccessError):
            line.with_user(self.viewer).read(["snapshot"])
        self.assertLogged(report)
