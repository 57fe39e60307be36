from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .order_import_common import OrderImportCommon


@tagged("post_install", "-at_install", "marketplace")
class TestFunding(OrderImportCommon):
    """Who pays what lowers a price: promotions, gift cards, eco-contributions."""

    def _shared_payload(self, share="0.4", **options):
        payload = self._prepare_payload(
            self.cart, discounts=[(10.0, "vendor")], **options
        )
        [discount] = payload["discounts"]
        del discount["funder"]
        discount.update(vendor_share=share, promised_by="marketplace", name="Spring")
        return payload

    # -- promotions -----------------------------------------------------------------

    def test_shared_promotion_is_split_to_the_cent(self):
        """P5, 60/40: each line's parts add up, vendors are credited without ours."""
        groups, problems = self._problems(self._shared_payload())
        self.assertFalse(problems)
        shares = groups.discount_share_ids
        minor = self._minor
        self.assertEqual(sum(minor(s.amount_vendor) for s in shares), 400)
        self.assertEqual(sum(minor(s.amount_marketplace) for s in shares), 600)
        self.assertEqual(set(shares.mapped("rate_vendor")), {0.4})
        self.assertEqual(set(shares.mapped("promised_by")), {"marketplace"})
        self.assertEqual(set(shares.mapped("name")), {"Spring"})
        for share in shares:
            line = share.sale_line_id
            self.assertEqual(share.vendor_id, line.order_id.vendor_id)
            self.assertEqual(line.amount_discount_vendor, share.amount_vendor)
            self.assertEqual(line.amount_discount_marketplace, share.amount_marketplace)
        credits = sum(minor(order.amount_total) for order in groups.sale_order_ids)
        self.assertEqual(credits - 600, minor(groups.amount_charged))
        events = groups.ledger_line_ids.filtered(
            lambda line: line.event == "discount_funding"
        )
        self.assertEqual(sum(minor(line.amount) for line in events), 600)
        self.assertEqual(set(events.mapped("role_debit")), {"DISCOUNT_MKT"})
        self.assertTiedOut()

    def test_shared_line_discount_and_refund_come_back_whole(self):
        payload = self._prepare_payload([(self.offers[3], 1)])
        payload["lines"][0]["discounts"] = [
            {"name": "Coupon", "amount_minor": 333, "vendor_share": "0.5"}
        ]
        payload["amount_charged_minor"] -= 333
        payload["payments"][0]["amount_minor"] -= 333
        [group], problems = self._problems(payload)
        self.assertFalse(problems)
        share = group.discount_share_ids
        self.assertEqual((share.amount_vendor, share.amount_marketplace), (1.67, 1.66))
        line = share.sale_line_id
        self._refund(group, [(line, 1, None)])
        self.assertBalances(self.vendors[1])
        self.assertTiedOut()

    def test_share_that_is_no_fraction_is_quarantined(self):
        for share in ("1.2", "-0.1", "forty"):
            with self.subTest(share):
                _groups, problems = self._problems(self._shared_payload(share))
                self.assertIn(share, problems[0][0])

    def test_quotation_shares_a_discount_between_both(self):
        discount = self.env.ref("marketplace_base.product_discount")
        tax = self.offers[0]._get_sale_taxes()
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    *(
                        Command.create({"product_id": offer.product_id.id})
                        for offer in (self.offers[0], self.offers[3])
                    ),
                    Command.create(
                        {
                            "product_id": discount.id,
                            "name": "Loyalty",
                            "price_unit": -10.01,
                            "tax_ids": [Command.set(tax.ids)],
                            "discount_funder": "shared",
                            "discount_vendor_share": 0.25,
                            "discount_promised_by": "vendor",
                        }
                    ),
                ],
            }
        )
        order.action_confirm()
        shares = order.marketplace_order_id.discount_share_ids
        self.assertEqual(len(shares), 2)
        minor = self._minor
        self.assertEqual(sum(minor(s.amount_vendor) for s in shares), 250)
        self.assertEqual(sum(minor(s.amount_marketplace) for s in shares), 751)
        self.assertEqual(set(shares.mapped("name")), {"Loyalty"})
        self.assertEqual(set(shares.mapped("promised_by")), {"vendor"})

    # -- gift cards -----------------------------------------------------------------

    def _mixed(self):
        """Import the cart paid by a gift card of 30.00 and a card for the rest."""
        payload = self._prepare_payload(self.cart, discounts=[(9.47, "marketplace")])
        charged = payload["amount_charged_minor"]
        [card] = payload["payments"]
        card["amount_minor"] = charged - 3000
        gift = {**card, "ref": "GIFT-1", "provider": "gift", "kind": "gift_card"}
        payload["payments"].append({**gift, "amount_minor": 3000})
        [group], problems = self._problems(payload)
        self.assertFalse(problems)
        return group, charged

    def test_gift_card_pays_and_lowers_nobodys_credit(self):
        """P6: the vendors' credit is that of the same order paid by card."""
        group, charged = self._mixed()
        twin = self._import_order(self.cart, discounts=[(9.47, "marketplace")])
        self.assertEqual(
            [line.amount_vendor for line in group.sale_order_ids.order_line],
            [line.amount_vendor for line in twin.sale_order_ids.order_line],
        )
        self.assertEqual(group.payment_state, "paid")
        by_role = {}
        for line in group.ledger_line_ids.filtered(lambda x: x.event == "capture"):
            by_role.setdefault(line.role_debit, 0)
            by_role[line.role_debit] += self._minor(line.amount)
        self.assertEqual(by_role, {"GIFT_CARDS": 3000, "PSP_CLEARING": charged - 3000})
        account = self.company._marketplace_account("GIFT_CARDS")
        self.assertEqual(account.code, "419700")
        items = group.ledger_line_ids.move_id.line_ids.filtered(
            lambda item: item.account_id == account
        )
        self.assertEqual(self._minor(sum(items.mapped("balance"))), 3000)
        self.assertEqual(items.partner_id, self.company.partner_id)
        self.assertTiedOut()

    def test_refund_goes_back_on_the_gift_card(self):
        group, _charged = self._mixed()
        gift = group.payment_ids.filtered(lambda p: p.kind == "gift_card")
        line = group.sale_order_ids.order_line.filtered(
            lambda line: line.offer_id == self.offers[1]
        )
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "payment_id": gift.id,
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        )
        refund._apply()
        entries = group.ledger_line_ids.filtered(lambda x: x.event == "refund")
        self.assertIn("GIFT_CARDS", entries.mapped("role_credit"))
        self.assertNotIn("PSP_CLEARING", entries.mapped("role_credit"))
        self.assertTrue(gift.currency_id.compare_amounts(gift.amount_left, 30) < 0)
        self.assertTiedOut()

    def test_no_bank_claims_a_gift_card_back(self):
        group, _charged = self._mixed()
        gift = group.payment_ids.filtered(lambda p: p.kind == "gift_card")
        dispute = self.env["marketplace.dispute"].create(
            {"payment_id": gift.id, "amount": 5.0}
        )
        with self.assertRaisesRegex(MarketplaceError, "gift card"):
            dispute.action_open()
        with self.assertRaisesRegex(MarketplaceError, "another kind"):
            gift.kind = "psp"

    # -- parts without commission ---------------------------------------------------

    def test_parts_follow_product_offer_country_and_quantity(self):
        """P10: frozen on the line, exact, the nearest amount wins."""
        Part = self.env["marketplace.price.part"]
        own, other = self.offers[0], self.offers[3]
        template = own.product_id.product_tmpl_id
        belgium = self.env.ref("base.be")
        Part.create(
            [
                {"product_tmpl_id": template.id, "kind": "eco", "amount": 0.33},
                {
                    "product_tmpl_id": template.id,
                    "kind": "eco",
                    "country_id": belgium.id,
                    "amount": 9.0,
                },
                {
                    "product_tmpl_id": template.id,
                    "kind": "deposit",
                    "country_id": self.france.id,
                    "amount": 2.0,
                },
                {
                    "product_tmpl_id": other.product_id.product_tmpl_id.id,
                    "amount": 5.0,
                },
                {"offer_id": other.id, "amount": 1.0},
            ]
        )
        group = self._import_order([(own, 3), (other, 2), (self.offers[4], 1)])
        lines = group.sale_order_ids.order_line
        self.assertRecordValues(
            lines,
            [
                {
                    "amount_eco": 0.99,
                    "amount_deposit": 6.0,
                    "amount_not_commissionable": 6.99,
                },
                {
                    "amount_eco": 2.0,
                    "amount_deposit": 0.0,
                    "amount_not_commissionable": 2.0,
                },
                {
                    "amount_eco": 0.0,
                    "amount_deposit": 0.0,
                    "amount_not_commissionable": 0.0,
                },
            ],
        )
        Part.search([]).amount = 3.0
        self.assertEqual(lines[0].amount_not_commissionable, 6.99, "frozen")
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            lines[0].amount_not_commissionable = 0.0

    def test_parts_never_exceed_the_line(self):
        self.env["marketplace.price.part"].create(
            [
                {"offer_id": self.offers[4].id, "kind": "eco", "amount": 0.6},
                {"offer_id": self.offers[4].id, "kind": "deposit", "amount": 0.6},
            ]
        )
        line = self._import_order([(self.offers[4], 2)]).sale_order_ids.order_line
        self.assertEqual((line.amount_eco, line.amount_deposit), (1.2, 0.78))
