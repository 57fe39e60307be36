import csv
import io

from lxml import html

from odoo.http import Request
from odoo.tests import HttpCase, tagged

from .common import MarketplaceCommon
from .test_offer_import import GTIN, GTIN_NEW, GTIN_TWO, OFFER_TABLES, StatementLog

OFFERS = "/my/marketplace/offers"


@tagged("post_install", "-at_install", "marketplace")
class TestPortalCatalogue(MarketplaceCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Lampes Litchi")
        cls.other = cls._create_vendor("Miroirs Myrtille")
        cls.color = cls.env["product.attribute"].create(
            {
                "name": "Color X",
                "value_ids": [(0, 0, {"name": "Red"}), (0, 0, {"name": "Blue"})],
            }
        )
        cls.category = cls.env["product.category"].create(
            {"name": "Lamps X", "marketplace_attribute_ids": [(6, 0, cls.color.ids)]}
        )
        cls.offer = cls._create_offer(cls.vendor, 12.0, sku="LAMP-1", quantity=2.5)
        cls.offer.product_id.barcode = GTIN
        cls.offer_two = cls._create_offer(cls.vendor, 7.5, sku="LAMP-2")
        cls.offer_two.product_id.write({"barcode": "SHELF-7", "default_code": "L2"})
        cls.offer_other = cls._create_offer(cls.other, 20.0, sku="MIRROR-1")
        cls.offer_other.product_id.barcode = GTIN_TWO

    def setUp(self):
        super().setUp()
        login = self.vendor.user_ids.login
        self.authenticate(login, login)

    def _get(self, path, status=200):
        response = self.url_open(path)
        self.assertEqual(response.status_code, status, path)
        return response

    def _page(self, path):
        return html.fromstring(self._get(path).content)

    def _post(self, path, status=200, files=None, **data):
        data["csrf_token"] = Request.csrf_token(self)
        response = self.url_open(path, data=data, files=files)
        self.assertEqual(response.status_code, status, path)
        return html.fromstring(response.content)

    def _import(self, content, status=200):
        return self._post(
            f"{OFFERS}/import", status, files={"file": ("prices.csv", content)}
        )

    def _last_import(self):
        return self.env["marketplace.offer.import"].search([], limit=1)

    def _text(self, page, css_class="o_marketplace_portal"):
        nodes = page.find_class(css_class)
        return " ".join(" ".join(" ".join(node.itertext()).split()) for node in nodes)

    # -- offers ---------------------------------------------------------------------

    def test_vendor_imports_a_file_and_reads_what_became_of_it(self):
        page = self._import(
            b"sku;price;quantity\nLAMP-1;13,90;4\nLAMP-2;-1;2\nMIRROR-1;1;1\n"
        )
        self.assertRecordValues(
            self.offer | self.offer_two | self.offer_other,
            [
                {"price": 13.9, "quantity": 4.0},
                {"price": 7.5, "quantity": 1000.0},
                {"price": 20.0, "quantity": 1000.0},
            ],
        )
        text = self._text(page, "o_marketplace_refused")
        self.assertIn("LAMP-2", text)
        self.assertIn("MIRROR-1", text)
        self.assertIn("12.00 → 13.90", self._text(page, "o_marketplace_changed"))
        document = self._last_import()
        self.assertRecordValues(
            document,
            [
                {
                    "vendor_id": self.vendor.id,
                    "origin": "portal",
                    "create_uid": self.vendor.user_ids.id,
                    "updated_count": 1,
                    "refused_count": 2,
                }
            ],
        )
        errors = self._get(f"{OFFERS}/imports/{document.id}/errors")
        rows = list(csv.reader(io.StringIO(errors.content.decode("utf-8-sig"))))
        self.assertEqual(
            [row[:2] for row in rows[1:]], [["3", "LAMP-2"], ["4", "MIRROR-1"]]
        )
        self.assertIn("prices.csv", self._text(self._page(f"{OFFERS}/imports")))

    def test_wrong_file_is_refused_in_words(self):
        for content, words in (
            (b"", "Choose a file"),
            (b"sku,prise\nA,1\n", "prise"),
            (b"PK\x03\x04\x00", "save it as CSV"),
        ):
            page = self._import(content, 422)
            self.assertIn(words, self._text(page, "o_marketplace_errors"))

    def test_export_imported_again_writes_nothing(self):
        content = self._get(f"{OFFERS}/export").content
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        self.assertEqual([row["sku"] for row in rows], ["LAMP-1", "LAMP-2"])
        self.assertEqual([row["gtin"] for row in rows], [GTIN, ""])
        self.assertEqual(rows[0]["quantity"], "2.5")
        self.env.flush_all()
        with StatementLog(self.env.cr) as log:
            self._import(content)
            self.env.flush_all()
        self.assertEqual(log.writes(OFFER_TABLES), [])
        self.assertEqual(self._last_import().unchanged_count, 2)

    def test_imports_of_another_vendor_are_not_found(self):
        document, _results = self.env["marketplace.offer.import"]._import_rows(
            self.other, self.company, [{"sku": "MIRROR-1", "price": -1}]
        )
        for path in ("", "/errors"):
            self._get(f"{OFFERS}/imports/{document.id}{path}", 404)
        self.assertNotIn("API", self._text(self._page(f"{OFFERS}/imports")))

    # -- proposals ------------------------------------------------------------------

    def _propose(self, status=200, path="/proposals/new", **data):
        data = {
            "name": "Desk lamp",
            "gtin": GTIN_NEW,
            "brand": "Lumi",
            "categ_id": self.category.id,
            f"attribute_{self.color.id}": self.color.value_ids[0].id,
            "description": "It shines.",
            "sku": "LAMP-9",
            "price": "19,90",
            "quantity": "3",
            **data,
        }
        return self._post(f"{OFFERS}{path}", status, **data)

    def _proposal(self):
        return self.env["marketplace.product.proposal"].search([], limit=1)

    def test_vendor_proposes_a_product_and_reads_the_answer(self):
        self._get(f"{OFFERS}/proposals/new")
        self._propose()
        proposal = self._proposal()
        self.assertRecordValues(
            proposal,
            [
                {
                    "vendor_id": self.vendor.id,
                    "state": "submitted",
                    "name": "Desk lamp",
                    "gtin": GTIN_NEW,
                    "brand": "Lumi",
                    "value_ids": self.color.value_ids[0].ids,
                }
            ],
        )
        self.assertEqual(proposal.offer_ids.price, 19.9)
        url = f"{OFFERS}/proposals/{proposal.id}"
        self._propose(422, f"/proposals/{proposal.id}", name="Other")
        self.assertEqual(proposal.name, "Desk lamp")
        proposal._review("changes", "Say how bright it is.")
        self.assertIn("Say how bright", self._text(self._page(f"{OFFERS}/proposals")))
        page = self._page(url)
        form = page.find_class("o_marketplace_proposal")[0]
        self.assertEqual(form.fields["name"], "Desk lamp")
        self._propose(
            path=f"/proposals/{proposal.id}",
            description="400 lumen",
        )
        self.assertEqual(
            (proposal.state, proposal.description), ("submitted", "400 lumen")
        )
        proposal.action_confirm()
        self.assertIn("Confirmed", self._text(self._page(url)))
        self.assertIn("LAMP-9", self._text(self._page(OFFERS)))

    def test_every_problem_of_a_proposal_is_told_and_what_was_typed_stays(self):
        page = self._propose(
            422, name=" ", gtin="4006381333932", categ_id="", sku="", price="x"
        )
        errors = page.find_class("o_marketplace_errors")[0].findall("p")
        self.assertEqual(len(errors), 5)
        form = page.find_class("o_marketplace_proposal")[0]
        self.assertEqual(form.fields["brand"], "Lumi")
        self.assertFalse(self._proposal())
        page = self._propose(422, **{f"attribute_{self.color.id}": ""})
        self.assertIn("Color X", self._text(page, "o_marketplace_errors"))
        self.assertFalse(self._proposal())

    def test_known_product_is_not_proposed(self):
        page = self._propose(422, gtin=GTIN_TWO)
        self.assertIn("We have this product", self._text(page, "o_marketplace_errors"))

    def test_vendor_proposes_a_change_of_a_product_he_sells(self):
        product = self.offer.product_id
        name = product.name
        path = f"/{self.offer.id}/product"
        page = self._page(f"{OFFERS}{path}")
        form = page.find_class("o_marketplace_proposal")[0]
        self.assertEqual(form.fields["name"], name)
        self._propose(path=path, name="Better name")
        proposal = self._proposal()
        self.assertRecordValues(
            proposal,
            [{"kind": "change", "product_id": product.id, "state": "submitted"}],
        )
        self.assertEqual(product.name, name)
        self.assertIn(name, proposal.diff)
        proposal.action_confirm()
        self.assertEqual(product.name, "Better name")

    def test_proposals_and_products_of_another_are_not_found(self):
        proposal = self.env["marketplace.product.proposal"].create(
            {"vendor_id": self.other.id, "name": "Mirror secret"}
        )
        for path in (f"proposals/{proposal.id}", f"{self.offer_other.id}/product"):
            self._get(f"{OFFERS}/{path}", 404)
            self._post(f"{OFFERS}/{path}", 404, name="Stolen")
        page = self._page(f"{OFFERS}/proposals")
        self.assertNotIn("Mirror secret", self._text(page))
        self.assertEqual(proposal.name, "Mirror secret")

    def test_reason_of_a_refused_offer_is_shown(self):
        self.offer._review("decline", "Not allowed in France")
        self.assertIn("Not allowed in France", self._text(self._page(OFFERS)))
        self.offer._review("confirm")
        self.offer.product_id.categ_id = self.category
        self.assertIn("Color X", self._text(self._page(OFFERS)))
