import doctest

from lxml import html

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.marketplace_base import formatting
from odoo.addons.marketplace_base.controllers import gate
from odoo.addons.marketplace_base.engine import numbers
from odoo.addons.marketplace_base.tests.portal_common import PortalCase


@tagged("post_install", "-at_install", "marketplace")
class TestPortal(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.other = cls._create_vendor("Brasserie Basalte")
        cls.offer = cls._create_offer(cls.vendor, 12.0, sku="AMANDE-1")
        cls.offer_two = cls._create_offer(cls.vendor, 7.5, sku="AMANDE-2")
        cls.offer_other = cls._create_offer(cls.other, 20.0, sku="BASALTE-1")
        cls.group = cls._import_order(
            [(cls.offer, 3), (cls.offer_two, 1), (cls.offer_other, 1)]
        )
        cls.order, cls.order_other = (
            cls.group.sale_order_ids.filtered(
                lambda order, vendor=vendor: order.vendor_id == vendor
            )
            for vendor in (cls.vendor, cls.other)
        )
        cls.line = cls.order.order_line.filtered(
            lambda line: line.offer_id == cls.offer
        )
        cls.line_two = cls.order.order_line.filtered(
            lambda line: line.offer_id == cls.offer_two
        )

    def setUp(self):
        super().setUp()
        self._login(self.vendor)

    def _ship(self, quantities, status=200, **data):
        data = {"carrier_name": "Colissimo", "tracking_ref": "6A1234", **data}
        data |= {f"quantity_{line.id}": text for line, text in quantities.items()}
        return self._post(
            f"/my/marketplace/orders/{self.order.id}/ship", status, **data
        )

    # -- access ---------------------------------------------------------------------

    def test_another_vendor_gets_not_found(self):
        """A vendor who types the address of another's record learns nothing."""
        self._login(self.other)
        order_url = f"/my/marketplace/orders/{self.order.id}"
        self._get(order_url, 404)
        self._post(f"{order_url}/ship", 404, carrier_name="DHL", tracking_ref="1")
        offer_url = f"/my/marketplace/offers/{self.offer.id}"
        self._get(offer_url, 404)
        self._post(offer_url, 404, price="1", quantity="1")
        self.assertFalse(self.order.marketplace_shipment_ids)
        self.assertEqual(self.offer.price, 12.0)

    def test_unknown_or_huge_id_gets_not_found(self):
        for record_id in (0, 2**31 - 1, 2**31, 10**30):
            self._get(f"/my/marketplace/orders/{record_id}", 404)

    def test_quotation_is_not_shown(self):
        """Until it is confirmed, an order is the operator's business."""
        quotation = self.order.copy({"vendor_id": self.vendor.id})
        self.assertEqual(quotation.state, "draft")
        self._get(f"/my/marketplace/orders/{quotation.id}", 404)

    def test_customer_without_shop_gets_not_found(self):
        user = self.env["res.users"].create(
            {
                "name": "Camille",
                "login": "camille.portal",
                "partner_id": self.customer.id,
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.authenticate(user.login, user.login)
        for path in ("", "/orders", "/offers", f"/orders/{self.order.id}"):
            self._get(f"/my/marketplace{path}", 404)
        page = self._get("/my")
        self.assertNotIn("/my/marketplace", html.tostring(page, encoding="unicode"))

    def test_suspended_vendor_still_ships(self):
        self.vendor._vendor_transition("suspended", reason="Late")
        page = self._get(f"/my/marketplace/orders/{self.order.id}")
        self.assertIn("suspended", " ".join(page.itertext()))
        self._ship({self.line: "3"})
        self.assertEqual(self.order.marketplace_shipment_ids.state, "shipped")

    def test_order_is_not_opened_as_its_customer(self):
        """The customer's page shows his payments: it stays closed to the vendor."""
        user = self.vendor.user_ids
        self.assertFalse(
            self.env["sale.order"]
            .with_user(user)
            .search([("id", "in", self.order.ids)])
        )
        response = self.url_open(f"/my/orders/{self.order.id}", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith("/my"))

    # -- overview -------------------------------------------------------------------

    def test_overview_shows_the_balances_of_the_ledger(self):
        """The vendor reads the same four figures as the back office."""
        balances = self.Ledger._vendor_balances(self.vendor, self.company)
        buckets = balances[self.vendor.id, self.currency.id]
        self.assertEqual(self._minor(buckets["pending"]), 4350)
        page = self._get("/my/marketplace")
        shown = {
            node.get("data-bucket"): node.find_class("oe_currency_value")[0].text
            for node in page.xpath("//*[@data-bucket]")
        }
        self.assertEqual(
            shown,
            {"pending": "43.50", "due": "0.00", "reserved": "0.00", "paid": "0.00"},
        )

    def test_overview_counts_what_is_to_do(self):
        self.offer_two.quantity = 0
        steps = self._text(self._get("/my/marketplace"), "o_marketplace_step")
        self.assertIn("order to ship", steps)
        self.assertIn("offer customers cannot buy", steps)
        self.offer_two.quantity = 5
        self._ship({self.line: "3", self.line_two: "1"})
        page = self._get("/my/marketplace")
        self.assertFalse(page.find_class("o_marketplace_step"))
        self.assertTrue(page.find_class("o_marketplace_all_done"))

    # -- shipping -------------------------------------------------------------------

    def test_vendor_ships_whole_order(self):
        page = self._get(f"/my/marketplace/orders/{self.order.id}")
        form = page.xpath("//form[contains(@action, '/ship')]")[0]
        self.assertEqual(form.fields[f"quantity_{self.line.id}"], "3")
        page = self._ship({self.line: "3", self.line_two: "1"})
        shipment = self.order.marketplace_shipment_ids
        self.assertRecordValues(
            shipment,
            [
                {
                    "state": "shipped",
                    "carrier_name": "Colissimo",
                    "tracking_ref": "6A1234",
                    "vendor_id": self.vendor.id,
                }
            ],
        )
        self.assertEqual(self.order.marketplace_shipping_state, "shipped")
        self.assertIn(shipment.name, self._text(page, "o_marketplace_shipped"))
        self.assertFalse(page.xpath("//form[contains(@action, '/ship')]"))
        self.assertFalse(self.order_other.marketplace_shipment_ids)

    def test_line_shows_price_discount_and_credit(self):
        """Three figures that add up: 36.00 − 4.00 = 32.00."""
        group = self._import_order([(self.offer, 3)], discounts=[(4.0, "vendor")])
        page = self._get(f"/my/marketplace/orders/{group.sale_order_ids.id}")
        row = page.find_class("o_marketplace_lines")[0].xpath(".//tbody/tr")[0]
        amounts = [
            node.text.replace("\N{ZERO WIDTH NO-BREAK SPACE}", "")
            for node in row.find_class("oe_currency_value")
            # The commission addon explains its amount below the product's name.
            # So does the part of a shared discount.
            if not node.xpath(
                "ancestor::details|ancestor::div[contains(@class,'small')]"
            )
        ]
        self.assertEqual(amounts, ["36.00", "-4.00", "32.00"])

    def test_line_says_what_was_refunded_of_it(self):
        path = f"/my/marketplace/orders/{self.order.id}"
        self.assertFalse(self._get(path).find_class("o_marketplace_line_refunded"))
        self._refund(self.group, [(self.line, 1, None)])
        (told,) = self._get(path).find_class("o_marketplace_line_refunded")
        text = " ".join(told.text_content().split())
        self.assertIn("Refunded to the customer: 1 of 3,", text)
        self.assertIn("-12.00", text.replace("\N{ZERO WIDTH NO-BREAK SPACE}", ""))

    def test_vendor_ships_in_two_parts(self):
        self._ship({self.line: "2"})
        self.assertEqual(self.order.marketplace_shipping_state, "to_ship")
        page = self._get(f"/my/marketplace/orders/{self.order.id}")
        form = page.xpath("//form[contains(@action, '/ship')]")[0]
        self.assertEqual(form.fields[f"quantity_{self.line.id}"], "1")
        self._ship({self.line: "1", self.line_two: "1"})
        self.assertEqual(self.order.marketplace_shipping_state, "shipped")
        self.assertEqual(len(self.order.marketplace_shipment_ids), 2)

    def test_wrong_quantities_are_refused_and_shown_again(self):
        """Nothing is written; the page says what is wrong and keeps what was typed."""
        for text in ("4", "-1", "abc", "NaN", "1e400"):
            with self.subTest(text):
                page = self._ship({self.line: text}, status=422, tracking_ref="KEEP-ME")
                self.assertTrue(self._text(page, "o_marketplace_errors").strip())
                form = page.xpath("//form[contains(@action, '/ship')]")[0]
                self.assertEqual(form.fields[f"quantity_{self.line.id}"], text)
                self.assertEqual(form.fields["tracking_ref"], "KEEP-ME")
        self.assertFalse(self.order.marketplace_shipment_ids)

    def test_every_problem_is_told_at_once(self):
        page = self._ship(
            {self.line: "abc", self.line_two: "-2"}, status=422, carrier_name=" "
        )
        errors = page.find_class("o_marketplace_errors")[0].findall("p")
        self.assertEqual(len(errors), 3)

    def test_shipping_nothing_is_refused(self):
        page = self._ship({self.line: "0", self.line_two: ""}, status=422)
        self.assertIn("Nothing to ship", self._text(page, "o_marketplace_errors"))
        self.assertFalse(self.order.marketplace_shipment_ids)

    def test_second_click_ships_nothing_more(self):
        self._ship({self.line: "3", self.line_two: "1"})
        self._ship({self.line: "3", self.line_two: "1"}, status=422)
        self.assertEqual(len(self.order.marketplace_shipment_ids), 1)

    def test_line_of_another_vendor_is_not_shipped(self):
        line_other = self.order_other.order_line[:1]
        self._ship({line_other: "1"}, status=422)
        self.assertFalse(self.order_other.marketplace_shipment_ids)
        self.assertFalse(self.order.marketplace_shipment_ids)

    def test_form_without_token_is_refused(self):
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"/my/marketplace/orders/{self.order.id}/ship",
                data={f"quantity_{self.line.id}": "1", "carrier_name": "DHL"},
            )
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.order.marketplace_shipment_ids)

    def test_typed_text_is_escaped(self):
        page = self._ship(
            {self.line: "4"}, status=422, carrier_name='"><script>alert(1)</script>'
        )
        self.assertFalse(page.xpath("//script[contains(., 'alert(1)')]"))

    # -- lists ----------------------------------------------------------------------

    def _listed(self, path):
        return {link.get("href") for link in self._get(path).xpath("//table//a[@href]")}

    def test_order_filters_and_search(self):
        url = f"/my/marketplace/orders/{self.order.id}"
        orders = "/my/marketplace/orders"
        self.assertEqual(self._listed(orders), {url})
        self.assertEqual(self._listed(f"{orders}?filterby=to_ship"), {url})
        self.assertEqual(self._listed(f"{orders}?filterby=shipped"), set())
        self.assertEqual(self._listed(f"{orders}?search=Camille"), {url})
        self.assertEqual(
            self._listed(f"{orders}?search={self.order_other.name}x"), set()
        )
        self.assertEqual(
            self._listed(f"{orders}?filterby=bad&sortby=bad&page=9"), {url}
        )
        self._ship_and_deliver(self.order)
        self.assertEqual(self._listed(f"{orders}?filterby=to_ship"), set())
        self.assertEqual(self._listed(f"{orders}?filterby=delivered"), {url})

    def test_queries_of_the_order_list_do_not_grow_with_it(self):
        """One page of orders costs the same whether it holds one or eleven."""

        def count_queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get("/my/marketplace/orders")
            return self.env.cr.sql_log_count - before

        count_queries()  # fills the caches of templates and routes
        one = count_queries()
        for _number in range(10):
            self._import_order([(self.offer, 1)])
        self.assertEqual(len(self._listed("/my/marketplace/orders")), 11)
        self.assertLessEqual(count_queries(), one)

    def test_vendor_of_two_companies_sees_both(self):
        """The company rules of internal users do not cut a vendor's view in half."""
        company = self.env["res.company"].create({"name": "Second operator"})
        offer = self._create_offer(
            self.vendor, 5.0, sku="AMANDE-3", company_id=company.id
        )
        user = self.vendor.user_ids
        self.assertNotIn(company, user.company_ids)
        visible = self.env["marketplace.offer"].with_env(
            self.env(user=user, context={})
        )
        self.assertIn(offer.id, visible.search([]).ids)
        page = self._get("/my/marketplace/offers")
        self.assertIn("AMANDE-3", " ".join(page.itertext()))

    def test_offer_list_shows_own_offers_and_why_one_is_not_sold(self):
        self.offer_two.quantity = 0
        page = self._get("/my/marketplace/offers?filterby=off_sale")
        rows = " ".join(page.xpath("//table")[0].itertext())
        self.assertIn("AMANDE-2", rows)
        self.assertNotIn("AMANDE-1", rows)
        self.assertNotIn("BASALTE", rows)
        reasons = dict(
            self.env["marketplace.offer"]
            ._fields["inactive_reason"]
            ._description_selection(self.env)
        )
        self.assertIn(reasons["out_of_stock"], rows)

    def test_empty_lists_say_what_fills_them(self):
        newcomer = self._create_vendor("Coutellerie Cade")
        self._login(newcomer)
        for path in ("orders", "orders?filterby=to_ship", "offers"):
            page = self._get(f"/my/marketplace/{path}")
            self.assertTrue(self._text(page, "o_marketplace_empty").strip(), path)
        self._get("/my/marketplace")

    def test_my_account_has_the_card_and_the_counter(self):
        page = self._get("/my")
        self.assertTrue(page.xpath("//a[@href='/my/marketplace']"))
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["marketplace_to_ship_count"]}
        )
        self.assertEqual(counters["marketplace_to_ship_count"], 1)

    # -- offers ---------------------------------------------------------------------

    def test_vendor_changes_price_and_stock(self):
        page = self._post(
            f"/my/marketplace/offers/{self.offer.id}", price="13,90", quantity="8"
        )
        self.assertRecordValues(self.offer, [{"price": 13.90, "quantity": 8.0}])
        self.assertIn("AMANDE-1", self._text(page, "o_marketplace_saved"))

    def test_wrong_price_or_stock_is_refused(self):
        for price, quantity, count in (
            ("-1", "5", 1),
            ("12.345", "5", 1),
            ("", "x", 2),
            ("1e15", "inf", 2),
        ):
            with self.subTest(price=price, quantity=quantity):
                page = self._post(
                    f"/my/marketplace/offers/{self.offer.id}",
                    422,
                    price=price,
                    quantity=quantity,
                )
                errors = page.find_class("o_marketplace_errors")[0].findall("p")
                self.assertEqual(len(errors), count)
        self.assertRecordValues(self.offer, [{"price": 12.0, "quantity": 1000.0}])

    def test_doctests_of_numbers(self):
        for module in (gate, numbers, formatting):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted)
            self.assertEqual(result.failed, 0)

    # -- French ---------------------------------------------------------------------

    def _load_french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["marketplace_base"], ["fr_FR"])

    def test_vendor_reads_his_order_in_french(self):
        """Terms of the page, of the code and of a selection."""
        self._load_french()
        self.vendor.lang = "fr_FR"
        self._login(self.vendor)
        page = self._get(f"/my/marketplace/orders/{self.order.id}")
        text = " ".join(" ".join(page.itertext()).split())
        for term in ("Ce qui a été commandé", "À expédier", "Votre boutique"):
            self.assertIn(term, text)
        page = self._ship({self.line: "trois"}, 422)
        self.assertIn("n'est pas une quantité", self._text(page, "alert"))

    def test_back_office_is_in_french(self):
        """A view, the labels of its fields and the quantities of messages."""
        self._load_french()
        Offer = self.env["marketplace.offer"].with_context(lang="fr_FR")
        view = Offer.get_view(view_type="search")
        self.assertIn("Non vendu", view["arch"])
        label = Offer.fields_get(["inactive_reason"])["inactive_reason"]["string"]
        self.assertEqual(label, "Motif de non-vente")
        self.assertEqual(formatting.format_quantity(Offer.env, 2.5), "2,5")
        self.assertEqual(formatting.format_quantity(Offer.env, 3.0), "3")

    def test_price_beyond_a_limit_waits_and_the_vendor_sees_it(self):
        """P4: he is told that it waits, and later why it was refused."""
        self.offer.price_max = 15.0
        url = f"/my/marketplace/offers/{self.offer.id}"
        page = self._post(url, price="18", quantity="9")
        self.assertIn("18.00", self._text(page, "o_marketplace_price_waiting"))
        self.assertRecordValues(self.offer, [{"price": 12.0, "quantity": 9.0}])
        self._post(url, price="12.00", quantity="8")
        change = self.offer.price_change_ids
        self.assertEqual(change.state, "pending", "a change of stock keeps the request")
        self.assertEqual(
            (change.cause, change.user_id), ("portal", self.vendor.user_ids)
        )
        self.assertIn(
            "18.00", self._text(self._get(url), "o_marketplace_price_waiting")
        )
        change.refusal_reason = "Above the market"
        change.action_refuse()
        text = self._text(self._get(url), "o_marketplace_price_refused")
        self.assertIn("Above the market", text)
