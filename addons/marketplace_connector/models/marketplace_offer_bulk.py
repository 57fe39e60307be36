"""Many offers at once, for shops that work them off by themselves."""

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import LockError

from ..const import ERROR_CHARS_MAX
from .marketplace_storefront_push import hash_content, hash_stock

BULK_STATES = [
    ("waiting", "To Hand Over"),
    ("running", "In the Shop"),
    ("done", "Done"),
]
BULK_TRANSITIONS = {
    "waiting": set(),
    "running": {"waiting"},
    "done": {"waiting", "running"},
}
TRIES_MAX = 3  # of an offer that a bulk left out; then a person decides


class MarketplaceOfferBulk(models.Model):
    """Offers that the shop was given together, and what became of each.

    The shop takes its time: a job hands them over, looks now and then how far it is,
    and keeps what it needs to go on after each step. An offer is in one open bulk of a
    storefront at most; what changes meanwhile is sent when the bulk is over.
    """

    _name = "marketplace.offer.bulk"
    _description = "Bulk of Offers"
    _inherit = ["marketplace.state.mixin"]
    _order = "id desc"
    _state_transitions = BULK_TRANSITIONS

    storefront_id = fields.Many2one(
        "marketplace.storefront",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="storefront_id.company_id", store=True, precompute=True
    )
    load_id = fields.Many2one(
        "marketplace.load", readonly=True, index="btree_not_null", ondelete="set null"
    )
    state = fields.Selection(
        BULK_STATES, required=True, readonly=True, default="waiting", copy=False
    )
    shop_state = fields.Text(
        readonly=True,
        copy=False,
        help="What the connection to the shop needs to go on with it.",
    )
    tries = fields.Integer(
        default=1, readonly=True, help="How often these offers were handed over."
    )
    reason = fields.Text(string="Last Problem", readonly=True)
    date_done = fields.Datetime(string="Ended on", readonly=True)
    line_ids = fields.One2many(
        "marketplace.offer.bulk.line", "bulk_id", string="Lines", readonly=True
    )
    offer_count = fields.Integer(string="Offers", compute="_compute_line_counts")
    sent_count = fields.Integer(string="Sent", compute="_compute_line_counts")
    refused_count = fields.Integer(string="Refused", compute="_compute_line_counts")
    left_count = fields.Integer(string="Left Out", compute="_compute_line_counts")

    _open_idx = models.Index(
        "(storefront_id, id) WHERE state IN ('waiting', 'running')"
    )

    @api.depends("storefront_id")
    def _compute_display_name(self):
        for bulk in self:
            bulk.display_name = f"BULK/{bulk.id or 0:06d} {bulk.storefront_id.name}"

    @api.depends("line_ids.result")
    def _compute_line_counts(self):
        counts = {
            (bulk, result): count
            for bulk, result, count in self.env[
                "marketplace.offer.bulk.line"
            ]._read_group(
                [("bulk_id", "in", self.ids)], ["bulk_id", "result"], ["__count"]
            )
        }
        for bulk in self:
            own = {result: n for (key, result), n in counts.items() if key == bulk}
            bulk.offer_count = sum(own.values())
            bulk.sent_count = own.get("sent", 0)
            bulk.refused_count = own.get("refused", 0)
            bulk.left_count = own.get("left", 0)

    def action_view_lines(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offers of %(bulk)s", bulk=self.display_name),
            "res_model": "marketplace.offer.bulk.line",
            "view_mode": "list",
            "domain": [("bulk_id", "=", self.id)],
            "context": {"create": False},
        }

    # -- making -----------------------------------------------------------------------

    @api.model
    @api.private
    def _open(self, storefront, hashes, **values):
        """Make a bulk of offers: {offer: fingerprint of what is to be sent}.

        :raises LockError: when another transaction gave one of them away meanwhile.
        """
        try:
            with self.env.cr.savepoint():
                bulk = self.create({"storefront_id": storefront.id, **values})
                self.env["marketplace.offer.bulk.line"].create(
                    [
                        {
                            "bulk_id": bulk.id,
                            "storefront_id": storefront.id,
                            "offer_id": offer.id,
                            "content_hash": value,
                        }
                        for offer, value in hashes.items()
                    ]
                )
        except UniqueViolation as error:
            raise LockError(
                self.env._(
                    "Somebody else is sending the same offers to %(storefront)s.",
                    storefront=storefront.name,
                )
            ) from error
        storefront._delay_bulks()
        return bulk

    @api.model
    def _open_of(self, storefront):
        return self.search(
            [
                ("storefront_id", "=", storefront.id),
                ("state", "in", ["waiting", "running"]),
            ],
            order="id",
        )

    # -- following --------------------------------------------------------------------

    def _follow(self, adapter):
        """Take the next step, if its turn has come; return whether it was taken.

        One step, so that what it did commits before the next one begins.
        """
        self.ensure_one()
        before = self.shop_state
        if self.state == "waiting":
            report = adapter.begin_bulk(self._prepare())
            self._transition("running")
        else:
            report = adapter.follow_bulk(before, self._tell_stock)
        self.write({"shop_state": report.state, "reason": False})
        if report.complete:
            self._finish(report)
        return report.complete or report.state != before

    def _compare(self, lines):
        """Return what {line: value to send} and {line: why not} are now."""
        storefront = self.storefront_id
        offers = lines.offer_id.with_context(lang=storefront._get_lang())
        known = self.env["marketplace.binding"]._by_record(storefront, "offer", offers)
        specs, refused = storefront._prepare_offers(offers, known)
        by_offer = {line.offer_id: line for line in lines}
        return (
            {by_offer[offer]: spec for offer, spec in specs.items()},
            {by_offer[offer]: reason for offer, reason in refused.items()},
        )

    def _prepare(self):
        """Return the offers as they are now, and note what they are sent as."""
        specs, refused = self._compare(self.line_ids)
        for line, reason in refused.items():
            self._refuse(line, reason)
        for line, spec in specs.items():
            line.content_hash = hash_content(spec)
        return list(specs.values())

    def _tell_stock(self, refs):
        """Return {reference: what may be sold now}, None where the shop knows it.

        What is told is kept with the line: at the end, the shop has it.
        """
        lines = self._lines_by_ref()
        offers = self.line_ids.offer_id
        known = self.env["marketplace.binding"]._by_record(
            self.storefront_id, "offer", offers
        )
        stocks = {}
        for line in (lines[ref] for ref in refs if ref in lines):
            offer, binding = line.offer_id, known.get(line.offer_id.id)
            line.stock_hash = hash_stock(offer)
            is_new = not binding or binding.stock_hash != line.stock_hash
            stocks[line._ref()] = int(offer.quantity) if is_new else None
        return stocks

    def _lines_by_ref(self):
        return {line._ref(): line for line in self.line_ids}

    def _finish(self, report):
        """Note what became of each offer, and send again what is not there yet."""
        lines = self._lines_by_ref()
        results = {lines[r.ref]: r for r in report.results if r.ref in lines}
        sent = {line: r.external_id for line, r in results.items() if r.ok}
        self._bind(sent)
        self.line_ids.browse().union(*sent).result = "sent"
        for line, result in results.items():
            if not result.ok:
                self._refuse(line, result.error)
        left = self.line_ids.filtered(lambda line: line.result == "left")
        if self.tries >= TRIES_MAX:
            self._refuse(left, report.error or self.env._("The shop left it out."))
            left = left.browse()
        again = left.offer_id | self._find_overtaken()
        self._end(report.error)
        self._send_again(again)

    def _refuse(self, lines, reason):
        lines.write({"result": "refused", "reason": reason[:ERROR_CHARS_MAX]})

    def _end(self, error=""):
        self.line_ids.is_open = False
        self._transition(
            "done",
            {
                "shop_state": False,
                "date_done": fields.Datetime.now(),
                "reason": error[:ERROR_CHARS_MAX] or False,
            },
        )
        self._report_refused()
        if self.load_id:
            self.load_id._count_bulk(self)

    def _give_up(self, error):
        """End a bulk that the shop refuses as a whole."""
        self._refuse(
            self.line_ids.filtered(lambda line: line.result == "left"), str(error)
        )
        self._end(str(error))

    def _bind(self, sent):
        """Remember what the shop has: {line: its identifier there}."""
        Binding = self.env["marketplace.binding"]
        offers = self.line_ids.offer_id
        known = Binding._by_record(self.storefront_id, "offer", offers)
        fresh = {
            external_id: line.offer_id
            for line, external_id in sent.items()
            if line.offer_id.id not in known
        }
        created = Binding._bind(self.storefront_id, "offer", fresh)
        known.update({binding.res_id: binding for binding in created})
        for name in ("content_hash", "stock_hash"):
            Binding._write_hashes(
                name, {known[line.offer_id.id]: line[name] for line in sent}
            )

    def _find_overtaken(self):
        """Return the offers that were sent, or refused, as they are no more."""
        over = self.line_ids.filtered(lambda line: line.result != "left")
        specs, _refused = self._compare(over)
        return (
            over.browse()
            .union(
                *(
                    line
                    for line, spec in specs.items()
                    if hash_content(spec) != line.content_hash
                    or (
                        line.result == "sent"
                        and hash_stock(line.offer_id) != line.stock_hash
                    )
                )
            )
            .offer_id
        )

    def _send_again(self, offers):
        """Send a few by messages, and many by another bulk of the same load."""
        storefront = self.storefront_id
        capabilities = storefront._get_adapter().capabilities
        if len(offers) < capabilities.offer_bulk_min:
            self.env["marketplace.outbox"]._enqueue(storefront, "offer", offers)
        else:
            hashes = dict.fromkeys(offers, "")  # told when they are handed over
            self._open(
                storefront, hashes, tries=self.tries + 1, load_id=self.load_id.id
            )

    def _report_refused(self):
        """Show each refused offer where refused messages are, to be sent again."""
        refused = self.line_ids.filtered(lambda line: line.result == "refused")
        Outbox = self.env["marketplace.outbox"]
        known = Outbox.search(
            [
                ("storefront_id", "=", self.storefront_id.id),
                ("kind", "=", "offer"),
                ("state", "in", ["pending", "retry", "failed"]),
                ("res_id", "in", refused.offer_id.ids),
            ]
        ).grouped("res_id")
        fresh = refused.filtered(lambda line: line.offer_id.id not in known)
        messages = Outbox.create(
            [
                {
                    "storefront_id": self.storefront_id.id,
                    "kind": "offer",
                    "res_model": "marketplace.offer",
                    "res_id": line.offer_id.id,
                    "vendor_id": line.offer_id.vendor_id.id,
                }
                for line in fresh
            ]
        )
        for message, line in zip(messages, fresh, strict=True):
            message._close("failed", line.reason)
        for line in refused - fresh:
            known[line.offer_id.id].filtered(
                lambda message: message.state == "failed"
            ).reason = line.reason


class MarketplaceOfferBulkLine(models.Model):
    _name = "marketplace.offer.bulk.line"
    _description = "Offer in a Bulk"
    _order = "bulk_id desc, id"
    _rec_name = "offer_id"

    bulk_id = fields.Many2one(
        "marketplace.offer.bulk",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="bulk_id.company_id")
    offer_id = fields.Many2one(
        "marketplace.offer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    vendor_id = fields.Many2one(related="offer_id.vendor_id")
    content_hash = fields.Char(readonly=True)
    stock_hash = fields.Char(readonly=True)
    is_open = fields.Boolean(default=True, readonly=True)
    result = fields.Selection(
        [("left", "Not Yet"), ("sent", "Sent"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="left",
        help="“Not Yet” in a bulk that is done: the shop left it out, and it was sent "
        "again.",
    )
    reason = fields.Text(readonly=True)

    _open_uniq = models.UniqueIndex(
        "(storefront_id, offer_id) WHERE is_open",
        "This offer is on its way to the shop already.",
    )

    def _ref(self):
        """Return our reference of the offer in shops."""
        return f"offer-{self.offer_id.id}"
