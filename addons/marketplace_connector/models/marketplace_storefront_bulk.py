"""What is much goes to the shop in bulk, which is looked after until it has arrived."""

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import split_every

from odoo.addons.queue_job.job import identity_exact

from ..adapters.errors import AuthError, InvalidError, ShopError, ThrottledError
from ..const import ERROR_CHARS_MAX, RETRY_SECONDS

LOOK_SECONDS = 60  # between two looks at what the shop works on; it may call earlier


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    def _hand_over(self, object_type, changed, hashes):
        """Leave to the shop's own time what is much; return what is to be sent now.

        What is on its way already is left alone until it has arrived.
        """
        changed = super()._hand_over(object_type, changed, hashes)
        capabilities = self._get_adapter().capabilities
        if object_type != "offer" or not capabilities.offer_bulk_min or not changed:
            return changed
        Line = self.env["marketplace.offer.bulk.line"]
        on_its_way = Line.search_fetch(
            [("storefront_id", "=", self.id), ("is_open", "=", True)], ["offer_id"]
        ).offer_id
        free = [offer for offer in changed if offer not in on_its_way]
        if len(free) < capabilities.offer_bulk_min:
            return free
        for part in split_every(capabilities.offer_bulk_max, free):
            self.env["marketplace.offer.bulk"]._open(
                self, {offer: hashes[offer] for offer in part}
            )
        return []

    def _outbox_batch(self):
        """Return how many messages to take at once: a bulk, when so many wait."""
        batch = super()._outbox_batch()
        Outbox = self.env["marketplace.outbox"]
        domain = [
            ("storefront_id", "=", self.id),
            ("kind", "=", "offer"),
            ("state", "in", ["pending", "retry"]),
        ]
        if Outbox.search_count(domain, limit=batch + 1) <= batch:
            return batch
        capabilities = self._get_adapter().capabilities
        if not capabilities.offer_bulk_min:
            return batch
        waiting = Outbox.search_count(domain, limit=capabilities.offer_bulk_max)
        return waiting if waiting >= capabilities.offer_bulk_min else batch

    def _delay_bulks(self, seconds=None, hint=""):
        """Queue a look at the bulks; the hint of a shop is a look of its own."""
        self.ensure_one()
        job_self = self.with_user(SUPERUSER_ID).with_company(self.company_id)
        job_self.with_delay(
            channel="root.marketplace", identity_key=identity_exact, eta=seconds
        )._job_follow_bulks(hint)

    def _job_follow_bulks(self, hint=""):
        """Go on with the bulks; look again later at what the shop works on."""
        self.ensure_one()
        if self.state != "connected":
            return
        wait = self._follow_bulks()
        if wait is not None and (not hint or not wait):
            self._delay_bulks(wait or None, hint)

    def _follow_bulks(self):
        """Take a step of each open bulk, of as many as the shop works on at once.

        :return: seconds after which to take the next one; None when all are over.
        """
        Bulk = self.env["marketplace.offer.bulk"]
        adapter = self._get_adapter()
        wait, moved = LOOK_SECONDS, False
        opened = Bulk._open_of(self).try_lock_for_update(allow_referencing=True)
        for bulk in opened.sorted("id")[: adapter.capabilities.bulks_at_once]:
            try:
                moved |= bulk._follow(adapter)
            except InvalidError as error:
                self._record_problem(error)
                bulk._give_up(error)
                moved = True
            except ShopError as error:
                self._record_problem(error)
                bulk.reason = str(error)[:ERROR_CHARS_MAX]
                if isinstance(error, AuthError):
                    return None  # goes on when the access is mended
                throttled = isinstance(error, ThrottledError)
                wait = max(wait, error.wait_seconds if throttled else RETRY_SECONDS)
        if not Bulk._open_of(self):
            return None
        return 0 if moved else wait

    @api.model
    def _cron_synchronise(self):
        """Look also after bulks that nobody looks after any more."""
        res = super()._cron_synchronise()
        opened = self.env["marketplace.offer.bulk"].search(
            [("state", "in", ["waiting", "running"])]
        )
        for storefront in opened.storefront_id:
            storefront._delay_bulks()
        return res


class MarketplaceLoad(models.Model):
    _inherit = "marketplace.load"

    bulk_ids = fields.One2many("marketplace.offer.bulk", "load_id", string="Bulks")
    on_its_way_count = fields.Integer(
        string="On Their Way",
        compute="_compute_on_its_way_count",
        help="Offers that the shop was given and works off by itself.",
    )

    @api.depends("bulk_ids.state")
    def _compute_on_its_way_count(self):
        counts = dict(
            self.env["marketplace.offer.bulk.line"]._read_group(
                [("bulk_id.load_id", "in", self.ids), ("is_open", "=", True)],
                ["bulk_id"],
                ["__count"],
            )
        )
        for load in self:
            load.on_its_way_count = sum(counts.get(bulk, 0) for bulk in load.bulk_ids)

    @api.depends("bulk_ids.state")
    def _compute_progress(self):
        res = super()._compute_progress()
        for load in self.filtered("on_its_way_count"):
            arrived = load.handled_count - load.on_its_way_count
            load.progress = max(0.0, 100.0 * arrived / (load.total_count or 1))
        return res

    def _part_size(self):
        capabilities = self.storefront_id._get_adapter().capabilities
        return max(super()._part_size(), capabilities.offer_bulk_max)

    def _load_offers(self):
        """Be done when the shop has worked off what it was given."""
        compared = super()._load_offers()
        self._adopt_bulks()
        return compared and not self.on_its_way_count

    def _adopt_bulks(self):
        """Count with the load what it gave to the shop."""
        Bulk = self.env["marketplace.offer.bulk"]
        Bulk._open_of(self.storefront_id).filtered(
            lambda bulk: not bulk.load_id
        ).load_id = self

    def action_view_bulks(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bulks of %(load)s", load=self.display_name),
            "res_model": "marketplace.offer.bulk",
            "view_mode": "list,form",
            "domain": [("load_id", "=", self.id)],
            "context": {"create": False},
        }

    def _pause(self):
        """Wait for the shop after all was compared; a bulk that ends wakes us too."""
        is_waiting = self.on_its_way_count and self.handled_count >= self.total_count
        return LOOK_SECONDS if is_waiting else super()._pause()

    def _count_bulk(self, bulk):
        """Take what became of a bulk over, and see whether that was all."""
        self.sent_count += bulk.sent_count
        self.refused_count += bulk.refused_count
        if self.state == "running":
            self._queue()
