from odoo.fields import Date
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestManualFee(CommissionCommon):
    """A7: a manual debit or credit, its reason, VAT, second person and document."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.day = Date.to_date("2026-03-10")
        cls.clerk, cls.second = (
            new_test_user(cls.env, login, groups="marketplace_base.group_accountant")
            for login in ("manual_clerk", "manual_second")
        )

    def _propose(self, amount, **vals):
        return (
            self.env["marketplace.fee"]
            .with_user(self.clerk)
            .create(
                {
                    "name": "Gesture",
                    "kind": "manual",
                    "vendor_id": self.vendor.id,
                    "amount": amount,
                    "date": "2026-03-05",
                    "note": "Parcel lost by our carrier",
                    **vals,
                }
            )
        )

    def _invoice(self):
        Fee = self.env["marketplace.fee"]
        lines = self.Line._invoiceable(self.company, self.day, self.vendor)
        return lines._invoice(self.day, Fee._invoiceable(self.company, self.day))

    def test_second_person_approves(self):
        fee = self._propose(-50.00)
        with self.assertRaisesRegex(MarketplaceError, "somebody else"):
            fee.action_approve()
        fee.with_user(self.second).amount = -60.00
        with self.assertRaisesRegex(MarketplaceError, "somebody else"):
            fee.with_user(self.second).action_approve()
        fee.with_user(self.clerk).action_approve()
        self.assertEqual(
            (fee.proposed_by_id, fee.approved_by_id), (self.second, self.clerk)
        )
        with self.assertRaisesRegex(MarketplaceError, "stays as it is"):
            fee.amount = -70.00

    def test_reason_is_required(self):
        with self.assertRaisesRegex(MarketplaceError, "say why"):
            self._propose(-50.00, note=" ")
        with self.assertRaisesRegex(MarketplaceError, "go without VAT"):
            self._propose(50.00, kind="one_off", vat_treatment="none")

    def test_each_has_its_own_document_with_its_vat(self):
        group = self._import_order(
            [(self._create_offer(self.vendor, 100.00), 1)], date="2026-03-02 10:00:00"
        )
        self._ship_and_deliver(group, date="2026-03-05")
        credit = self._propose(-50.00)
        debit = self._propose(30.00, vat_treatment="none")
        (credit | debit).with_user(self.second).action_approve()
        moves = self._invoice()
        self.assertEqual(len(moves), 3)
        self.assertMove(
            credit.move_id,
            [
                ("VENDOR_AR", self.vendor, 0, 60.00),
                ("COMMISSION", self.vendor, 50.00, 0),
                ("VAT_OUT", self.vendor, 10.00, 0),
            ],
        )
        self.assertMove(
            debit.move_id,
            [
                ("VENDOR_AR", self.vendor, 30.00, 0),
                ("COMMISSION", self.vendor, 0, 30.00),
            ],
        )
        self.assertIn(
            "outside the scope of VAT", " ".join(debit.move_id._commission_mentions())
        )
        self.assertEqual(
            [row["amount"] for row in credit.move_id._commission_annex()], [50.00]
        )
        self.assertTiedOut()
