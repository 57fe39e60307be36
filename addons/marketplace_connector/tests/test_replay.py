import random
from hashlib import sha256

from odoo.tests import tagged

from .common import ConnectorCommon

SEED = 31


@tagged("post_install", "-at_install", "marketplace")
class TestReplay(ConnectorCommon):
    """A month is in the inbox: whatever the order of its replay, one ledger."""

    def _month(self):
        """Return what the shop told in March, in the order in which it told it."""
        told = []
        for number in range(12):
            day = 2 + number * 2
            moment = f"2026-03-{day:02d}T09:30:00.000Z"
            ref = f"m{number}"
            order = self._payload(
                ref,
                [
                    self._line(f"{ref}1", self.tile, 1 + number % 3),
                    self._line(f"{ref}2", self.linen),
                ],
                orderPlacedAt=moment,
            )
            payment = order["payments"][0]
            payment.update(
                createdAt=moment, transactionId=f"psp-{ref}", state="Authorized"
            )
            told.append(order)
            paid = {**order, "payments": [{**payment, "state": "Settled"}]}
            told.append(paid)
            if number % 3 == 0:
                told.append(self._refunded(paid, f"r-{ref}", 700))
        return told

    def _ledger(self):
        """Return a digest of the ledger, free of our own numbers."""
        self.env.flush_all()
        lines = self.env["marketplace.ledger.line"].search(
            [("marketplace_order_id.storefront_id", "=", self.storefront.id)]
        )
        rows = sorted(
            (
                line.marketplace_order_id.external_ref,
                line.event,
                line.vendor_id.name or "",
                line.role_debit,
                line.role_credit,
                self._minor(line.amount),
                str(line.date_event),
                line.sale_line_id.external_ref or "",
            )
            for line in lines
        )
        return len(rows), sha256(repr(rows).encode()).hexdigest()

    def test_month_replayed_twice_in_random_order(self):
        messages = self.Inbox.union(*(self._import(told) for told in self._month()))
        self.assertEqual(set(messages.mapped("state")), {"done"})
        before = self._ledger()
        self.assertGreater(before[0], 50)
        chance = random.Random(SEED)
        for _round in range(2):
            ids = messages.ids
            chance.shuffle(ids)
            while ids:
                size = chance.randint(1, 5)
                self.Inbox.browse(ids[:size]).action_replay()
                del ids[:size]
            self.assertEqual(self._ledger(), before)
        self.assertTiedOut()

    def test_month_taken_up_in_random_order_makes_the_same_ledger(self):
        """From the inbox alone, read in the order of chance: the same in the end."""
        month = self._month()
        with self.env.cr.savepoint(flush=True) as savepoint:
            for told in month:
                self._import(told)
            expected = self._ledger()
            savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(self._ledger()[0], 0)
        messages = self.Inbox.union(*(self._store(told) for told in month))
        ids = messages.ids
        random.Random(SEED).shuffle(ids)
        while ids:
            self.Inbox.browse(ids[:3])._process()
            del ids[:3]
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self._ledger(), expected)
