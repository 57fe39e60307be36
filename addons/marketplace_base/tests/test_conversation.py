import base64
import doctest

from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import new_test_user, tagged

from ..engine import contacts
from ..exceptions import MarketplaceError
from .portal_common import PortalCase

PDF = b"%PDF-1.4 invoice"
SECRET = "Write to camille@example.com or call 06 12 34 56 78."
MASKED = "Write to ••• or call •••."


@tagged("post_install", "-at_install", "marketplace")
class TestConversation(PortalCase):
    """Customers and vendors write to each other through the operator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.other = cls._create_vendor("Brasserie Basalte")
        cls.offer = cls._create_offer(cls.vendor, 12.0)
        cls.order = cls._import_order([(cls.offer, 3)]).sale_order_ids
        cls.url = f"/my/marketplace/orders/{cls.order.id}/messages"
        cls.company.email = "desk@operator.example.com"

    def setUp(self):
        super().setUp()
        self._login(self.vendor)
        self.env["mail.mail"].search([]).unlink()

    def _mails(self):
        return self.env["mail.mail"].search([])

    # -- masking --------------------------------------------------------------------

    def test_contacts_are_found_and_nothing_else(self):
        self.assertFalse(doctest.testmod(contacts).failed)
        for text, masked in (
            (SECRET, MASKED),
            ("jean.dupont [at] mail [dot] co.uk", "•••"),
            ("jean arobase mail point fr", "•••"),
            ("+49 30 901820 please", "••• please"),
            ("3 pieces, 45.90 EUR, order 2026-000123", None),
            ("EAN 4006381333931 arrived at home. Thanks", None),
        ):
            self.assertEqual(contacts.mask_contacts(text, "FR"), masked or text)

    # -- moderation -----------------------------------------------------------------

    def test_customer_s_contact_is_masked_for_the_vendor(self):
        """The operator keeps what was written; the vendor reads the masked text."""
        message = self.order._post_customer_message(SECRET, external_ref="M1")
        self.assertRecordValues(
            message,
            [
                {
                    "state": "published",
                    "body": SECRET,
                    "body_public": MASKED,
                    "has_contacts": True,
                    "author_kind": "customer",
                }
            ],
        )
        self.assertEqual(
            self.order._post_customer_message("again", external_ref="M1"), message
        )
        self.assertEqual(message.conversation_id.state, "to_answer")
        page = self._get(self.url)
        text = self._text(page, "o_marketplace_messages")
        self.assertIn("•••", text)
        self.assertNotIn("example.com", " ".join(page.itertext()))

    def test_each_moderation(self):
        for moderation, text, state, public in (
            ("none", SECRET, "published", SECRET),
            ("mask", SECRET, "published", MASKED),
            ("hold", SECRET, "to_review", MASKED),
            ("hold", "Hello", "published", "Hello"),
            ("all", "Hello", "to_review", "Hello"),
        ):
            with self.subTest(moderation=moderation, text=text):
                self.company.marketplace_message_moderation = moderation
                message = self.order._post_customer_message(text)
                self.assertEqual(message.state, state)
                self.assertEqual(message.body_public, public)

    def test_reviewed_message_reaches_its_reader_once(self):
        self.company.marketplace_message_moderation = "all"
        first = self.order._post_customer_message("Where is it?")
        second = self.order._post_customer_message("Rude words")
        conversation = first.conversation_id
        self.assertEqual(conversation.state, "to_review")
        self.assertFalse(conversation.is_unread_by_vendor)
        self.assertFalse(self._mails())
        self.assertNotIn(
            "Where", self._text(self._get(self.url), "o_marketplace_messages")
        )
        desk = new_test_user(
            self.env, "talk.desk", groups="marketplace_base.group_order_desk"
        )
        first.with_user(desk).body_public = "Where is my order?"
        first.with_user(desk).action_publish()
        first.with_user(desk).action_publish()
        second.with_user(desk).action_refuse()
        self.assertEqual(len(self._mails()), 1)
        self.assertEqual(first.reviewer_id, desk)
        self.assertTrue(conversation.is_unread_by_vendor)
        steps = self._text(self._get("/my/marketplace"), "o_marketplace_step")
        self.assertIn("order with a new message", steps)
        text = self._text(self._get(self.url), "o_marketplace_messages")
        self.assertIn("Where is my order?", text)
        self.assertNotIn("Rude", text)
        conversation.invalidate_recordset()
        self.assertFalse(conversation.is_unread_by_vendor)
        with self.assertRaises(MarketplaceError):
            second.action_publish()
        with self.assertRaises(MarketplaceError):
            first.with_user(desk).body_public = "Changed later"
        with self.assertRaises(UserError):
            first.with_user(desk).body = "Changed"
        with self.assertRaises(UserError):
            first.with_user(desk).write({"state": "refused"})

    # -- mail -----------------------------------------------------------------------

    def test_mails_hold_no_address_and_speak_the_reader_s_language(self):
        """From the company, back to the company; the other side is never named."""
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("marketplace_base.mail_template_message_vendor")
        template.with_context(
            lang="fr_FR"
        ).subject = "Nouveau message sur {{ object.sale_order_id.name }}"
        self.vendor.user_ids.partner_id.lang = "fr_FR"
        self.order._post_customer_message(SECRET)
        mail = self._mails()
        self.assertEqual(mail.recipient_ids, self.vendor.user_ids.partner_id)
        self.assertEqual(mail.subject, f"Nouveau message sur {self.order.name}")
        self.assertIn("desk@operator.example.com", mail.email_from)
        self.assertIn("desk@operator.example.com", mail.reply_to)
        self.assertNotIn("camille", mail.body_html)
        mail.unlink()
        conversation = self.order.conversation_ids
        conversation._post("vendor", "all", f"Call me: {self.vendor.email}")
        mail = self._mails()
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn("Call me: •••", mail.body_html)
        self.assertIn("Atelier Amande", mail.body_html)
        self.assertNotIn(self.vendor.email, f"{mail.body_html}{mail.reply_to}")
        self.assertEqual(conversation.state, "answered")

    # -- who reads and writes -------------------------------------------------------

    def test_vendor_writes_to_operator_or_customer(self):
        page = self._post(self.url, body="The colour is sold out", audience="operator")
        self.assertIn("is sent", " ".join(page.itertext()))
        message = self.order.conversation_ids.message_ids
        self.assertEqual(message.audience, "vendor")
        self.assertEqual(message.author_id, self.vendor.user_ids)
        self.assertEqual(message.conversation_id.state, "to_answer")
        self.assertFalse(self._mails(), "the operator reads his work list")
        self._post(self.url, body="On its way", audience="customer")
        self.assertEqual(self._mails().recipient_ids, self.customer)
        self._post(self.url, 422, body=" ")

    def test_operator_writes_to_one_side_only(self):
        desk = new_test_user(
            self.env, "talk.desk2", groups="marketplace_base.group_order_desk"
        )
        for audience in ("customer", "vendor"):
            action = self.order.with_user(desk).action_view_conversation()
            if action["res_model"] == "marketplace.conversation":
                action = self.order.conversation_ids.with_user(desk).action_reply()
            wizard = (
                self.env["marketplace.message.compose"]
                .with_user(desk)
                .with_context(**action["context"])
                .create(
                    {
                        "audience": audience,
                        "body": f"Only for the {audience}",
                        "file": base64.b64encode(PDF),
                        "file_name": "terms.pdf",
                    }
                )
            )
            wizard.action_send()
        text = self._text(self._get(self.url), "o_marketplace_messages")
        self.assertIn("Only for the vendor", text)
        self.assertNotIn("Only for the customer", text)
        hidden = self.order.conversation_ids.message_ids.filtered(
            lambda message: message.audience == "customer"
        )
        self._get(f"/my/marketplace/messages/{hidden.id}/files/1", 404)
        viewer = new_test_user(
            self.env, "talk.viewer", groups="marketplace_base.group_viewer"
        )
        self.company.marketplace_message_moderation = "all"
        waiting = self.order._post_customer_message("Where is it?")
        with self.assertRaises(AccessError):
            waiting.with_user(viewer).action_publish()

    def test_another_vendor_and_held_orders(self):
        message = self.order._post_customer_message("Hi", [("a.pdf", PDF)])
        file_url = f"/my/marketplace/messages/{message.id}/files/1"
        self._login(self.other)
        self._get(self.url, 404)
        self._get(file_url, 404)
        self._post(self.url, 404, body="x")
        self._login(self.vendor)
        self._get(self.url)
        self.order._marketplace_hold("fraud")
        self._get(self.url, 404)
        self._get(file_url, 404)

    # -- files ----------------------------------------------------------------------

    def _upload(self, content, name, status):
        response = self.url_open(
            self.url,
            data={"csrf_token": Request.csrf_token(self), "body": "See file"},
            files=[("files", (name, content))],
        )
        self.assertEqual(response.status_code, status)
        return response

    def test_files_are_limited_and_never_shown_inline(self):
        """The content decides: HTML or SVG with the name of a picture is refused."""
        self._upload(b"<html><script>alert(1)</script></html>", "a.pdf", 422)
        self._upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", 422)
        self._upload(PDF + b"x" * (10 * 1024 * 1024), "a.pdf", 422)
        self.assertFalse(self.order.conversation_ids)
        self._upload(PDF, "proof.html", 200)
        message = self.order.conversation_ids.message_ids
        response = self.url_open(f"/my/marketplace/messages/{message.id}/files/1")
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        for number in (0, 2):
            self._get(f"/my/marketplace/messages/{message.id}/files/{number}", 404)
        with self.assertRaisesRegex(MarketplaceError, "at most 5 files"):
            self.order._post_customer_message("x", [("a.pdf", PDF)] * 6)
        with self.assertRaisesRegex(MarketplaceError, "at most 5000"):
            self.order._post_customer_message("x" * 5001)

    def test_vendor_reaches_no_message_by_rpc(self):
        message = self.order._post_customer_message("Hi")
        as_vendor = message.with_user(self.vendor.user_ids)
        for records in (as_vendor, as_vendor.sudo(False).conversation_id):
            with self.assertRaises(AccessError):
                records.read(["display_name"])
