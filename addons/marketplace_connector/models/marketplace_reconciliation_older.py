"""Money given back on orders that nobody reads any more.

No shop marks every change, webhooks get lost, and finished orders are read again for
some weeks only. So once a night the older ones are compared too: those of which the
shop says that it gave money back, or all of them where it cannot say.
"""

from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from odoo.addons.queue_job.exception import RetryableJobError

from ..adapters.errors import AuthError, InvalidError, ShopError, ThrottledError
from ..const import PAGES_PER_JOB, RETRY_SECONDS

REFUND_DAYS = 365  # from the order; the legal guarantee ends later, refunds rarely so
# How far before the last look the next one begins: shops show some things late.
LOOK_BACK = timedelta(days=2)


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    refund_days = fields.Integer(
        string="Days to Look for Refunds",
        default=REFUND_DAYS,
        help="Every night, refunds are looked for on the orders of so many days. Some "
        "platforms list refunds by themselves, from others each order is read again: "
        "with very many orders, take fewer days. 0: not on orders older than the “Days "
        "to Read Again”.",
    )
    date_refunds_listed = fields.Datetime(
        string="Refunds Listed", copy=False, readonly=True
    )

    _refund_days_positive = models.Constraint(
        "CHECK (refund_days >= 0)", "The days to look for refunds are zero or more."
    )

    @api.model
    def _cron_reconcile(self):
        """Compare the older orders too, after the recent ones."""
        res = super()._cron_reconcile()
        storefronts = self.search(
            [("state", "=", "connected"), ("refund_days", ">", 0)]
        )
        for storefront in storefronts:
            storefront._delay()._job_reconcile_older()
        return res

    def _job_reconcile_older(self, done=0):
        """Compare a part of the older orders, and queue the next one.

        :param done: id of the last order group that was compared.
        """
        self.ensure_one()
        if self.state != "connected":
            return
        try:
            done = self._reconcile_older(done)
        except (AuthError, InvalidError) as error:
            self._record_problem(error)
            return
        except ShopError as error:
            wait = RETRY_SECONDS
            if isinstance(error, ThrottledError):
                wait = max(wait, error.wait_seconds)
            raise RetryableJobError(str(error), seconds=wait) from error
        if done:
            self._delay()._job_reconcile_older(done)

    def _reconcile_older(self, done=0):
        """Compare older orders with the shop, and take over what is missing here.

        :return: id of the last one compared; 0 when these were all.
        :raises ShopError: when the shop cannot be read.
        """
        self.ensure_one()
        capabilities = self._get_adapter().capabilities
        size = capabilities.order_page_max * PAGES_PER_JOB
        started = fields.Datetime.now()
        domain = self._older_domain()
        if capabilities.lists_refunds:
            domain &= Domain("external_ref", "in", self._list_refunded())
        groups = self.env["marketplace.order"].search(
            domain & Domain("id", ">", done), order="id", limit=size
        )
        for part in split_every(capabilities.order_page_max, groups.ids, groups.browse):
            self._take_over(part.mapped("external_ref"))
        if len(groups) == size:
            return groups[-1:].id
        self.date_refunds_listed = started
        return 0

    def _older_domain(self):
        """Return the orders that are not among those compared every night anyway."""
        now = fields.Datetime.now()
        return (
            Domain("storefront_id", "=", self.id)
            & Domain("external_ref", "!=", False)
            & Domain("date_order", "<=", now - timedelta(days=max(self.reread_days, 1)))
            & Domain("date_order", ">", now - timedelta(days=self.refund_days))
        )

    def _list_refunded(self):
        """Return the references of orders on which the shop gave money back since."""
        last = self.date_refunds_listed
        since = fields.Datetime.now() - timedelta(days=self.refund_days)
        if last:
            since = max(since, last - LOOK_BACK)
        listed = self._get_adapter().list_refunded(since.replace(tzinfo=UTC))
        return sorted(set(listed))

    def _take_over(self, refs):
        """Read orders; name what differs, take it over, and see whether they agree.

        What the shop has not got any more is left alone: shops forget old orders.
        """
        Inbox = self.env["marketplace.inbox"]
        documents = self._get_adapter().fetch_orders(refs)
        fresh = Inbox._digests_to_store(
            self, {(item.kind, item.ref, item.digest) for item in documents}
        )
        changed = {ref for _kind, ref, _digest in fresh}
        if not changed:
            return
        self._reconcile_shop(refs=changed)
        Inbox._store_documents(self, documents, "poll")._process()
        self._reconcile_shop(refs=changed)
