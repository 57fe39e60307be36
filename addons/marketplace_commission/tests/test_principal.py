from odoo.tests import tagged

from .vendor_document_common import VendorDocumentCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPrincipal(VendorDocumentCommon):
    """A3: the operator sells himself, and bills the vendor's part to himself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._create_plan(0.15, base_tax="excluded")
        cls.seller = cls._create_seller("Alma", posture="principal")
        cls.offer = cls._create_offer(cls.seller, 120.0)

    def assertDated(self, move, date, taxes=()):
        """Assert the day of an entry, and (tax rate, base) of its tax items."""
        self.assertEqual(str(move.date), date)
        self.assertEqual(
            [
                (item.tax_line_id.amount, f"{abs(item.tax_base_amount):.2f}")
                for item in move.line_ids.filtered("tax_line_id")
            ],
            list(taxes),
        )

    def _issue(self, group):
        group.sale_order_ids._issue_principal_documents()
        return self.env["account.move"].search(
            [("marketplace_principal_order_id", "in", group.sale_order_ids.ids)]
        )

    def _documents(self, group, move_type):
        return self._issue(group).filtered(lambda move: move.move_type == move_type)

    def _pay_bill(self, bill, date):
        """Pay by the bank, whose account is that of the role."""
        bank = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        )
        account = self.company._marketplace_account("BANK")
        bank.outbound_payment_method_line_ids.payment_account_id = account
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        )
        payments = wizard.create(
            {"journal_id": bank.id, "payment_date": date}
        )._create_payments()
        return payments.move_id

    def test_x1_entry_by_entry(self):
        """Scenario X1: 120.00 paid, 100.00 sold, 85.00 bought, margin 15.00."""
        group = self._import_order([(self.offer, 1)], date="2026-03-02")
        capture = group.ledger_line_ids.move_id
        self.assertMove(
            capture,
            [
                ("PSP_CLEARING", self.psp, 120.0, 0),
                ("CUST_ADVANCE", self.customer, 0, 120.0),
            ],
        )
        self.assertDated(capture, "2026-03-02")
        self._ship_and_deliver(group, date="2026-03-05")
        invoice = self._documents(group, "out_invoice")
        self.assertMove(
            invoice,
            [
                ("CUST_AR", self.customer, 120.0, 0),
                ("SALES", self.customer, 0, 100.0),
                ("VAT_OUT", self.customer, 0, 20.0),
            ],
        )
        self.assertEqual(str(invoice.invoice_date), "2026-03-05")
        self.assertDated(invoice, "2026-03-05", [(20.0, "100.00")])
        applied = group.ledger_line_ids.filtered(
            lambda line: line.event == "advance_applied"
        ).move_id
        self.assertMove(
            applied,
            [
                ("CUST_ADVANCE", self.customer, 120.0, 0),
                ("CUST_AR", self.customer, 0, 120.0),
            ],
        )
        self.assertDated(applied, "2026-03-05")
        self.assertEqual(invoice.payment_state, "paid")
        bill = self._documents(group, "in_invoice")
        self.assertMove(
            bill,
            [
                ("PURCHASES", self.seller, 85.0, 0),
                ("VAT_IN", self.seller, 17.0, 0),
                ("AP_VENDOR", self.seller, 0, 102.0),
            ],
        )
        self.assertDated(bill, "2026-03-05", [(20.0, "85.00")])
        self.assertEqual(bill.journal_id, self.company.marketplace_journal_bill_id)
        self.assertEqual(bill.journal_id.code, "MKB")
        self.assertTrue(bill.journal_id.is_self_billing)
        self.assertFalse(group.sale_order_ids.commission_line_ids)
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_x1",
                "date": "2026-03-11",
                "amount_gross": 120.0,
            }
        )
        settlement.action_post()
        self.assertMove(
            settlement.ledger_line_ids.move_id,
            [
                ("BANK", self.psp, 120.0, 0),
                ("PSP_CLEARING", self.psp, 0, 120.0),
            ],
        )
        self.assertDated(settlement.ledger_line_ids.move_id, "2026-03-11")
        payment = self._pay_bill(bill, "2026-03-12")
        self.assertDated(payment, "2026-03-12")
        self.assertMove(
            payment,
            [
                ("AP_VENDOR", self.seller, 102.0, 0),
                ("BANK", self.seller, 0, 102.0),
            ],
        )
        moves = capture + invoice + applied + bill + payment
        moves += settlement.ledger_line_ids.move_id
        balances = {}
        for role, _partner, debit, credit in self._item_tuples(moves):
            minor = self._minor(float(debit)) - self._minor(float(credit))
            balances[role] = balances.get(role, 0) + minor
        self.assertEqual(
            {role: minor for role, minor in balances.items() if minor},
            {
                "BANK": 1800,
                "SALES": -10000,
                "VAT_OUT": -2000,
                "PURCHASES": 8500,
                "VAT_IN": 1700,
            },
        )
        self.assertTiedOut()

    def test_issuing_again_changes_nothing(self):
        group = self._sell()
        moves = self._issue(group)
        self.assertEqual(len(moves), 2)
        self.assertEqual(self._issue(group), moves)
        self.assertEqual(group.sale_order_ids.vendor_document_state, "issued")

    def test_refunds_end_on_the_documents(self):
        """Credit notes of both sides: nothing is left of invoice, bill and advance."""
        offer = self._create_offer(self.seller, 33.33)
        group = self._sell([(offer, 3)], shippings=[(4.9, self.seller)])
        self._issue(group)
        line = group.sale_order_ids.order_line.filtered(
            lambda item: item.offer_id == offer
        )
        shipping = group.sale_order_ids.order_line - line
        for parts in (
            [(line, 1, None)],
            [(line, 2, None), (shipping, 1, None)],
        ):
            refund = self._refund(group, parts)
            refund.line_ids._issue_principal_refunds()
            refund.line_ids._issue_principal_refunds()
        moves = self._issue(group)
        by_type = moves.grouped("move_type")
        self.assertEqual(
            {kind: len(own) for kind, own in by_type.items()},
            {"out_invoice": 1, "out_refund": 2, "in_invoice": 1, "in_refund": 2},
        )
        for name in ("out", "in"):
            self.assertEqual(
                self._minor(by_type[f"{name}_invoice"].amount_untaxed),
                self._minor(sum(by_type[f"{name}_refund"].mapped("amount_untaxed"))),
                name,
            )
        for move in by_type["out_invoice"] + by_type["out_refund"]:
            self.assertEqual(self._minor(move.amount_residual), 0, move.name)
        advance = self.company._marketplace_account("CUST_ADVANCE")
        items = group.ledger_line_ids.move_id.line_ids.filtered(
            lambda item: item.account_id == advance
        )
        self.assertEqual(self._minor(sum(items.mapped("balance"))), 0)
        self.assertTiedOut()

    def test_refund_before_the_invoice_is_credited_after_it(self):
        group = self._import_order([(self.offer, 2)], date="2026-03-02")
        self._refund(group, [(group.sale_order_ids.order_line, 1, None)])
        self._ship_and_deliver(group, date="2026-03-05")
        moves = self._issue(group)
        self.assertEqual(
            sorted(moves.mapped("move_type")),
            ["in_invoice", "in_refund", "out_invoice", "out_refund"],
        )

    def test_vendor_without_mandate_is_not_billed(self):
        vendor = self._create_seller("Bora", mandate=False, posture="principal")
        group = self._sell([(self._create_offer(vendor, 12.0), 1)])
        moves = self._issue(group)
        self.assertEqual(moves.mapped("move_type"), ["out_invoice"])
        order = group.sale_order_ids
        self.assertEqual(order.vendor_document_state, "blocked")
        self.assertIn("no billing mandate", order.vendor_document_problem)
        self._give_mandate(vendor)
        self.assertEqual(
            sorted(self._issue(group).mapped("move_type")),
            ["in_invoice", "out_invoice"],
        )
        self.assertEqual(order.vendor_document_state, "issued")

    def test_exempt_vendor_is_billed_without_vat(self):
        vendor = self._create_seller(
            "Petite", posture="principal", vat=False, is_vat_exempt=True
        )
        group = self._sell([(self._create_offer(vendor, 120.0), 1)])
        bill = self._documents(group, "in_invoice")
        self.assertEqual(self._minor(bill.amount_tax), 0)

    def test_price_paid_to_the_vendor_is_frozen(self):
        group = self._sell()
        line = group.sale_order_ids.order_line[0]
        self.assertEqual(self._minor(line.amount_purchase), 17000)
        with self.assertRaisesRegex(Exception, "cannot change"):
            line.amount_purchase = 1.0

    def test_job_makes_the_documents(self):
        group = self._sell()
        self.env.flush_all()
        order = group.sale_order_ids
        domain = order._principal_domain(self.company)
        self.assertIn(
            order,
            self.env["sale.order"].search(domain),
            order.read(
                [
                    "state",
                    "posture",
                    "marketplace_shipping_state",
                    "vendor_document_state",
                ]
            ),
        )
        cron = self.env.ref("marketplace_commission.ir_cron_issue_vendor_documents")
        self.env.flush_all()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(group.sale_order_ids.vendor_document_state, "issued")
        refund = self._refund(group, [(group.sale_order_ids.order_line, 1, None)])
        self.env.flush_all()
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(
            sorted(refund.principal_move_ids.mapped("move_type")),
            ["in_refund", "out_refund"],
        )
