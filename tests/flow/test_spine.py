"""One purchase from the shop to the vendors' bank file, step by step.

Real parts at every joint: the shop is the running Vendure, the vendor ships with a POST
of his portal page, the transfer file is the one a bank would get.

The figures, in euro. Goods 2 × 19.99, 12.00 and 7.49; a coupon of 10 % that the vendors
pay; one delivery of 5.90 that they share by their discounted goods.

            goods   coupon    net   delivery   credit   commission    VAT      due
  Ardoise   39.98    -4.00   35.98      3.97    39.95         3.60   0.72    35.63
  Bois      12.00    -1.20   10.80      1.19    11.99         1.08   0.22    10.69
  Cire       7.49    -0.75    6.74      0.74     7.48         0.67   0.13     6.68
            59.47    -5.95   53.52      5.90    59.42         5.35   1.07    53.00
"""

from datetime import timedelta
from pathlib import Path

import sepaxml
from lxml import etree, html

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import Request
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.marketplace_payout.tests.common import PayoutCommon

from .vendure_case import VendureCase

CREDITS = {"Ardoise": "39.95", "Bois": "11.99", "Cire": "7.48"}
COMMISSIONS = {"Ardoise": "3.60", "Bois": "1.08", "Cire": "0.67"}
INVOICES = {"Ardoise": "4.32", "Bois": "1.30", "Cire": "0.80"}
PAYOUTS = {"Ardoise": "35.63", "Bois": "10.69", "Cire": "6.68"}
PAIN = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestSpine(VendureCase, PayoutCommon, HttpCase):
    def test_from_the_shop_to_the_bank_file(self):
        """Every step of the main job, each asserted to the cent on both sides."""
        self.today = fields.Date.today()
        placed, group = self._buy_and_import()
        self._check_capture(group)
        self._check_commission(group)
        self._ship_in_the_portal(placed, group)
        self._deliver(group)
        settlements = self._check_settlement()
        self._check_payout(settlements)
        self._check_statement(settlements)
        self._check_vendor_records(settlements)
        self._refund_in_the_shop(placed, group)
        self._check_next_settlement()

    def _by_vendor(self, records, amount):
        return {record.vendor_id.name: f"{record[amount]:.2f}" for record in records}

    # -- 2, 3: catalogue and order --------------------------------------------------

    def _buy_and_import(self):
        coupon = self._coupon(percent=10)
        self.storefront.discount_ids = [
            fields.Command.create({"code": coupon, "funder": "vendor"})
        ]
        placed = self._buy(
            {self.mug: 2, self.book: 1, self.candle: 1},
            coupon=coupon,
            shipping=[self._shared_delivery()],
        )
        group = self._import(placed)
        self.assertEqual(placed["totalWithTax"], 5942)
        self.assertEqual(self._minor(group.amount_charged), 5942)
        self.assertEqual(self._by_vendor(group.sale_order_ids, "amount_total"), CREDITS)
        self.assertEqual(
            self._goods_by_sku(group),
            {
                line["productVariant"]["sku"]: line["proratedLinePriceWithTax"]
                for line in self.operator.order(placed["id"])["lines"]
            },
        )
        counts = self._counts()
        self._synchronise()
        self.assertEqual(self.storefront._push_catalogue()["sent"], 0)
        self.assertEqual(self._counts(), counts, "the same again writes nothing")
        return placed, group

    def _goods_by_sku(self, group):
        goods = group.sale_order_ids.order_line.filtered(
            lambda line: line.marketplace_kind == "goods"
        )
        return {
            line.offer_id.vendor_sku: self._minor(line.amount_vendor) for line in goods
        }

    # -- 4, 5: ledger and commission ------------------------------------------------

    def _check_capture(self, group):
        captures = self.Ledger.search([("marketplace_order_id", "=", group.id)])
        self.assertEqual(set(captures.mapped("event")), {"capture"})
        self.assertMove(
            captures.move_id,
            [
                ("PSP_CLEARING", self.psp, 59.42, 0),
                *(
                    ("VENDOR_PENDING", order.vendor_id, 0, order.amount_total)
                    for order in group.sale_order_ids
                ),
            ],
        )
        self.assertTiedOut()

    def _check_commission(self, group):
        lines = self.Line.search([("marketplace_order_id", "=", group.id)])
        self.assertEqual(self._by_vendor(lines, "amount"), COMMISSIONS)
        self.assertTrue(all(lines.mapped("trace")))

    # -- 6: shipment ----------------------------------------------------------------

    def _ship_in_the_portal(self, placed, group):
        for rank, order in enumerate(group.sale_order_ids):
            login = order.vendor_id.user_ids.login
            self.authenticate(login, login)
            line = order.order_line.filtered("offer_id")
            response = self.url_open(
                f"/my/marketplace/orders/{order.id}/ship",
                data={
                    "csrf_token": Request.csrf_token(self),
                    "carrier_name": "Colissimo",
                    "tracking_ref": f"6A{rank}-{self.run_key}",
                    f"quantity_{line.id}": f"{line.product_uom_qty:g}",
                },
            )
            self.assertEqual(response.status_code, 200)
            self.assertEqual(order.marketplace_shipping_state, "shipped")
        self.env.invalidate_all()
        self.storefront._send_outbox()
        parcels = self.operator.order(placed["id"])["fulfillments"]
        self.assertEqual(
            sorted((parcel["state"], parcel["trackingCode"]) for parcel in parcels),
            [("Shipped", f"6A{rank}-{self.run_key}") for rank in range(3)],
        )

    def _deliver(self, group):
        group.sale_order_ids.marketplace_shipment_ids.action_deliver()
        for order in group.sale_order_ids:
            self.assertBalances(order.vendor_id, due=order.amount_total)
        self.assertTiedOut()

    # -- 7: settlement and payout ---------------------------------------------------

    def _check_settlement(self):
        settlements = self._settle(self.today)
        self.assertEqual(self._by_vendor(settlements, "amount_payout"), PAYOUTS)
        invoices = settlements.invoice_ids
        self.assertEqual(
            {move.partner_id.name: f"{move.amount_total:.2f}" for move in invoices},
            INVOICES,
        )
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})
        counts = self._counts()
        self.assertFalse(self._settle(self.today), "settled already")
        self.assertEqual(self._counts(), counts)
        return settlements

    def _check_payout(self, settlements):
        run = self._prepare_run(self.today)
        run.with_user(self.preparer).action_check()
        with self.assertRaises(UserError), self.cr.savepoint():
            run.with_user(self.preparer).action_approve()
        run.with_user(self.approver).action_approve()
        run.with_user(self.preparer).action_send()
        document = etree.fromstring(run.file_id.raw)
        schema = Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"
        etree.XMLSchema(file=str(schema)).assertValid(document)
        self.assertEqual(
            {
                transfer.findtext(".//p:Cdtr/p:Nm", namespaces=PAIN): transfer.findtext(
                    ".//p:InstdAmt", namespaces=PAIN
                )
                for transfer in document.iterfind(".//p:CdtTrfTxInf", PAIN)
            },
            PAYOUTS,
        )
        entry = self.Ledger.search(
            [("settlement_id", "in", settlements.ids), ("event", "=", "payout")]
        ).move_id
        self.assertMove(
            entry,
            [
                item
                for settlement in settlements
                for item in (
                    ("VENDOR_DUE", settlement.vendor_id, settlement.amount_payout, 0),
                    (
                        "PAYOUT_TRANSIT",
                        settlement.vendor_id,
                        0,
                        settlement.amount_payout,
                    ),
                )
            ],
        )
        self.assertEqual(set(settlements.mapped("state")), {"closed"})
        self.assertTiedOut()

    def _check_statement(self, settlements):
        settlement = settlements.filtered(lambda s: s.vendor_id.name == "Ardoise")
        login = settlement.vendor_id.user_ids.login
        self.authenticate(login, login)
        url = f"/my/marketplace/statements/{settlement.id}"
        text = html.fromstring(self.url_open(url).content).text_content()
        for amount in ("39.95", "4.32", "35.63"):
            self.assertIn(amount, text)
        pdf = self.url_open(f"{url}/pdf")
        self.assertTrue(pdf.content.startswith(b"%PDF"))
        others = settlements - settlement
        for other in others:
            refused = self.url_open(f"/my/marketplace/statements/{other.id}")
            self.assertEqual(refused.status_code, 404)

    def _check_vendor_records(self, settlements):
        """The vendor finds the same numbers and amounts in the shop, once each."""
        self.storefront._send_outbox()
        for settlement in settlements:
            shown = self.operator.vendor_records(f"vendor-{settlement.vendor_id.id}")
            self.assertEqual(
                {row["number"]: (row["kind"], row["amount"]) for row in shown},
                {
                    settlement.name: (
                        "statement",
                        self._minor(settlement.amount_payout),
                    ),
                    settlement.invoice_ids.name: (
                        "invoice",
                        self._minor(settlement.invoice_ids.amount_total),
                    ),
                    settlement.payout_id.end_to_end_id: (
                        "payout",
                        self._minor(settlement.amount_payout),
                    ),
                },
            )
            (statement,) = [row for row in shown if row["kind"] == "statement"]
            self.assertTrue(
                statement["url"].endswith(f"/statements/{settlement.id}/pdf")
            )
        with self._spy_writes() as writes:
            settlements._tell_storefronts()
            self.storefront._send_outbox()
        self.assertFalse(writes.called, "told once")

    # -- 8: refund and the settlement after it --------------------------------------

    def _refund_in_the_shop(self, placed, group):
        """One mug comes back: 17.99, after its vendor was paid."""
        self.operator.refund(placed["id"], {self.mug.vendor_sku: 1}, "Chipped")
        self._synchronise()
        refund = group.refund_ids
        self.assertEqual(
            (refund.state, self._minor(refund.amount)),
            ("done", 1799),
        )
        self.assertMove(
            self.Ledger.search([("event", "=", "refund")])
            .filtered(lambda line: line.marketplace_order_id == group)
            .move_id,
            [
                ("VENDOR_DUE", self.mug.vendor_id, 17.99, 0),
                ("PSP_CLEARING", self.psp, 0, 17.99),
            ],
        )
        self.assertBalances(self.mug.vendor_id, due=-17.99, in_payment=35.63)
        counts = self._counts()
        self._synchronise()
        self.assertEqual(self._counts(), counts, "a refund is imported once")

    def _check_next_settlement(self):
        """The commission of one mug goes back at the frozen rate: 1.80 and its VAT."""
        later = self.today + timedelta(days=10)
        with freeze_time(later):
            settlement = self._settle(later)
        self.assertEqual(settlement.vendor_id, self.mug.vendor_id)
        self.assertEqual(settlement.invoice_ids.move_type, "out_refund")
        self.assertSettled(
            settlement, opening=0, movements=-15.83, payout=0, carried=-15.83
        )
        self.assertTiedOut()
