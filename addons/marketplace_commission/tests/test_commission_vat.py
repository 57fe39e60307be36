import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..vies import Answer, check_number
from .common import CommissionCommon
from .facturx_checks import FacturxChecks

BELGIAN = "BE0477472701"


class Kind(NamedTuple):
    country: str
    vat: str
    values: dict
    answer: str
    case: str
    tax: float
    mention: str


KINDS = {
    "France, VAT registered": Kind(
        "fr", "FR23334175221", {}, "", "domestic", 2.0, "VAT on debits"
    ),
    "France, 293 B": Kind(
        "fr", "", {"is_vat_exempt": True}, "", "franchise", 2.0, "VAT on debits"
    ),
    "EU, number in VIES": Kind("be", BELGIAN, {}, "valid", "eu", 0.0, "Reverse charge"),
    "EU, number not in VIES": Kind(
        "be", BELGIAN, {}, "invalid", "eu_no_vat", 2.0, "VAT on debits"
    ),
    "EU, no number": Kind("be", "", {}, "", "eu_no_vat", 2.0, "VAT on debits"),
    "outside the EU": Kind("us", "", {}, "", "outside", 0.0, "Not subject to EU VAT"),
    "private": Kind(
        "fr", "", {"vendor_kind": "private"}, "", "private", 2.0, "VAT on debits"
    ),
}


def vies_answer(valid, **values):
    """Return an answer as VIES gives it, with all its fields."""
    return {
        "countryCode": "BE",
        "vatNumber": "0477472701",
        "requestDate": "2026-03-01T10:15:30.123Z",
        "valid": valid,
        "requestIdentifier": "",
        "name": "---",
        "address": "---",
        "traderName": "---",
        "traderStreet": "---",
        "traderPostalCode": "---",
        "traderCity": "---",
        "traderCompanyType": "---",
        "traderNameMatch": "NOT_PROCESSED",
        "traderStreetMatch": "NOT_PROCESSED",
        "traderPostalCodeMatch": "NOT_PROCESSED",
        "traderCityMatch": "NOT_PROCESSED",
        "traderCompanyTypeMatch": "NOT_PROCESSED",
        **values,
    }


def vies_error(code):
    """Return what VIES sends, with status 200, when it has no answer."""
    return {"actionSucceed": False, "errorWrappers": [{"error": code}]}


