"""What must hold when two people act at once, or when somebody goes round a screen."""

from odoo.fields import Command
from odoo.tests import new_test_user

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


class TestIntegrity(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Alma")
        cls.offer = cls._create_offer(cls.vendor, 30.0)
        cls.desk = new_test_user(
            cls.env, "integrity_desk", groups="marketplace_base.group_order_desk"
        )
        cls.accountant = new_test_user(
            cls.env, "integrity_books", groups="marketplace_base.group_accountant"
        )

    # -- two at once ----------------------------------------------------------------

    def _row_version(self, record):
        """Return where the row is: an update moves it, a mere lock does not."""
        self.env.flush_all()
        self.env.cr.execute(
            f"SELECT ctid::text FROM {record._table} WHERE id = %s",  # noqa: S608
            [record.id],
        )
        return self.env.cr.fetchone()[0]

    def test_whoever_moves_money_or_goods_of_an_order_updates_its_row(self):
        """Under REPEATABLE READ only an update stops a transaction that began before.

        With a lock alone, two refunds of the same goods that overlap both pass, a
        delivery makes due what a refund is giving back, and two people ship the same.
        """
        group = self._import_order([(self.offer, 2)], captured=False)
        order = group.sale_order_ids
        steps = [
            lambda: self.env["marketplace.payment"]._record_batch(
                group,
                [
                    {
                        "ref": "TURN",
                        "provider": "x",
                        "state": "captured",
                        "amount_minor": 6000,
                        "date": group.date_order,
                    }
                ],
            ),
            lambda: self.env["marketplace.shipment"]._create_for_order(
                order, {order.order_line.id: 1}
            ),
            lambda: self._ship_and_deliver(order),
            # Nothing but money goes back: no other row of the order changes.
            lambda: self._refund(group, [(order.order_line, 0, 5.0)]),
        ]
        for number, step in enumerate(steps):
            with self.subTest(number):
                before = self._row_version(order)
                step()
                self.assertNotEqual(self._row_version(order), before)

    # -- the provider of a payment --------------------------------------------------

    def test_provider_of_a_line_outlives_a_change_of_the_setting(self):
        """Lines keep the provider of their day: tie-out holds after he is replaced."""
        self.company.marketplace_psp_partner_id = False
        self._import_order([(self.offer, 1)])
        self.assertTiedOut()
        self.company.marketplace_psp_partner_id = self.psp
        self.assertTiedOut()

    def test_contact_of_the_provider_stands_for_the_provider(self):
        """Books and ledger name the provider's legal entity, whichever is chosen."""
        contact = self.env["res.partner"].create(
            {"name": "Support", "parent_id": self.psp.id}
        )
        self.company.marketplace_psp_partner_id = contact
        group = self._import_order([(self.offer, 1)])
        self.assertEqual(group.payment_ids.psp_partner_id, contact)
        clearing = group.ledger_line_ids.debit_move_line_id
        self.assertEqual(clearing.partner_id, self.psp)
        self.assertTiedOut()

    # -- account roles and tie-out --------------------------------------------------

    def test_role_in_use_keeps_its_account(self):
        """A role taken away after postings would hide the account from the tie-out."""
        self._import_order([(self.offer, 1)])
        role = self.env["marketplace.account.role"].search(
            [("company_id", "=", self.company.id), ("code", "=", "VENDOR_PENDING")]
        )
        due = self.company._marketplace_account("VENDOR_DUE")
        with self.assertRaisesRegex(MarketplaceError, "not yet due"):
            role.account_id = due
        with self.assertRaisesRegex(MarketplaceError, "not yet due"):
            role.unlink()
        role.account_id = role.account_id
        self.assertTrue(role.exists())

    def test_tie_out_row_keeps_its_number(self):
        """A row opened from the list is that row, whatever was posted meanwhile."""
        self._ship_and_deliver(self._import_order([(self.offer, 1)]))
        TieOut = self.env["marketplace.tie.out"]

        def rows():
            self.env.flush_all()
            TieOut.invalidate_model()
            return {
                row.id: (row.role, row.partner_id.id, row.currency_id.id)
                for row in TieOut.search([("company_id", "=", self.company.id)])
            }

        before = rows()
        for price in (1, 2, 3):
            vendor = self._create_vendor(f"Later {price}")
            group = self._import_order([(self._create_offer(vendor, price), 1)])
            self._ship_and_deliver(group)
        after = rows()
        self.assertEqual({key: after.get(key) for key in before}, before)
        self.assertGreater(len(after), len(before))

    # -- documents of the provider --------------------------------------------------

    def test_posted_report_of_the_provider_is_not_reopened(self):
        """Reopened by RPC, its figures could change and the ledger would not."""
        settlement = (
            self.env["marketplace.psp.settlement"]
            .with_user(self.accountant)
            .create({"reference": "po_7", "amount_gross": 10.0})
        )
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            settlement.state = "posted"
        settlement.action_post()
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            settlement.state = "draft"
        settlement.action_post()
        self.assertEqual(settlement.state, "posted")
        self.assertEqual(len(settlement.ledger_line_ids), 1)

    def _payment(self, **vals):
        return {
            "ref": "PAY",
            "provider": "x",
            "state": "captured",
            "amount_minor": 3000,
            "date": "2026-03-02 10:00:00",
            **vals,
        }

    def test_capture_of_less_than_was_authorized(self):
        """What was captured counts, not what had been authorized."""
        group = self._import_order([(self.offer, 1)], captured=False)
        Payment = self.env["marketplace.payment"]
        Payment._record_batch(group, [self._payment(state="authorized")])
        payment = Payment._record_batch(group, [self._payment(amount_minor=2500)])
        self.assertEqual(f"{payment.amount:.2f}", "25.00")
        self.assertBalances(self.vendor, pending=25.0)

    def test_captured_payment_told_with_another_amount_is_refused(self):
        group = self._import_order([(self.offer, 1)], captured=False)
        Payment = self.env["marketplace.payment"]
        Payment._record_batch(group, [self._payment(amount_minor=2500)])
        with self.assertRaisesRegex(MarketplaceError, "PAY.*25.*30"):
            Payment._record_batch(group, [self._payment()])

    def test_payment_of_another_order_is_refused(self):
        """A reference used twice is no payment of the second order."""
        first, second = (
            self._import_order([(self.offer, 1)], captured=False) for _n in range(2)
        )
        Payment = self.env["marketplace.payment"]
        Payment._record_batch(first, [self._payment()])
        with self.assertRaisesRegex(MarketplaceError, first.name):
            Payment._record_batch(second, [self._payment()])

    # -- figures nobody types -------------------------------------------------------

    def test_figures_of_a_purchase_are_not_written_by_rpc(self):
        """Read-only on a screen is not enough: money is shared by these."""
        group = self._import_order([(self.offer, 1)], captured=False)
        line = group.sale_order_ids.order_line.with_user(self.desk)
        for name, value in (
            ("amount_vendor", 3000.0),
            ("amount_vendor_untaxed", 1.0),
            ("vendor_id", self.customer.id),
        ):
            with self.subTest(name), self.assertRaises(MarketplaceError):
                line.write({name: value})
        with self.assertRaises(MarketplaceError):
            group.with_user(self.desk).write({"amount_charged": 1.0})

    def test_order_joins_a_purchase_by_the_split_only(self):
        """Put there by RPC, it would get a share of what others' customers pay."""
        group = self._import_order([(self.offer, 1)], captured=False)
        seller = new_test_user(
            self.env, "integrity_seller", groups="sales_team.group_sale_salesman"
        )
        Order = self.env["sale.order"].with_user(seller)
        vals = {"marketplace_order_id": group.id, "vendor_id": self.vendor.id}
        with self.assertRaises(MarketplaceError):
            Order.create({"partner_id": self.customer.id, **vals})
        order = Order.create({"partner_id": self.customer.id})
        with self.assertRaises(MarketplaceError):
            order.with_context(marketplace_splitting=True).write(vals)

    def test_no_document_is_born_beyond_its_first_state(self):
        """Not by the values of a call, and not by the defaults of its context."""
        group = self._import_order([(self.offer, 1)])
        refunds = self.env["marketplace.refund"].with_user(self.desk)
        vals = {"order_id": group.id, "amount": 5.0}
        with self.assertRaisesRegex(MarketplaceError, "Use the buttons"):
            refunds.create({**vals, "state": "done"})
        with self.assertRaisesRegex(MarketplaceError, "Use the buttons"):
            refunds.with_context(default_state="done").create(vals)
        self.assertEqual(refunds.create(vals).state, "draft")

    def test_nobody_makes_money_due_by_hand(self):
        """A parcel that never left is due to nobody, whatever the desk writes on it."""
        group = self._import_order([(self.offer, 1)])
        shipment = self.env["marketplace.shipment"]._create_for_order(
            group.sale_order_ids
        )
        for vals in ({"date_entitlement": "2026-01-01"}, {"is_entitled": True}):
            with self.subTest(vals), self.assertRaises(MarketplaceError):
                shipment.with_user(self.desk).write(vals)
            with self.subTest(vals), self.assertRaises(MarketplaceError):
                shipment.with_user(self.desk).create(
                    {"sale_order_id": group.sale_order_ids.id, **vals}
                )

    def test_rounding_of_a_refund_is_what_the_customer_had_paid(self):
        """Nobody refunds, as rounding, money that belongs to no line."""
        group = self._import_order([(self.offer, 1)])
        line = group.sale_order_ids.order_line
        refund = (
            self.env["marketplace.refund"]
            .with_user(self.desk)
            .create(
                {
                    "order_id": group.id,
                    "amount_rounding": 4.0,
                    "line_ids": [
                        Command.create(
                            {"sale_line_id": line.id, "quantity": 0, "amount": 5.0}
                        )
                    ],
                }
            )
        )
        with self.assertRaisesRegex(MarketplaceError, "left to refund"):
            refund._apply()
        refund.amount_rounding = 0.0
        refund._apply()
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            refund.amount_rounding = 4.0
