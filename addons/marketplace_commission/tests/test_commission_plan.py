from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionPlan(CommissionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.books = cls.env["product.category"].create({"name": "Books"})
        cls.rule = cls._create_rule("Nord", 0.05, vendor_ids=cls.vendor.ids)

    def test_new_plan_starts_with_its_default_rule(self):
        """Nothing is charged by a rate nobody typed: the rate starts at zero."""
        with Form(self.env["marketplace.commission.plan"]) as form:
            form.name = "Typed"
        rule = form.record.rule_ids
        self.assertRecordValues(rule, [{"is_default": True, "rate": 0.0, "rank": 1}])

    def test_plan_has_exactly_one_default_rule(self):
        Plan = self.env["marketplace.commission.plan"]
        with self.assertRaisesRegex(UserError, "exactly one default rule"):
            Plan.create({"name": "None", "rule_ids": []})
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.cr.savepoint(),
        ):
            self._create_rule("Second", 0.2, is_default=True)

    def test_default_rule_cannot_be_deleted_nor_archived(self):
        with self.assertRaisesRegex(UserError, "cannot be deleted or archived"):
            self.default_rule.unlink()
        with self.assertRaisesRegex(UserError, "cannot be deleted or archived"):
            self.default_rule.action_archive()
        with self.assertRaisesRegex(UserError, "exactly one default rule"):
            self.plan.rule_ids = [Command.set(self.rule.ids)]

    def test_default_rule_stays_the_default_and_in_its_plan(self):
        other = self._create_plan(0.2)
        for vals in ({"is_default": False}, {"plan_id": other.id}):
            with self.assertRaisesRegex(UserError, "stays in its plan"):
                self.default_rule.write(vals)

    def test_unused_plan_is_deleted_with_its_default(self):
        plan = self._create_plan(0.2)
        rule = plan.rule_ids
        plan.unlink()
        self.assertFalse(rule.exists())

    def test_rank_follows_the_drag_and_the_default_stays_last(self):
        second = self._create_rule("Second", 0.2, vendor_ids=self.vendor.ids)
        self.rule.sequence, second.sequence, self.default_rule.sequence = 30, 20, 1
        self.assertEqual(
            (second.rank, self.rule.rank, self.default_rule.rank), (1, 2, 3)
        )
        self.rule.action_archive()
        self.assertEqual(
            (second.rank, self.rule.rank, self.default_rule.rank), (1, 0, 2)
        )

    def test_all_problems_of_a_rule_are_named_at_once(self):
        with self.assertRaises(UserError) as refused:
            self._create_rule(
                "Typo",
                12,
                amount_min=5,
                amount_max=4,
                date_from="2026-03-02",
                date_to="2026-03-01",
            )
        for words in (
            "Typo",
            "between 0 % and 100 %",
            "maximum is below the minimum",
            "the period is empty",
        ):
            self.assertIn(words, str(refused.exception))

    def test_rule_without_criteria_is_refused(self):
        with self.assertRaisesRegex(UserError, "hide every rule below"):
            self._create_rule("Everything", 0.2)
        with self.assertRaisesRegex(UserError, "hide every rule below"):
            self.rule.vendor_ids = False
        with self.assertRaisesRegex(UserError, "remove its criteria"):
            self.default_rule.vendor_ids = self.vendor

    def test_version_counts_changes_of_terms_only(self):
        self.rule.write({"name": "Renamed", "sequence": 40})
        self.assertEqual(self.rule.version, 1)
        self.rule.rate = 0.06
        self.rule.product_category_ids = self.books
        self.assertEqual(self.rule.version, 3)
        self.assertEqual(self.plan.copy().rule_ids.mapped("version"), [1, 1])

    def test_contract_without_plan_cannot_be_activated(self):
        contract = self.env["marketplace.contract"].create(
            {
                **self._prepare_contract_vals(self.vendor),
                "date_start": "2030-01-01",
                "commission_plan_id": False,
            }
        )
        with self.assertRaisesRegex(UserError, "has no commission plan"):
            contract._transition("active")
        self.assertEqual(contract.state, "draft")

    def test_plan_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Other operator"})
        plan = self.env["marketplace.commission.plan"].create(
            {"name": "Foreign", "company_id": other.id}
        )
        with self.assertRaises(UserError):
            self.env["marketplace.contract"].create(
                {
                    **self._prepare_contract_vals(self.vendor),
                    "date_start": "2030-01-01",
                    "commission_plan_id": plan.id,
                }
            )

    def test_only_commission_managers_write_rules(self):
        viewer = new_test_user(
            self.env, "viewer", groups="marketplace_base.group_accountant"
        )
        manager = new_test_user(
            self.env,
            "manager",
            groups="marketplace_commission.group_commission_manager",
        )
        self.assertEqual(self.rule.with_user(viewer).rate, 0.05)
        with self.assertRaises(AccessError):
            self.rule.with_user(viewer).rate = 0.5
        self.rule.with_user(manager).rate = 0.5
        self.assertEqual(self.rule.rate, 0.5)
