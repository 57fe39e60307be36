from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import LockError
from odoo.tools import split_every

from odoo.addons.queue_job.exception import RetryableJobError

from ..const import LOCK_SECONDS, PAGES_PER_JOB, PROCESS_BATCH, REREAD_MINUTES


class MarketplaceStorefront(models.Model):
    """From the shop: read, store, then process what is stored."""

    _inherit = "marketplace.storefront"

    def _job_pull_orders(self, reread=True):
        """Read new and open orders; queue the rest when there is much."""
        self.ensure_one()
        if self.state != "connected":
            return
        try:
            complete = self._pull_orders(reread)
        except LockError as error:
            raise RetryableJobError(str(error), seconds=LOCK_SECONDS) from error
        if not complete:
            self._delay()._job_pull_orders(reread)
        self._delay()._job_process_inbox()

    def _job_process_inbox(self):
        self.ensure_one()
        if self.state != "connected":
            return
        try:
            handled = self.env["marketplace.inbox"]._process_waiting(self)
        except LockError as error:
            raise RetryableJobError(str(error), seconds=LOCK_SECONDS) from error
        if handled == PROCESS_BATCH:
            self._delay()._job_process_inbox()

    def _pull_orders(self, reread=True):
        """Store what the shop has to say about its orders; return whether that is all.

        Two lanes: orders placed or changed since the last time, and orders that may
        have changed without the shop marking them so.

        :param reread: whether to take the second lane, which reads much.
        """
        self.ensure_one()
        complete = True
        with self._problems_reported():
            complete = self._pull_changed()
            if complete and reread:
                self._pull_open()
                self._ensure_webhooks()
                self.date_reread = fields.Datetime.now()
            self.date_pulled = fields.Datetime.now()
        return complete

    def _is_reread_due(self):
        """Tell whether open orders were last read again long enough ago."""
        self.ensure_one()
        age = timedelta(minutes=REREAD_MINUTES)
        return not self.date_reread or self.date_reread + age <= fields.Datetime.now()

    def _pull_changed(self):
        adapter = self._get_adapter()
        limit = adapter.capabilities.order_page_max
        for _page in range(PAGES_PER_JOB):
            page = adapter.pull_orders(self.order_cursor or "", limit)
            self.env["marketplace.inbox"]._store_documents(self, page.documents, "poll")
            # Stored with the documents in one transaction: neither without the other.
            self.order_cursor = page.cursor
            if page.complete:
                return True
        return False

    def _pull_open(self):
        adapter = self._get_adapter()
        limit = adapter.capabilities.order_page_max
        placed_after = fields.Datetime.now() - timedelta(days=self.reread_days)
        seen, cursor, complete = set(), "", False
        while not complete:
            page = adapter.pull_open_orders(placed_after, cursor, limit)
            self.env["marketplace.inbox"]._store_documents(self, page.documents, "poll")
            seen.update(document.ref for document in page.documents)
            cursor, complete = page.cursor, page.complete
        self._find_deleted(placed_after, seen)

    def _find_deleted(self, placed_after, seen):
        """Look for recent orders that the shop did not tell of: deleted there?"""
        missing = [
            group.external_ref
            for group in self.env["marketplace.order"].search_fetch(
                [
                    ("storefront_id", "=", self.id),
                    ("date_order", ">", placed_after),
                    ("external_ref", "not in", list(seen)),
                ],
                ["external_ref"],
            )
        ]
        adapter = self._get_adapter()
        for refs in split_every(adapter.capabilities.order_page_max, missing):
            found = adapter.fetch_orders(refs)
            self.env["marketplace.inbox"]._store_documents(self, found, "poll")
            gone = set(refs) - {document.ref for document in found}
            self.env["marketplace.inbox"]._store_deleted(self, gone)

    def _process_inbox(self):
        """Process everything that waits, in this transaction."""
        self.ensure_one()
        while self.env["marketplace.inbox"]._process_waiting(self) == PROCESS_BATCH:
            pass
