from collections import defaultdict

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestAnalytic(VendorDocumentCommon):
    """A14: revenue and cost by vendor, category and channel; each plan adds up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plans = {
            name: cls.env["account.analytic.plan"].create({"name": f"Market {name}"})
            for name in ("vendor", "category", "channel")
        }
        cls.company.write(
            {f"marketplace_plan_{name}_id": plan.id for name, plan in cls.plans.items()}
        )
        cls.books, cls.garden = cls.env["product.category"].create(
            [{"name": "Books"}, {"name": "Garden"}]
        )
        cls.offers = [cls._create_offer(cls.vendor, p) for p in (33.33, 59.99)]
        for offer, category in zip(cls.offers, (cls.books, cls.garden), strict=True):
            offer.product_id.categ_id = category

    def _analytic(self, items):
        """Return {dimension: {account name: minor units}} of journal items."""
        found = {name: defaultdict(int) for name in self.plans}
        for line in items.analytic_line_ids:
            for name, plan in self.plans.items():
                account = line[plan._column_name()]
                if account:
                    found[name][account.name] += self._minor(line.amount)
        return {name: dict(amounts) for name, amounts in found.items()}

    def _items(self, moves, role):
        account = self.company._marketplace_account(role)
        return moves.line_ids.filtered(lambda item: item.account_id == account)

    def test_commission_by_vendor_category_and_channel(self):
        """3.33 on books and 6.00 on garden: 9.33 in every plan, to the cent."""
        self._sell([(offer, 1) for offer in self.offers])
        move = self._invoice_commission("2026-03-10", vendors=self.vendor)
        items = self._items(move, "COMMISSION")
        self.assertEqual(
            self._analytic(items),
            {
                "vendor": {self.vendor.display_name: 933},
                "category": {"Books": 333, "Garden": 600},
                "channel": {"test": 933},
            },
        )
        others = move.line_ids - items
        self.assertFalse(others.filtered("analytic_distribution"), "balance sheet")

    def test_credit_note_takes_it_back(self):
        group = self._sell([(offer, 1) for offer in self.offers])
        first = self._invoice_commission("2026-03-10", vendors=self.vendor)
        books = group.sale_order_ids.order_line[0]
        self._refund(group, [(books, 1, None)], date="2026-03-12")
        moves = first + self._invoice_commission("2026-03-13", vendors=self.vendor)
        self.assertEqual(moves.mapped("move_type"), ["out_invoice", "out_refund"])
        found = self._analytic(self._items(moves, "COMMISSION"))
        self.assertEqual(found["category"], {"Books": 0, "Garden": 600})

    def test_discount_that_we_pay_and_fees(self):
        group = self._sell(
            [(offer, 1) for offer in self.offers], discounts=[(10, "marketplace")]
        )
        items = self._items(group.ledger_line_ids.move_id, "DISCOUNT_MKT")
        found = self._analytic(items)
        self.assertEqual(found["vendor"], {self.vendor.display_name: -1000})
        self.assertEqual(sum(found["category"].values()), -1000)
        self.assertEqual(set(found["category"]), {"Books", "Garden"})
        self.assertEqual(found["channel"], {"test": -1000})
        fee = self.env["marketplace.fee"].create(
            {
                "name": "Listing",
                "kind": "listing",
                "vendor_id": self.vendor.id,
                "amount": 12.0,
                "date": "2026-03-05",
            }
        )
        fee.action_approve()
        move = self.Line._invoice(fields.Date.to_date("2026-03-10"), fee)
        self.assertEqual(
            self._analytic(self._items(move, "SUBSCRIPTION")),
            {
                "vendor": {self.vendor.display_name: 1200},
                "category": {},
                "channel": {},
            },
        )
        self.assertTiedOut()

    def test_own_sale_and_its_purchase(self):
        """Principal posture: 100.00 sold, 90.00 bought, in the same accounts."""
        vendor = self._create_seller("Alma", posture="principal")
        self.default_rule.base_tax = "excluded"
        offer = self._create_offer(vendor, 120.0)
        offer.product_id.categ_id = self.garden
        group = self._sell([(offer, 1)])
        group.sale_order_ids._issue_principal_documents()
        moves = self.env["account.move"].search(
            [("marketplace_principal_order_id", "in", group.sale_order_ids.ids)]
        )
        for role, minor in (("SALES", 10000), ("PURCHASES", -9000)):
            self.assertEqual(
                self._analytic(self._items(moves, role)),
                {
                    "vendor": {vendor.display_name: minor},
                    "category": {"Garden": minor},
                    "channel": {"test": minor},
                },
            )

    def test_accounts_are_made_once_and_off_means_off(self):
        Account = self.env["account.analytic.account"]
        for _time in range(2):
            self._sell([(self.offers[0], 1)])
            self._invoice_commission("2026-03-10", vendors=self.vendor)
        own = Account.search([("marketplace_key", "=", f"vendor:{self.vendor.id}")])
        self.assertEqual(len(own), 1)
        with self.assertRaisesRegex(UserError, "plan of their own"):
            self.company.marketplace_plan_channel_id = self.plans["vendor"]
        self.company.invalidate_recordset(flush=False)
        self.company.write(
            dict.fromkeys((f"marketplace_plan_{name}_id" for name in self.plans), False)
        )
        self._sell([(self.offers[0], 1)])
        move = self._invoice_commission("2026-03-10", vendors=self.vendor)
        self.assertFalse(move.line_ids.filtered("analytic_distribution"))
