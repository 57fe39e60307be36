from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCommissionBatch(CommissionCommon):
    """Documents made many at once are those that Odoo makes one by one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.default_rule.rate = 0.125
        cls.vendor = cls._create_vendor("Atelier A")
        cls.offer = cls._create_offer(cls.vendor, 33.33)

    def _sell(self, **options):
        group = self._import_order([(self.offer, 1)], date="2026-03-02", **options)
        self._ship_and_deliver(group, date="2026-03-05")
        return group

    def _items(self, move):
        """Return what the journal items of a document say, in order."""
        return [
            (
                item.display_type,
                item.account_id.code,
                self._minor(item.balance),
                self._minor(item.amount_currency),
                self._minor(item.tax_base_amount),
                sorted(item.tax_ids.mapped("name")),
                sorted(item.tax_tag_ids.mapped("name")),
            )
            for item in move.line_ids.sorted(lambda item: (item.display_type, item.id))
        ]

    def test_told_amounts_are_those_odoo_computes(self):
        """Also where ours are none: VAT due on payment, or included in the price."""
        product = self.company._marketplace_commission_product()
        usual = product.taxes_id._filter_taxes_by_company(self.company)
        waiting = self.env["account.account"].create(
            {
                "name": "VAT due on payment",
                "code": "445799",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        Move = type(self.env["account.move"])
        untold = patch.object(Move, "_marketplace_tell_amounts", lambda *_args: None)
        for change in (
            {},
            {"price_include_override": "tax_included"},
            {
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": waiting.id,
            },
        ):
            with self.subTest(change):
                tax = usual.copy({"name": str(change), **change})
                product.taxes_id = [Command.set(tax.ids)]
                told, plain = self._documents(self._invoice_commission, untold)
                self.assertEqual(told.invoice_line_ids.tax_ids, tax)
                self.assertEqual(self._items(told), self._items(plain))
                told, plain = self._documents(self._credit_note, untold)
                self.assertEqual(told.move_type, "out_refund")
                self.assertEqual(self._items(told), self._items(plain))

    def test_document_in_another_currency_is_converted(self):
        """4.17 at 1.25 for one of ours is 3.336; Odoo takes its VAT of that: 0.67."""
        usd = self.env.ref("base.USD")
        usd.active = True
        usd.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            {
                "currency_id": usd.id,
                "company_id": self.company.id,
                "name": "2026-01-01",
                "rate": 1.25,
            }
        )
        self.vendor.vendor_contract_ids.other_currency_ids = usd
        self._sell(currency_id=usd.id)
        move = self._invoice_commission("2026-03-10")
        self.assertEqual(move.currency_id, usd)
        self.assertEqual(
            {
                item.display_type: (
                    self._minor(item.amount_currency),
                    self._minor(item.balance),
                )
                for item in move.line_ids
            },
            {
                "product": (-417, -334),
                "tax": (-83, -67),
                "payment_term": (500, 401),
            },
        )

    def _documents(self, make, untold):
        self._sell()
        told = make("2026-03-10")
        self._sell()
        with untold:
            return told, make("2026-03-10")

    def _credit_note(self, date):
        """Invoice what was sold, refund it, and return the credit note."""
        invoice = self._invoice_commission(date)
        sale_line = invoice.marketplace_commission_line_ids.sale_line_id
        group = sale_line.order_id.marketplace_order_id
        self._refund(group, [(sale_line, 1, None)], date=date)
        return self._invoice_commission(date)

    def test_lines_know_their_invoice_at_once(self):
        """The link is one statement for all lines: nothing read before stays."""
        line = self._sell().sale_order_ids.order_line.commission_line_ids
        self.assertFalse(line.is_invoiced or line.move_id or line.is_waiting)
        move = self._invoice_commission("2026-03-10")
        self.assertTrue(line.is_invoiced)
        self.assertEqual((line.move_id, line.move_line_id.move_id), (move, move))
        self.assertEqual(move.marketplace_commission_line_ids, line)
        self.env.flush_all()
        line.invalidate_recordset()
        self.assertEqual((line.move_id, line.move_line_id.move_id), (move, move))
        self.assertEqual(line.write_uid, self.env.user)

    def test_more_lines_cost_no_more_queries(self):
        """Ten order lines of a vendor are found, linked and entered as one is."""
        counts = []
        for number in (1, 10):
            for _rank in range(number):
                self._sell()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._invoice_commission("2026-03-10")
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
