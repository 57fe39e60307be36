"""Money given back long after the order, of which nobody told us."""

from datetime import UTC, datetime, timedelta

DAYS = 90  # more than any lane reads finished orders of


class OldRefundCase:
    """For every platform: what no lane reads comes in at night, with its cause."""

    def check_refund_of_old_order(self, group, amount, refund, grow_old, synchronise):
        """Refund an order that looks as it did long ago, before and afterwards.

        :param group: imported, of the storefront ``self.storefront``.
        :param refund: gives ``amount``, in minor units, back in the shop.
        :param grow_old: (time) -> have the shop's order be placed, changed, over then.
        """
        long_ago = datetime.now(UTC) - timedelta(days=DAYS)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketplace_order SET date_order = %s WHERE id = %s",
            [long_ago.replace(tzinfo=None), group.id],
        )
        self.env.invalidate_all()
        grow_old(long_ago)
        synchronise()
        refund()
        grow_old(long_ago)
        synchronise()
        self.assertFalse(group.refund_ids, "no lane reads it")
        self.storefront._reconcile_older()
        self.assertEqual(self._minor(sum(group.refund_ids.mapped("amount"))), amount)
        gaps = self.env["marketplace.reconciliation.gap"].search(
            [
                ("storefront_id", "=", self.storefront.id),
                ("shop_order_ref", "=", group.external_ref),
            ]
        )
        self.assertIn("refund_missing", gaps.mapped("cause"))
        self.assertEqual(set(gaps.mapped("state")), {"closed"})
        known = group.refund_ids
        self.storefront._reconcile_older()
        self.assertEqual(group.refund_ids, known, "and once only")
