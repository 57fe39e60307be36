"""A storefront of its own per test class, on the Medusa shop of the run."""

import os
import sys
import time
import uuid
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from odoo.fields import Command

from odoo.addons.marketplace_base.tests.common import MarketplaceCommon

from ..conformance.medusa_driver import grow_old
from .old_refund import OldRefundCase

SHOP_FOLDER = Path(__file__).parents[2] / "storefronts" / "medusa"
if str(SHOP_FOLDER) not in sys.path:
    sys.path.append(str(SHOP_FOLDER))

import shopper  # noqa: E402

WEBHOOK_SECONDS = 30
# What an import may create; counted before and after a repeated one.
COUNTED = [
    "account.move",
    "marketplace.binding",
    "marketplace.commission.line",
    "marketplace.ledger.line",
    "marketplace.order",
    "marketplace.payment",
    "marketplace.refund",
    "marketplace.shipment",
    "res.partner",
    "sale.order",
    "sale.order.line",
]


def cents(amount):
    number = Decimal(str(amount)) * 100
    return int(number.to_integral_value(ROUND_HALF_UP))


class MedusaCase(MarketplaceCommon):
    """Two vendors with offers of one product and of their own, pushed to the shop."""

    adapter = None
    groups = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shop_url = os.environ[f"MKP_{cls.adapter.upper()}_URL"]
        cls.run_key = uuid.uuid4().hex[:6]
        cls.company.country_id = cls.france
        cls.tax20 = cls.company._marketplace_tax(20.0)
        cls.staff = shopper.Operator(cls.shop_url, cls.groups)
        cls.customer = shopper.Shopper(cls.shop_url, cls.staff.publishable_key())
        cls.storefront = cls._create_storefront()
        cls.vendors = [
            cls._create_vendor(f"{name} {cls.run_key}") for name in ("Ardoise", "Bois")
        ]
        ardoise, bois = cls.vendors
        cls.mug = cls._create_offer(ardoise, 19.99, sku=f"MUG-{cls.run_key}")
        cls.mug_bois = cls._create_offer(
            bois, 21.50, sku=f"MUGB-{cls.run_key}", product=cls.mug.product_id
        )
        cls.book = cls._create_offer(
            bois, 12.00, tax_rate=5.5, sku=f"BOOK-{cls.run_key}"
        )
        cls.offers = cls.mug | cls.mug_bois | cls.book
        cls.storefront.action_test_connection()
        cls.first_push = cls.storefront._push_catalogue()

    @classmethod
    def _access(cls):
        return {"username": shopper.EMAIL, "password": shopper.PASSWORD}

    @classmethod
    def _create_storefront(cls):
        parcel = {"name": "Parcel", "amount": 4.90, "tax_id": cls.tax20.id}
        return cls.env["marketplace.storefront"].create(
            {
                "name": f"Shop {cls.run_key}",
                "code": f"shop-{cls.run_key}",
                "adapter": cls.adapter,
                "url": cls.shop_url,
                "webhook_secret": os.environ.get(f"MKP_{cls.adapter.upper()}_SECRET"),
                "shipping_ids": [Command.create(parcel)],
                **cls._access(),
            }
        )

    def _buy(self, quantities, capture=True, **options):
        placed = self.customer.order(
            {offer.vendor_sku: pieces for offer, pieces in quantities.items()},
            **options,
        )
        if capture:
            self.staff.capture(placed["id"])
        return placed

    def _synchronise(self):
        self.storefront._pull_orders()
        self.storefront._process_inbox()

    def _group(self, placed):
        return self.env["marketplace.order"].search(
            [
                ("channel", "=", self.storefront.code),
                ("external_ref", "=", placed["id"]),
            ]
        )

    def _import(self, placed):
        self._synchronise()
        return self._group(placed)

    def _counts(self):
        return {model: self.env[model].search_count([]) for model in COUNTED}

    def _parcels(self, placed):
        return [
            parcel
            for order in self.staff.orders(placed["id"])
            for parcel in order["fulfillments"]
        ]

    def _refunds(self, placed):
        return [
            refund
            for payment in self.staff.payments(placed["id"])
            for refund in payment["refunds"]
        ]


