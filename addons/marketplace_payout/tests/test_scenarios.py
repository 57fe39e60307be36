"""Scenarios S1, S2, S3 and S6 of the accounting design, entry by entry."""

from collections import defaultdict

from odoo import fields
from odoo.tests import freeze_time, tagged

from .common import PayoutCommon

KINDS = {"entry": "entry", "out_invoice": "inv", "out_refund": "cn"}


@tagged("post_install", "-at_install", "marketplace")
class TestScenarios(PayoutCommon):
    """Live the events on their days, then compare every entry with the table.

    Rows are (role, partner, debit, credit, tax): tax is the rate on a base line,
    "VAT rate on base" on a tax line.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tables credit the bank with the payout order.
        cls.company.marketplace_payout_posting = "bank"
        cls.a, cls.b, cls.c = (cls._create_vendor(f"Vendor {n}") for n in "ABC")
        cls.names = {
            "PSP": cls.psp.name,
            **{letter: f"Vendor {letter}" for letter in "ABC"},
            "": "",
        }
        cls.roles = {
            role.account_id: role.code for role in cls.company.marketplace_role_ids
        }

    def setUp(self):
        super().setUp()
        self.earlier = self.env["account.move"].search([])

    # -- what happens ----------------------------------------------------------------

    def _charge(self, rate):
        self.default_rule.rate = rate

    def _psp_settles(self, date, gross, fee=0.0):
        with freeze_time(f"{date} 12:00:00"):
            self.env["marketplace.psp.settlement"].create(
                {
                    "psp_partner_id": self.psp.id,
                    "reference": f"po_{date}",
                    "date": date,
                    "amount_gross": gross,
                    "amount_fee": fee,
                }
            ).action_post()

    def _settle_on(self, date):
        with freeze_time(f"{date} 12:00:00"):
            return self._settle(date, self.a | self.b | self.c)

    def _pay_on(self, date):
        with freeze_time(f"{date} 12:00:00"):
            return self._pay(date, self.a | self.b | self.c)

    def _deliver_on(self, date, orders):
        with freeze_time(f"{date} 12:00:00"):
            self._ship_and_deliver(orders, date=date)

    def _order_on(self, date, lines, **options):
        with freeze_time(f"{date} 10:00:00"):
            return self._import_order(lines, date=f"{date} 10:00:00", **options)

    # -- what was posted -------------------------------------------------------------

    def _posted(self):
        moves = self.env["account.move"].search([], order="id") - self.earlier
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        return moves

    def _tax_note(self, item):
        if item.tax_line_id:
            base = f"{abs(item.tax_base_amount):.2f}"
            return f"VAT {item.tax_line_id.amount:g}% on {base}"
        return " ".join(f"{tax.amount:g}%" for tax in item.tax_ids)

    def _entry(self, move):
        return (
            str(move.date),
            KINDS[move.move_type],
            sorted(
                (
                    self.roles[item.account_id],
                    item.partner_id.name or "",
                    f"{item.debit:.2f}",
                    f"{item.credit:.2f}",
                    self._tax_note(item),
                )
                for item in move.line_ids
            ),
        )

    def assertPosted(self, table):
        """Assert that exactly these entries were posted, in this order."""
        moves = self._posted()
        self.assertEqual(
            [self._entry(move) for move in moves],
            [
                (
                    date,
                    kind,
                    sorted(
                        (
                            role,
                            self.names[who],
                            f"{debit:.2f}",
                            f"{credit:.2f}",
                            tax[0] if tax else "",
                        )
                        for role, who, debit, credit, *tax in rows
                    ),
                )
                for date, kind, rows in table
            ],
        )
        self.assertTiedOut()

    def assertFinal(self, **expected):
        """Assert every balance that is not zero, per partner on vendor accounts."""
        totals = defaultdict(int)
        for item in self._posted().line_ids:
            role = self.roles[item.account_id]
            key = f"{role}:{item.partner_id.name}" if "VENDOR" in role else role
            totals[key] += self._minor(item.balance)
        self.assertEqual(
            {key: minor for key, minor in totals.items() if minor},
            {key: self._minor(amount) for key, amount in expected.items()},
        )

    def assertReconciled(self):
        """Assert that nothing is left open on the vendors' accounts."""
        accounts = self.env["account.account"].union(
            *(
                self.company._marketplace_account(code)
                for code in ("VENDOR_DUE", "VENDOR_AR")
            )
        )
        items = self._posted().line_ids.filtered(lambda x: x.account_id in accounts)
        self.assertTrue(items)
        self.assertFalse(items.filtered(lambda item: not item.reconciled))

    # -- scenarios -------------------------------------------------------------------

    def test_s1_one_vendor_psp_fee_and_payout(self):
        """S1: 12.5 % of 33.33 is 4.17, VAT 0.83; PSP keeps 0.72; A gets 28.33."""
        self._charge(0.125)
        group = self._order_on("2026-03-02", [(self._create_offer(self.a, 33.33), 1)])
        self._deliver_on("2026-03-05", group)
        settlement = self._settle_on("2026-03-10")
        self.assertSettled(settlement, 0, 28.33, 28.33, 0)
        self._psp_settles("2026-03-11", 33.33, fee=0.72)
        self._pay_on("2026-03-12")
        self.assertPosted(
            [
                (
                    "2026-03-02",
                    "entry",
                    [
                        ("PSP_CLEARING", "PSP", 33.33, 0),
                        ("VENDOR_PENDING", "A", 0, 33.33),
                    ],
                ),
                (
                    "2026-03-05",
                    "entry",
                    [
                        ("VENDOR_PENDING", "A", 33.33, 0),
                        ("VENDOR_DUE", "A", 0, 33.33),
                    ],
                ),
                (
                    "2026-03-10",
                    "inv",
                    [
                        ("VENDOR_AR", "A", 5, 0),
                        ("COMMISSION", "A", 0, 4.17, "20%"),
                        ("VAT_OUT", "A", 0, 0.83, "VAT 20% on 4.17"),
                    ],
                ),
                (
                    "2026-03-10",
                    "entry",
                    [("VENDOR_DUE", "A", 5, 0), ("VENDOR_AR", "A", 0, 5)],
                ),
                (
                    "2026-03-11",
                    "entry",
                    [
                        ("BANK", "PSP", 32.61, 0),
                        ("PSP_FEES", "PSP", 0.72, 0),
                        ("PSP_CLEARING", "PSP", 0, 33.33),
                    ],
                ),
                (
                    "2026-03-12",
                    "entry",
                    [("VENDOR_DUE", "A", 28.33, 0), ("BANK", "A", 0, 28.33)],
                ),
            ]
        )
        self.assertFinal(BANK=4.28, COMMISSION=-4.17, VAT_OUT=-0.83, PSP_FEES=0.72)
        self.assertReconciled()

    def test_s2_a_bundle_split_three_ways(self):
        """S2: 33.34 / 33.33 / 33.33; VAT 0.67 on each of three invoices."""
        self._charge(0.10)
        payload = self._prepare_payload(
            [(self._create_offer(v, 50.0), 1) for v in (self.a, self.b, self.c)],
            date="2026-03-02 10:00:00",
        )
        for line in payload["lines"]:
            del line["gross_minor"]
            line["bundle_ref"] = "BUNDLE"
        payload["bundles"] = [{"ref": "BUNDLE", "amount_minor": 10000}]
        payload["amount_charged_minor"] = 10000
        payload["payments"][0]["amount_minor"] = 10000
        with freeze_time("2026-03-02 10:00:00"):
            group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        orders = group.sale_order_ids
        late = orders.filtered(lambda order: order.vendor_id == self.c)
        self._deliver_on("2026-03-04", orders - late)
        self._deliver_on("2026-03-06", late)
        self._settle_on("2026-03-10")
        self._psp_settles("2026-03-11", 100.0)
        self._pay_on("2026-03-12")

        def invoice(who):
            return (
                "2026-03-10",
                "inv",
                [
                    ("VENDOR_AR", who, 4, 0),
                    ("COMMISSION", who, 0, 3.33, "20%"),
                    ("VAT_OUT", who, 0, 0.67, "VAT 20% on 3.33"),
                ],
            )

        self.assertPosted(
            [
                (
                    "2026-03-02",
                    "entry",
                    [
                        ("PSP_CLEARING", "PSP", 100, 0),
                        ("VENDOR_PENDING", "A", 0, 33.34),
                        ("VENDOR_PENDING", "B", 0, 33.33),
                        ("VENDOR_PENDING", "C", 0, 33.33),
                    ],
                ),
                (
                    "2026-03-04",
                    "entry",
                    [
                        ("VENDOR_PENDING", "A", 33.34, 0),
                        ("VENDOR_DUE", "A", 0, 33.34),
                        ("VENDOR_PENDING", "B", 33.33, 0),
                        ("VENDOR_DUE", "B", 0, 33.33),
                    ],
                ),
                (
                    "2026-03-06",
                    "entry",
                    [
                        ("VENDOR_PENDING", "C", 33.33, 0),
                        ("VENDOR_DUE", "C", 0, 33.33),
                    ],
                ),
                invoice("A"),
                invoice("B"),
                invoice("C"),
                (
                    "2026-03-10",
                    "entry",
                    [
                        row
                        for who in "ABC"
                        for row in (
                            ("VENDOR_DUE", who, 4, 0),
                            ("VENDOR_AR", who, 0, 4),
                        )
                    ],
                ),
                (
                    "2026-03-11",
                    "entry",
                    [("BANK", "PSP", 100, 0), ("PSP_CLEARING", "PSP", 0, 100)],
                ),
                (
                    "2026-03-12",
                    "entry",
                    [
                        ("VENDOR_DUE", "A", 29.34, 0),
                        ("VENDOR_DUE", "B", 29.33, 0),
                        ("VENDOR_DUE", "C", 29.33, 0),
                        ("BANK", "", 0, 88),
                    ],
                ),
            ]
        )
        self.assertFinal(BANK=12, COMMISSION=-9.99, VAT_OUT=-2.01)
        self.assertReconciled()

    def test_s3_two_vat_rates_discount_and_shipping(self):
        """S3: discount and shipping shared to the cent; commission on items only."""
        self._charge(0.12)
        group = self._order_on(
            "2026-03-02",
            [
                (self._create_offer(self.a, 19.99), 2),
                (self._create_offer(self.a, 7.45, tax_rate=5.5), 1),
                (self._create_offer(self.b, 4.33, tax_rate=5.5), 3),
                (self._create_offer(self.b, 33.33), 1),
                (self._create_offer(self.c, 0.99), 1),
            ],
            discounts=[(9.47, "vendor")],
            shippings=[(6.90, None)],
        )
        self._deliver_on("2026-03-05", group)
        self._settle_on("2026-03-10")
        self._psp_settles("2026-03-11", 92.17)
        self._pay_on("2026-03-12")
        sold = {"A": 46.15, "B": 45.06, "C": 0.96}
        commission = {"A": (5.13, 1.03), "B": (5.00, 1.00), "C": (0.11, 0.02)}
        due = {"A": 6.16, "B": 6.00, "C": 0.13}
        paid = {"A": 39.99, "B": 39.06, "C": 0.83}
        self.assertPosted(
            [
                (
                    "2026-03-02",
                    "entry",
                    [
                        ("PSP_CLEARING", "PSP", 92.17, 0),
                        *(("VENDOR_PENDING", who, 0, sold[who]) for who in "ABC"),
                    ],
                ),
                (
                    "2026-03-05",
                    "entry",
                    [
                        row
                        for who in "ABC"
                        for row in (
                            ("VENDOR_PENDING", who, sold[who], 0),
                            ("VENDOR_DUE", who, 0, sold[who]),
                        )
                    ],
                ),
                *(
                    (
                        "2026-03-10",
                        "inv",
                        [
                            ("VENDOR_AR", who, due[who], 0),
                            ("COMMISSION", who, 0, net, "20%"),
                            ("VAT_OUT", who, 0, vat, f"VAT 20% on {net:.2f}"),
                        ],
                    )
                    for who, (net, vat) in commission.items()
                ),
                (
                    "2026-03-10",
                    "entry",
                    [
                        row
                        for who in "ABC"
                        for row in (
                            ("VENDOR_DUE", who, due[who], 0),
                            ("VENDOR_AR", who, 0, due[who]),
                        )
                    ],
                ),
                (
                    "2026-03-11",
                    "entry",
                    [("BANK", "PSP", 92.17, 0), ("PSP_CLEARING", "PSP", 0, 92.17)],
                ),
                (
                    "2026-03-12",
                    "entry",
                    [
                        *(("VENDOR_DUE", who, paid[who], 0) for who in "ABC"),
                        ("BANK", "", 0, 79.88),
                    ],
                ),
            ]
        )
        self.assertFinal(BANK=12.29, COMMISSION=-10.24, VAT_OUT=-2.05)
        self.assertReconciled()

    def test_s6_refund_after_payout_recovered_from_later_sales(self):
        """S6: 120.00 refunded after its payout; two sales repay the debt.

        The table's entries 10 and 13, "paid and delivered" at once, are two entries
        here, capture and entitlement through VENDOR_PENDING: the suite never credits
        a vendor's due account before delivery.
        """
        self._charge(0.10)
        offer = self._create_offer(self.a, 20.0)
        first = self._order_on("2026-03-02", [(offer, 6)])
        self._deliver_on("2026-03-04", first)
        self.assertSettled(self._settle_on("2026-03-10"), 0, 105.6, 105.6, 0)
        self._psp_settles("2026-03-11", 120.0)
        self._pay_on("2026-03-11")
        with freeze_time("2026-03-15 12:00:00"):
            line = first.sale_order_ids.order_line
            self._refund(first, [(line, 6, None)], date="2026-03-15")
            self.Line._invoiceable(self.company, vendors=self.a)._invoice(
                fields.Date.to_date("2026-03-15")
            )
        self.assertSettled(self._settle_on("2026-03-20"), 0, -105.6, 0, -105.6)
        self._deliver_on("2026-03-21", self._order_on("2026-03-21", [(offer, 4)]))
        self.assertSettled(self._settle_on("2026-03-31"), -105.6, 70.4, 0, -35.2)
        self._deliver_on("2026-04-05", self._order_on("2026-04-05", [(offer, 3)]))
        self.assertSettled(self._settle_on("2026-04-10"), -35.2, 52.8, 17.6, 0)
        self._psp_settles("2026-04-11", 20.0)
        self._pay_on("2026-04-11")

        def sale(date, amount, delivered=None):
            return [
                (
                    date,
                    "entry",
                    [
                        ("PSP_CLEARING", "PSP", amount, 0),
                        ("VENDOR_PENDING", "A", 0, amount),
                    ],
                ),
                (
                    delivered or date,
                    "entry",
                    [
                        ("VENDOR_PENDING", "A", amount, 0),
                        ("VENDOR_DUE", "A", 0, amount),
                    ],
                ),
            ]

        def commission(date, net, vat):
            return [
                (
                    date,
                    "inv",
                    [
                        ("VENDOR_AR", "A", net + vat, 0),
                        ("COMMISSION", "A", 0, net, "20%"),
                        ("VAT_OUT", "A", 0, vat, f"VAT 20% on {net:.2f}"),
                    ],
                ),
                (
                    date,
                    "entry",
                    [
                        ("VENDOR_DUE", "A", net + vat, 0),
                        ("VENDOR_AR", "A", 0, net + vat),
                    ],
                ),
            ]

        self.assertPosted(
            [
                *sale("2026-03-02", 120, delivered="2026-03-04"),
                *commission("2026-03-10", 12, 2.4),
                (
                    "2026-03-11",
                    "entry",
                    [("BANK", "PSP", 120, 0), ("PSP_CLEARING", "PSP", 0, 120)],
                ),
                (
                    "2026-03-11",
                    "entry",
                    [("VENDOR_DUE", "A", 105.6, 0), ("BANK", "A", 0, 105.6)],
                ),
                (
                    "2026-03-15",
                    "entry",
                    [("VENDOR_DUE", "A", 120, 0), ("PSP_CLEARING", "PSP", 0, 120)],
                ),
                (
                    "2026-03-15",
                    "cn",
                    [
                        ("COMMISSION", "A", 12, 0, "20%"),
                        ("VAT_OUT", "A", 2.4, 0, "VAT 20% on 12.00"),
                        ("VENDOR_AR", "A", 0, 14.4),
                    ],
                ),
                (
                    "2026-03-20",
                    "entry",
                    [("VENDOR_AR", "A", 14.4, 0), ("VENDOR_DUE", "A", 0, 14.4)],
                ),
                *sale("2026-03-21", 80),
                *commission("2026-03-31", 8, 1.6),
                *sale("2026-04-05", 60),
                *commission("2026-04-10", 6, 1.2),
                (
                    "2026-04-11",
                    "entry",
                    [("BANK", "PSP", 20, 0), ("PSP_CLEARING", "PSP", 0, 20)],
                ),
                (
                    "2026-04-11",
                    "entry",
                    [("VENDOR_DUE", "A", 17.6, 0), ("BANK", "A", 0, 17.6)],
                ),
            ]
        )
        self.assertFinal(BANK=16.8, COMMISSION=-14, VAT_OUT=-2.8)
        self.assertReconciled()
