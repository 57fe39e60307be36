"""Tiers, amounts per currency and options of the base, on real orders."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .terms_common import CommissionTermsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionTerms(CommissionTermsCommon):
    # -- fixed amounts --------------------------------------------------------------

    def test_fixed_amount_per_order_is_charged_once_and_shared(self):
        """K4: 1.00 an order; 100.00 and 50.00 bear 0.67 and 0.33 of it."""
        self.default_rule.write({"amount_fixed": 1.00, "fixed_per": "order"})
        half = self._create_offer(self.vendor, 50.00)
        lines = self._sell([(self.offer, 1), (half, 1)], shippings=[(5, self.vendor)])
        self.assertEqual(lines.mapped("amount"), [10.67, 5.33])
        self.assertIn(
            "Plus 0.67 €, share of the line in 1.00 € for the order: 10.67 €.",
            self._trace(lines[0]),
        )
        self._refund(lines.marketplace_order_id, [(lines[0].sale_line_id, 1, None)])
        self.assertEqual(lines[0].reversal_line_ids.amount, -10.67)

    # -- tiers ----------------------------------------------------------------------

    def test_tiers_by_whole_amount_and_by_slice(self):
        """K5: 10 % up to 50, 8 % from 50, 5 % from 80, on 100.00."""
        tiers = [
            Command.create({"amount_from": start, "rate": rate})
            for start, rate in ((80, 0.05), (50, 0.08))
        ]
        self.default_rule.write({"tier_mode": "whole", "tier_ids": tiers})
        self.assertEqual(self.default_rule.version, 2)
        self.assertRecordValues(self._sell(), [{"rate": 0.05, "amount": 5.00}])
        low = self._create_offer(self.vendor, 49.99)
        edge = self._create_offer(self.vendor, 50.00)
        self.assertEqual(self._sell([(low, 1), (edge, 1)]).mapped("amount"), [5, 4])
        self.default_rule.tier_mode = "slice"
        line = self._sell()
        self.assertEqual(line.amount, 8.40)
        self.assertEqual(
            self._trace(line)[2:6],
            [
                "From 0.00 €: 10 % of 50.00 € = 5.",
                "From 50.00 €: 8 % of 30.00 € = 2.4.",
                "From 80.00 €: 5 % of 20.00 € = 1.",
                "Together 8.4, rounded to 8.40 €.",
            ],
        )
        self._refund(line.marketplace_order_id, [(line.sale_line_id, 0, 50)])
        self._refund(line.marketplace_order_id, [(line.sale_line_id, 1, 50)])
        self._assert_replayed(line.reversal_line_ids)
        self.assertEqual(line.reversal_line_ids.mapped("amount"), [-4.20, -4.20])

    def test_changing_a_tier_makes_a_new_version(self):
        self.default_rule.write(
            {
                "tier_mode": "whole",
                "tier_ids": [Command.create({"amount_from": 50, "rate": 0.08})],
            }
        )
        tier = self.default_rule.tier_ids
        tier.rate = 0.07
        self.assertEqual(self.default_rule.version, 3)
        self.default_rule.tier_ids = [Command.update(tier.id, {"rate": 0.06})]
        self.assertEqual(self.default_rule.version, 4)

    # -- currencies -----------------------------------------------------------------

    def test_amounts_per_currency_are_never_converted(self):
        """K6: 5.00 EUR or 4.00 USD a line; none in a currency that is not listed."""
        rule = self._create_rule(
            "Fixed",
            0.01,
            vendor_ids=self.vendor.ids,
            amount_fixed=5,
            amount_ids=[
                Command.create({"currency_id": self.usd.id, "amount_fixed": 4})
            ],
        )
        self.assertEqual(self._sell().amount, 6.00)
        self.assertEqual(self._sell(currency_id=self.usd.id).amount, 5.00)
        line = self._sell(currency_id=self.chf.id)
        self.assertEqual((line.rule_id, line.amount), (rule, 1.00))
        rule.currency_fallback = "skip"
        line = self._sell(currency_id=self.chf.id)
        self.assertEqual((line.rule_id, line.amount), (self.default_rule, 10.00))
        self.assertIn("no amounts in the currency", self._trace(line)[0])

    # -- base -----------------------------------------------------------------------

    def test_base_before_or_after_discounts_by_funder(self):
        """K7: 100.00 less 20.00, by who pays the 20.00 and what the rule says."""
        for options, funder, expected in [
            ({}, "vendor", 8.00),
            ({"base_before_vendor_discount": True}, "vendor", 10.00),
            ({}, "marketplace", 10.00),
            ({"base_after_marketplace_discount": True}, "marketplace", 8.00),
            (
                {"base_before_vendor_discount": True, "base_tax": "excluded"},
                "vendor",
                8.33,
            ),
            (
                {"base_after_marketplace_discount": True, "base_tax": "excluded"},
                "marketplace",
                6.67,
            ),
        ]:
            with self.subTest(options=options, funder=funder):
                plan = self._create_plan(0.10, **options)
                vendor = self._create_vendor(
                    f"Vendor {self._next()}", commission_plan_id=plan.id
                )
                offer = self._create_offer(vendor, 100.00)
                line = self._sell([(offer, 1)], discounts=[(20.00, funder)])
                self.assertEqual(line.amount, expected, line.trace)

    def test_what_is_not_commissionable_leaves_the_base(self):
        """K7: an eco-contribution of 12.00 in a price of 100.00."""
        self.env["marketplace.price.part"].create(
            {"offer_id": self.offer.id, "kind": "eco", "amount": 12.0}
        )
        line = self._sell()
        self.assertRecordValues(line, [{"base": 88.00, "amount": 8.80}])
        self.assertIn(
            "Not commissionable, taken off: -12.00 €, VAT included.", self._trace(line)
        )
        self.default_rule.base_tax = "excluded"
        self.assertEqual(self._sell().base, 73.33)
        self.default_rule.base_not_commissionable = True
        self.assertEqual(self._sell().base, 83.33)

    # -- above the net --------------------------------------------------------------

    def test_commission_above_the_credit_is_allowed_capped_or_refused(self):
        """K14, N-24: a commission of 100.00 on a line that credits 10.00."""
        cheap = self._create_offer(self.vendor, 10.00)
        self.default_rule.amount_min = 100
        line = self._sell([(cheap, 1)])
        self.assertRecordValues(line, [{"amount": 100.00, "is_above_net": True}])
        self.assertIn(
            "More than the 10.00 € that the vendor is credited for the line.",
            self._trace(line),
        )
        self.default_rule.above_net = "cap"
        line = self._sell([(cheap, 1)])
        self.assertRecordValues(line, [{"amount": 10.00, "is_above_net": False}])
        self.default_rule.above_net = "block"
        with self.assertRaisesRegex(UserError, "100.00.*more than the 10.00"):
            self._sell([(cheap, 1)])

    def test_contract_decides_before_the_rule(self):
        vendor = self._create_vendor("Sud", commission_above_net="cap")
        cheap = self._create_offer(vendor, 10.00)
        self.default_rule.write({"amount_min": 100, "above_net": "block"})
        self.assertEqual(self._sell([(cheap, 1)]).amount, 10.00)

    # -- refunds --------------------------------------------------------------------

    def test_fixed_part_is_given_back_as_the_rule_said(self):
        """R3: 10 % and 3.00 on 100.00, refunded by halves."""
        for policy, expected in [
            ("proportional", [-6.50, -6.50]),
            ("last", [-5.00, -8.00]),
            ("kept", [-5.00, -5.00]),
        ]:
            with self.subTest(policy):
                self.default_rule.write({"amount_fixed": 3, "refund_fixed": policy})
                line = self._sell()
                self.assertEqual((line.amount, line.amount_fixed), (13.00, 3.00))
                # The line keeps the policy of its day.
                self.default_rule.refund_fixed = "proportional"
                for quantity in (0, 1):
                    self._refund(
                        line.marketplace_order_id, [(line.sale_line_id, quantity, 50)]
                    )
                reversals = line.reversal_line_ids.sorted("id")
                self.assertEqual(reversals.mapped("amount"), expected)
                self._assert_replayed(reversals)

    def test_minimum_is_a_fixed_part_too(self):
        """R3: a floor of 15.00 on 10.00 adds 5.00, which the operator may keep."""
        self.default_rule.write({"amount_min": 15, "refund_fixed": "kept"})
        line = self._sell()
        self._refund(line.marketplace_order_id, [(line.sale_line_id, 1, None)])
        self.assertEqual(line.reversal_line_ids.amount, -10.00)

    # -- frozen ---------------------------------------------------------------------

    def test_nothing_done_to_rules_changes_what_was_computed(self):
        """K8: edit, re-rank, archive, re-tag: no figure and no sentence moves."""
        rules = [
            self._create_rule("Abroad", 0.02, country_ids=self.germany.ids),
            self._create_rule(
                "Nord",
                0.125,
                vendor_ids=self.vendor.ids,
                tier_mode="slice",
                tier_ids=[Command.create({"amount_from": 50, "rate": 0.05})],
                amount_ids=[
                    Command.create({"currency_id": self.usd.id, "amount_min": 1})
                ],
            ),
        ]
        lines = self._sell([(self.offer, 2)], shippings=[(5, self.vendor)])
        self._refund(lines.marketplace_order_id, [(lines[0].sale_line_id, 1, None)])
        lines = self.Line.search([("sale_line_id", "in", lines.sale_line_id.ids)])
        self.assertEqual(len(lines), 2)
        before = [(line.read(), self._trace(line)) for line in lines]
        rules[1].write({"rate": 0.5, "name": "Renamed", "sequence": 1})
        rules[1].tier_ids.rate = 0.9
        rules[1].amount_ids.unlink()
        rules[1].write({"tier_mode": "none", "tier_ids": [Command.clear()]})
        rules[1].action_archive()
        rules[0].sequence = 1
        rules[0].country_ids = self.france
        self.default_rule.write({"rate": 0.9, "base_tax": "excluded"})
        self.offer.condition = "used"
        self.offer.product_id.product_tag_ids = self.tag
        self.plan.name = "Other"
        self.env.invalidate_all()
        after = [(line.read(), self._trace(line)) for line in lines]
        for records, _trace in (*before, *after):
            # Links show names of today; what was computed does not move.
            for name in ("rule_id", "reversed_line_id", "sale_line_id"):
                records[0][name] = records[0][name] and records[0][name][0]
        self.assertEqual(before, after)
        self._assert_replayed(lines)

    # -- bad input ------------------------------------------------------------------

    def test_bad_terms_are_refused_with_a_sentence(self):
        """Each is named before anything is written."""
        create = Command.create
        for words, vals in [
            ("between 0 % and 100 %", {"rate": 12}),
            ("between 0 % and 100 %", {"rate": -0.1}),
            ("on shipping must lie", {"rate_shipping": 1.2}),
            (
                "rate of a tier must lie",
                {
                    "tier_mode": "whole",
                    "tier_ids": [create({"amount_from": 1, "rate": 8})],
                },
            ),
            (
                "first tier must start above zero",
                {
                    "tier_mode": "slice",
                    "tier_ids": [create({"amount_from": 0, "rate": 0.1})],
                },
            ),
            ("say how tiers apply", {"tier_mode": "slice"}),
            (
                "say how tiers apply",
                {"tier_ids": [create({"amount_from": 5, "rate": 0.1})]},
            ),
            ("needs its currency", {"amount_ids": [create({"amount_fixed": 5})]}),
            (
                "other currencies only",
                {
                    "amount_ids": [
                        create({"currency_id": self.currency.id, "amount_min": 5})
                    ]
                },
            ),
            (
                "amounts cannot be negative",
                {
                    "amount_ids": [
                        create({"currency_id": self.usd.id, "amount_min": -5})
                    ]
                },
            ),
        ]:
            with (
                self.subTest(words),
                self.assertRaisesRegex(UserError, words),
                self.cr.savepoint(),
            ):
                self._create_rule(
                    "Bad", **{"rate": 0.1, **vals}, country_ids=[self.germany.id]
                )
        with self.assertRaisesRegex(UserError, "no next one to leave a line to"):
            self.default_rule.currency_fallback = "skip"
