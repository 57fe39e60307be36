from collections import defaultdict

from odoo.tests import freeze_time

from . import scenarios
from .common import PayoutCommon

KINDS = {"entry": "entry", "out_invoice": "inv", "out_refund": "cn"}


class ScenarioCommon(PayoutCommon):
    """Live the events on their days, then compare every entry with the table."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tables credit the bank with the payout order.
        cls.company.marketplace_payout_posting = "bank"
        cls.a, cls.b, cls.c = (cls._create_vendor(f"Vendor {n}") for n in "ABC")
        cls.letters = {cls.psp: "PSP", cls.a: "A", cls.b: "B", cls.c: "C"}
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
                    self.letters.get(item.partner_id, item.partner_id.name or ""),
                    f"{item.debit:.2f}",
                    f"{item.credit:.2f}",
                    self._tax_note(item),
                )
                for item in move.line_ids
            ),
        )

    def assertPosted(self, table):
        """Assert that exactly the entries of a table were posted, in its order."""
        self.assertEqual(
            [self._entry(move) for move in self._posted()], scenarios.read(table)
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
