import base64
import csv
import doctest
import io
import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.marketplace_base.engine import csv_table, numbers, offer_rows
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

GTIN = "4006381333931"
GTIN_TWO = "5901234123457"
GTIN_NEW = "9780471117094"
OFFER_TABLES = (
    "marketplace_offer",
    "marketplace_product_proposal",
    "marketplace_product_proposal_offer",
    "product_template",
    "product_product",
)


class StatementLog:
    """Keep the statements that a cursor executes while it is entered."""

    def __init__(self, cr):
        self.cr = cr
        self.statements = []

    def __enter__(self):
        original = self.cr.execute

        def execute(query, *args, **kwargs):
            code = getattr(query, "code", query)
            self.statements.append(str(code))
            return original(query, *args, **kwargs)

        self.cr.execute = execute
        return self

    def __exit__(self, *exc_info):
        del self.cr.execute

    def writes(self, tables):
        """Return the statements that write one of some tables."""
        heads = tuple(
            f'{verb} "{table}"'
            for table in tables
            for verb in ("UPDATE", "INSERT INTO")
        )
        return [text for text in self.statements if text.lstrip().startswith(heads)]


@tagged("post_install", "-at_install", "marketplace")
class TestOfferImport(MarketplaceCommon, HttpCase):
    @classmethod
    def default_env_context(cls):
        """Keep mail on: an import must stay cheap with it."""
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Papeterie Prune")
        cls.other = cls._create_vendor("Quincaillerie Quetsche")
        cls.clerk = new_test_user(
            cls.env, "mkp_offer_clerk", groups="marketplace_base.group_catalogue"
        )
        cls.category = cls.env["product.category"].create({"name": "Stationery X"})
        cls.product, cls.product_two = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "is_storable": True,
                    "barcode": gtin,
                    "default_code": reference,
                    "categ_id": cls.category.id,
                    "taxes_id": [(6, 0, cls.company._marketplace_tax(20.0).ids)],
                }
                for name, gtin, reference in (
                    ("Pen", GTIN, "PEN-REF"),
                    ("Ruler", GTIN_TWO, "RULER-REF"),
                )
            ]
        )
        cls.imports = cls.env["marketplace.offer.import"]

    def _import(self, *rows, vendor=None):
        document, results = self.imports.with_user(self.clerk)._import_rows(
            vendor or self.vendor, self.company, list(rows)
        )
        return document, results

    def _offers(self):
        return self.env["marketplace.offer"].search(
            [("vendor_id", "=", self.vendor.id)]
        )

    def test_engine_doctests(self):
        for module in (csv_table, numbers, offer_rows):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted)
            self.assertFalse(result.failed)

    # -- what a row does ------------------------------------------------------------

    def test_known_gtin_or_reference_attaches_to_the_product(self):
        document, results = self._import(
            {"sku": "P-1", "gtin": "400-6381 333931", "price": "12,50", "quantity": 3},
            {"sku": "P-2", "reference": "RULER-REF", "price": 4.2},
        )
        self.assertEqual([row.result for row in results], ["created", "created"])
        self.assertRecordValues(
            self._offers().sorted("vendor_sku"),
            [
                {"product_id": self.product.id, "price": 12.5, "quantity": 3.0},
                {"product_id": self.product_two.id, "price": 4.2, "quantity": 0.0},
            ],
        )
        self.assertEqual((document.state, document.created_count), ("done", 2))
        self.assertEqual(document.create_uid, self.clerk)

    def test_upc_finds_the_product_of_the_longer_code(self):
        self.product.barcode = "0012345678905"
        _document, results = self._import(
            {"sku": "P-1", "gtin": "012345678905", "price": 1}
        )
        self.assertEqual(results[0].offer.product_id, self.product)

    def test_unknown_gtin_proposes_a_product_and_two_offers_of_it(self):
        count = self.env["product.product"].search_count([])
        row = {"gtin": GTIN_NEW, "name": "Notebook", "category": "stationery x"}
        _document, results = self._import(
            {**row, "sku": "N-1", "price": 9, "quantity": 5},
            {**row, "sku": "N-2", "price": 5, "condition": "Used"},
        )
        self.assertEqual({row.result for row in results}, {"proposed"})
        proposal = results[0].proposal
        self.assertEqual(proposal, results[1].proposal)
        self.assertRecordValues(
            proposal,
            [
                {
                    "name": "Notebook",
                    "gtin": GTIN_NEW,
                    "categ_id": self.category.id,
                    "state": "submitted",
                    "kind": "new",
                }
            ],
        )
        self.assertEqual(proposal.offer_ids.mapped("condition"), ["new", "used"])
        self.assertEqual(self.env["product.product"].search_count([]), count)
        self.assertFalse(self._offers())

    def test_incomplete_proposal_waits_for_the_vendor(self):
        _document, results = self._import({"sku": "N-1", "gtin": GTIN_NEW, "price": 9})
        self.assertEqual(results[0].proposal.state, "draft")
        self.assertIn("name, category", results[0].changes[0])
        _document, results = self._import(
            {"sku": "N-1", "name": "Notebook", "category": "Stationery X"}
        )
        self.assertEqual(results[0].result, "proposed")
        self.assertEqual(results[0].proposal.state, "submitted")

    def test_bad_check_digit_is_an_error_line(self):
        document, results = self._import(
            {"sku": "P-1", "gtin": "4006381333932", "price": 1}
        )
        self.assertEqual(document.state, "refused")
        self.assertIn("check digit", results[0].problems[0])
        self.assertFalse(self.env["marketplace.product.proposal"].search([]))

    def test_only_the_columns_given_change(self):
        self._import({"sku": "P-1", "gtin": GTIN, "price": 10, "quantity": 4})
        document, results = self._import({"sku": "P-1", "quantity": 7, "price": ""})
        self.assertRecordValues(self._offers(), [{"price": 10.0, "quantity": 7.0}])
        self.assertEqual(document.line_ids.details, "Stock Offered: 4 → 7")
        self.assertEqual(results[0].result, "updated")

    # -- refusals -------------------------------------------------------------------

    def test_bad_lines_leave_the_others_alone_and_say_all_that_is_wrong(self):
        document, results = self._import(
            {"sku": "A", "gtin": GTIN, "price": -3, "quantity": "x", "prise": 1},
            {"sku": "B", "gtin": GTIN_TWO, "price": "2.505", "condition": "broken"},
            {"gtin": GTIN, "price": 2},
            {"sku": "D", "reference": "NOBODY", "price": 2},
            {"sku": "E", "price": 2},
            {"sku": "F", "gtin": GTIN},
            {"sku": "G", "gtin": GTIN, "price": 2, "lead_time_days": 1.5},
            {"sku": "H", "gtin": GTIN, "price": 2},
            {"sku": "H", "quantity": 2},
            {"sku": "I", "gtin": GTIN, "price": 2},
            {"sku": "J", "gtin": GTIN, "reference": "RULER-REF", "price": 2},
        )
        words = {row.number: " ".join(row.problems) for row in results}
        for number, parts in {
            1: ("price “-3”", "stock “x”", "“prise”"),
            2: ("2.505", "“broken”"),
            3: ("“sku” is empty",),
            4: ("reference NOBODY",),
            5: ("give the GTIN",),
            6: ("“price”",),
            7: ("lead time",),
            9: ("line 8",),
            10: ("SKU H offers",),
            11: ("reference that of",),
        }.items():
            for part in parts:
                self.assertIn(part, words[number], number)
        self.assertEqual(self._offers().mapped("vendor_sku"), ["H"])
        self.assertEqual(
            (document.state, document.created_count, document.refused_count),
            ("partial", 1, 10),
        )
        rows = list(
            csv.reader(
                io.StringIO(base64.b64decode(document.error_file).decode("utf-8-sig"))
            )
        )
        self.assertEqual(rows[0], ["line", "sku", "reason"])
        self.assertEqual([row[0] for row in rows[1:3]], ["1", "2"])
        self.assertIn("2.505", rows[2][2])

    def test_sku_of_another_product_is_refused(self):
        self._import({"sku": "P-1", "gtin": GTIN, "price": 10})
        _document, results = self._import(
            {"sku": "P-1", "gtin": GTIN_TWO, "price": 11},
            {"sku": "P-9", "gtin": GTIN_NEW, "price": 11},
        )
        self.assertIn("another SKU", results[0].problems[0])
        self.assertEqual(self._offers().price, 10.0)
        _document, results = self._import({"sku": "P-1", "gtin": GTIN_NEW})
        self.assertIn("another SKU", results[0].problems[0])

    def test_archived_offer_is_refused(self):
        self._import({"sku": "P-1", "gtin": GTIN, "price": 10})
        self._offers().action_archive()
        _document, results = self._import({"sku": "P-1", "price": 11})
        self.assertIn("archived", results[0].problems[0])

    def test_refused_proposal_is_not_proposed_again(self):
        row = {"sku": "N-1", "gtin": GTIN_NEW, "price": 9}
        _document, results = self._import(row)
        results[0].proposal._review("decline", "We sell no books.")
        _document, results = self._import(row)
        self.assertIn("We sell no books.", results[0].problems[0])

    def test_text_that_no_database_holds_is_cleaned(self):
        _document, results = self._import(
            {"sku": "A\0B", "gtin": GTIN, "price": 1},
            {"sku": "\ud800", "gtin": GTIN_TWO, "price": float("nan")},
            {"sku": ["C"], "price": {}, "x" * 500: 1},
        )
        self.env.flush_all()
        self.assertEqual(self._offers().vendor_sku, "AB")
        self.assertEqual(results[1].result, "refused")
        self.assertLess(max(len(words) for words in results[2].problems), 300)

    def test_formula_in_a_sku_is_defused_in_the_error_file(self):
        document, _results = self._import({"sku": "=1+1", "price": 1})
        text = base64.b64decode(document.error_file).decode("utf-8-sig")
        self.assertIn("'=1+1", text)

    # -- zero writes and query counts -----------------------------------------------

    def _rows(self, count, price):
        return [
            {
                "sku": f"BULK-{number}",
                "reference": f"BULK-REF-{number}",
                "price": price,
                "quantity": number,
                "condition": "new",
                "lead_time_days": 2,
            }
            for number in range(count)
        ]

    def _create_products(self, count):
        self.env["product.product"].create(
            [
                {"name": f"Bulk {number}", "default_code": f"BULK-REF-{number}"}
                for number in range(count)
            ]
        )

    def test_same_rows_again_write_nothing(self):
        rows = [
            {"sku": "P-1", "gtin": GTIN, "price": "12.50", "quantity": "2.505"},
            {
                "sku": "N-1",
                "gtin": GTIN_NEW,
                "price": 9,
                "name": "Book",
                "category": "Stationery X",
            },
            {"sku": "N-2", "gtin": "73513537", "price": 9},
        ]
        self._import(*rows)
        self.env.flush_all()
        self.env.invalidate_all()
        with StatementLog(self.env.cr) as log:
            document, _results = self._import(*rows)
            self.env.flush_all()
        self.assertTrue(
            log.writes(["marketplace_offer_import"]), "the log sees nothing"
        )
        self.assertEqual(log.writes(OFFER_TABLES), [])
        self.assertEqual(document.unchanged_count, 3)
        self.assertFalse(document.line_ids)

    def test_price_that_waits_is_asked_for_once(self):
        """A price beyond the limits is no new request when the file comes again."""
        self._import({"sku": "PEN", "gtin": GTIN, "price": "10.00", "quantity": "5"})
        self._offers().price_max = 20.0
        for _time in range(2):
            self._import({"sku": "PEN", "price": "99.00"})
        requests = self._offers().price_change_ids
        self.assertEqual(requests.mapped("state"), ["pending"])
        self.assertEqual(f"{self._offers().price:.2f}", "10.00")

    def test_queries_do_not_grow_with_the_rows(self):
        self._create_products(60)

        def count(rows):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            _document, results = self._import(*rows)
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.assertEqual({row.problems == [] for row in results}, {True})
            return self.env.cr.sql_log_count - before

        count(self._rows(1, 5))  # fills the caches of access rights and metadata
        created_few = count(self._rows(5, 5))
        created_many = count(self._rows(60, 5))
        updated_few = count(self._rows(5, 6))
        updated_many = count(self._rows(60, 7))
        same = count(self._rows(60, 7))
        self.assertEqual(len(self._offers()), 60)
        self.assertLessEqual(created_many, created_few + 3)
        self.assertLessEqual(updated_many, updated_few + 3)
        self.assertLessEqual(same, updated_few)

    def test_too_many_rows_are_refused(self):
        with self.assertRaisesRegex(MarketplaceError, "5000"):
            self._import(*[{}] * 5001)

    # -- file and wizard ------------------------------------------------------------

    def _upload(self, content):
        wizard = (
            self.env["marketplace.offer.import.wizard"]
            .with_user(self.clerk)
            .create(
                {
                    "vendor_id": self.vendor.id,
                    "file": base64.b64encode(content),
                    "file_name": "offers.csv",
                }
            )
        )
        action = wizard.action_import()
        return self.imports.browse(action["res_id"])

    def test_files_of_any_delimiter_and_usual_encoding_are_read(self):
        text = f"SKU;GTIN;Price;Condition\nÉ-1;{GTIN};12,5;new\nB;1;2;3;4\n"
        for encoding in ("utf-8-sig", "cp1252", "utf-16"):
            with self.subTest(encoding):
                self._offers().unlink()
                document = self._upload(text.encode(encoding))
                self.assertEqual(document.name, "offers.csv")
                self.assertEqual(self._offers().vendor_sku, "É-1")
                self.assertEqual(document.line_ids.mapped("number"), [2, 3])
                self.assertIn("more cells", document.line_ids[1].details)
        self._offers().unlink()
        self._upload(f"sku\tgtin\tprice\nT\t{GTIN}\t3\n".encode())
        self.assertEqual(self._offers().vendor_sku, "T")

    def test_unknown_columns_and_no_text_refuse_the_file(self):
        with self.assertRaisesRegex(MarketplaceError, "prise"):
            self._upload(b"sku,prise\nA,1\n")
        with self.assertRaisesRegex(MarketplaceError, "save it as CSV"):
            self._upload(b"PK\x03\x04\x00\x00")

    # -- rights and API -------------------------------------------------------------

    def test_rights_of_the_entry_for_programs(self):
        viewer = new_test_user(
            self.env, "mkp_offer_viewer", groups="marketplace_base.group_viewer"
        )
        for user in (viewer, self.vendor.user_ids):
            with self.assertRaises(AccessError):
                self.imports.with_user(user).import_rows(
                    self.vendor.id, [{"sku": "A", "gtin": GTIN, "price": 1}]
                )
        with self.assertRaises(AccessError):
            self.imports.with_user(self.clerk).create({})
        with self.assertRaisesRegex(MarketplaceError, "no vendor"):
            self.imports.with_user(self.clerk).import_rows("NOBODY", [])

    def test_import_over_http_with_an_api_key(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.clerk)
            .sudo()
            ._generate("rpc", "catalogue", None)
        )
        url = f"{self.base_url()}/json/2/marketplace.offer.import/import_rows"
        body = {
            "vendor": self.vendor.vendor_code,
            "rows": [
                {"sku": "P-1", "gtin": GTIN, "price": 12.5, "quantity": 3},
                {"sku": "P-2", "gtin": "1", "price": 1},
            ],
        }
        headers = {
            "Authorization": f"bearer {key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": self.env.cr.dbname,
        }
        response = self.opener.post(url, data=json.dumps(body), headers=headers)
        self.assertEqual(response.status_code, 200, response.text)
        answer = response.json()
        self.assertEqual(
            [(row["line"], row["sku"], row["result"]) for row in answer["rows"]],
            [(1, "P-1", "created"), (2, "P-2", "refused")],
        )
        self.assertIn("no GTIN", answer["rows"][1]["problems"][0])
        self.assertEqual(self._offers().price, 12.5)
        document = self.imports.browse(answer["import_id"])
        self.assertEqual((document.origin, document.create_uid), ("api", self.clerk))
        headers["Authorization"] = "bearer nothing"
        response = self.opener.post(url, data=json.dumps(body), headers=headers)
        self.assertEqual(response.status_code, 401)
