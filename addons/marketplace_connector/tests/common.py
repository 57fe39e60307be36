from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from unittest.mock import patch

from odoo.fields import Command

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

from ..adapters.vendure import VendureAdapter
from ..engine.contract import Document
from ..engine.idempotency import fingerprint

NOWHERE = "http://127.0.0.1:9"  # nothing listens there


class ConnectorCommon(MarketplaceCommon):
    """A storefront whose shop is closed, two vendors, and documents as Vendure writes.

    What needs a shop that answers is tested against the real one, in ``tests/flow``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax20 = cls.company._marketplace_tax(20.0)
        cls.storefront = cls.env["marketplace.storefront"].create(
            {
                "name": "Corner shop",
                "code": "corner",
                "url": NOWHERE,
                "username": "operator",
                "password": "secret",
                "webhook_key": "corner-hook",
                "webhook_secret": "hook-secret",
                "tax_ids": [
                    Command.create(
                        {"code": "VAT 20", "rate": 0.2, "tax_id": cls.tax20.id}
                    )
                ],
            }
        )
        cls.storefront._transition("connected")
        cls.vendors = [cls._create_vendor("Tuile"), cls._create_vendor("Lin")]
        cls.tile = cls._create_offer(cls.vendors[0], 20.0, sku="TILE")
        cls.linen = cls._create_offer(cls.vendors[1], 30.0, sku="LINEN")
        cls.Inbox = cls.env["marketplace.inbox"]
        cls.Outbox = cls.env["marketplace.outbox"]

    @classmethod
    def _line(cls, ref, offer, quantity=1, rate=20, tax="VAT 20", **values):
        """Return an order line of the shop, delivered by ``shipping-1``."""
        price = cls._minor(offer.price)
        amount = price * quantity
        return {
            "id": ref,
            "quantity": quantity,
            "orderPlacedQuantity": quantity,
            "shippingLineId": "shipping-1",
            "unitPrice": 0,
            "unitPriceWithTax": price,
            "linePrice": 0,
            "linePriceWithTax": amount,
            "proratedLinePrice": amount - amount * rate // (100 + rate),
            "proratedLinePriceWithTax": amount,
            "discounts": [],
            "taxLines": [{"description": tax, "taxRate": rate}],
            "productVariant": {
                "id": f"variant-{offer.id}",
                "sku": offer.vendor_sku,
                "name": offer.product_id.name,
            },
            **values,
        }

    @classmethod
    def _payload(cls, ref, lines, **values):
        """Return an order of the shop: lines, a delivery of 5.00, paid at once."""
        total = 500 + sum(line["proratedLinePriceWithTax"] for line in lines)
        return {
            "id": ref,
            "code": f"CODE{ref}",
            "type": "Aggregate",
            "state": "PaymentSettled",
            "pricesIncludeTax": True,
            "orderPlacedAt": "2026-03-02T09:30:00.000Z",
            "updatedAt": "2026-03-02T09:30:00.000Z",
            "currencyCode": cls.currency.name,
            "couponCodes": [],
            "total": 0,
            "totalWithTax": total,
            "customer": {
                "id": "customer-1",
                "emailAddress": "zoe@example.test",
                "firstName": "Zoé",
                "lastName": "Petit",
                "phoneNumber": None,
            },
            "shippingAddress": {
                "fullName": "Zoé Petit",
                "company": None,
                "streetLine1": "4 quai du Rhône",
                "streetLine2": None,
                "city": "Arles",
                "postalCode": "13200",
                "province": None,
                "countryCode": "FR",
                "phoneNumber": None,
            },
            "billingAddress": None,
            "promotions": [],
            "surcharges": [],
            "lines": lines,
            "shippingLines": [
                {
                    "id": "shipping-1",
                    "price": 417,
                    "priceWithTax": 500,
                    "discountedPrice": 417,
                    "discountedPriceWithTax": 500,
                    "discounts": [],
                    "taxLines": [{"description": "shipping tax", "taxRate": 20}],
                    "shippingMethod": {"id": "1", "code": "relay", "name": "Relay"},
                }
            ],
            "payments": [
                {
                    "id": f"payment-{ref}",
                    "method": "card",
                    "amount": total,
                    "state": "Settled",
                    "transactionId": "t-1",
                    "createdAt": "2026-03-02T09:31:00.000Z",
                    "refunds": [],
                }
            ],
            **values,
        }

    @classmethod
    def _document(cls, payload):
        return Document(
            kind="order",
            ref=payload["id"],
            number=payload["code"],
            payload=payload,
            digest=fingerprint(payload, ignore={"updatedAt"}),
        )

    @classmethod
    def _store(cls, *payloads):
        documents = [cls._document(payload) for payload in payloads]
        return cls.Inbox._store_documents(cls.storefront, documents, "poll")

    @classmethod
    def _import(cls, *payloads):
        """Store documents and process them; return their messages."""
        messages = cls._store(*payloads)
        cls.storefront._process_inbox()
        return messages

    @contextmanager
    def _told(self, **parts):
        """Have the shop tell what Vendure cannot: parts of every order that is read."""
        read = VendureAdapter.parse_order

        def parse_order(adapter, payload):
            return replace(read(adapter, payload), **parts)

        with patch.object(VendureAdapter, "parse_order", parse_order):
            yield

    @staticmethod
    def _rate(percent):
        return Decimal(percent) / 100

    @staticmethod
    def _replace(value, **parts):
        return replace(value, **parts)

    @classmethod
    def _with_quantity(cls, payload, ref, quantity):
        """Return an order of the shop after so many pieces of a line are left."""
        payload = deepcopy(payload)
        (line,) = [line for line in payload["lines"] if line["id"] == ref]
        rate = line["taxLines"][0]["taxRate"]
        amount = line["unitPriceWithTax"] * quantity
        payload["totalWithTax"] += amount - line["proratedLinePriceWithTax"]
        line.update(
            quantity=quantity,
            linePriceWithTax=amount,
            proratedLinePrice=amount - amount * rate // (100 + rate),
            proratedLinePriceWithTax=amount,
        )
        return payload

    @classmethod
    def _refunded(cls, payload, ref, amount, quantity=None):
        """Return an order of the shop after money of its payment was given back."""
        payload = deepcopy(payload)
        lines = [{"orderLineId": "11", "quantity": quantity}] if quantity else []
        payload["payments"][0]["refunds"].append(
            {
                "id": ref,
                "paymentId": payload["payments"][0]["id"],
                "state": "Settled",
                "reason": "",
                "createdAt": "2026-03-05T10:00:00.000Z",
                "total": amount,
                "shipping": 0,
                "lines": lines,
                "transactionId": f"psp-{ref}",
            }
        )
        return payload

    @classmethod
    def _now(cls):
        return datetime.now(UTC)
