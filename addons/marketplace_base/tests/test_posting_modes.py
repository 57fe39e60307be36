from collections import Counter
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import freeze_time

from odoo.addons.base.models.ir_cron import IrCron

from ..const import EVENTS
from .common import MarketplaceCommon


@freeze_time("2026-03-31 12:00:00")
class TestPostingModes(MarketplaceCommon):
    """One story posted per event, and the same per day and vendor: the same books."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(
            patch.object(IrCron, "_commit_progress", return_value=10.0)
        )

    def _story(self, mode):
        """Live every event of the addon with own vendors, customer and provider."""
        self.company.marketplace_posting_mode = mode
        customer, psp = self.env["res.partner"].create(
            [{"name": f"Customer {mode}"}, {"name": f"Provider {mode}"}]
        )
        self.company.marketplace_psp_partner_id = psp
        vendors = [
            self._create_vendor(f"Alma {mode}", on_account_terms="guaranteed"),
            self._create_vendor(f"Bora {mode}", vat_debtor="operator"),
        ]
        offers = [
            self._create_offer(vendor, price)
            for vendor, price in zip(vendors, (60.0, 119.99), strict=True)
        ]
        options = {
            "shippings": [(5.0, None)],
            "discounts": [(9.0, "marketplace")],
            "date": "2026-03-02 10:00:00",
            "partner_id": customer.id,
            "partner_shipping_id": customer.id,
        }
        lines = [(offer, 2) for offer in offers]
        sold, lost, won, borne, regained, relieved = (
            self._import_order(lines, **options) for _n in range(6)
        )
        account = self._import_order(
            lines,
            **{**options, "captured": False},
            on_account=True,
            date_due="2026-04-30",
        )
        keeper = self._create_vendor(f"Cleo {mode}", cash_collector="vendor")
        kept = self._import_order(
            [(self._create_offer(keeper, 30.0), 1)],
            **{**options, "captured": False, "shippings": (), "discounts": ()},
            values={"cash_on_delivery": True},
        )
        groups = sold | lost | won | borne | regained | relieved | account | kept
        self._ship_and_deliver(groups, date="2026-03-05")
        first = sold.sale_order_ids[0].order_line.filtered(
            lambda line: line.marketplace_kind == "goods"
        )
        amendment = self.env["marketplace.order.amendment"].create(
            {
                "order_id": sold.id,
                "date": "2026-03-09",
                "reason": "One less",
                "line_ids": [
                    Command.create({"sale_line_id": first.id, "quantity_new": 1})
                ],
            }
        )
        amendment._apply()
        self.env["marketplace.refund"].create(
            {
                "order_id": sold.id,
                "date": "2026-03-10",
                "amount": 2.0,
                "borne_by": "operator",
            }
        )._apply()
        for group, ends, bearer in (
            (lost, ["action_lose"], "vendor"),
            (borne, ["action_lose"], "operator"),
            (won, ["action_win"], "vendor"),
            (regained, ["action_lose", "action_win"], "vendor"),
            (relieved, ["action_lose", "action_win"], "operator"),
        ):
            dispute = self.env["marketplace.dispute"].create(
                {
                    "payment_id": group.payment_ids.id,
                    "date": "2026-03-11",
                    "date_closed": "2026-03-20",
                    "date_recovered": "2026-03-24",
                    "amount_fee": 15.0,
                    "amount_fee_back": 5.0 if len(ends) > 1 else 0.0,
                    "borne_by": bearer,
                }
            )
            dispute.action_open()
            for end in ends:
                getattr(dispute, end)()
        self._collect(account)
        self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": psp.id,
                "reference": f"po_{mode}",
                "date": "2026-03-25",
                "amount_gross": 150.0,
                "amount_fee": 3.0,
            }
        ).action_post()
        self.Ledger._record(
            [
                {
                    "company_id": self.company.id,
                    "event": "psp_difference",
                    "event_key": f"psp_difference:{mode}",
                    "source_key": f"psp_difference:{mode}:1",
                    "role_debit": "PSP_FEES",
                    "role_credit": "PSP_CLEARING",
                    "amount": 0.5,
                    "currency_id": self.currency.id,
                    "date_event": "2026-03-26",
                    "counterparty_id": psp.id,
                }
            ]
        )
        self.Ledger._cron_post()
        self.Ledger._cron_letter()
        self.assertTiedOut()
        return self.Ledger.search(
            [
                "|",
                ("marketplace_order_id", "in", groups.ids),
                ("counterparty_id", "=", psp.id),
            ]
        )

    def _collect(self, group):
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": f"WIRE-{self._next()}",
                    "provider": "wire",
                    "state": "captured",
                    "amount_minor": self._minor(group.amount_payable),
                    "date": fields.Datetime.to_datetime("2026-03-24 10:00:00"),
                }
            ],
        )

    def _balances(self, lines, mode):
        """Return {(account, partner): minor units} of the entries of a story."""
        totals = Counter()
        for item in lines.move_id.line_ids:
            partner = (item.partner_id.name or "").removesuffix(f" {mode}")
            totals[item.account_id.code, partner] += self._minor(item.balance)
        return {key: total for key, total in totals.items() if total}

    def _taxes(self, lines):
        """Return {tags of the tax report: minor units} of the entries of a story."""
        by_tags = lines.move_id.line_ids.grouped("tax_tag_ids")
        return {
            tags: sum(map(self._minor, items.mapped("balance")))
            for tags, items in by_tags.items()
        }

    def _export(self, moves):
        """Return {account: minor units} of these entries in the statutory export."""
        wizard = self.env["l10n_fr.fec.export.wizard"].create(
            {
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
                "test_file": True,
                "export_type": "nonofficial",
            }
        )
        text = wizard.generate_fec()["file_content"].decode()
        header, *rows = [row.split("|") for row in text.split("\r\n")]
        names = set(moves.mapped("name"))
        totals = Counter()
        for row in rows:
            line = dict(zip(header, row, strict=True))
            if line["EcritureNum"] not in names:
                continue
            self.assertNotIn(line["PieceRef"], ("", "-"))
            for side, sign in (("Debit", 1), ("Credit", -1)):
                amount = float(line[side].strip().replace(",", "."))
                totals[line["CompteNum"]] += sign * self._minor(amount)
        return {account: total for account, total in totals.items() if total}

    def test_the_same_story_makes_the_same_books(self):
        """Balances, VAT, tie-out and statutory export agree; entries are fewer."""
        event, day = (self._story(mode) for mode in ("event", "day_vendor"))
        # every event of this addon is in it
        wanted = {code for code, _label in EVENTS}
        untold = {"collection_loss", "rounding", "shipping_funding"}
        told = set(event.mapped("event"))
        self.assertEqual(told & wanted, wanted - untold)
        self.assertEqual(Counter(event.mapped("event")), Counter(day.mapped("event")))
        self.assertTrue(all(line.is_posted for line in event | day))
        self.assertEqual(
            self._balances(event, "event"), self._balances(day, "day_vendor")
        )
        self.assertEqual(self._taxes(event), self._taxes(day))
        self.assertEqual(self._export(event.move_id), self._export(day.move_id))
        self.assertLess(len(day.move_id), len(event.move_id))
        # one entry per journal, day and vendor
        keys = {(line.move_id.journal_id, line.date, line.vendor_id) for line in day}
        self.assertEqual(len(day.move_id), len(keys))
