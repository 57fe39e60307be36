from datetime import UTC, datetime

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import LockError

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import identity_exact

from ..adapters.errors import (
    AuthError,
    DocumentError,
    InvalidError,
    ShopError,
    ThrottledError,
)
from ..const import (
    ERROR_CHARS_MAX,
    LOAD_OFFERS,
    LOCK_SECONDS,
    PAGES_PER_JOB,
    RETRY_SECONDS,
)

LOAD_KINDS = [
    ("orders", "Orders from the shop"),
    ("catalogue", "Catalogue to the shop"),
]
LOAD_STATES = [
    ("draft", "To Start"),
    ("running", "Running"),
    ("done", "Done"),
    ("stopped", "Stopped"),
    ("failed", "Failed"),
]
LOAD_TRANSITIONS = {
    "draft": set(),
    "running": {"draft", "stopped", "failed"},
    "done": {"running"},
    "stopped": {"running"},
    "failed": {"running"},
}
# Before any shop of the kind existed.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class MarketplaceLoad(models.Model):
    """A whole period of orders read once more, or the whole catalogue sent.

    It goes on by jobs of a few pages each and may be stopped and resumed. What is known
    already is neither stored nor sent again.
    """

    _name = "marketplace.load"
    _description = "Storefront Load"
    _inherit = ["marketplace.state.mixin"]
    _order = "id desc"
    _state_transitions = LOAD_TRANSITIONS

    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="storefront_id.company_id", store=True, precompute=True
    )
    kind = fields.Selection(LOAD_KINDS, required=True, default="orders")
    date_from = fields.Datetime(
        string="Placed from", help="Empty: from the first order of the shop."
    )
    date_to = fields.Datetime(string="Placed until", help="Empty: until now.")
    state = fields.Selection(
        LOAD_STATES, required=True, readonly=True, default="draft", copy=False
    )
    cursor = fields.Char(readonly=True, copy=False)
    date_start = fields.Datetime(string="Started on", readonly=True, copy=False)
    date_done = fields.Datetime(string="Ended on", readonly=True, copy=False)
    date_first = fields.Datetime(string="First Order of", readonly=True, copy=False)
    date_reached = fields.Datetime(string="Read up to", readonly=True, copy=False)
    handled_count = fields.Integer(
        string="Read or Compared",
        readonly=True,
        copy=False,
        help="Orders that the shop gave, or offers compared with what it has.",
    )
    total_count = fields.Integer(string="Of", readonly=True, copy=False)
    sent_count = fields.Integer(string="Sent", readonly=True, copy=False)
    refused_count = fields.Integer(string="Refused", readonly=True, copy=False)
    reason = fields.Text(string="Last Problem", readonly=True, copy=False)
    message_ids = fields.One2many("marketplace.inbox", "load_id", string="Messages")
    imported_count = fields.Integer(
        string="Imported", compute="_compute_message_counts"
    )
    waiting_count = fields.Integer(string="Waiting", compute="_compute_message_counts")
    quarantine_count = fields.Integer(
        string="In Quarantine", compute="_compute_message_counts"
    )
    progress = fields.Float(compute="_compute_progress")

    _running_uniq = models.UniqueIndex(
        "(storefront_id, kind) WHERE state = 'running'",
        "Such a load of this storefront is running already.",
    )
    _span_ordered = models.Constraint(
        "CHECK (date_from IS NULL OR date_to IS NULL OR date_from < date_to)",
        "A period ends after it begins.",
    )

    @api.depends("kind", "progress")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for load in self:
            load.display_name = f"{kinds[load.kind]}: {load.progress:.0f} %"

    # -- computes -------------------------------------------------------------------

    @api.depends("message_ids.state")
    def _compute_message_counts(self):
        counts = {
            (load, state): count
            for load, state, count in self.env["marketplace.inbox"]._read_group(
                [("load_id", "in", self.ids)], ["load_id", "state"], ["__count"]
            )
        }
        for load in self:
            load.imported_count = counts.get((load, "done"), 0)
            load.quarantine_count = counts.get((load, "quarantine"), 0)
            load.waiting_count = sum(
                counts.get((load, state), 0) for state in ("new", "retry")
            )

    @api.depends(
        "state", "date_first", "date_reached", "date_to", "handled_count", "total_count"
    )
    def _compute_progress(self):
        """Tell by the time reached, or by the offers; orders are not counted before."""
        for load in self:
            if load.state == "done":
                load.progress = 100.0
            elif load.kind == "catalogue":
                load.progress = 100.0 * load.handled_count / (load.total_count or 1)
            elif load.date_reached and load.date_to:
                begin = load.date_from or load.date_first
                whole = (load.date_to - begin).total_seconds() or 1.0
                reached = (load.date_reached - begin).total_seconds()
                load.progress = max(0.0, min(99.0, 100.0 * reached / whole))
            else:
                load.progress = 0.0

    # -- actions --------------------------------------------------------------------

    def action_start(self):
        """Start, or go on where it stopped."""
        self.storefront_id._check_connected()
        for load in self:
            now = fields.Datetime.now()
            load._transition(
                "running",
                {
                    "date_start": load.date_start or now,
                    "date_to": load.date_to or now,
                    "date_done": False,
                    "reason": False,
                },
            )
            load._queue()
        return True

    def action_stop(self):
        self._transition("stopped", {"date_done": fields.Datetime.now()})
        return True

    def action_view_messages(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Messages of the Load"),
            "res_model": "marketplace.inbox",
            "view_mode": "list,form",
            "domain": [("load_id", "=", self.id)],
            "context": {"create": False},
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_not_running(self):
        if "running" in self.mapped("state"):
            raise MarketplaceError(self.env._("Stop the load before you delete it."))

    # -- jobs -----------------------------------------------------------------------

    def _queue(self, seconds=None):
        """Queue the next part, as the system user."""
        self.ensure_one()
        job_self = self.with_user(SUPERUSER_ID).with_company(self.company_id)
        job_self.with_delay(
            channel="root.marketplace", identity_key=identity_exact, eta=seconds
        )._job_load()

    def _job_load(self):
        """Do a part and queue the next one; what a part did is never done again."""
        self.ensure_one()
        if self.state != "running" or self.storefront_id.state != "connected":
            return
        act = self._load_orders if self.kind == "orders" else self._load_offers
        try:
            complete = act()
        except LockError as error:
            raise RetryableJobError(str(error), seconds=LOCK_SECONDS) from error
        except ShopError as error:
            self._report(error)
            return
        if complete:
            self._transition("done", {"date_done": fields.Datetime.now()})
        else:
            self._queue(self._pause())

    def _pause(self):
        """Return the seconds until the next part, None for at once."""
        return None

    def _report(self, error):
        """Keep a problem with the shop; go on later when that may help."""
        self.storefront_id._record_problem(error)
        self.reason = str(error)[:ERROR_CHARS_MAX]
        if isinstance(error, AuthError | InvalidError):
            self._transition("failed", {"date_done": fields.Datetime.now()})
        else:
            wait = error.wait_seconds if isinstance(error, ThrottledError) else 0
            self._queue(max(RETRY_SECONDS, wait))

    def _load_orders(self):
        """Store a few pages of orders; return whether these were all."""
        storefront = self.storefront_id
        adapter = storefront._get_adapter()
        limit = adapter.capabilities.order_page_max
        since = self.date_from.replace(tzinfo=UTC) if self.date_from else BEGINNING
        until = self.date_to.replace(tzinfo=UTC)
        complete = False
        for _page in range(PAGES_PER_JOB):
            page = adapter.pull_placed_orders(since, until, self.cursor or "", limit)
            self._store(page.documents)
            # Stored with the documents in one transaction: neither without the other.
            self.cursor = page.cursor
            if complete := page.complete:
                break
        storefront._delay()._job_process_inbox()
        return complete

    def _store(self, documents):
        messages = self.env["marketplace.inbox"]._store_again(
            self.storefront_id, documents
        )
        messages.load_id = self
        self.handled_count += len(documents)
        if documents:
            self.date_first = self.date_first or self._placed_at(documents[0])
            self.date_reached = self._placed_at(documents[-1]) or self.date_reached

    def _placed_at(self, document):
        """Return when an order was placed; an unreadable one tells nothing."""
        adapter = self.storefront_id._get_adapter()
        try:
            placed = adapter.parse_order(document.payload).placed_at
        except DocumentError:
            return False
        return placed.replace(tzinfo=None)

    def _load_offers(self):
        """Compare and send the next offers; return whether these were all."""
        storefront = self.storefront_id
        offers = storefront._get_catalogue().sorted("id")
        if not self.cursor:
            storefront._push_settings()
        done = int(self.cursor or 0)
        size = self._part_size()
        part = offers.filtered(lambda offer: offer.id > done)[:size]
        report = storefront._push_offers(part)
        storefront._report_refused(report["refused"])
        taken = part.filtered(lambda offer: offer not in report["refused"])
        self.env["marketplace.outbox"]._close_overtaken(storefront, "offer", taken.ids)
        self.write(
            {
                "cursor": str(part[-1:].id or done),
                "total_count": len(offers),
                "handled_count": self.handled_count + len(part),
                "sent_count": self.sent_count + report["sent"],
                "refused_count": self.refused_count + len(report["refused"]),
            }
        )
        return len(part) < size

    def _part_size(self):
        """Return how many offers one job compares and sends."""
        return LOAD_OFFERS


class MarketplaceInbox(models.Model):
    _inherit = "marketplace.inbox"

    load_id = fields.Many2one(
        "marketplace.load",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The load that read it once more.",
    )

    @api.model
    @api.private
    def _store_again(self, storefront, documents):
        """Store documents, and take up known ones whose order is not here.

        It may have been ignored, held back, or deleted since.

        :return: the messages that have something to do.
        """
        stored = self._store_documents(storefront, documents, "poll")
        refs = [document.ref for document in documents]
        Binding = self.env["marketplace.binding"]
        here = Binding._living(Binding._by_external(storefront, "order", refs))
        told = self.search(
            [
                ("storefront_id", "=", storefront.id),
                ("kind", "=", "order"),
                ("external_ref", "in", [ref for ref in refs if ref not in here]),
                ("id", "not in", stored.ids),
            ],
            order="id",
        )
        # The newest of each; what is older was overtaken.
        newest = self.browse({m.external_ref: m.id for m in told}.values())
        again = newest.filtered(
            lambda message: (
                message.state in ("done", "ignored", "quarantine")
                and message.external_ref not in stored.mapped("external_ref")
            )
        )
        again._transition("new", {"attempts": 0, "date_retry": False, "reason": False})
        return stored | again


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    load_ids = fields.One2many("marketplace.load", "storefront_id", string="Loads")
    load_running_ids = fields.One2many(
        "marketplace.load",
        "storefront_id",
        string="Running Loads",
        domain=[("state", "=", "running")],
    )

    def _start_load(self, kind):
        """Start a load of each storefront, unless one is running."""
        idle = self.filtered(
            lambda storefront: kind not in storefront.load_running_ids.mapped("kind")
        )
        self.env["marketplace.load"].create(
            [{"storefront_id": storefront.id, "kind": kind} for storefront in idle]
        ).action_start()
