from itertools import product

from odoo import fields
from odoo.tests import freeze_time, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutCommon


@tagged("post_install", "-at_install", "marketplace")
class TestFrozenLine(PayoutCommon):
    """R8: an incident keeps one line out of settlements, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offers = [cls._create_offer(cls.vendor, price) for price in (100.0, 50.0)]

    def _sale(self, date="2026-03-02", delivered="2026-03-05"):
        group = self._sell([(offer, 1) for offer in self.offers], date, delivered)
        return group.sale_order_ids.order_line.sorted("price_unit", reverse=True)

    def _freeze(self, line, **vals):
        return self.env["marketplace.incident"].create(
            {
                "sale_line_id": line.id,
                "reason_code": "not_received",
                "date": "2026-03-06",
                **vals,
            }
        )

    def test_the_payout_pays_only_the_other_line(self):
        """100.00 waits, 50.00 less commission is paid; 88.00 follows by itself."""
        frozen, _other = self._sale()
        incident = self._freeze(frozen)
        first = self._settle("2026-03-10", self.vendor)
        self.assertSettled(first, 0, 44, 44, 0)
        self.assertEqual(first.hold_ids.incident_id, incident)
        self.assertEqual(f"{first.amount_held:.2f}", "100.00")
        self.assertEqual(f"{incident.amount_frozen:.2f}", "100.00")
        run = self._pay(fields.Date.today(), self.vendor)
        self.assertEqual(f"{run.payout_ids.amount:.2f}", "44.00")
        self.assertBalances(self.vendor, due=100, in_payment=44)
        self.assertFalse(self._settle("2026-03-15", self.vendor), "still frozen")
        incident.action_release()
        second = self._settle("2026-03-20", self.vendor)
        self.assertSettled(second, 0, 88, 88, 0)
        self.assertFalse(second.hold_ids)
        self.assertBalances(self.vendor, due=88, in_payment=44)
        self.assertTiedOut()

    def test_a_refund_closes_the_incident(self):
        """A part is refunded: the rest is settled with the next run."""
        frozen, _other = self._sale()
        incident = self._freeze(frozen)
        self._settle("2026-03-10", self.vendor)
        refund = self.env["marketplace.refund"].browse(
            incident.action_refund()["res_id"]
        )
        refund.date = fields.Date.to_date("2026-03-12")
        refund.line_ids.write({"quantity": 0, "amount": 40})
        refund._apply()
        self.assertEqual(incident.state, "refunded")
        # 60.00 less 10 % and its VAT
        self.assertSettled(self._settle("2026-03-20", self.vendor), 0, 52.8, 52.8, 0)

    def test_delivered_while_frozen_it_waits_too(self):
        """What becomes due during the incident is frozen with the rest."""
        frozen, _other = self._sale(delivered=None)
        incident = self._freeze(frozen)
        self.assertEqual(f"{incident.amount_frozen:.2f}", "0.00")
        self._ship_and_deliver(frozen.order_id, date="2026-03-07")
        incident.invalidate_recordset()
        self.assertEqual(f"{incident.amount_frozen:.2f}", "100.00")
        self.assertSettled(self._settle("2026-03-10", self.vendor), 0, 44, 44, 0)

    def test_what_a_settlement_took_before_is_not_frozen(self):
        """The incident says so, and a cancelled settlement makes it frozen."""
        frozen, _other = self._sale()
        settlement = self._settle("2026-03-10", self.vendor)
        incident = self._freeze(frozen)
        self.assertEqual(f"{incident.amount_frozen:.2f}", "0.00")
        self.assertEqual(incident.settlement_id, settlement)
        settlement.with_user(self.accountant).action_cancel()
        incident.invalidate_recordset()
        self.assertEqual(f"{incident.amount_frozen:.2f}", "100.00")

    @freeze_time("2026-06-01 10:00:00")
    def test_nothing_is_lost_whatever_is_frozen_and_when(self):
        """Every way to freeze and release two lines: paid and held are what is due."""
        for frozen in product((False, True), repeat=2):
            for released_between in (False, True):
                with self.subTest(frozen=frozen, between=released_between):
                    savepoint = self.cr.savepoint()
                    self._freeze_and_release(frozen, released_between)
                    savepoint.close(rollback=True)
                    self.env.invalidate_all()

    def _freeze_and_release(self, frozen, released_between):
        lines = self._sale()
        incidents = self.env["marketplace.incident"]
        for line, freeze in zip(lines, frozen, strict=True):
            if freeze:
                incidents |= self._freeze(line)
        settlements = self._settle("2026-03-10", self.vendor)
        held = sum(self._minor(hold.amount) for hold in settlements.hold_ids)
        net = {100.0: 8800, 50.0: 4400}
        gross = [self._minor(line.amount_vendor) for line in lines]
        paid = sum(self._minor(s.amount_payout) for s in settlements)
        self.assertEqual(
            paid,
            sum(
                net[line.price_unit]
                for line, freeze in zip(lines, frozen, strict=True)
                if not freeze
            ),
        )
        if settlements:
            self.assertEqual(
                held,
                sum(g for g, freeze in zip(gross, frozen, strict=True) if freeze),
            )
        if released_between:
            incidents[:1].action_release()
            settlements |= self._settle("2026-03-20", self.vendor)
        incidents.filtered(lambda i: i.state == "open").action_release()
        settlements |= self._settle("2026-03-31", self.vendor)
        paid = sum(self._minor(s.amount_payout) for s in settlements)
        self.assertEqual(paid, 13200, "each line once, less its commission")
        self.assertEqual(
            self.Ledger._vendor_balances(self.vendor, self.company)[
                self.vendor.id, self.currency.id
            ]["due"],
            132.0,
        )

    def test_date_available_is_respected_with_the_withdrawal_window(self):
        """R13: delivered on the 5th, payable on the 19th and not on the 18th."""
        vendor = self._create_vendor(
            "Basalte", iban=None, withdrawal_applies=True, entitlement_delay_days=14
        )
        offer = self._create_offer(vendor, 100.0)
        with freeze_time("2026-03-18 10:00:00"):
            group = self._sell([(offer, 1)], "2026-03-02", "2026-03-05")
            self.assertFalse(self._settle("2026-03-18", vendor))
            with self.assertRaisesRegex(MarketplaceError, "03/19/2026"):
                group.sale_order_ids.marketplace_shipment_ids.action_entitle_now()
        with freeze_time("2026-03-19 10:00:00"):
            self.env["marketplace.shipment"].search(
                [("vendor_id", "=", vendor.id)]
            )._entitle(fields.Date.today())
            self.assertSettled(self._settle("2026-03-19", vendor), 0, 88, 88, 0)
