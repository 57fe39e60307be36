from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestSponsorShare(CommissionCommon):
    """K19: a sponsor earns a part of our commission, the vendor's net stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sponsor = cls.env["res.partner"].create({"name": "Chambre des Métiers"})
        cls.default_rule.rate = 0.5
        cls.vendor, cls.plain = (cls._create_vendor(n) for n in ("Nord", "Sud"))
        cls.contract = cls.vendor.vendor_contract_ids
        cls.contract.write({"sponsor_id": cls.sponsor.id, "sponsor_rate": 0.1})
        cls.offers = [cls._create_offer(v, 100.0) for v in (cls.vendor, cls.plain)]
        cls.Share = cls.env["marketplace.sponsor.share"]
        cls.accountant = new_test_user(
            cls.env,
            "sponsor_accountant",
            groups="marketplace_base.group_accountant,account.group_account_invoice",
        )

    def _sell(self, offer, quantity=1, date="2026-03-02 10:00:00"):
        group = self._import_order([(offer, quantity)], date=date)
        self._ship_and_deliver(group, date="2026-03-05")
        return group

    def _shares(self, group):
        return self.Share.search(
            [("sale_order_id", "in", group.sale_order_ids.ids)], order="id"
        )

    def test_n_56_sponsor_earns_on_what_the_operator_keeps(self):
        """N-56 (AffiliateWP #620): 100, vendor 50, affiliate 5, operator 45."""
        sponsored, plain = (self._sell(offer) for offer in self.offers)
        share = self._shares(sponsored)
        self.assertRecordValues(
            share,
            [
                {
                    "sponsor_id": self.sponsor.id,
                    "amount_commission": 50.0,
                    "rate": 0.1,
                    "amount": 5.0,
                }
            ],
        )
        self.assertFalse(self._shares(plain))
        nets = []
        for vendor in (self.vendor, self.plain):
            invoice = self._invoice_commission("2026-03-10", vendors=vendor)
            self.assertEqual(self._minor(invoice.amount_untaxed), 5000)
            nets.append(10000 - self._minor(invoice.amount_untaxed))
        self.assertEqual(nets, [5000, 5000], "the vendor's net is what it is without")
        kept = share.amount_commission - share.amount
        self.assertEqual(self._minor(kept), 4500)
        self.assertTiedOut()

    def test_salesperson_of_the_order_stays(self):
        """A salesperson paid on the order sees the same order, sponsor or not."""
        group = self._sell(self.offers[0])
        order = group.sale_order_ids
        self.assertFalse(order.user_id)
        order.user_id = self.accountant
        self.assertEqual(self._minor(order.amount_total), 10000)
        self.assertEqual(self._minor(order.amount_commission), 5000)
        self.assertEqual(order.user_id, self.accountant)
        self.assertEqual(self._minor(self._shares(group).amount), 500)

    def test_refunds_take_the_part_back_to_the_cent(self):
        """Three units at 33.33 %, refunded one by one: the part ends on zero."""
        self.default_rule.rate = 0.3333
        self.contract.sponsor_rate = 0.333
        offer = self._create_offer(self.vendor, 33.33)
        group = self._sell(offer, 3)
        line = group.sale_order_ids.order_line
        self.contract.sponsor_rate = 0.9
        for _unit in range(3):
            self._refund(group, [(line, 1, None)])
        shares = self._shares(group)
        self.assertEqual(len(shares), 4)
        self.assertEqual(set(shares.mapped("rate")), {0.333})
        self.assertEqual(sum(map(self._minor, shares.mapped("amount"))), 0)
        self.assertTrue(all(self._minor(share.amount) < 0 for share in shares[1:]))

    def test_sponsorship_ends_with_its_last_day(self):
        self.contract.sponsor_until = "2026-03-02"
        inside = self._sell(self.offers[0])
        outside = self._sell(self.offers[0], date="2026-03-03 10:00:00")
        self.assertTrue(self._shares(inside))
        self.assertFalse(self._shares(outside))

    def test_bill_is_drafted_once_and_when_earned(self):
        shares = self._shares(self._sell(self.offers[0]))
        shares |= self._shares(self._sell(self.offers[0]))
        own = shares.with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "Nothing to bill"):
            own.action_bill()
        self._invoice_commission("2026-03-10")
        self.assertEqual(
            self.Share.search(
                [("is_earned", "=", True), ("sponsor_id", "=", self.sponsor.id)]
            ),
            shares.sorted("id", reverse=True),
        )
        action = own.action_bill()
        bill = self.env["account.move"].search(action["domain"])
        self.assertEqual(
            (bill.partner_id, bill.move_type, bill.state),
            (self.sponsor, "in_invoice", "draft"),
        )
        self.assertEqual(self._minor(bill.amount_untaxed), 1000)
        self.assertEqual(shares.move_id, bill)
        with self.assertRaisesRegex(UserError, "Nothing to bill"):
            own.action_bill()
        bill.unlink()
        self.env.invalidate_all()
        self.assertTrue(own.action_bill(), "a deleted bill frees its shares")

    def test_facts_and_bad_terms_are_refused(self):
        share = self._shares(self._sell(self.offers[0]))
        for change in (
            lambda: share.write({"amount": 9}),
            share.unlink,
            lambda: share.with_context(marketplace_sponsor_token=True).copy(),
        ):
            with self.assertRaisesRegex(AccessError, "nobody edits"):
                change()
        for vals, words in (
            ({"sponsor_rate": 1.5}, "between 0 % and 100 %"),
            ({"sponsor_rate": 0}, "together"),
            ({"sponsor_id": False}, "together"),
            ({"sponsor_id": self.vendor.id}, "cannot sponsor himself"),
        ):
            with self.assertRaisesRegex(UserError, words), self.cr.savepoint():
                self.contract.write(vals)
