from odoo.exceptions import AccessError
from odoo.tests import RecordCapturer, new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import MarketplaceCommon

GTIN = "9780471117094"


@tagged("post_install", "-at_install", "marketplace")
class TestProductProposal(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Papeterie Prune")
        cls.other = cls._create_vendor("Quincaillerie Quetsche")
        cls.clerk = new_test_user(
            cls.env, "mkp_proposal_clerk", groups="marketplace_base.group_catalogue"
        )
        cls.tax = cls.company._marketplace_tax(5.5)
        cls.parent_category = cls.env["product.category"].create(
            {"name": "Books X", "marketplace_tax_ids": [(6, 0, cls.tax.ids)]}
        )
        cls.category = cls.env["product.category"].create(
            {"name": "Novels X", "parent_id": cls.parent_category.id}
        )
        cls.color = cls.env["product.attribute"].create(
            {
                "name": "Color X",
                "value_ids": [(0, 0, {"name": "Red"}), (0, 0, {"name": "Blue"})],
            }
        )
        cls.red, cls.blue = cls.color.value_ids
        cls.proposals = cls.env["marketplace.product.proposal"].with_user(cls.clerk)

    def _propose(self, vendor=None, gtin=GTIN, submit=True, **vals):
        vendor = vendor or self.vendor
        proposal = self.proposals.create(
            {
                "vendor_id": vendor.id,
                "name": "Notebook",
                "gtin": gtin,
                "categ_id": self.category.id,
                "offer_ids": [
                    (0, 0, {"vendor_sku": f"N-{gtin}", "price": 9, "quantity": 4})
                ],
                **vals,
            }
        )
        if submit:
            proposal.action_submit()
        return proposal

    def _create_product(self, **vals):
        return self.env["product.product"].create(
            {
                "name": "Old name",
                "barcode": "73513537",
                "categ_id": self.category.id,
                "description_sale": "Old words",
                **vals,
            }
        )

    # -- new products ---------------------------------------------------------------

    def test_confirming_creates_the_product_and_its_offers(self):
        proposal = self._propose(
            brand="Moleskin X", description="Paper", value_ids=[(6, 0, self.red.ids)]
        )
        products = self.env["product.product"]
        self.assertFalse(products.search([("barcode", "=", GTIN)]))
        proposal.action_confirm()
        product = products.search([("barcode", "=", GTIN)])
        self.assertEqual(proposal.product_id, product)
        self.assertRecordValues(
            product,
            [
                {
                    "name": "Notebook",
                    "categ_id": self.category.id,
                    "description_sale": "Paper",
                    "taxes_id": self.tax.ids,
                }
            ],
        )
        self.assertEqual(product.marketplace_brand_id.name, "Moleskin X")
        self.assertEqual(product.attribute_line_ids.value_ids, self.red)
        offer = proposal.offer_ids.offer_id
        self.assertRecordValues(
            offer,
            [
                {
                    "product_id": product.id,
                    "vendor_sku": f"N-{GTIN}",
                    "price": 9.0,
                    "quantity": 4.0,
                    "is_sellable": True,
                }
            ],
        )
        self.assertEqual(offer._get_sale_taxes().amount, 5.5)
        self.assertEqual(
            (proposal.state, proposal.reviewer_id), ("confirmed", self.clerk)
        )
        trail = " ".join(proposal.message_ids.mapped("body"))
        self.assertIn("Handed in", trail)
        self.assertIn("Confirmed", trail)

    def test_second_confirmation_is_refused_and_creates_nothing(self):
        proposal = self._propose()
        proposal.action_confirm()
        with self.assertRaisesRegex(MarketplaceError, "nothing to decide"):
            proposal.action_confirm()
        self.assertEqual(
            self.env["product.product"].search_count([("barcode", "=", GTIN)]), 1
        )

    def test_incomplete_proposal_is_not_handed_in(self):
        proposal = self._propose(submit=False, name=False, categ_id=False)
        self.assertEqual(proposal.missing, "name, category")
        with self.assertRaisesRegex(MarketplaceError, "name, category"):
            proposal.action_submit()

    def test_category_without_taxes_stops_the_confirmation(self):
        self.parent_category.marketplace_tax_ids = False
        self.company.account_sale_tax_id = False
        with self.assertRaisesRegex(MarketplaceError, "no sale taxes"):
            self._propose().action_confirm()

    def test_product_that_exists_by_now_gets_the_offer(self):
        proposal = self._propose()
        product = self._create_product(barcode=GTIN)
        proposal.action_confirm()
        self.assertEqual(proposal.offer_ids.offer_id.product_id, product)
        self.assertEqual(product.name, "Old name")

    def test_same_product_of_another_vendor_is_confirmed_with_it(self):
        mine, twin = self._propose(), self._propose(self.other, name="Cahier")
        mine.action_confirm()
        self.assertEqual(twin.state, "confirmed")
        self.assertEqual(twin.product_id, mine.product_id)
        self.assertEqual(mine.product_id.name, "Notebook")
        self.assertEqual(twin.offer_ids.offer_id.vendor_id, self.other)

    def test_offer_that_cannot_be_made_says_why(self):
        proposal = self._propose()
        self._create_offer(self.vendor, 3.0, sku=f"N-{GTIN}")
        proposal.action_confirm()
        self.assertFalse(proposal.offer_ids.offer_id)
        self.assertIn("already", proposal.offer_ids.problem)

    # -- changes --------------------------------------------------------------------

    def test_product_changes_only_when_confirmed_and_only_what_was_changed(self):
        product = self._create_product()
        proposal = self.proposals.create(
            {
                "vendor_id": self.vendor.id,
                "product_id": product.id,
                "name": "New name",
                "value_ids": [(6, 0, self.blue.ids)],
            }
        )
        self.assertEqual(proposal.kind, "change")
        self.assertEqual(proposal.description, "Old words")
        proposal.action_submit()
        self.assertEqual(product.name, "Old name")
        # The operator corrects another field meanwhile: that stays.
        product.description_sale = "Operator's words"
        for part in ("Old name", "New name", "Blue"):
            self.assertIn(part, proposal.diff)
        self.assertNotIn("words", proposal.diff)
        proposal.action_confirm()
        self.assertRecordValues(
            product, [{"name": "New name", "description_sale": "Operator's words"}]
        )
        self.assertEqual(product.attribute_line_ids.value_ids, self.blue)
        self.assertIn("Old name", proposal.diff)

    def test_change_of_a_product_without_category_needs_none(self):
        product = self._create_product(categ_id=False)
        vals = {"vendor_id": self.vendor.id, "name": "New name"}
        proposal = self.proposals.create({**vals, "product_id": product.id})
        proposal.action_submit()
        proposal.action_confirm()
        self.assertEqual(product.name, "New name")
        filed = self.proposals.create(
            {**vals, "product_id": self._create_product(barcode=False).id}
        )
        filed.categ_id = False
        self.assertEqual(filed.missing, "category")

    def test_change_of_nothing_is_refused(self):
        proposal = self.proposals.create(
            {"vendor_id": self.vendor.id, "product_id": self._create_product().id}
        )
        proposal.action_submit()
        with self.assertRaisesRegex(MarketplaceError, "changes nothing"):
            proposal.action_confirm()

    def test_decided_proposal_is_not_changed(self):
        proposal = self._propose()
        proposal._review("decline", "No paper")
        with self.assertRaisesRegex(MarketplaceError, "new proposal"):
            proposal.name = "Other"
        with self.assertRaises(MarketplaceError):
            proposal.unlink()

    def test_text_of_the_vendor_is_escaped_in_the_diff(self):
        proposal = self._propose(name="<script>alert(1)</script>")
        self.assertNotIn("<script>", proposal.diff)

    # -- decisions ------------------------------------------------------------------

    def test_changes_are_asked_with_a_reason_and_handed_in_again(self):
        proposal = self._propose()
        with self.assertRaisesRegex(MarketplaceError, "reason"):
            proposal._review("changes", " ")
        proposal._review("changes", "Photo missing")
        self.assertEqual(
            (proposal.state, proposal.reason), ("changes_requested", "Photo missing")
        )
        proposal.name = "Notebook with photo"
        proposal.action_submit()
        proposal.action_confirm()
        self.assertEqual(proposal.product_id.name, "Notebook with photo")

    def test_vendor_is_mailed_once_in_his_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.vendor.lang = "fr_FR"
        template = self.env.ref("marketplace_base.mail_template_catalogue_review")
        template.with_context(lang="fr_FR").subject = "Vos produits"
        two = self._propose() | self._propose(gtin="73513537", name="Ruler")
        with RecordCapturer(self.env["mail.mail"]) as mails:
            two._review("decline", "We sell no paper")
        self.assertEqual(mails.records.subject, "Vos produits")
        self.assertEqual(mails.records.recipient_ids, self.vendor)
        for part in ("Notebook", "Ruler", "We sell no paper"):
            self.assertIn(part, mails.records.body_html)

    def test_who_may_decide(self):
        viewer = new_test_user(
            self.env, "mkp_proposal_viewer", groups="marketplace_base.group_viewer"
        )
        proposal = self._propose()
        for user in (viewer, self.vendor.user_ids):
            with self.assertRaises(AccessError):
                proposal.with_user(user).action_confirm()
        self.assertEqual(proposal.state, "submitted")

    # -- bulk -----------------------------------------------------------------------

    def _wizard(self, records, decision, reason=None):
        wizard = (
            self.env["marketplace.catalogue.review"]
            .with_user(self.clerk)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create({"decision": decision, "reason": reason})
        )
        wizard.action_apply()
        return wizard

    def _propose_many(self, count, offset):
        proposals = self.proposals.create(
            [
                {
                    "vendor_id": self.vendor.id,
                    "name": f"Bulk {number}",
                    "categ_id": self.category.id,
                    "offer_ids": [(0, 0, {"vendor_sku": f"BULK-{number}", "price": 1})],
                }
                for number in range(offset, offset + count)
            ]
        )
        proposals.action_submit()
        return proposals

    def test_result_is_told_per_record(self):
        good, bad = self._propose(), self._propose(gtin="73513537", name="Ruler")
        bad._review("decline", "No rulers")
        wizard = self._wizard(good | bad, "confirm")
        self.assertEqual(wizard.done_count, 1)
        self.assertEqual(
            [(line.name, line.is_refused) for line in wizard.line_ids.sorted("id")],
            [(good.display_name, False), (bad.display_name, True)],
        )
        self.assertIn("Declined", wizard.line_ids[0].problem)
        self.assertEqual(good.state, "confirmed")

    def _count_review(self, proposals, decision, reason=None):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        wizard = self._wizard(proposals, decision, reason)
        self.env.flush_all()
        self.assertEqual(wizard.done_count, len(proposals))
        return self.env.cr.sql_log_count - before

    def test_queries_of_a_refusal_do_not_grow(self):
        self._count_review(self._propose_many(1, 1000), "decline", "No")
        few = self._count_review(self._propose_many(5, 2000), "decline", "No")
        many = self._count_review(self._propose_many(60, 3000), "decline", "No")
        self.assertLessEqual(many, few + 5)

    def _count_product_creation(self, count):
        """Return the queries of Odoo's own creation of products, three for each."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.env["product.template"].create(
            [
                {
                    "name": f"Plain {number}",
                    "is_storable": True,
                    "categ_id": self.category.id,
                }
                for number in range(count)
            ]
        )
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_five_hundred_are_confirmed_in_one_action(self):
        """No query per record but those that Odoo itself does for a product."""
        self._count_review(self._propose_many(1, 1000), "confirm")
        few = self._count_review(self._propose_many(10, 2000), "confirm")
        plain = self._count_product_creation(500) - self._count_product_creation(10)
        proposals = self._propose_many(500, 3000)
        many = self._count_review(proposals, "confirm")
        # The rest is a read per chunk of records, and there are fifty times as many.
        self.assertLessEqual(many - few, plain + 30)
        self.assertEqual(len(proposals.product_id), 500)
        self.assertEqual(len(proposals.offer_ids.offer_id), 500)

    def test_offers_are_refused_and_approved_with_one_reason(self):
        offers = self.env["marketplace.offer"].union(
            *(self._create_offer(self.vendor, 5.0) for _number in range(3))
        )
        with self.assertRaisesRegex(MarketplaceError, "Say why"):
            offers._review("decline")
        with RecordCapturer(self.env["mail.mail"]) as mails:
            wizard = self._wizard(offers, "decline", "Forbidden goods")
        self.assertEqual(wizard.done_count, 3)
        self.assertEqual(len(mails.records), 1)
        self.assertEqual(set(offers.mapped("inactive_reason")), {"product_refused"})
        self.assertEqual(set(offers.mapped("refusal_reason")), {"Forbidden goods"})
        again = self._wizard(offers, "decline", "Forbidden goods")
        self.assertEqual(again.done_count, 0)
        self._wizard(offers, "confirm")
        self.assertTrue(all(offers.mapped("is_sellable")))
        with self.assertRaisesRegex(MarketplaceError, "approve or refuse"):
            self._wizard(offers, "changes", "Why")
