from collections import Counter
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.base.models.ir_cron import IrCron

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon

# Tables that hold what the jobs of the ledger make.
GENERATED = (
    "sale.order",
    "sale.order.line",
    "marketplace.order",
    "marketplace.payment",
    "marketplace.shipment",
    "marketplace.refund",
    "marketplace.refund.line",
    "marketplace.dispute",
    "marketplace.ledger.line",
    "account.move",
    "account.move.line",
    "account.partial.reconcile",
    "account.full.reconcile",
    "mail.activity",
)


@tagged("post_install", "-at_install", "marketplace")
class TestLedgerControls(MarketplaceCommon):
    """What an auditor asks: sealed, complete, once, explained, and in its period."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b = (cls._create_vendor(name) for name in ("Alma", "Bora"))
        cls.offer_a = cls._create_offer(cls.a, 60.0)
        cls.offer_b = cls._create_offer(cls.b, 40.0)
        cls.accountant = new_test_user(
            cls.env,
            "control_accountant",
            groups="marketplace_base.group_accountant",
        )
        cls.Refund = cls.env["marketplace.refund"]
        cls.Health = cls.env["marketplace.health"]
        # A cron commits between batches, which a test transaction may not.
        cls.startClassPatcher(
            patch.object(IrCron, "_commit_progress", return_value=10.0)
        )

    def _line(self, group, offer):
        return group.sale_order_ids.order_line.filtered(lambda x: x.offer_id == offer)

    def _every_flow(self):
        """Run every event of the addon once, in March 2026; return the groups."""
        options = {
            "shippings": [(5.0, None)],
            "discounts": [(9.0, "marketplace")],
            "date": "2026-03-02",
        }
        lines = [(self.offer_a, 1), (self.offer_b, 1)]
        sold, early, lost, won = (
            self._import_order(lines, ref=f"FLOW-{n}", **options) for n in range(4)
        )
        self._refund(early, [(self._line(early, self.offer_a), 1, None)], "2026-03-03")
        self._ship_and_deliver(sold | lost | won, date="2026-03-05")
        self._refund(sold, [(self._line(sold, self.offer_b), 1, None)], "2026-03-09")
        goodwill = self.Refund.create(
            {
                "order_id": sold.id,
                "date": "2026-03-10",
                "amount": 2.0,
                "borne_by": "operator",
            }
        )
        goodwill._apply()
        for group, end in ((lost, "action_lose"), (won, "action_win")):
            dispute = self.env["marketplace.dispute"].create(
                {
                    "payment_id": group.payment_ids.id,
                    "date": "2026-03-11",
                    "date_closed": "2026-03-20",
                    "amount_fee": 15.0,
                }
            )
            dispute.action_open()
            getattr(dispute, end)()
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "psp_partner_id": self.psp.id,
                "reference": "po_flow",
                "date": "2026-03-25",
                "amount_gross": 150.0,
                "amount_fee": 3.0,
            }
        )
        settlement.action_post()
        self.Ledger._cron_letter()
        return sold | early | lost | won

    def _waiting_move(self):
        """Return the entry of the payment whose goods are not all delivered."""
        group = self.env["marketplace.order"].search([("external_ref", "=", "FLOW-1")])
        lines = group.ledger_line_ids.filtered(lambda line: line.event == "capture")
        return lines.move_id

    # -- A15 ------------------------------------------------------------------------

    def test_sealed_journals_stay_valid_through_every_flow(self):
        """A15: set-up seals our journals in France; no flow breaks the chain."""
        journals = (
            self.company.marketplace_journal_order_id
            | self.company.marketplace_journal_correction_id
        )
        self.assertTrue(all(journals.mapped("restrict_mode_hash_table")))
        groups = self._every_flow()
        moves = groups.ledger_line_ids.move_id
        self.assertTrue(all(moves.mapped("inalterable_hash")))
        self._check_seals(journals)
        with self.assertRaises(UserError):
            moves[0].button_draft()
        self.assertTiedOut()

    def _check_seals(self, journals):
        self.env.flush_all()
        company = self.company.with_user(self.accountant)
        results = company._check_hash_integrity()["results"]
        for journal in journals:
            own = [
                result["status"]
                for result in results
                if result["journal_name"].startswith(journal.name)
            ]
            self.assertEqual(set(own), {"verified"}, journal.name)

    # -- A16 ------------------------------------------------------------------------

    def _count(self):
        return {name: self.env[name].sudo().search_count([]) for name in GENERATED}

    def test_running_everything_again_creates_nothing(self):
        """A16: imports, jobs and buttons on the same input make no second record."""
        groups = self._every_flow()
        payload = self._prepare_payload(
            [(self.offer_a, 1), (self.offer_b, 1)], ref="FLOW-0"
        )
        refund = {
            "company_id": self.company.id,
            "channel": "test",
            "order_ref": "FLOW-0",
            "ref": "AGAIN-1",
            "date": fields.Date.to_date("2026-03-26"),
            "amount_minor": 100,
        }
        self.Refund._import_batch([refund])
        self.Health._cron_check()
        before = self._count()
        for _run in range(2):
            self.env["marketplace.order"]._import_batch([payload])
            self.Refund._import_batch([refund])
            groups.refund_ids._apply()
            shipments = groups.sale_order_ids.marketplace_shipment_ids
            shipments.action_deliver()
            shipments._cron_entitle()
            shipments._cron_auto_deliver()
            disputes = self.env["marketplace.dispute"].search([])
            disputes.filtered(lambda d: d.state == "won").action_win()
            disputes.filtered(lambda d: d.state == "lost").action_lose()
            self.env["marketplace.psp.settlement"].search([]).action_post()
            self.Ledger._cron_post()
            self.Ledger._cron_letter()
            self.Health._cron_check()
            self.company._marketplace_setup()
        self.assertEqual(self._count(), before)

    # -- A17 ------------------------------------------------------------------------

    def test_missing_mapping_stops_the_event_and_is_told_before(self):
        """A17: no default is taken; the set-up says what is missing."""
        self.assertEqual(self.company._marketplace_setup_problems(), [])
        roles = self.company.marketplace_role_ids
        roles.filtered(lambda role: role.code == "OPERATOR_COST").unlink()
        self.company.marketplace_journal_correction_id = False
        [no_account, no_journal] = self.company._marketplace_setup_problems()
        self.assertIn("Losses taken over", no_account)
        self.assertIn("Corrections Journal", no_journal)
        group = self._import_order([(self.offer_a, 1)])
        count = self.Ledger.search_count([])
        vals = {"order_id": group.id, "amount": 1.0, "borne_by": "operator"}
        with (
            self.assertRaisesRegex(MarketplaceError, "Losses taken over.*Map them"),
            self.cr.savepoint(),
        ):
            self.Refund.create([vals])._apply()
        dispute = self.env["marketplace.dispute"].create(
            {"payment_id": group.payment_ids.id}
        )
        with (
            self.assertRaisesRegex(MarketplaceError, "Corrections Journal"),
            self.cr.savepoint(),
        ):
            dispute.action_open()
        self.assertEqual(self.Ledger.search_count([]), count)
        self.assertEqual(dispute.state, "draft")
        settings = self.env["res.config.settings"].create({})
        self.company._marketplace_setup()
        self.assertEqual(self.company._marketplace_setup_problems(), [])
        self.assertEqual(
            settings.action_marketplace_setup()["tag"], "soft_reload", "nothing to say"
        )

    def test_set_up_tells_what_it_does_not_change(self):
        """A17: an account chosen by hand that cannot work is named, and stays."""
        roles = self.company.marketplace_role_ids.grouped("code")
        due = roles["VENDOR_DUE"].account_id
        roles["VENDOR_RESERVE"].account_id = due
        action = self.env["res.config.settings"].create({}).action_marketplace_setup()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("must not share account", action["params"]["message"])
        self.assertEqual(roles["VENDOR_RESERVE"].account_id, due)

    # -- A12 ------------------------------------------------------------------------

    def test_refund_of_a_sale_in_a_locked_period(self):
        """A12: it posts on the first open day, tied to its origin; nothing moves."""
        group = self._import_order([(self.offer_a, 1)], date="2026-01-20")
        self._ship_and_deliver(group, date="2026-01-25")
        origin = group.ledger_line_ids.filtered(lambda x: x.event == "capture")
        self.company.sudo().fiscalyear_lock_date = "2026-01-31"
        locked = self.env["account.move.line"].search(
            [("company_id", "=", self.company.id), ("date", "<=", "2026-01-31")]
        )
        before = locked.read(["balance", "account_id", "partner_id", "date"])
        refund = self._refund(
            group, [(self._line(group, self.offer_a), 1, None)], date="2026-01-30"
        )
        line = group.ledger_line_ids.filtered(lambda x: x.event == "refund")
        self.assertEqual(line.date, fields.Date.to_date("2026-02-01"))
        self.assertEqual(line.move_id.date, fields.Date.to_date("2026-02-01"))
        self.assertEqual(line.date_event, refund.date)
        self.assertEqual(line.reversed_line_id, origin)
        self.assertIn(group.name, line.move_id.ref)
        self.env.invalidate_all()
        self.assertEqual(
            locked.read(["balance", "account_id", "partner_id", "date"]), before
        )
        self.assertEqual(
            self.env["account.move.line"].search_count(
                [("company_id", "=", self.company.id), ("date", "<=", "2026-01-31")]
            ),
            len(locked),
        )
        self.assertTiedOut()

    # -- merging partners -----------------------------------------------------------

    def _merge(self, partners, target):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(partners.ids, target)

    def test_vendor_with_entries_is_not_merged_away(self):
        """A merge would rewrite sealed entries by SQL: refused, and told why."""
        twin = self.env["res.partner"].create({"name": "Alma (double)"})
        group = self._import_order([(self.offer_a, 1)])
        with (
            self.assertRaisesRegex(MarketplaceError, "Alma cannot be merged"),
            self.cr.savepoint(),
        ):
            self._merge(self.a | twin, twin)
        with (
            self.assertRaisesRegex(MarketplaceError, "PayFlow cannot be merged"),
            self.cr.savepoint(),
        ):
            self._merge(self.psp | twin, twin)
        self.assertEqual(group.ledger_line_ids.vendor_id, self.a)
        # The other way round nothing of the ledger changes.
        self._merge(self.a | twin, self.a)
        self.assertFalse(twin.exists())
        self._check_seals(self.company.marketplace_journal_order_id)

    # -- nightly check --------------------------------------------------------------

    def _activities(self):
        return self.company.marketplace_journal_order_id.activity_ids.filtered(
            lambda activity: activity.user_id == self.accountant
        )

    def test_one_cent_raises_one_activity_until_it_is_gone(self):
        """A13: the nightly check names account, partner, amount and entry."""
        group = self._import_order([(self.offer_a, 1)])
        self.assertIn("no problem found", self.Health._report(self.company))
        self.Health._cron_check()
        self.assertFalse(self._activities())
        line = group.ledger_line_ids
        self.env.flush_all()
        shift = "UPDATE marketplace_ledger_line SET amount = amount + %s WHERE id = %s"
        self.env.cr.execute(shift, [0.01, line.id])
        self.env.invalidate_all()
        self.Health._cron_check()
        self.Health._cron_check()
        activity = self._activities()
        self.assertEqual(len(activity), 1)
        for text in ("Alma", "0.01", "60.00", line.move_id.name, group.name):
            self.assertIn(text, activity.note)
        self.assertIn(line.move_id.name, self.Health._report(self.company))
        self.env.cr.execute(shift, [-0.01, line.id])
        self.env.invalidate_all()
        self.Health._cron_check()
        self.assertFalse(self._activities())

    def test_a_hand_written_entry_on_a_vendor_account_is_named(self):
        self._import_order([(self.offer_a, 1)])
        move = self.env["account.move"].create(
            {
                "journal_id": self.company.marketplace_journal_correction_id.id,
                "date": "2026-03-10",
                "line_ids": [
                    fields.Command.create(
                        {
                            "account_id": self.company._marketplace_account(role).id,
                            "partner_id": self.a.id,
                            "balance": balance,
                        }
                    )
                    for role, balance in (("VENDOR_DUE", 5.0), ("BAD_DEBT", -5.0))
                ],
            }
        )
        move.action_post()
        problems = self.Health._check(self.company)
        self.assertEqual(len(problems), 1)
        self.assertIn(move.name, problems[0])

    def test_lines_that_wait_too_long_are_told(self):
        self.company.marketplace_posting_mode = "day_vendor"
        group = self._import_order([(self.offer_a, 1)])
        self.assertEqual(self.Health._check(self.company), [])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketplace_ledger_line SET create_date = '2026-01-01'"
            " WHERE id = ANY(%s)",
            [group.ledger_line_ids.ids],
        )
        self.env.invalidate_all()
        self.assertIn("wait for posting", self.Health._check(self.company)[0])

    # -- lettering and the statutory export -----------------------------------------

    def test_what_was_opened_and_closed_is_lettered(self):
        """Pending of delivered and refunded orders is lettered, the rest is open."""
        groups = self._every_flow()
        account = self.company._marketplace_account("VENDOR_PENDING")
        items = groups.ledger_line_ids.move_id.line_ids.filtered(
            lambda item: item.account_id == account
        )
        open_items = items.filtered(lambda item: not item.full_reconcile_id)
        # Bora's part of the order that is not delivered; Alma's was refunded.
        self.assertEqual(open_items.move_id, self._waiting_move())
        self.assertEqual(open_items.partner_id, self.b)
        disputes = self.company._marketplace_account("DISPUTES")
        items = self.env["account.move.line"].search([("account_id", "=", disputes.id)])
        self.assertTrue(items)
        self.assertTrue(all(items.mapped("full_reconcile_id")))

    def test_statutory_export_has_partner_reference_and_lettering(self):
        """A18: each line of ours names its partner, its document and its lettering."""
        self._every_flow()
        wizard = (
            self.env["l10n_fr.fec.export.wizard"]
            .with_company(self.company)
            .create(
                {
                    "date_from": "2026-03-01",
                    "date_to": "2026-03-31",
                    "test_file": True,
                    "export_type": "nonofficial",
                }
            )
        )
        text = wizard.generate_fec()["file_content"].decode()
        header, *rows = [row.split("|") for row in text.split("\r\n")]
        lines = [dict(zip(header, row, strict=True)) for row in rows]
        accounts = {
            code: self.company._marketplace_account(code).code
            for code in ("VENDOR_PENDING", "VENDOR_DUE", "VENDOR_RESERVE")
        }
        own = [line for line in lines if line["JournalCode"] in ("MKO", "MKD")]
        self.assertTrue(own)
        totals = Counter()
        for line in own:
            self.assertNotIn(line["PieceRef"], ("", "-"))
            for side in ("Debit", "Credit"):
                amount = line[side].strip().replace(",", ".")
                totals[line["EcritureNum"], side] += self._minor(float(amount))
            if line["CompteNum"] in accounts.values():
                self.assertTrue(line["CompAuxNum"])
                self.assertIn(line["CompAuxLib"], (self.a.name, self.b.name))
        for number in {line["EcritureNum"] for line in own}:
            self.assertEqual(totals[number, "Debit"], totals[number, "Credit"])
        pending = [x for x in own if x["CompteNum"] == accounts["VENDOR_PENDING"]]
        lettered = [line for line in pending if line["EcritureLet"]]
        self.assertTrue(lettered)
        # Only what is not delivered is open.
        self.assertEqual(
            [
                (line["EcritureNum"], line["CompAuxLib"])
                for line in pending
                if not line["EcritureLet"]
            ],
            [(self._waiting_move().name, self.b.name)],
        )

    # -- exchange differences -------------------------------------------------------

    def test_exchange_difference_is_odoos_and_the_vendor_keeps_dollars(self):
        """A19, section 5.7: 100 USD booked at 90.91, released at 92.59: 1.68 lost."""
        dollar = self.env.ref("base.USD")
        dollar.active = True
        self.env["res.currency.rate"].create(
            [
                {
                    "name": day,
                    "currency_id": dollar.id,
                    "company_id": self.company.id,
                    "rate": rate,
                }
                for day, rate in (("2026-03-01", 1.1), ("2026-03-05", 1.08))
            ]
        )
        self.a.vendor_contract_ids.other_currency_ids = dollar
        offer = self._create_offer(self.a, 100.0)
        group = self._import_order(
            [(offer, 1)], date="2026-03-02", currency_id=dollar.id
        )
        self._ship_and_deliver(group, date="2026-03-06")
        account = self.company._marketplace_account("VENDOR_PENDING")
        items = group.ledger_line_ids.move_id.line_ids.filtered(
            lambda item: item.account_id == account
        )
        self.assertEqual(
            sorted(f"{item.balance:.2f}" for item in items), ["-90.91", "92.59"]
        )
        self.Ledger._cron_letter()
        self.assertTrue(all(items.mapped("reconciled")))
        move = items.full_reconcile_id.reconciled_line_ids.move_id - items.move_id
        self.assertEqual(move.journal_id, self.company.currency_exchange_journal_id)
        self.assertEqual(
            {
                item.account_id: (f"{item.balance:.2f}", item.partner_id)
                for item in move.line_ids
            },
            {
                account: ("-1.68", self.a),
                self.company.expense_currency_exchange_account_id: ("1.68", self.a),
            },
        )
        balances = self.Ledger._vendor_balances(self.a, self.company)
        self.assertEqual(set(balances), {(self.a.id, dollar.id)})
        self.assertEqual(f"{balances[self.a.id, dollar.id]['due']:.2f}", "100.00")
        self.assertTiedOut()
