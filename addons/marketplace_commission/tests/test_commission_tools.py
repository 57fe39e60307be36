"""The checker, the what-if and the revisions of commission rules."""

import base64
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.tests import Form, new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionTools(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.other = cls._create_vendor("Brume")
        media = cls.env["product.category"].create({"name": "Media"})
        cls.media = media
        cls.books = media.create({"name": "Books", "parent_id": media.id})
        cls.toys = media.create({"name": "Toys"})
        cls.offer = cls._create_offer(cls.vendor, 100.00)
        cls.offer.product_id.categ_id = cls.books
        cls.manager = new_test_user(
            cls.env,
            "rule_manager",
            groups="marketplace_commission.group_commission_manager",
        )

    def _make_old(self, rules):
        self.env.flush_all()
        self.cr.execute(
            "UPDATE marketplace_commission_rule SET create_date = create_date"
            " - interval '200 days' WHERE id IN %s",
            [tuple(rules.ids)],
        )
        rules.invalidate_recordset(["create_date"])

    def _codes(self, plan):
        return sorted(finding.code for finding in plan._findings())

    # -- checker --------------------------------------------------------------------

    def test_six_seeded_faults_are_six_found_and_no_other(self):
        """K3, item 20: one fault of each kind among rules that are in order."""
        today = Date.today()
        toy = self._create_offer(self.vendor, 10.00)
        toy.product_id.categ_id = self.toys
        self._create_offer(self.other, 10.00).product_id.categ_id = self.toys
        nord = {"vendor_ids": self.vendor.ids}
        books = {**nord, "product_category_ids": self.books.ids}
        fine = self._create_rule(
            "Nord's books in spring",
            0.05,
            **books,
            date_from=today - timedelta(days=10),
            date_to=today + timedelta(days=10),
        )
        self._create_rule(
            "Overlap",
            0.06,
            **books,
            date_from=today + timedelta(days=5),
            date_to=today + timedelta(days=20),
        )
        media = self._create_rule(
            "Nord's media",
            0.07,
            **nord,
            product_category_ids=self.media.ids,
        )
        self._create_rule("Unreachable", 0.08, **books, price_from=20)
        unused = self._create_rule(
            "Unused",
            0.09,
            **nord,
            product_category_ids=self.media.ids,
            sequence=0,
            price_from=5000,
        )
        self.default_rule.write(
            {
                "rate": 0,
                "tier_mode": "whole",
                "tier_ids": [Command.create({"amount_from": 50, "rate": 0.1})],
            }
        )
        self._make_old(fine | media | unused)
        day = f"{today - timedelta(days=20)} 10:00:00"
        self._import_order([(self.offer, 1)], date=day)
        self._import_order([(self.offer, 1)])
        self.assertEqual(
            self._codes(self.plan),
            [
                "category_default",
                "overlap",
                "tier_gap",
                "unreachable",
                "unused",
                "vendor_default",
            ],
        )
        sentences = self.plan.check_report.splitlines()
        for words in (
            "“Unreachable” never applies: “Nord's media”",
            "“Overlap” and “Nord's books in spring” are for the same lines",
            "“Default” charges nothing below its first tier",
            "“Unused” decided nothing for 90 days",
            "applies to what Brume sells",
            "applies to the category Toys",
        ):
            self.assertEqual(sum(words in one for one in sentences), 1, words)
        notice = self.plan.action_check()["params"]
        self.assertEqual((notice["type"], notice["sticky"]), ("warning", True))

    def test_sound_rules_are_left_alone(self):
        self._create_rule(
            "Spring", 0.05, vendor_ids=self.vendor.ids, date_to="2026-06-30"
        )
        self._create_rule("Nord", 0.08, vendor_ids=self.vendor.ids)
        self._create_rule("Brume", 0.08, vendor_ids=self.other.ids)
        self.assertFalse(self.plan.check_report)
        self.assertEqual(self.plan.action_check()["params"]["type"], "success")

    def test_faults_show_before_the_plan_is_saved(self):
        self._create_rule("Nord", 0.08, vendor_ids=self.vendor.ids)
        narrow = self._create_rule("Nord dear", 0.05, country_ids=self.france.ids)
        # Read anew: in the order of the rank.
        self.env.invalidate_all()
        with Form(self.plan) as form:
            self.assertFalse(form.check_report)
            with form.rule_ids.edit(narrow.rank - 1) as rule:
                rule.vendor_ids.add(self.vendor)
            self.assertIn("“Nord dear” never applies", form.check_report)
            self.assertFalse(narrow.vendor_ids)

    # -- what-if --------------------------------------------------------------------

    def _simulate(self, plan, **vals):
        simulation = (
            self.env["marketplace.commission.simulation"]
            .with_user(self.manager)
            .create({"plan_id": plan.id, **vals})
        )
        simulation.action_run()
        return simulation

    def _sell_a_month(self):
        offer = self._create_offer(self.other, 33.33)
        self._create_rule("Books", 0.08, product_category_ids=self.books.ids)
        self.default_rule.write(
            {
                "amount_fixed": 0.5,
                "fixed_per": "order",
                "base_shipping": True,
                "rate_shipping": 0.05,
            }
        )
        for number in range(1, 4):
            self._import_order(
                [(self.offer, number), (offer, number)],
                shippings=[(5, None)],
                discounts=[(3, "vendor"), (2, "marketplace")],
            )

    def test_running_the_live_rules_changes_nothing(self):
        """Item 19: delta 0 everywhere, and nothing is written but the result."""
        self._sell_a_month()
        before = self.Line.search_count([]), self.Ledger.search_count([])
        simulation = self._simulate(self.plan)
        self.assertEqual(
            simulation.line_ids.mapped("vendor_id"), self.vendor | self.other
        )
        self.assertTrue(all(simulation.line_ids.mapped("amount_old")))
        self.assertEqual(set(simulation.line_ids.mapped("amount_delta")), {0.0})
        self.assertEqual(
            before, (self.Line.search_count([]), self.Ledger.search_count([]))
        )

    def test_live_rules_give_zero_whatever_the_terms(self):
        """Tiers, amounts of another currency, caps, free and refunded lines."""
        usd = self.env.ref("base.USD")
        usd.active = True
        (self.vendor | self.other).vendor_contract_ids.other_currency_ids = usd
        tiers = [Command.create({"amount_from": 50, "rate": 0.07})]
        for mode, vendor in (("slice", self.vendor), ("whole", self.other)):
            self._create_rule(
                mode,
                0.1,
                vendor_ids=vendor.ids,
                order_currency_ids=self.currency.ids,
                tier_mode=mode,
                tier_ids=tiers,
            )
        self.default_rule.write(
            {
                "base_tax": "excluded",
                "amount_min": 3,
                "above_net": "cap",
                "amount_ids": [
                    Command.create(
                        {"currency_id": usd.id, "amount_fixed": 1, "amount_max": 9}
                    )
                ],
            }
        )
        cheap, free = (self._create_offer(self.other, price) for price in (1.5, 8.0))
        cart = [(self.offer, 3), (cheap, 1), (free, 1, 0.0)]
        groups = [
            self._import_order(cart, currency_id=currency.id, shippings=[(5, None)])
            for currency in (self.currency, usd)
        ]
        for group in groups:
            line = group.sale_order_ids.order_line[0]
            self._refund(group, [(line, 1, None)])
        simulation = self._simulate(self.plan)
        self.assertEqual(len(simulation.line_ids), 4)
        self.assertTrue(all(simulation.line_ids.mapped("amount_old")))
        self.assertEqual(set(simulation.line_ids.mapped("amount_delta")), {0.0})

    def test_draft_rules_show_what_each_vendor_would_pay(self):
        self._import_order([(self.offer, 1)])
        self._import_order([(self.offer, 1)], date="2025-06-01 10:00:00")
        draft = self.plan.copy()
        draft.rule_ids.rate = 0.12
        simulation = self._simulate(draft, contract_plan_id=self.plan.id)
        self.assertRecordValues(
            simulation.line_ids,
            [
                {
                    "vendor_id": self.vendor.id,
                    "line_count": 1,
                    "amount_old": 10.0,
                    "amount_new": 12.0,
                    "amount_delta": 2.0,
                }
            ],
        )
        rows = base64.b64decode(simulation.file).decode().splitlines()
        self.assertEqual(
            rows,
            [
                "vendor,currency,lines,old,new,delta",
                "Atelier Nord,EUR,1,10.00,12.00,2.00",
            ],
        )

    def test_empty_period_is_refused(self):
        with self.assertRaisesRegex(UserError, "ends before it starts"):
            self._simulate(self.plan, date_from="2026-02-01", date_to="2026-01-01")

    # -- revisions ------------------------------------------------------------------

    def _revise(self, rate, day):
        """Return a proposed revision, typed by the rule manager."""
        plan = self.plan.with_user(self.manager)
        action = plan.action_revise()
        revision = plan.browse(action["res_id"])
        revision.rule_ids.rate = rate
        revision.date_effective = day
        revision.action_propose()
        return revision

    def test_rules_change_on_their_day_with_a_second_user(self):
        """K20: the proposer cannot approve; earlier orders keep the old rules."""
        self.company.marketplace_commission_four_eyes = True
        with self.assertRaisesRegex(UserError, "a second user agrees"):
            self.default_rule.with_user(self.manager).rate = 0.2
        day = Date.today() + timedelta(days=1)
        revision = self._revise(0.2, day)
        with self.assertRaisesRegex(UserError, "somebody else approves"):
            revision.action_approve()
        with self.assertRaisesRegex(UserError, "rules stay as they"):
            revision.rule_ids.rate = 0.3
        second = new_test_user(
            self.env,
            "second",
            groups="marketplace_commission.group_commission_manager",
        )
        revision.with_user(second).action_approve()
        revision.with_user(second).action_approve()
        self.assertEqual(revision.approved_by_id, second)
        rates = []
        for date in (day - timedelta(days=1), day):
            group = self._import_order([(self.offer, 1)], date=f"{date} 10:00:00")
            line = self.Line.search([("marketplace_order_id", "=", group.id)])
            rates.append((line.rate, line.rule_id.plan_id))
        self.assertEqual(rates, [(0.1, self.plan), (0.2, revision)])
        self.assertEqual(self.default_rule.rate, 0.1)

    def test_refused_revision_never_charges(self):
        revision = self._revise(0.2, Date.today())
        revision.action_refuse()
        self._import_order([(self.offer, 1)])
        self.assertEqual(self.Line.search([], limit=1).rate, 0.1)
        with self.assertRaisesRegex(UserError, "not a revision that can"):
            revision.action_approve()
        with self.assertRaisesRegex(UserError, "Use the buttons"):
            revision.revision_state = "approved"

    def test_revision_needs_a_day_to_come(self):
        plan = self.plan.with_user(self.manager)
        revision = plan.browse(plan.action_revise()["res_id"])
        with self.assertRaisesRegex(UserError, "from which day on"):
            revision.action_propose()

    def test_former_versions_of_a_rule_stay_readable(self):
        self.default_rule.rate = 0.25
        versions = self.default_rule.version_ids
        self.assertEqual(versions.mapped("version"), [2, 1])
        self.assertIn("Rate: 0.25", versions[0].terms)
        self.assertIn("Rate: 0.1", versions[1].terms)
        with self.assertRaises(UserError):
            versions[1].terms = "Rate: 0.9"
