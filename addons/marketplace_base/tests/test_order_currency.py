from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .order_import_common import OrderImportCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderCurrency(OrderImportCommon):
    """What an order is told in: currency, and prices with VAT or without."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollar = cls.env.ref("base.USD")
        cls.dollar.active = True
        cls.env["res.currency.rate"].create(
            {
                "name": "2026-03-01",
                "currency_id": cls.dollar.id,
                "company_id": cls.company.id,
                "rate": 1.25,
            }
        )

    # -- currency -------------------------------------------------------------------

    def test_order_in_a_currency_without_contract_is_quarantined(self):
        """P9: nothing is converted, the vendor and the currencies are named."""
        payload = self._prepare_payload(self.cart, currency_id=self.dollar.id)
        _groups, problems = self._problems(payload)
        self.assertEqual(len(problems[0]), 3, "once for each vendor")
        self.assertRegex(problems[0][0], "Alma.*EUR.*USD")
        for vendor in self.vendors:
            vendor.vendor_contract_ids.other_currency_ids = self.dollar
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        self.assertEqual(groups.sale_order_ids.currency_id, self.dollar)

    def _quotation(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Dollars", "currency_id": self.dollar.id}
        )
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "pricelist_id": pricelist.id,
                "date_order": "2026-03-05 10:00:00",
            }
        )

    def _add(self, order, offer, **vals):
        order.order_line = [
            Command.create(
                {"product_id": offer.product_id.id, "offer_id": offer.id, **vals}
            )
        ]
        return order.order_line

    def test_quotation_never_converts_without_the_rule(self):
        with self.assertRaisesRegex(MarketplaceError, "no price in USD"):
            self._add(self._quotation(), self.offers[0])

    def test_conversion_keeps_rate_date_and_source(self):
        self.company.marketplace_currency_policy = "convert"
        order = self._quotation()
        line = self._add(order, self.offers[0])
        self.assertEqual(line.price_unit, 24.99)
        self.assertEqual(line.price_rate, 1.25)
        self.assertEqual(line.price_rate_date, fields.Date.to_date("2026-03-01"))
        self.assertRegex(line.price_rate_source, "EUR to USD")
        with self.assertRaisesRegex(MarketplaceError, "Alma.*USD"):
            order.action_confirm()
        self.vendors[0].vendor_contract_ids.other_currency_ids = self.dollar
        order.action_confirm()
        self.assertEqual(order.marketplace_order_id.currency_id, self.dollar)

    def test_own_price_in_the_currency_needs_no_rate(self):
        self.env["marketplace.offer.price"].create(
            {
                "offer_id": self.offers[0].id,
                "price": 22.0,
                "currency_id": self.dollar.id,
            }
        )
        line = self._add(self._quotation(), self.offers[0])
        self.assertEqual((line.price_unit, line.price_rate), (22.0, 0.0))
        self.assertFalse(line.price_rate_date or line.price_rate_source)

    # -- tax mode -------------------------------------------------------------------

    def _without_vat(self, ref):
        """Return the cart with a discount by line, told with VAT and without."""
        payload = self._prepare_payload(self.cart, shippings=[(6.9, None)], ref=ref)
        first = payload["lines"][0]
        first["discounts"] = [{"name": "Ten", "funder": "vendor", "amount_minor": 398}]
        payload["amount_charged_minor"] -= 398
        payload["payments"][0]["amount_minor"] -= 398
        told = {**payload, "external_ref": f"{ref}-X", "tax_mode": "excluded"}
        told["payments"] = [{**payload["payments"][0], "ref": f"{ref}-XP"}]

        def base(minor, rate):
            return round(minor / (1 + rate))

        told["lines"] = []
        for line in payload["lines"]:
            rate = self.env["account.tax"].browse(line["tax_ids"]).amount / 100
            discount = sum(d["amount_minor"] for d in line.get("discounts") or ())
            cut = base(discount, rate)
            net = base(line["gross_minor"] - discount, rate)
            told["lines"].append(
                {
                    **line,
                    "gross_minor": net + cut,
                    "tax_minor": line["gross_minor"] - discount - net,
                    "discounts": [
                        {**d, "amount_minor": cut} for d in line.get("discounts") or ()
                    ],
                }
            )
        told["shippings"] = [
            {**item, "amount_minor": 575, "tax_minor": 115}
            for item in payload["shippings"]
        ]
        return payload, told

    def test_same_order_has_the_same_vat_in_both_modes(self):
        """P2: to the cent, whichever mode told it."""
        with_vat, without = self._without_vat("MODE")
        (first, second), problems = self._problems(with_vat, without)
        self.assertFalse(problems)
        for name in ("amount_tax", "amount_untaxed", "amount_total"):
            self.assertEqual(
                first.sale_order_ids.mapped(name),
                second.sale_order_ids.mapped(name),
                name,
            )
        self.assertEqual(first.amount_charged, second.amount_charged)

    def test_vat_that_does_not_agree_is_quarantined_with_the_difference(self):
        _with_vat, without = self._without_vat("GAP")
        without["lines"][0]["tax_minor"] += 7
        without["amount_charged_minor"] += 7
        without["payments"] = []
        _groups, problems = self._problems(without)
        self.assertRegex(problems[0][0].replace("\N{NO-BREAK SPACE}", " "), "0.06|0.07")
        without["tolerance_minor"] = 7
        self.assertFalse(self._problems(without)[1])

    def test_vat_told_beside_prices_with_vat_must_agree_too(self):
        payload = self._prepare_payload([(self.offers[0], 2)])
        payload["lines"][0]["tax_minor"] = 666
        self.assertFalse(self._problems(payload)[1])
        payload = self._prepare_payload([(self.offers[0], 2)])
        payload["lines"][0]["tax_minor"] = 600
        self.assertIn("0.66", self._problems(payload)[1][0][0])

    def test_prices_without_vat_say_it_line_by_line(self):
        _with_vat, without = self._without_vat("SILENT")
        del without["lines"][1]["tax_minor"]
        name = without["lines"][1]["name"]
        self.assertIn(name, self._problems(without)[1][0][0])
        _with_vat, without = self._without_vat("WHOLE")
        without["discounts"] = [
            {
                "ref": "D",
                "name": "All",
                "amount_minor": 1,
                "funder": "vendor",
                "line_refs": None,
            }
        ]
        self.assertIn("line by line", self._problems(without)[1][0][0])
        without["tax_mode"] = "sometimes"
        self.assertIn("sometimes", self._problems(without)[1][0][0])
