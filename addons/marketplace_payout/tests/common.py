from lxml import etree

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.marketplace_commission.tests.common import CommissionCommon

from ..engine.pain001 import NAMESPACE

OTHER_IBAN = "DE89370400440532013000"


class PayoutCommon(CommissionCommon):
    """Give the operator a bank account and the people of a payout."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Settlement = cls.env["marketplace.settlement"]
        cls.Run = cls.env["marketplace.payout.run"]
        cls.bank = cls.company._marketplace_bank_journal()
        cls.bank.bank_account_id = cls.env["res.partner.bank"].create(
            {
                "partner_id": cls.company.partner_id.id,
                "acc_number": "FR1420041010050500013M02606",
            }
        )
        cls.preparer, cls.approver, cls.accountant, cls.viewer = (
            new_test_user(cls.env, login, groups=group)
            for login, group in (
                ("preparer", "marketplace_payout.group_payout_preparer"),
                ("approver", "marketplace_payout.group_payout_approver"),
                ("accountant", "marketplace_base.group_accountant"),
                ("viewer", "marketplace_base.group_viewer"),
            )
        )

    @classmethod
    def _sell(cls, lines, date, delivered=None, **options):
        """Import one captured purchase, deliver it on a day; return its group."""
        group = cls._import_order(lines, date=f"{date} 10:00:00", **options)
        if delivered:
            cls._ship_and_deliver(group, date=delivered)
        return group

    @classmethod
    def _settle(cls, cutoff, vendors=None):
        return cls.Settlement._run(fields.Date.to_date(cutoff), cls.company, vendors)

    @classmethod
    def _prepare_run(cls, date, vendors=None):
        return cls.Run._prepare(fields.Date.to_date(date), cls.company, vendors=vendors)

    @classmethod
    def _approve(cls, run):
        """Check and approve a run, by two people."""
        run.with_user(cls.preparer).action_check()
        run.with_user(cls.approver).action_approve()
        return run

    @classmethod
    def _pay(cls, date, vendors=None):
        """Prepare, approve and send a run."""
        run = cls._approve(cls._prepare_run(date, vendors))
        run.with_user(cls.preparer).action_send()
        return run

    def assertSettled(self, settlement, opening, movements, payout, carried):
        """Assert the four amounts, and that statement rows make the movements."""
        self.assertEqual(
            [
                f"{amount:.2f}"
                for amount in (
                    settlement.amount_opening,
                    settlement.amount_movements,
                    settlement.amount_payout,
                    settlement.amount_carried,
                )
            ],
            [f"{amount:.2f}" for amount in (opening, movements, payout, carried)],
        )
        rows = settlement._statement_rows()
        self.assertEqual(
            sum(self._minor(row["amount"]) for row in rows), self._minor(movements)
        )


class PayoutRunCommon(PayoutCommon):
    """Give two vendors 88.00 each to be paid, settled on 10 March 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a changed IBAN is another story: see test_vendor_suspension
        cls.company.marketplace_bank_cooling_hours = 0
        cls.a = cls._create_vendor("Atelier Amande")
        cls.b = cls._create_vendor("Brasserie Basalte", iban=OTHER_IBAN)
        cls.offers = [cls._create_offer(vendor, 100.0) for vendor in (cls.a, cls.b)]
        cls.vendors = cls.a | cls.b
        cls._sell([(offer, 1) for offer in cls.offers], "2026-03-02", "2026-03-05")
        cls.settlements = cls._settle("2026-03-10", cls.vendors)

    def assertCatalogued(self, payouts):
        """Assert that the catalogue of postings names every movement of payouts."""
        pairs = self.env["marketplace.ledger.line"]._posting_pairs()
        lines = payouts.settlement_id.ledger_line_ids.filtered(
            lambda line: line.event.startswith("payout")
        )
        self.assertTrue(lines)
        for line in lines:
            self.assertIn((line.role_debit, line.role_credit), pairs[line.event])

    def _payout(self, run, vendor):
        return run.payout_ids.filtered(lambda payout: payout.vendor_id == vendor)

    def _texts(self, run, tag):
        root = etree.fromstring(run.sudo().file_id.raw)
        return root.xpath(f"//n:{tag}/text()", namespaces={"n": NAMESPACE})
