from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import CommissionCommon

create = Command.create


@tagged("post_install", "-at_install", "marketplace")
class TestBadInput(CommissionCommon):
    """Each mistake is refused with a sentence before anything is written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.usd = cls.env.ref("base.USD")
        cls.usd.active = True

    def _written(self):
        """Count what a refused change could have left behind."""
        self.env.flush_all()
        return [
            self.env[model].search_count([])
            for model in (
                "marketplace.commission.rule",
                "marketplace.commission.rule.amount",
                "marketplace.commission.tier",
                "marketplace.commission.line",
                "marketplace.contract",
                "marketplace.fee",
                "account.move",
            )
        ]

    def assertRefused(self, words, action):
        before = self._written()
        with (
            self.subTest(words),
            self.assertRaisesRegex(MarketplaceError, words),
            self.cr.savepoint(),
        ):
            action()
            self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self._written(), before, words)

    def _rule(self, **vals):
        return lambda: self._create_rule(
            "Bad", **{"rate": 0.1, "vendor_ids": self.vendor.ids, **vals}
        )

    def test_overlapping_contracts(self):
        second = self.env["marketplace.contract"].create(
            {**self._prepare_contract_vals(self.vendor), "date_start": "2026-01-01"}
        )
        self.assertRefused(
            "overlaps .* one contract at a time. End the other one before 2026-01-01",
            lambda: second._transition("active"),
        )
        self.assertEqual(second.state, "draft")

    def test_amounts_without_currency(self):
        self.assertRefused(
            "needs its currency: choose one",
            self._rule(amount_ids=[create({"amount_fixed": 5})]),
        )

    def test_rates_outside_0_and_100_percent(self):
        for rate in (-0.01, 1.01, 12):
            self.assertRefused("between 0 % and 100 %", self._rule(rate=rate))
            self.assertRefused(
                "shipping must lie between 0 % and 100 %",
                self._rule(rate_shipping=rate),
            )
            self.assertRefused(
                "tier must lie between 0 % and 100 %",
                self._rule(
                    tier_mode="whole",
                    tier_ids=[create({"amount_from": 5, "rate": rate})],
                ),
            )
            self.assertRefused(
                "between 0 % and 100 %",
                lambda rate=rate: self.company.write({"marketplace_psp_rate": rate}),
            )
            self.assertRefused(
                "between 0 % and 100 %",
                lambda rate=rate: self.vendor.vendor_contract_ids.write(
                    {"psp_cost_bearer": "shared", "psp_cost_rate": rate}
                ),
            )

    def test_tiers_out_of_order(self):
        """Typed in any order they are the same ladder; equal or zero steps are not."""
        for starts, words in (
            ((50, 50), "Two tiers start at 50"),
            ((50, 80, 50), "Two tiers start at 50"),
            ((0, 50), "first tier must start above zero"),
            ((-5, 50), "first tier must start above zero"),
        ):
            self.assertRefused(
                words,
                self._rule(
                    tier_mode="slice",
                    tier_ids=[create({"amount_from": s, "rate": 0.1}) for s in starts],
                ),
            )
        rule = self._rule(
            tier_mode="slice",
            tier_ids=[create({"amount_from": s, "rate": s / 1000}) for s in (80, 50)],
        )()
        self.assertEqual(
            [tier.start for tier in rule._engine_terms().tiers], [5000, 8000]
        )

    def test_fee_without_tax(self):
        product = self.env.ref("marketplace_commission.product_fee_listing")
        product.taxes_id = [Command.clear()]
        vals = {
            "name": "Listing",
            "kind": "listing",
            "vendor_id": self.vendor.id,
            "amount": 5,
        }
        self.assertRefused(
            "A fee needs its tax: .* Set one on the product",
            lambda: self.env["marketplace.fee"].create(vals),
        )

    def test_vendor_without_fiscal_position(self):
        self.vendor.country_id = self.env.ref("base.jp")
        group = self._import_order(
            [(self._create_offer(self.vendor, 100.0), 1)], date="2026-03-02"
        )
        self._ship_and_deliver(group, date="2026-03-05")
        self.env["account.fiscal.position"].search([]).auto_apply = False
        self.assertRefused(
            "Atelier Nord: no fiscal position .* Add one under Accounting",
            lambda: self._invoice_commission("2026-03-10", self.vendor),
        )
        self.assertFalse(group.sale_order_ids.commission_line_ids.move_id)
