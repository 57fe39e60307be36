"""Which rule decides: criteria and rank, on real orders."""

from psycopg2.errors import ExclusionViolation

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .terms_common import CommissionTermsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionCriteria(CommissionTermsCommon):
    # -- criteria -------------------------------------------------------------------

    def test_every_criterion_decides(self):
        """K1: each dimension lets its orders in and keeps the others out."""
        business = self.env["res.partner"].create(
            {"name": "Mairie", "is_company": True, "country_id": self.germany.id}
        )
        abroad = {"partner_id": business.id, "partner_shipping_id": business.id}
        used = self._create_offer(self.vendor, 100.00, condition="used")
        branded = self._create_offer(self.vendor, 100.00)
        branded.product_id.product_tag_ids = self.tag
        inside, outside = (self.offer, {}), (self.offer, abroad)
        cases = [
            ("brand_ids", self.tag.ids, (branded, {}), inside),
            (
                "condition_ids",
                (
                    self._criterion("condition", "used")
                    | self._criterion("condition", "refurbished")
                ).ids,
                (used, {}),
                inside,
            ),
            (
                "channel_ids",
                self._criterion("channel", "test").ids,
                inside,
                (self.offer, {"channel": "other"}),
            ),
            (
                "order_currency_ids",
                self.usd.ids,
                (self.offer, {"currency_id": self.usd.id}),
                inside,
            ),
            (
                "order_type_ids",
                self._criterion("order_type", "business").ids,
                outside,
                inside,
            ),
            ("country_ids", self.germany.ids, outside, inside),
        ]
        words = {
            "brand_ids": "of none of its brands",
            "condition_ids": "in none of its conditions",
            "channel_ids": "by none of its channels",
            "order_currency_ids": "in none of its currencies",
            "order_type_ids": "of none of its types",
            "country_ids": "to none of its countries",
        }
        for field, ids, met, failed in cases:
            with self.subTest(field):
                rule = self._create_rule(field, 0.02, **{field: ids})
                line = self._sell([(met[0], 1)], **met[1])
                self.assertEqual(line.rule_id, rule)
                line = self._sell([(failed[0], 1)], **failed[1])
                self.assertEqual(line.rule_id, self.default_rule)
                self.assertIn(words[field], self._trace(line)[0])
                rule.action_archive()

    def test_criteria_met_are_frozen_with_the_line(self):
        self._create_rule(
            "Nord to France",
            0.02,
            vendor_ids=self.vendor.ids,
            country_ids=self.france.ids,
        )
        self.assertEqual(
            self._trace(self._sell())[0],
            "1. “Nord to France” applies (version 1) by vendor, country.",
        )

    def test_temporary_rule_gives_way_by_itself(self):
        """K11: a promotion ends, the former rule charges again, unedited."""
        version = self.default_rule.version
        self._create_rule("Spring", 0.02, date_from="2026-03-02", date_to="2026-03-03")
        days = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
        rates = [self._sell(date=f"{day} 10:00:00").rate for day in days]
        self.assertEqual(rates, [0.10, 0.02, 0.02, 0.10])
        self.assertEqual(self.default_rule.version, version)

    # -- rank -----------------------------------------------------------------------

    def test_two_rules_never_share_a_rank(self):
        """K2: a new rule takes the last place, a moved one pushes the others down."""
        first, second = (
            self._create_rule(name, 0.02, vendor_ids=self.vendor.ids)
            for name in ("First", "Second")
        )
        self.assertEqual((first.rank, second.rank), (1, 2))
        second.sequence = first.sequence
        self.assertEqual((second.rank, first.rank), (1, 2))
        self.plan.rule_ids = [
            Command.update(first.id, {"sequence": 5}),
            Command.update(second.id, {"sequence": 5}),
            Command.create(
                {"name": "Third", "rate": 0.03, "country_ids": self.france.ids}
            ),
        ]
        rules = self.plan.rule_ids.filtered(lambda rule: not rule.is_default)
        self.assertEqual(len(set(rules.mapped("sequence"))), 3)
        self.assertEqual((first.rank, second.rank), (1, 2))
        self.env.flush_all()
        self.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(ExclusionViolation),
            self.cr.savepoint(),
        ):
            self.cr.execute(
                "UPDATE marketplace_commission_rule SET sequence = %s WHERE id = %s",
                [first.sequence, second.id],
            )