class MedusaFlow(OldRefundCase):
    """The whole way of an order; amounts to the cent."""

    def test_order_of_two_vendors_there_and_back(self):
        # The catalogue.
        self.assertEqual(self.first_push["refused"], {})
        self.assertEqual(self.first_push["sent"], len(self.vendors) + len(self.offers))
        self.assertEqual(self.storefront._push_catalogue(), {"sent": 0, "refused": {}})
        # The order: two vendors, each his own delivery.
        placed = self._buy({self.mug: 2, self.book: 1}, capture=False)
        group = self._import(placed)
        self.assertEqual(cents(placed["total"]), 2 * 1999 + 1200 + 2 * 490)
        self.assertEqual(self._minor(group.amount_charged), cents(placed["total"]))
        self.assertEqual(group.external_number, self.staff.number(placed["id"]))
        ardoise, bois = self.vendors
        shares = {
            order.vendor_id: sum(
                map(self._minor, order.order_line.mapped("amount_vendor"))
            )
            for order in group.sale_order_ids
        }
        self.assertEqual(shares, {ardoise: 3998 + 490, bois: 1200 + 490})
        self.assertNotEqual(group.payment_state, "paid")
        # The capture, which the order itself does not show.
        self.staff.capture(placed["id"])
        self._synchronise()
        self.assertEqual(group.payment_state, "paid")
        self.assertEqual(
            sum(map(self._minor, group.payment_ids.mapped("amount"))),
            cents(placed["total"]),
        )
        # One of two mugs leaves.
        order = group.sale_order_ids.filtered(lambda o: o.vendor_id == ardoise)
        line = order.order_line.filtered("offer_id")
        shipment = self.env["marketplace.shipment"]._create_for_order(
            order,
            quantities={line.id: 1},
            carrier_name="Colissimo",
            tracking_ref="6A123",
        )
        shipment.action_ship()
        self.storefront._send_outbox()
        (parcel,) = self._parcels(placed)
        self.assertEqual(shipment.external_ref, parcel["id"])
        self.assertTrue(parcel["shipped_at"])
        self.assertEqual([item["quantity"] for item in parcel["items"]], [1])
        self.assertEqual(
            [label["tracking_number"] for label in parcel["labels"]], ["6A123"]
        )
        # A mug is refunded from here, once; its echo is no second refund.
        refund = self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "reason_code": "defective",
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        )
        refund.action_apply()
        self.storefront._send_outbox()
        (shown,) = self._refunds(placed)
        self.assertEqual(cents(shown["amount"]), 1999)
        self.assertEqual(refund.external_ref, shown["id"])
        self._synchronise()
        self.assertEqual(group.refund_ids, refund)
        # The shop gives something back by itself.
        self.staff.refund(placed["id"], 5, "late")
        self._synchronise()
        seen = group.refund_ids - refund
        self.assertRecordValues(seen, [{"state": "done", "note": "late"}])
        self.assertEqual(self._minor(seen.amount), 500)
        self.assertTiedOut()
        # All of it read again makes nothing new.
        counts = self._counts()
        self.storefront.order_cursor = False
        self._synchronise()
        self.assertEqual(self._counts(), counts)

    def test_refund_of_an_old_order_is_found_at_night(self):
        dsn = os.environ[f"MKP_{self.adapter.upper()}_DSN"]
        placed = self._buy({self.mug: 1, self.book: 1})
        self.check_refund_of_old_order(
            self._import(placed),
            500,
            lambda: self.staff.refund(placed["id"], 5, "late"),
            lambda at: grow_old(dsn, self.staff.orders(placed["id"]), at),
            self._synchronise,
        )
        self.assertTiedOut()


class MedusaWebhook:
    """The shop itself calls."""

    def test_webhook_of_the_shop_brings_the_order(self):
        self.storefront.webhook_key = self.adapter
        placed = self._buy({self.mug: 1})
        self._wait_for_event(placed)
        self.storefront._process_inbox()
        self.assertEqual(
            self._minor(self._group(placed).amount_charged), cents(placed["total"])
        )

    def _wait_for_event(self, placed):
        domain = [
            ("storefront_id", "=", self.storefront.id),
            ("kind", "=", "event"),
            ("external_ref", "=", placed["id"]),
        ]
        end = time.monotonic() + WEBHOOK_SECONDS
        while time.monotonic() < end:
            # The shop has no cookie of this test, and may call only when this thread
            # lets go of the cursor.
            with self.allow_requests(all_requests=True):
                time.sleep(0.5)
            self.env.invalidate_all()
            if event := self.env["marketplace.inbox"].search(domain, limit=1):
                return event
        return self.fail("the shop did not call")
