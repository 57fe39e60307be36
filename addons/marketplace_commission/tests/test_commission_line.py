from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import CommissionCommon

DAY = "2026-03-02 10:00:00"
VAT_TO_COME = "VAT is added on the invoice, by the fiscal position of the vendor."


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionLine(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.offer = cls._create_offer(cls.vendor, 33.33)

    def _sell(self, lines=None, **options):
        """Import one purchase and return its commission lines."""
        options.setdefault("date", DAY)
        group = self._import_order(lines or [(self.offer, 1)], **options)
        return self.Line.search([("marketplace_order_id", "=", group.id)], order="id")

    # -- at confirmation ------------------------------------------------------------

    def test_confirmed_line_gets_its_frozen_commission(self):
        """Scenario S1: 12.5 % of 33.33 is 4.16625, rounded half up to 4.17."""
        self.default_rule.rate = 0.125
        line = self._sell()
        self.assertRecordValues(
            line,
            [
                {
                    "kind": "commission",
                    "vendor_id": self.vendor.id,
                    "date": date(2026, 3, 2),
                    "rule_id": self.default_rule.id,
                    "rule_version": 2,
                    "base": 33.33,
                    "rate": 0.125,
                    "amount": 4.17,
                    "is_invoiced": False,
                }
            ],
        )
        self.assertAlmostEqual(line.sale_order_id.amount_commission, 4.17)
        self.assertAlmostEqual(line.marketplace_order_id.amount_commission, 4.17)

    def test_first_rule_by_rank_decides(self):
        """Criteria are joined by AND, values of one by OR, descendants included."""
        parent = self.env["product.category"].create({"name": "Media"})
        books = parent.create({"name": "Books", "parent_id": parent.id})
        tag = self.env["res.partner.category"].create({"name": "Partner"})
        self.vendor.category_id = tag
        other = self._create_vendor("Brume")
        for rank, (name, rate, criteria) in enumerate(
            [
                ("Other vendor", 0.01, {"vendor_ids": other.ids}),
                ("Tag, dear", 0.02, {"vendor_category_ids": tag.ids, "price_from": 50}),
                (
                    "Over",
                    0.03,
                    {"vendor_ids": self.vendor.ids, "date_to": "2026-03-01"},
                ),
                (
                    "Media",
                    0.04,
                    {
                        "vendor_ids": (other | self.vendor).ids,
                        "product_category_ids": parent.ids,
                    },
                ),
                ("Tag", 0.05, {"vendor_category_ids": tag.ids, "price_to": 33.34}),
            ]
        ):
            self._create_rule(name, rate, sequence=rank, **criteria)
        book = self._create_offer(self.vendor, 20.00)
        book.product_id.categ_id = books
        dear = self._create_offer(self.vendor, 50.00)
        lines = self._sell([(self.offer, 1), (book, 2), (dear, 1)])
        self.assertEqual(
            {line.sale_line_id.offer_id: line.rule_id.name for line in lines},
            {self.offer: "Tag", book: "Media", dear: "Tag, dear"},
        )

    def test_period_of_a_rule_ends_on_its_last_day(self):
        """A temporary rule gives way to the others by itself."""
        self._create_rule(
            "March", 0.02, vendor_ids=self.vendor.ids, date_to="2026-03-02"
        )
        self.assertEqual(self._sell().rate, 0.02)
        self.assertEqual(self._sell(date="2026-03-03 10:00:00").rate, 0.10)

    def test_vendor_funded_discount_lowers_the_base(self):
        self.assertRecordValues(
            self._sell(discounts=[(5.00, "vendor")]), [{"base": 28.33, "amount": 2.83}]
        )

    def test_marketplace_funded_discount_leaves_the_base(self):
        self.assertRecordValues(
            self._sell(discounts=[(5.00, "marketplace")]),
            [{"base": 33.33, "amount": 3.33}],
        )

    def test_base_without_vat(self):
        self.default_rule.base_tax = "excluded"
        offer = self._create_offer(self.vendor, 120.00)
        self.assertRecordValues(
            self._sell([(offer, 1)]), [{"base": 100.00, "amount": 10.00}]
        )

    def test_fixed_amount_per_unit(self):
        self.default_rule.write({"amount_fixed": 0.50, "fixed_per": "unit"})
        offer = self._create_offer(self.vendor, 10.00)
        self.assertEqual(self._sell([(offer, 3)]).amount, 4.50)

    def test_shipping_is_charged_when_the_rule_says_so(self):
        """N-11: item 100, delivery 50, ten percent of both."""
        offer = self._create_offer(self.vendor, 100.00)
        shippings = [(50.00, self.vendor)]
        self.assertEqual(
            self._sell([(offer, 1)], shippings=shippings).mapped("amount"), [10.00]
        )
        self.default_rule.write({"base_shipping": True, "rate_shipping": 0.10})
        lines = self._sell([(offer, 1)], shippings=shippings)
        self.assertEqual(sorted(lines.mapped("amount")), [5.00, 10.00])

    def test_amounts_of_the_rule_do_not_apply_in_another_currency(self):
        usd = self.env.ref("base.USD")
        usd.active = True
        self.default_rule.amount_min = 20.00
        self.vendor.vendor_contract_ids.other_currency_ids = usd
        line = self._sell(currency_id=usd.id)
        self.assertEqual(line.amount, 3.33)
        self.assertIn(
            "The amounts of the rule are in EUR and do not apply to this order: the "
            "percentage stands alone.",
            self._trace(line),
        )

    def test_principal_posture_earns_no_commission(self):
        vendor = self._create_vendor("Sud", posture="principal")
        offer = self._create_offer(vendor, 33.33)
        self.assertFalse(self._sell([(offer, 1)]))

    def test_back_office_quotation_is_charged_on_confirmation(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.offer.product_id.id, "product_uom_qty": 2}
                    )
                ],
            }
        )
        order.action_confirm()
        line = order.order_line.filtered("offer_id").commission_line_ids
        self.assertRecordValues(line, [{"base": 66.66, "amount": 6.67}])

    def test_charging_again_changes_nothing(self):
        line = self._sell()
        self.assertFalse(self.Line._charge(line.sale_line_id))

    # -- frozen ---------------------------------------------------------------------

    def test_changing_everything_about_rules_changes_nothing_computed(self):
        rule = self._create_rule("Nord", 0.125, vendor_ids=self.vendor.ids)
        line = self._sell()
        before = line.read(), self._trace(line)
        rule.write({"rate": 0.5, "name": "Renamed", "amount_min": 9, "sequence": 99})
        rule.action_archive()
        self.default_rule.write({"rate": 0.9, "base_tax": "excluded"})
        self._create_rule("New first", 0.0, sequence=0, vendor_ids=self.vendor.ids)
        self.vendor.category_id = self.env["res.partner.category"].create({"name": "N"})
        self.env.invalidate_all()
        after = line.read(), self._trace(line)
        # The link shows the rule under its new name; what was computed does not move.
        for records, _trace in (before, after):
            del records[0]["rule_id"]
        self.assertEqual(before, after)
        self.assertEqual(self._sell().rate, 0.0)

    def test_nobody_edits_commission(self):
        line = self._sell()
        forged = line.with_context(marketplace_commission_token=True)
        for record in (line, line.sudo(), forged):
            with self.assertRaisesRegex(AccessError, "computed once and frozen"):
                record.write({"amount": 0})
            with self.assertRaisesRegex(AccessError, "computed once and frozen"):
                record.unlink()
            with self.assertRaisesRegex(AccessError, "computed once and frozen"):
                record.create({"kind": "commission"})

    def test_used_rule_is_archived_not_deleted(self):
        rule = self._create_rule("Nord", 0.125, vendor_ids=self.vendor.ids)
        self._sell()
        with self.assertRaisesRegex(UserError, "archive it instead"):
            rule.unlink()
        rule.action_archive()
        self.assertEqual(self._sell().rule_id, self.default_rule)

    # -- trace ----------------------------------------------------------------------

    def test_trace_says_why_in_words(self):
        self._create_rule(
            "Spring", 0.01, vendor_ids=self.vendor.ids, date_from="2026-04-01"
        )
        self.default_rule.write({"rate": 0.125, "amount_fixed": 0.30, "amount_max": 4})
        self.assertEqual(
            self._trace(self._sell()),
            [
                "1. “Spring” does not apply: the order date is out of its period.",
                "2. “Default” applies (version 2).",
                "Base: 33.33 €, VAT included, less the discounts the vendor funds.",
                "12.5 % of the base = 4.16625, rounded to 4.17 €.",
                "Plus 0.30 € for the line: 4.47 €.",
                "Lowered to the maximum of 4.00 €.",
                VAT_TO_COME,
            ],
        )

    def test_trace_of_a_refund_says_what_is_kept(self):
        line = self._sell([(self._create_offer(self.vendor, 11.11), 3)])
        self._refund(line.marketplace_order_id, [(line.sale_line_id, 1, None)])
        self.assertEqual(
            self._trace(line.reversal_line_ids),
            [
                "Refunded so far: 11.11 € of 33.33 €.",
                "Of a commission of 3.33 € on 33.33 € at 10 %, the 22.22 € not "
                "refunded keep 2.22 €.",
                "3.33 € was kept before this refund: 1.11 € is given back.",
                VAT_TO_COME,
            ],
        )

    # -- refunds --------------------------------------------------------------------

    def test_partial_refunds_end_exactly_on_zero(self):
        """Scenario S5 to its end: 3.54 is given back as 1.18, 1.18 and 1.18."""
        self.default_rule.rate = 0.125
        offer = self._create_offer(self.vendor, 11.11)
        line = self._sell([(offer, 3)], discounts=[(5.00, "vendor")])
        self.assertEqual((line.base, line.amount), (28.33, 3.54))
        # The frozen rate counts, whatever the rule says meanwhile.
        self.default_rule.rate = 0.9
        for day in ("2026-03-12", "2026-03-14", "2026-03-16"):
            self._refund(
                line.marketplace_order_id, [(line.sale_line_id, 1, None)], date=day
            )
        self.assertRecordValues(
            line.reversal_line_ids.sorted("id"),
            [
                {"base": -9.44, "amount": -1.18, "rate": 0.125, "kind": "reversal"},
                {"base": -9.45, "amount": -1.18, "rate": 0.125, "kind": "reversal"},
                {"base": -9.44, "amount": -1.18, "rate": 0.125, "kind": "reversal"},
            ],
        )
        self.assertAlmostEqual(line.sale_order_id.amount_commission, 0.0)

    def test_refund_of_a_discount_the_marketplace_paid_reverses_on_the_credit(self):
        """The vendor gives back what he was credited, not what the customer paid."""
        line = self._sell(discounts=[(13.33, "marketplace")])
        self._refund(line.marketplace_order_id, [(line.sale_line_id, 0, 10.00)])
        self.assertRecordValues(
            line.reversal_line_ids, [{"base": -16.67, "amount": -1.66}]
        )

    def test_refund_treated_again_reverses_nothing(self):
        line = self._sell()
        refund = self._refund(line.marketplace_order_id, [(line.sale_line_id, 1, None)])
        self.assertEqual(line.reversal_line_ids.mapped("amount"), [-3.33])
        self.assertFalse(self.Line._reverse(refund.line_ids))

    # -- rights ---------------------------------------------------------------------

    def test_order_desk_confirms_without_rights_on_commission(self):
        clerk = new_test_user(
            self.env, "clerk", groups="marketplace_base.group_order_desk"
        )
        order = (
            self.env["sale.order"]
            .with_user(clerk)
            .create(
                {
                    "partner_id": self.customer.id,
                    "order_line": [
                        Command.create({"product_id": self.offer.product_id.id})
                    ],
                }
            )
        )
        order.action_confirm()
        line = order.order_line.commission_line_ids
        self.assertEqual(line.amount, 3.33)
        with self.assertRaises(AccessError):
            line.with_user(clerk).amount = 0

    def test_vendor_sees_his_commission_and_no_other(self):
        other = self._create_vendor("Brume")
        offer = self._create_offer(other, 12.00)
        lines = self._sell([(self.offer, 1), (offer, 1)])
        own = lines.filtered(lambda line: line.vendor_id == self.vendor)
        user = self.vendor._vendor_users()[self.vendor]
        Line = self.Line.with_user(user)
        self.assertEqual(Line.search([("id", "in", lines.ids)]), own)
        self.assertIn("33.33", own.with_user(user).trace)
        with self.assertRaises(AccessError):
            (lines - own).with_user(user).read(["amount"])

    # -- speed ----------------------------------------------------------------------

    def _count_queries(self, lines):
        """Return how many queries charging order lines anew takes."""
        # Browsed anew: a relation of deleted lines has nothing to prefetch.
        sale_lines = self.env["sale.order.line"].browse(lines.sale_line_id.ids)
        lines._unlocked().unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self.assertEqual(len(self.Line._charge(sale_lines)), len(sale_lines))
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_neither_lines_nor_rules_add_queries(self):
        offers = [self._create_offer(self.vendor, 10 + number) for number in range(30)]
        few = self._count_queries(self._sell([(offer, 1) for offer in offers[:10]]))
        many = self._count_queries(self._sell([(offer, 1) for offer in offers]))
        self.assertLessEqual(many, few)
        for rank in range(20):
            self._create_rule(
                f"Rule {rank}",
                0.01,
                sequence=rank,
                vendor_ids=self.vendor.ids,
                country_ids=self.france.ids,
                price_from=1000 + rank,
                tier_mode="slice",
                tier_ids=[Command.create({"amount_from": 5000, "rate": 0.02})],
            )
        ruled = self._count_queries(self._sell([(offer, 1) for offer in offers]))
        # What the rules are made of is read once, whatever their number.
        self.assertLessEqual(ruled - many, 8)
        for rank in range(20, 40):
            self._create_rule(
                f"Rule {rank}", 0.01, country_ids=self.france.ids, price_from=3000
            )
        more = self._count_queries(self._sell([(offer, 1) for offer in offers]))
        self.assertLessEqual(more, ruled)