class ViesServer:
    """Answer like VIES, from this machine: JSON of its REST interface by POST."""

    def __init__(self, answer, status=200):
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                seen.append(json.loads(self.rfile.read(length)))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_args):
                """Keep quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/check-vat-number"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_args):
        self.server.shutdown()
        self.server.server_close()


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionVat(FacturxChecks, CommissionCommon):
    """Tax, mention and account by kind of vendor; VIES as proof."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Check = cls.env["marketplace.vies.check"]
        cls.belgian = cls._create_vendor("Brume B")
        cls.belgian.write({"country_id": cls.env.ref("base.be").id, "vat": BELGIAN})

    def _answer(self, vendor, state):
        return self.Check._record(
            self.company, vendor, Answer(state, reference="WAPI123")
        )

    def _invoice_one(self, vendor, day="2026-03-10"):
        group = self._import_order(
            [(self._create_offer(vendor, 100.00), 1)], date="2026-03-02 10:00:00"
        )
        self._ship_and_deliver(group, date="2026-03-05")
        return self._invoice_commission(day, vendors=vendor)

    def _open_alerts(self, vendor):
        kind = self.env.ref("marketplace_commission.activity_type_vat")
        return vendor.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def _vendor_of(self, name, kind):
        """Return a vendor of a kind, and VIES has answered."""
        vendor = self._create_vendor(name)
        country = self.env.ref(f"base.{kind.country}")
        vendor.write({"country_id": country.id, "vat": kind.vat, **kind.values})
        if kind.answer:
            self._answer(vendor, kind.answer)
        return vendor

    # -- six kinds ------------------------------------------------------------------

    def test_kind_of_vendor_decides_tax_mention_and_account(self):
        """Accounting design 1.8, row by row; a missing mention fails here."""
        for name, kind in KINDS.items():
            with self.subTest(name):
                vendor = self._vendor_of(name, kind)
                move = self._invoice_one(vendor)
                self.assertEqual(move.marketplace_vat_case, kind.case)
                items = [
                    ("VENDOR_AR", vendor, 10.0 + kind.tax, 0),
                    ("COMMISSION", vendor, 0, 10.0),
                ]
                if kind.tax:
                    items.append(("VAT_OUT", vendor, 0, kind.tax))
                self.assertMove(move, items)
                taxes = move.invoice_line_ids.tax_ids
                self.assertTrue(taxes, "never silently untaxed")
                self.assertEqual(set(taxes.mapped("tax_exigibility")), {"on_invoice"})
                mentions = " / ".join(move._commission_mentions())
                self.assertIn(kind.mention, mentions)
                self.assertEqual("Late payment" in mentions, kind.case != "private")
                self.assertEqual("WAPI123" in mentions, kind.case == "eu")
                if kind.case == "eu":
                    self.assertIn("283-2", mentions)
        self.assertTiedOut()

    def test_each_kind_has_a_valid_facturx(self):
        """L4: schema, schematron; XML, PDF and ledger have the same totals."""
        self.company.write({"vat": "FR83404833048", "company_registry": "404833048"})
        self.company.partner_id.write(
            {"street": "1 place du Marché", "zip": "75002", "city": "Paris"}
        )
        self.company.country_id = self.france
        for name, kind in KINDS.items():
            with self.subTest(name):
                move = self._invoice_one(self._vendor_of(name, kind))
                with self.allow_pdf_render():
                    tree, text = self._check_commission_files(move)
                self.assertEqual(self._document_type(tree), "380")
                total = self._minor(move.amount_total)
                self.assertEqual(self._summation(tree, "GrandTotalAmount") * 100, total)
                tax = self._minor(move.amount_tax)
                self.assertEqual(self._summation(tree, "TaxTotalAmount") * 100, tax)
                receivable = move._marketplace_receivable_line()
                self.assertEqual(self._minor(receivable.balance), total)
                self.assertIn(f"{move.amount_total:.2f}", text)

    def test_facturx_of_a_credit_note_names_its_invoice(self):
        vendor = self._create_vendor("Retour")
        vendor.vat = "FR23334175221"
        group = self._import_order(
            [(self._create_offer(vendor, 100.00), 2)], date="2026-03-02 10:00:00"
        )
        self._ship_and_deliver(group, date="2026-03-05")
        invoice = self._invoice_commission("2026-03-10", vendors=vendor)
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-12")
        credit_note = self._invoice_commission("2026-03-20", vendors=vendor)
        self.assertEqual(credit_note.move_type, "out_refund")
        with self.allow_pdf_render():
            tree, _text = self._check_commission_files(credit_note)
        self.assertEqual(self._document_type(tree), "381")
        self.assertEqual(
            self._node_texts(
                tree, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID"
            ),
            [invoice.name],
        )
        self.assertEqual(
            self._summation(tree, "GrandTotalAmount") * 100,
            self._minor(credit_note.amount_total),
        )

    def test_sending_sends_the_files_of_the_portal(self):
        vendor = self._create_vendor("Courrier")
        vendor.email = "courrier@example.com"
        move = self._invoice_one(vendor)
        with self.allow_pdf_render():
            send = self.env["account.move.send.wizard"].with_context(
                active_model="account.move", active_ids=move.ids
            )
            send.create({"sending_methods": ["email"]}).action_send_and_print()
            self.assertEqual(move.invoice_pdf_report_id.raw, move._commission_pdf())
        self.assertEqual(move.ubl_cii_xml_id.raw, move._commission_xml())

    def _check_commission_files(self, move):
        pdf = move._commission_pdf()
        self._check_xml(move._commission_xml(), pdf)
        return etree.fromstring(move._commission_xml()), self._pdf_text(pdf)

    def test_vat_on_debits_is_said_only_by_who_opted(self):
        self.company.marketplace_vat_on_debits = False
        move = self._invoice_one(self._create_vendor("Atelier A"))
        self.assertNotIn("débits", " ".join(move._commission_mentions()))

    def test_override_needs_a_reason_and_wins(self):
        domestic = self.company.domestic_fiscal_position_id
        vendor = self.belgian.with_company(self.company)
        self._answer(vendor, "valid")
        with self.assertRaisesRegex(MarketplaceError, "say why"):
            vendor.marketplace_vat_position_id = domestic
        vendor.write(
            {
                "marketplace_vat_position_id": domestic.id,
                "marketplace_vat_reason": "French establishment",
            }
        )
        move = self._invoice_one(vendor)
        self.assertEqual((move.marketplace_vat_case, move.amount_tax), ("override", 2))

    # -- VIES -----------------------------------------------------------------------

    def test_failure_changes_documents_to_come_only_and_alerts(self):
        proof = self._answer(self.belgian, "valid")
        before = self._invoice_one(self.belgian)
        self.assertEqual(
            (before.amount_tax, before.marketplace_vies_check_id.id), (0, proof.id)
        )
        self.assertFalse(self._open_alerts(self.belgian))
        self._answer(self.belgian, "invalid")
        self.assertEqual(len(self._open_alerts(self.belgian)), 1)
        self._answer(self.belgian, "invalid")
        self.assertEqual(len(self._open_alerts(self.belgian)), 1, "one while it lasts")
        queue = self.env.ref("marketplace_commission.queue_vendor_vat")
        queued = self.env["res.partner"].search(queue._item_domain())
        self.assertIn(self.belgian, queued)
        self.assertTrue(self.belgian.is_vat_to_check)
        after = self._invoice_one(self.belgian, "2026-03-20")
        self.assertEqual(after.amount_tax, 2.0)
        self.assertEqual((before.amount_tax, before.marketplace_vat_case), (0, "eu"))
        self.assertIn("WAPI123", " ".join(before._commission_mentions()))

    def test_an_answer_on_another_number_proves_nothing(self):
        self._answer(self.belgian, "valid")
        self.belgian.vat = "BE0202239951"
        self.assertEqual(self._invoice_one(self.belgian).amount_tax, 2.0)

    def test_without_an_answer_the_policy_decides(self):
        """Charged with our VAT, or held; never untaxed."""
        self.assertEqual(self._invoice_one(self.belgian).amount_tax, 2.0)
        self.company.marketplace_vies_policy = "hold"
        self.assertFalse(self._invoice_one(self.belgian))
        self.assertEqual(len(self._open_alerts(self.belgian)), 1)
        other = self._create_vendor("Atelier A")
        self.assertTrue(self._invoice_one(other), "others do not wait")
        self._answer(self.belgian, "unavailable")
        self.assertFalse(self._invoice_commission("2026-03-11", vendors=self.belgian))
        self._answer(self.belgian, "valid")
        held = self._invoice_commission("2026-03-12", vendors=self.belgian)
        self.assertEqual((held.amount_untaxed, held.amount_tax), (10.0, 0.0))

    def test_an_old_answer_no_longer_counts(self):
        check = self._answer(self.belgian, "valid")
        self.company.marketplace_vies_days = 30
        day = fields.Date.add(check.date.date(), days=40)
        self.assertEqual(self._invoice_one(self.belgian, day).amount_tax, 2.0)

    def test_cron_asks_what_is_due_and_keeps_the_answer(self):
        self.company.partner_id.vat = "FR23334175221"
        answer = vies_answer(True, requestIdentifier="WAPIAAAA", name="BRUME SA")
        with ViesServer(answer) as server:
            self._use(server.url)
            self.Check._cron_recheck()
            self.Check._cron_recheck()
        checks = self.Check.search([("vendor_id", "=", self.belgian.id)])
        self.assertEqual(len(checks), 1, "a fresh answer is not asked for again")
        self.assertEqual(
            (checks.state, checks.reference, checks.name, checks.address or ""),
            ("valid", "WAPIAAAA", "BRUME SA", ""),
        )
        self.assertIn(
            {
                "countryCode": "BE",
                "vatNumber": "0477472701",
                "requesterMemberStateCode": "FR",
                "requesterNumber": "23334175221",
            },
            server.seen,
        )

    def test_greece_is_asked_for_as_el(self):
        greek = self._create_vendor("Helios")
        for vat in ("EL094259216", "GR094259216"):
            greek.write({"country_id": self.env.ref("base.gr").id, "vat": vat})
            self.assertEqual(greek._vies_number(), "EL094259216")

    def test_button_asks_now(self):
        with ViesServer(vies_answer(False)) as server:
            self._use(server.url)
            self.belgian.action_check_vies()
        self.assertEqual(self.belgian.vies_check_ids.mapped("state"), ["invalid"])
        with self.assertRaisesRegex(MarketplaceError, "no VAT number of another"):
            self._create_vendor("Atelier A").action_check_vies()

    def test_outage_is_no_answer(self):
        code = "MS_UNAVAILABLE"
        for content, status in (
            (vies_error(code), 200),
            (vies_error(code), 500),
            (vies_answer(False, userError=code), 200),
        ):
            with ViesServer(content, status) as server:
                answer = check_number(BELGIAN, url=server.url)
            self.assertEqual((answer.state, answer.message), ("unavailable", code))
        for broken in ([], "x", {"valid": "yes"}):
            with ViesServer(broken) as server:
                answer = check_number(BELGIAN, url=server.url)
            self.assertEqual(answer, Answer("unavailable", message="HTTP 200"))
        self.assertEqual(
            check_number(BELGIAN, url="http://127.0.0.1:9/").state, "unavailable"
        )

    def test_answers_are_facts(self):
        check = self._answer(self.belgian, "valid").with_context(
            marketplace_vies_token=True
        )
        for change in (
            lambda: check.write({"state": "invalid"}),
            check.unlink,
            lambda: check.copy(),
        ):
            with self.assertRaisesRegex(AccessError, "proofs"):
                change()

    def _use(self, url):
        self.env["ir.config_parameter"].set_param(
            "marketplace_commission.vies_url", url
        )

    # -- bad input ------------------------------------------------------------------

    def test_vendor_whose_vat_nothing_decides_is_named_and_nothing_written(self):
        private = self._create_vendor("Private Abroad")
        private.write(
            {"country_id": self.env.ref("base.us").id, "vendor_kind": "private"}
        )
        stateless = self._create_vendor("No Country")
        stateless.country_id = False
        journal = self.company.marketplace_journal_commission_id
        documents = self.env["account.move"].search_count(
            [("journal_id", "=", journal.id)]
        )
        for vendor in (private, stateless):
            message = f"{vendor.name}.*nothing says"
            with self.assertRaisesRegex(MarketplaceError, message):
                self._invoice_one(vendor)
            self.assertFalse(self.Line.search([("vendor_id", "=", vendor.id)]).move_id)
        self.assertEqual(
            self.env["account.move"].search_count([("journal_id", "=", journal.id)]),
            documents,
        )

    # -- cash basis -----------------------------------------------------------------

    def test_vat_due_on_payment_still_reconciles(self):
        """D6's alternative: the netted invoice is paid and its VAT becomes due."""
        tax = self.company._marketplace_commission_taxes(
            self.company.domestic_fiscal_position_id
        )
        transition = tax.invoice_repartition_line_ids.account_id.copy(
            {"code": "445749", "reconcile": True}
        )
        on_payment = tax.copy(
            {
                "name": "20% on payment",
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": transition.id,
            }
        )
        self.company.tax_exigibility = True
        product = self.company._marketplace_commission_product()
        product.taxes_id = [(6, 0, on_payment.ids)]
        vendor = self._create_vendor("Atelier A")
        invoice = self._invoice_one(vendor)
        receivable = invoice._marketplace_receivable_line()
        due = self.company._marketplace_account("VENDOR_DUE")
        netting = self.env["account.move"].create(
            {
                "journal_id": self.company.marketplace_journal_order_id.id,
                "date": "2026-03-10",
                "line_ids": [
                    (0, 0, {"account_id": account.id, "partner_id": vendor.id, **side})
                    for account, side in (
                        (due, {"debit": 12}),
                        (receivable.account_id, {"credit": 12}),
                    )
                ],
            }
        )
        netting.action_post()
        counterpart = netting.line_ids.filtered(
            lambda item: item.account_id == receivable.account_id
        )
        self.env["account.move.line"]._reconcile_plan([receivable | counterpart])
        self.assertTrue(receivable.reconciled)
        self.assertEqual(invoice.payment_state, "paid")
        caba = self.env["account.move"].search(
            [("tax_cash_basis_origin_move_id", "=", invoice.id)]
        )
        self.assertTrue(caba, "the tax became due by the payment")
        vat = self.company._marketplace_account("VAT_OUT")
        items = caba.line_ids.filtered(lambda item: item.account_id == vat)
        self.assertEqual(sum(items.mapped("credit")), 2.0)
