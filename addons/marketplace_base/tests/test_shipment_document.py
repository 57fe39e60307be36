import base64
import io

from PIL import Image

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon

DELIVERY = "marketplace_base.report_delivery_note"
RETURN = "marketplace_base.report_return_note"


@tagged("post_install", "-at_install", "marketplace")
class TestShipmentDocument(MarketplaceCommon, HttpCase):
    """Papers of a parcel are the vendor's, not the operator's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        logo = io.BytesIO()
        Image.new("RGB", (240, 80), "#884400").save(logo, "PNG")
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.vendor.write(
            {
                "vat": "FR40303265045",
                "company_registry": "30326504500017",
                "vendor_legal_form": "limited",
                "image_1920": base64.b64encode(logo.getvalue()),
            }
        )
        cls.other = cls._create_vendor("Brasserie Basalte")
        cls.offer = cls._create_offer(cls.vendor, 12.0, sku="AMANDE-1")
        cls.group = cls._import_order([(cls.offer, 3)])
        cls.order = cls.group.sale_order_ids
        cls.first = cls._ship(1)
        cls.second = cls._ship(2)

    @classmethod
    def _ship(cls, quantity):
        shipment = cls.env["marketplace.shipment"]._create_for_order(
            cls.order,
            {cls.order.order_line.id: quantity},
            carrier_name="Colissimo",
            tracking_ref="6A12345678",
        )
        shipment.action_ship()
        return shipment

    def _html(self, report, shipment):
        content, _type = self.env["ir.actions.report"]._render_qweb_html(
            report, shipment.ids
        )
        return content.decode()

    def test_delivery_note_carries_the_vendor(self):
        """Identity, logo and legal mentions of the seller; what is in the parcel."""
        page = self._html(DELIVERY, self.second)
        for text in (
            "Atelier Amande (Limited company)",
            "1 rue du Port, 13002 Marseille, France",
            "Registry 30326504500017",
            "VAT FR40303265045",
            "data:image/png;base64,",
            "Camille Martin",
            "3 rue des Lilas",
            "AMANDE-1",
            "2 of 2",
            "Colissimo",
            "6A12345678",
            self.second.name,
            self.order.name,
        ):
            self.assertIn(text, page)
        self.assertNotIn("12.0", page)  # no price: the parcel may be a present

    def test_private_vendor_shows_his_name_only(self):
        """Where a private person lives is on no delivery note."""
        self.vendor.vendor_kind = "private"
        self.assertEqual(self.vendor._vendor_legal_mentions(), ["Atelier Amande"])
        self.assertNotIn("rue du Port", self._html(DELIVERY, self.first))

    def test_documents_speak_the_customers_language(self):
        """Whoever prints them."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.first.line_ids.sale_line_id.offer_id.product_id.uom_id.with_context(
            lang="fr_FR"
        ).name = "Pièces"
        page = self._html(DELIVERY, self.first)
        self.assertIn('lang="fr-FR"', page)
        self.assertIn("Pièces", page)

    def test_return_note_goes_to_the_returns_address(self):
        """Of the vendor, or to himself when he gave none."""
        self.assertIn("1 rue du Port", self._html(RETURN, self.first))
        self.vendor.returns_address_id = self.env["res.partner"].create(
            {
                "name": "Retours Amande",
                "parent_id": self.vendor.id,
                "type": "other",
                "street": "99 quai du Retour",
            }
        )
        page = self._html(RETURN, self.first)
        self.assertIn("99 quai du Retour", page)
        self.assertIn("Retours Amande", page)
        self.assertIn("Reason", page)

    def test_nothing_to_return_before_it_left(self):
        order = self._import_order([(self.offer, 1)]).sale_order_ids
        draft = self.env["marketplace.shipment"]._create_for_order(order)
        with self.assertRaisesRegex(MarketplaceError, f"{draft.name} has not left"):
            draft._render_document("return")
        draft.action_cancel()
        with self.assertRaisesRegex(MarketplaceError, "nothing to print"):
            draft._render_document("delivery")

    def test_vendor_prints_from_the_portal(self):
        """A file of one page, of his own parcels only."""
        login = self.vendor.user_ids.login
        self.authenticate(login, login)
        page = self.url_open(f"/my/marketplace/orders/{self.order.id}").text
        for kind in ("delivery-note", "return-note"):
            path = f"/my/marketplace/parcels/{self.first.id}/{kind}"
            self.assertIn(path, page)
            response = self.url_open(path)
            self.assertEqual(response.headers["Content-Type"], "application/pdf")
            self.assertIn(".pdf", response.headers["Content-Disposition"])
            reader = PdfFileReader(io.BytesIO(response.content))
            self.assertEqual(len(reader.pages), 1)
        login = self.other.user_ids.login
        self.authenticate(login, login)
        response = self.url_open(path)
        self.assertEqual(response.status_code, 404)

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_order_desk_prints_many_at_once(self):
        """One document per parcel, in one file; a stranger prints none."""
        desk = new_test_user(
            self.env, "paper_desk", groups="marketplace_base.group_order_desk"
        )
        both = self.first | self.second
        content = both.with_user(desk)._render_document("delivery")
        self.assertEqual(len(PdfFileReader(io.BytesIO(content)).pages), 2)
        stranger = new_test_user(self.env, "paper_none", groups="base.group_user")
        with self.assertRaises(AccessError):
            both.with_user(stranger)._render_document("delivery")
