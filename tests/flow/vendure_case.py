"""A storefront of its own per test class, on the real Vendure of the run."""

import os
import sys
import uuid
from pathlib import Path
from unittest.mock import patch

from odoo.fields import Command

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon
from odoo.addons.marketplace_connector.adapters.vendure.transport import Transport

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "vendure"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

from shopper import Operator, Shopper  # noqa: E402

# What an import may create; counted before and after a repeated one.
COUNTED = [
    "account.move",
    "marketplace.binding",
    "marketplace.commission.line",
    "marketplace.inbox",
    "marketplace.ledger.line",
    "marketplace.offer",
    "marketplace.order",
    "marketplace.outbox",
    "marketplace.payment",
    "marketplace.refund",
    "marketplace.shipment",
    "res.partner",
    "sale.order",
    "sale.order.line",
]


class VendureCase(MarketplaceCommon):
    """Three vendors, four offers, pushed to the shop; two of them sell one product."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop_url = os.environ["MKP_VENDURE_URL"]
        cls.run_key = uuid.uuid4().hex[:6]
        cls.company.country_id = cls.france
        cls.tax20 = cls.company._marketplace_tax(20.0)
        cls.storefront = cls._create_storefront()
        cls.vendors = [cls._create_vendor(name) for name in ("Ardoise", "Bois", "Cire")]
        ardoise, bois, cire = cls.vendors
        cls.mug = cls._create_offer(ardoise, 19.99, sku=cls._sku("MUG"))
        cls.mug_bois = cls._create_offer(
            bois, 21.50, sku=cls._sku("MUG-B"), product=cls.mug.product_id
        )
        cls.book = cls._create_offer(bois, 12.00, tax_rate=5.5, sku=cls._sku("BOOK"))
        cls.candle = cls._create_offer(cire, 7.49, sku=cls._sku("CANDLE"))
        cls.offers = cls.mug | cls.mug_bois | cls.book | cls.candle
        cls.storefront.action_test_connection()
        cls.first_push = cls.storefront._push_catalogue()
        cls.operator = Operator(cls.shop_url)

    @classmethod
    def _sku(cls, name):
        return f"{name}-{cls.run_key}"

    @classmethod
    def _create_storefront(cls, **vals):
        return cls.env["marketplace.storefront"].create(
            {
                "name": f"Shop {cls.run_key}",
                "code": f"shop-{cls.run_key}",
                "url": cls.shop_url,
                "username": "operator",
                "password": "operator-pass",
                "webhook_secret": os.environ.get("MKP_VENDURE_SECRET"),
                "shipping_ids": [
                    Command.create(
                        {
                            "name": "Parcel",
                            "amount": 4.90,
                            "tax_id": cls.tax20.id,
                        }
                    ),
                    Command.create(
                        {
                            "name": "Relay point",
                            "amount": 5.90,
                            "tax_id": cls.tax20.id,
                            "is_shared": True,
                        }
                    ),
                ],
                **vals,
            }
        )

    @classmethod
    def _shared_delivery(cls):
        shipping = cls.storefront.shipping_ids.filtered("is_shared")
        return f"delivery-{shipping.id}"

    @classmethod
    def _coupon(cls, **discount):
        code = f"C{cls._next()}-{cls.run_key}".upper()
        cls.operator.create_coupon(code, **discount)
        return code

    def _create_pushed_offer(self, vendor, price, **vals):
        """Return an offer of this test alone: the shop forgets nothing afterwards."""
        offer = self._create_offer(
            vendor, price, sku=self._sku(f"T{self._next()}"), **vals
        )
        self.storefront._send_outbox()
        return offer

    def _catalogue(self):
        return Shopper(self.shop_url).catalogue()

    def _buy(self, quantities, **options):
        """Buy as a shopper: {offer: pieces}; return the shop's answer."""
        return Shopper(self.shop_url).order(
            {offer.vendor_sku: pieces for offer, pieces in quantities.items()},
            **options,
        )

    def _synchronise(self):
        self.storefront._pull_orders()
        self.storefront._process_inbox()

    def _import(self, placed):
        """Pull and import; return the order group of one of the shop's orders."""
        self._synchronise()
        return self._group(placed)

    def _group(self, placed):
        return self.env["marketplace.order"].search(
            [
                ("channel", "=", self.storefront.code),
                ("external_ref", "=", placed["id"]),
            ]
        )

    def _message(self, placed):
        return self.env["marketplace.inbox"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("external_ref", "=", placed["id"]),
                ("kind", "=", "order"),
            ],
            limit=1,
        )

    def _counts(self):
        return {model: self.env[model].search_count([]) for model in COUNTED}

    def _spy_writes(self):
        """Count the writes to the shop; logins and readings are none."""
        return patch.object(
            Transport, "mutate", autospec=True, side_effect=Transport.mutate
        )
