from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, freeze_time, new_test_user
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError
from .amendment_common import AmendmentCommon


@freeze_time("2026-03-31 12:00:00")
class TestAmendmentRules(AmendmentCommon):
    """Numbers, gates and rights, and the changes that a storefront sends."""

    def test_numbers_run_within_the_order(self):
        """A1, A2, A3 without gaps, and another order starts at A1."""
        group, line = self._buy()
        first, second = (
            self._prepare(group, self._change(line, 2)) for _rank in range(2)
        )
        other, _line = self._buy()
        self.assertEqual(first.number, 1)
        self.assertEqual(second.number, 2)
        self.assertEqual(self._prepare(other).number, 1)
        with self.assertRaisesRegex(MarketplaceError, "no gaps"):
            first.unlink()
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            second._write({"number": 1})
            self.env.flush_all()
            self.cr.execute(
                "UPDATE marketplace_order_amendment SET number = 1 WHERE id = %s",
                (second.id,),
            )

    def test_applied_twice_changes_once(self):
        """The second time nothing happens; what is applied cannot change."""
        group, line = self._buy()
        amendment = self._amend(group, self._change(line, 2))
        ledger = group.ledger_line_ids
        self.assertFalse(amendment._apply())
        self.assertEqual(group.ledger_line_ids, ledger)
        for change in (
            lambda: amendment.write({"date": "2026-04-01"}),
            lambda: amendment.line_ids.write({"quantity_new": 3}),
            amendment.unlink,
            amendment.line_ids.unlink,
            lambda: amendment.write({"line_ids": [Command.create({})]}),
        ):
            with self.assertRaisesRegex(MarketplaceError, "cannot change"):
                change()
        with self.assertRaisesRegex(MarketplaceError, "buttons"):
            amendment.write({"state": "draft"})
        with self.assertRaises(MarketplaceError):
            amendment.refund_ids.write({"before_capture": True})

    def test_stale_draft_is_refused(self):
        """A refund in between: the preview is no longer true."""
        group, line = self._buy()
        amendment = self._prepare(group, self._change(line, 2))
        self._refund(group, [(line, 1, None)])
        with self.assertRaisesRegex(MarketplaceError, "since"):
            amendment._apply()
        amendment.line_ids.unlink()
        amendment.write({"line_ids": [Command.create(self._change(line, 1))]})
        self.assertEqual(amendment.line_ids.quantity_old, 2.0)
        amendment._apply()
        self.assertBalances(self.a, pending=10)

    def test_refusals_name_what_is_wrong(self):
        """No change, units in a parcel, a line of another order."""
        group, line = self._buy()
        with self.assertRaisesRegex(MarketplaceError, "changes nothing"):
            self._prepare(group, self._change(line))._apply()
        other, stranger = self._buy()
        with self.assertRaisesRegex(MarketplaceError, "is not a line"):
            self._prepare(group, self._change(stranger, 1))._apply()
        with self.assertRaisesRegex(MarketplaceError, "needs an offer"):
            self._prepare(group, {"name": "Nothing"})._apply()
        parcel = self.env["marketplace.shipment"]._create_for_order(line.order_id)
        with self.assertRaisesRegex(MarketplaceError, parcel.name):
            self._prepare(group, self._change(line, 2))._apply()
        parcel.action_cancel()
        self._amend(group, self._change(line, 2))

    def test_desk_amends_viewer_reads(self):
        """The order desk amends without other rights; a viewer reads."""
        group, line = self._buy()
        desk = new_test_user(
            self.env, "amend_desk", groups="marketplace_base.group_order_desk"
        )
        viewer = new_test_user(
            self.env, "amend_viewer", groups="marketplace_base.group_viewer"
        )
        group.invalidate_recordset()
        form = Form(
            self.Amendment.with_user(desk).with_context(default_order_id=group.id)
        )
        form.reason = "One less, one of another"
        with form.line_ids.new() as item:
            item.sale_line_id = line.with_user(desk)
            self.assertEqual(item.quantity_new, 3.0)
            item.quantity_new = 2.0
            self.assertEqual(self._minor(item.amount_delta), -1000)
        with form.line_ids.new() as item:
            item.offer_id = self.offer_b.with_user(desk)
            self.assertEqual(self._minor(item.amount_delta), 2000)
        amendment = form.save()
        self.assertEqual(self._minor(amendment.amount_delta), 1000)
        amendment.action_apply()
        self.assertEqual(amendment.user_id, desk)
        self.assertEqual(amendment.with_user(viewer).state, "applied")
        with self.assertRaises(AccessError):
            amendment.with_user(viewer).write({"external_ref": "x"})

    # -- from a storefront ----------------------------------------------------------

    def _payload(self, group, *lines, **vals):
        return {
            "company_id": self.company.id,
            "channel": group.channel,
            "order_ref": group.external_ref,
            "ref": f"CH-{self._next()}",
            "date": "2026-03-20",
            "reason": "Changed in the shop",
            "lines": list(lines),
            **vals,
        }

    def test_batch_applies_replays_and_says_what_is_wrong(self):
        """Each change once; unknown orders and lines are said in words."""
        group, line = self._buy()
        ref = line.external_ref
        good = self._payload(
            group,
            {"line_ref": ref, "quantity": 2},
            {
                "ref": "NEW-1",
                "offer_id": self.offer_b.id,
                "name": "One more",
                "quantity": 1,
                "gross_minor": 1899,
                "tax_ids": self.offer_b._get_sale_taxes().ids,
            },
            payments=[
                {
                    "ref": f"P-{self._next()}",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": 1899,
                    "date": fields.Datetime.to_datetime("2026-03-20 12:00:00"),
                }
            ],
        )
        bad = [
            self._payload(group, order_ref="NOWHERE"),
            self._payload(group, {"line_ref": "X", "quantity": 1}),
            self._payload(group, {"line_ref": ref}),
        ]
        amendments, problems = self.Amendment._amend_batch([good, *bad])
        self.assertEqual(set(problems), {1, 2, 3})
        for index, words in enumerate(
            ("not imported", "has no line X", "changes nothing"), 1
        ):
            self.assertIn(words, problems[index][0])
        self.assertEqual(self._minor(amendments.amount_delta), 899)
        self.assertEqual(amendments.sale_order_ids.order_line.external_ref, "NEW-1")
        self.assertBalances(self.a, pending=20)
        self.assertBalances(self.b, pending=38.99)
        self.assertSound(group)
        again, problems = self.Amendment._amend_batch([good])
        self.assertEqual(again, amendments)
        self.assertFalse(problems)
        self.assertEqual(len(group.sale_order_ids), 3)

    def test_batch_takes_the_total_of_the_shop(self):
        """28.33 for three units is kept to the cent, though no unit price gives it."""
        group, line = self._buy()
        amendments, problems = self.Amendment._amend_batch(
            [self._payload(group, {"line_ref": line.external_ref, "gross_minor": 2833})]
        )
        self.assertFalse(problems)
        self.assertEqual(self._minor(amendments.amount_delta), -167)
        self.assertBalances(self.a, pending=28.33)
