"""How far each flow of each shop is, read from the inbox and the outbox."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import OUTBOX_KINDS

FLOWS = [
    ("in_event", "Calls of the shop"),
    ("in_order", "Orders"),
    *((f"out_{code}", label) for code, label in OUTBOX_KINDS),
]
# Rows of one storefront are numbered by the rank of their flow.
FLOW_CODES = [code for code, _label in FLOWS]


class MarketplaceExchange(models.Model):
    """One flow of one shop: what waits, since when, what failed, what worked last."""

    _name = "marketplace.exchange"
    _description = "Exchange with a Storefront"
    _auto = False
    _order = "storefront_id, flow"
    _rec_name = "flow"

    storefront_id = fields.Many2one("marketplace.storefront", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    flow = fields.Selection(FLOWS, readonly=True)
    is_inbound = fields.Boolean(string="From the Shop", readonly=True)
    waiting_count = fields.Integer(string="Waiting", readonly=True)
    retry_count = fields.Integer(
        string="To Retry", readonly=True, help="Failed, and tried again by itself."
    )
    held_count = fields.Integer(
        string="Needs You", readonly=True, help="In quarantine, or refused by the shop."
    )
    access_count = fields.Integer(string="Access Refused", readonly=True)
    unreachable_count = fields.Integer(
        string="No Answer", readonly=True, help="The shop is slow, busy or closed."
    )
    refused_count = fields.Integer(string="Refused", readonly=True)
    mapping_count = fields.Integer(string="Not Mapped", readonly=True)
    other_count = fields.Integer(string="Other Problems", readonly=True)
    date_oldest = fields.Datetime(string="Waiting Since", readonly=True)
    lag_minutes = fields.Integer(
        string="Behind by (minutes)",
        readonly=True,
        aggregator="max",
        help="How long the oldest waiting message waits; 0 when nothing waits.",
    )
    date_success = fields.Datetime(string="Last Success", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            "%s UNION ALL %s",
            self._select("marketplace_inbox", "in_", ("new",), "quarantine"),
            self._select("marketplace_outbox", "out_", ("pending",), "failed"),
        )

    def _select(self, table, prefix, waiting, held):
        """Return the query that sums up one table by storefront and kind."""
        open_states = (*waiting, "retry", held)
        return SQL(
            """
            SELECT message.storefront_id * 100 + ARRAY_POSITION(
                       %(flows)s, %(prefix)s || message.kind) AS id,
                   message.storefront_id, message.company_id,
                   %(prefix)s || message.kind AS flow,
                   %(inbound)s AS is_inbound,
                   COUNT(*) FILTER (WHERE state IN %(waiting)s) AS waiting_count,
                   COUNT(*) FILTER (WHERE state = 'retry') AS retry_count,
                   COUNT(*) FILTER (WHERE state = %(held)s) AS held_count,
                   COUNT(*) FILTER (WHERE state IN %(open)s
                       AND failure = 'access') AS access_count,
                   COUNT(*) FILTER (WHERE state IN %(open)s
                       AND failure IN ('unreachable', 'throttled', 'unsure'))
                       AS unreachable_count,
                   COUNT(*) FILTER (WHERE state IN %(open)s
                       AND failure = 'refused') AS refused_count,
                   COUNT(*) FILTER (WHERE state IN %(open)s
                       AND failure = 'mapping') AS mapping_count,
                   COUNT(*) FILTER (WHERE state IN %(open)s
                       AND failure IN ('data', 'changed', 'rules', 'unreadable'))
                       AS other_count,
                   MIN(message.create_date) FILTER (WHERE state IN %(due)s)
                       AS date_oldest,
                   COALESCE(FLOOR(EXTRACT(EPOCH FROM (NOW() AT TIME ZONE 'UTC')
                       - MIN(message.create_date) FILTER (WHERE state IN %(due)s))
                       / 60), 0)::int AS lag_minutes,
                   MAX(message.date_done) FILTER (WHERE state = 'done')
                       AS date_success
              FROM %(table)s message
          GROUP BY message.storefront_id, message.company_id, message.kind
            """,
            table=SQL.identifier(table),
            flows=FLOW_CODES,
            prefix=prefix,
            inbound=prefix == "in_",
            waiting=waiting,
            held=held,
            open=open_states,
            due=(*waiting, "retry"),
        )

    def action_open(self):
        """Open what waits or failed in the flow."""
        self.ensure_one()
        model = "marketplace.inbox" if self.is_inbound else "marketplace.outbox"
        over = ["done", "ignored", "cancelled"]
        kind = self.flow.partition("_")[2]
        return self.storefront_id._open(
            self.display_name,
            model,
            [("kind", "=", kind), ("state", "not in", over)],
        )

    def action_retry(self):
        """Try again what failed, now: both what waits for its time and what gave up.

        What is in quarantine is replayed.
        """
        count = 0
        for is_inbound, rows in self.grouped("is_inbound").items():
            model = "marketplace.inbox" if is_inbound else "marketplace.outbox"
            failed = self.env[model].search(
                Domain("state", "in", ["retry", "quarantine", "failed"])
                & Domain.OR(
                    Domain("storefront_id", "=", row.storefront_id.id)
                    & Domain("kind", "=", row.flow.partition("_")[2])
                    for row in rows
                )
            )
            count += len(failed)
            if is_inbound:
                failed._retry_later()
            else:
                failed.action_send_again()
        return self.env["marketplace.storefront"]._notify(
            self.env._("Messages that are tried again: %(count)s.", count=count), "info"
        )


class MarketplaceInbox(models.Model):
    _inherit = "marketplace.inbox"

    def _retry_later(self):
        """Have the next job take messages up again, from the first attempt on."""
        self._transition("new", {"attempts": 0, "date_retry": False, "reason": False})
        for storefront in self.storefront_id:
            storefront._delay()._job_process_inbox()
