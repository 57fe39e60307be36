import csv
import io
import random
from datetime import date, timedelta

from lxml import html

from odoo.tests import freeze_time, tagged

from .common import PayoutCommon

HISTORIES = 40
CYCLES = 3
FIRST_DAY = date(2026, 3, 2)
TODAY = "2026-04-20 10:00:00"


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
@freeze_time(TODAY)
class TestStatementHistories(PayoutCommon):
    """Y17: whatever happened to a vendor, all that shows his statement agrees."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.random = random.Random(17)
        cls.vendors = cls.env["res.partner"]
        cls.offers = {}
        for number in range(HISTORIES):
            terms = cls.random.choice(
                (
                    {},
                    {"payout_minimum": 60},
                    {"reserve_kind": "rolling", "reserve_rate": 0.15},
                    {"reserve_kind": "fixed", "reserve_target": 40},
                )
            )
            vendor = cls._create_vendor(f"Vendor {number:02d}", **terms)
            cls.vendors |= vendor
            price = cls.random.randrange(101, 20_000) / 100
            cls.offers[vendor] = cls._create_offer(vendor, price)

    # -- histories ------------------------------------------------------------------

    def _live_a_cycle(self, first, sold):
        """Let sales, refunds and fees happen to the vendors in ten days."""
        payloads = []
        for vendor in self.vendors:
            for _sale in range(self.random.randrange(3)):
                day = first + timedelta(days=self.random.randrange(3))
                discounts = [(0.37, "vendor")] if self.random.random() < 0.3 else ()
                payloads.append(
                    self._prepare_payload(
                        [(self.offers[vendor], self.random.randrange(1, 4))],
                        date=f"{day} 10:00:00",
                        shippings=[(4.9, vendor)],
                        discounts=discounts,
                    )
                )
        to_ship, problems = self.env["marketplace.order"]._import_batch(payloads)
        self.assertFalse(problems)
        for vendor in self.vendors:
            if sold[vendor] and self.random.random() < 0.5:
                group = sold[vendor].pop()
                line = group.sale_order_ids.order_line.filtered(
                    lambda line: line.marketplace_kind == "goods"
                )
                # as much again as what was paid, or a part of it
                amount = None if self.random.random() < 0.5 else 1.13
                self._refund(
                    group, [(line, amount is None and 1 or 0, amount)], date=first
                )
            if self.random.random() < 0.3:
                self.env["marketplace.fee"].create(
                    {
                        "name": "Photos",
                        "kind": self.random.choice(("adjustment",)),
                        "vendor_id": vendor.id,
                        "amount": self.random.randrange(-2000, 9000) / 100,
                        "date": first,
                    }
                ).action_approve()
        self._ship_and_deliver(to_ship, date=str(first + timedelta(days=4)))
        for group in to_ship:
            sold[group.sale_order_ids.vendor_id].append(group)

    def _histories(self):
        """Return the settlements of all histories."""
        settlements = self.Settlement
        sold = {vendor: [] for vendor in self.vendors}
        for cycle in range(CYCLES):
            first = FIRST_DAY + timedelta(days=10 * cycle)
            self._live_a_cycle(first, sold)
            settled = self._settle(str(first + timedelta(days=8)), self.vendors)
            settlements |= settled
            if self.random.random() < 0.7 and settled.filtered("amount_payout"):
                day = first + timedelta(days=9)
                with freeze_time(f"{day} 10:00:00"):
                    self._pay(str(day), self.vendors)
        return settlements

    # -- what a statement shows -----------------------------------------------------

    def _figures(self, settlement):
        """Return the five figures of a settlement, in cents."""
        return [
            self._minor(amount)
            for amount in (
                settlement.amount_opening,
                settlement.amount_movements,
                settlement.amount_payout,
                settlement.amount_reserved,
                settlement.amount_carried,
            )
        ]

    def _cents(self, text):
        return round(float("".join(c for c in text if c.isdigit() or c in ".-")) * 100)

    def _assert_csv(self, settlement):
        opening, movements, payout, reserve, carried = self._figures(settlement)
        rows = list(
            csv.DictReader(io.StringIO(settlement._statement_csv().decode("utf-8-sig")))
        )
        amounts = [self._cents(row["Amount"]) for row in rows]
        balances = [self._cents(row["Balance"]) for row in rows]
        self.assertEqual(amounts[0], opening)
        self.assertEqual(sum(amounts), carried)
        self.assertEqual(balances[-1], carried)
        self.assertEqual(sum(amounts[1:]) + payout + reserve, movements)
        running = 0
        for amount, balance in zip(amounts, balances, strict=True):
            running += amount
            self.assertEqual(balance, running)

    def _assert_pdf(self, settlement):
        """Read the page that becomes the PDF."""
        opening, movements, payout, _reserve, carried = self._figures(settlement)
        page = html.fromstring(
            str(
                self.env["ir.qweb"]._render(
                    "marketplace_payout.report_settlement", {"docs": settlement}
                )
            )
        )
        table = page.xpath("//h2[contains(., 'Your account')]/following::table[1]")[0]
        amounts = [
            self._cents(cell.text_content())
            for cell in table.xpath("./tbody/tr/td[contains(@class, 'number')]")
        ]
        self.assertEqual(amounts[0], opening)
        self.assertEqual(sum(amounts[:-1]), amounts[-1])
        self.assertEqual(amounts[-1], payout + carried)

    def _assert_portal(self, settlement):
        """Read the rows of the vendor's page: same function, same figures."""
        opening, movements, payout, reserve, carried = self._figures(settlement)
        rows = [self._minor(row["amount"]) for row in settlement._statement_rows()]
        self.assertEqual(sum(rows), movements)
        self.assertEqual(opening + sum(rows), payout + reserve + carried)

    def test_forty_histories(self):
        settlements = self._histories()
        self.assertGreater(len(settlements), HISTORIES)
        for field in ("amount_payout", "amount_reserved"):
            self.assertTrue(settlements.filtered(field), field)
        self.assertTrue(settlements.filtered(lambda s: s.amount_carried < 0))
        self.assertTrue(settlements.filtered(lambda s: s.amount_carried > 0))
        for vendor, chain in (
            settlements.sorted("date_cutoff").grouped("vendor_id").items()
        ):
            carried = 0
            for settlement in chain:
                with self.subTest(settlement=settlement.name):
                    figures = self._figures(settlement)
                    taken_back = sum(
                        self._minor(unpaid.amount_payout)
                        for unpaid in settlement.netted_ids
                    )
                    self.assertEqual(figures[0], carried + taken_back)
                    self.assertEqual(sum(figures[:2]), sum(figures[2:]))
                    self._assert_csv(settlement)
                    self._assert_pdf(settlement)
                    self._assert_portal(settlement)
                carried = figures[4]
            self.assertFalse(chain[1:].filtered(lambda s: not s.previous_id), vendor)
        self.assertTiedOut()
        self.assertFalse(self.Settlement._untied(self.company))
