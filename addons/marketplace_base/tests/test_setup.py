from odoo.tests import TransactionCase, tagged

from ..const import ROLES
from ..exceptions import MarketplaceError


@tagged("post_install", "-at_install", "marketplace")
class TestSetup(TransactionCase):
    """The set-up makes what a chart lacks: the French one, and the generic one."""

    def _company(self, chart):
        """Return a company on a chart, without country: that would install addons."""
        company = self.env["res.company"].create({"name": f"Operator {chart}"})
        self.env.user.company_ids |= company
        self.env = self.env(context={"allowed_company_ids": company.ids})
        company = company.with_env(self.env)
        with self.assertRaisesRegex(MarketplaceError, "no chart of accounts"):
            company._marketplace_setup()
        self.env["account.chart.template"].try_loading(chart, company)
        return company

    def _check(self, company, chart):
        company._marketplace_setup()
        roles = company.marketplace_role_ids
        self.assertEqual(set(roles.mapped("code")), set(ROLES))
        for role in roles:
            spec = ROLES[role.code]
            account = role.account_id.with_company(company)
            if role.code != "BANK":
                self.assertEqual(account.code, getattr(spec, chart), role.code)
            if spec.reconcile:
                self.assertTrue(account.reconcile, role.code)
            if role.code.startswith("VENDOR_"):
                # Only these types have a partner in the statutory export.
                self.assertIn(
                    account.account_type, ("liability_payable", "asset_receivable")
                )
        self.assertEqual(company._marketplace_setup_problems(), [])
        names = ("account.account", "account.journal", "marketplace.account.role")
        before = [self.env[name].search_count([]) for name in names]
        company._marketplace_setup()
        self.assertEqual([self.env[name].search_count([]) for name in names], before)
        self._check_events(company)

    def _check_events(self, company):
        """Post one fact: the entry is on the accounts of the roles."""
        vendor = self.env["res.partner"].create({"name": "Alma"})
        company.marketplace_psp_partner_id = vendor.copy({"name": "PayFlow"})
        line = self.env["marketplace.ledger.line"]._record(
            [
                {
                    "company_id": company.id,
                    "vendor_id": vendor.id,
                    "event": "capture",
                    "event_key": "setup",
                    "source_key": "setup",
                    "role_debit": "PSP_CLEARING",
                    "role_credit": "VENDOR_PENDING",
                    "amount": 10.0,
                    "currency_id": company.currency_id.id,
                    "date_event": "2026-03-02",
                }
            ]
        )
        self.assertEqual(line.move_id.journal_id.code, "MKO")
        self.assertEqual(
            line.debit_move_line_id.account_id,
            company._marketplace_account("PSP_CLEARING"),
        )
        self.assertFalse(self.env["marketplace.tie.out"]._differences(company))

    def test_generic_chart(self):
        company = self._company("generic_coa")
        self._check(company, "generic")
        self.assertFalse(
            company.marketplace_journal_order_id.restrict_mode_hash_table,
            "sealing is a French duty, elsewhere a choice",
        )

    def test_french_chart(self):
        company = self._company("fr")
        self._check(company, "fr")
        self.assertTrue(company.marketplace_journal_order_id.restrict_mode_hash_table)
