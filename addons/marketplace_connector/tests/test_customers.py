from odoo.tests import tagged

from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestCustomers(ConnectorCommon):
    """Who is the same customer, and what becomes of it when contacts change here."""

    def _order_of(self, ref, customer="customer-1", email="zoe@example.test"):
        payload = self._payload(ref, [self._line(f"{ref}1", self.tile)])
        payload["customer"] = {
            **payload["customer"],
            "id": customer,
            "emailAddress": email,
        }
        message = self._import(payload)
        self.assertEqual(message.state, "done", message.reason)
        return message.order_id

    def test_email_proves_nothing_by_default(self):
        first, second = self._order_of("1"), self._order_of("2", "customer-2")
        self.assertNotEqual(first.partner_id, second.partner_id)

    def test_guests_of_one_address_are_one_customer_where_that_is_wanted(self):
        self.storefront.customer_match = "email"
        known = self.env["res.partner"].create(
            {"name": "Zoé", "email": "ZOE@example.test"}
        )
        guest, again = self._order_of("1", ""), self._order_of("2", "")
        account = self._order_of("3", "customer-3")
        self.assertEqual((guest | again | account).partner_id, known)
        self.assertEqual(
            self.env["marketplace.binding"]
            .search([("res_model", "=", "res.partner"), ("res_id", "=", known.id)])
            .mapped("external_id"),
            ["customer-3", "guest:zoe@example.test"],
        )

    def test_guests_are_strangers_otherwise(self):
        first, second = self._order_of("1", ""), self._order_of("2", "")
        self.assertNotEqual(first.partner_id, second.partner_id)

    def test_vendor_is_no_customer_by_his_address(self):
        self.storefront.customer_match = "email"
        self.vendors[0].email = "zoe@example.test"
        self.assertNotEqual(self._order_of("1", "").partner_id, self.vendors[0])

    def test_merged_customer_keeps_both_references(self):
        first, second = self._order_of("1"), self._order_of("2", "customer-2")
        kept, gone = first.partner_id, second.partner_id
        self.env["base.partner.merge.automatic.wizard"]._merge([kept.id, gone.id], kept)
        self.assertFalse(gone.exists())
        self.assertEqual(self._order_of("3", "customer-2").partner_id, kept)
        self.assertEqual(self._order_of("4", "customer-1").partner_id, kept)

    def test_deleted_customer_is_imported_anew(self):
        """A contact that nothing needs was deleted; its next order brings it back."""
        partner = self.env["res.partner"].create({"name": "Gone"})
        binding = self.env["marketplace.binding"]._bind(
            self.storefront, "customer", {"customer-9": partner}
        )
        partner.unlink()
        group = self._order_of("1", "customer-9")
        self.assertTrue(group.partner_id.exists())
        self.assertFalse(binding.exists())

    def test_deleted_order_is_imported_anew(self):
        payload = self._payload("1", [self._line("11", self.tile)])
        group = self.env["marketplace.order"].create(
            {
                "partner_id": self.vendors[0].id,
                "company_id": self.company.id,
                "currency_id": self.currency.id,
            }
        )
        self.env["marketplace.binding"]._bind(self.storefront, "order", {"1": group})
        group.unlink()
        message = self._import(payload)
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(message.order_id.external_ref, "1")
