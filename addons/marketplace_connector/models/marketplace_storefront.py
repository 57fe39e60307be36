import uuid
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.marketplace_base.const import DISCOUNT_FUNDERS
from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.queue_job.job import identity_exact

from ..adapters.errors import AuthError, ShopError
from ..adapters.registry import ADAPTERS
from ..const import (
    ERROR_CHARS_MAX,
    REREAD_DAYS,
    STOREFRONT_STATES,
    STOREFRONT_TRANSITIONS,
)

ADMIN = "marketplace_connector.group_connector_admin"


class MarketplaceStorefront(models.Model):
    """One shop: how to reach it, and how to read what it says."""

    _name = "marketplace.storefront"
    _description = "Storefront"
    _inherit = ["mail.thread", "mail.activity.mixin", "marketplace.state.mixin"]
    _check_company_auto = True
    _order = "sequence, id"
    _state_transitions = STOREFRONT_TRANSITIONS

    name = fields.Char(required=True, tracking=True)
    code = fields.Char(
        required=True,
        tracking=True,
        help="Short name that orders of this shop carry as their channel.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    state = fields.Selection(
        STOREFRONT_STATES, required=True, readonly=True, default="draft", tracking=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    adapter = fields.Selection(
        [
            ("vendure", "Vendure"),
            ("woocommerce", "WooCommerce and Dokan"),
            ("shopify", "Shopify"),
            ("medusa", "Medusa"),
            ("mercur", "Mercur"),
        ],
        string="Platform",
        required=True,
        default="vendure",
    )
    is_sandbox = fields.Boolean(
        string="Test Shop", help="Its orders are no real sales; shown as a ribbon."
    )
    # -- access
    url = fields.Char(string="Address", required=True, tracking=True)
    username = fields.Char(string="User Name", groups=ADMIN)
    password = fields.Char(groups=ADMIN, copy=False)
    webhook_key = fields.Char(
        copy=False,
        required=True,
        default=lambda self: str(uuid.uuid4()),
        groups=ADMIN,
        help="Last part of the webhook address.",
    )
    webhook_secret = fields.Char(
        copy=False,
        groups=ADMIN,
        help="Shared with the shop, which signs its calls with it. Without it, every "
        "call is refused and only pulling brings orders.",
    )
    webhook_url = fields.Char(
        string="Webhook Address", compute="_compute_webhook_url", groups=ADMIN
    )
    # -- how the shop is set up from here
    language_code = fields.Char(
        string="Language",
        required=True,
        default="en",
        help="Language of the shop's texts that are sent from here, as two letters.",
    )
    country_ids = fields.Many2many(
        "res.country",
        string="Countries",
        default=lambda self: self.env.company.country_id,
        help="Where the shop delivers to.",
    )
    payment_method = fields.Char(
        required=True,
        default="marketplace",
        help="Code of the shop's payment method; made in the shop if it is missing.",
    )
    tax_ids = fields.One2many(
        "marketplace.storefront.tax", "storefront_id", string="Taxes", copy=True
    )
    shipping_ids = fields.One2many(
        "marketplace.storefront.shipping",
        "storefront_id",
        string="Deliveries",
        copy=True,
    )
    # -- how orders are read
    discount_ids = fields.One2many(
        "marketplace.storefront.discount",
        "storefront_id",
        string="Promotions",
        copy=True,
    )
    default_funder = fields.Selection(
        DISCOUNT_FUNDERS,
        string="Other Promotions Paid by",
        default="marketplace",
        help="Who pays for a promotion that is not listed. Empty: orders with such a "
        "promotion go to quarantine.",
    )
    tolerance = fields.Monetary(
        string="Rounding Tolerance",
        help="Largest accepted difference between the lines of an order and what the "
        "customer was charged. It is booked as rounding; above it the order goes to "
        "quarantine.",
    )
    reread_days = fields.Integer(
        string="Days to Read Again",
        default=REREAD_DAYS,
        help="Finished orders of so many days are read again from time to time, for "
        "refunds the shop has not told about.",
    )
    # -- progress
    order_cursor = fields.Char(copy=False, readonly=True)
    date_pulled = fields.Datetime(string="Last Pull", copy=False, readonly=True)
    date_reread = fields.Datetime(string="Open Orders Read", copy=False, readonly=True)
    error = fields.Text(string="Last Problem", copy=False, readonly=True)
    date_error = fields.Datetime(string="Problem Since", copy=False, readonly=True)

    inbox_waiting_count = fields.Integer(compute="_compute_message_counts")
    inbox_quarantine_count = fields.Integer(compute="_compute_message_counts")
    outbox_waiting_count = fields.Integer(compute="_compute_message_counts")
    outbox_failed_count = fields.Integer(compute="_compute_message_counts")
    order_count = fields.Integer(compute="_compute_binding_counts")
    offer_count = fields.Integer(compute="_compute_binding_counts")
    vendor_count = fields.Integer(compute="_compute_binding_counts")

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "Another storefront of the company has this code."
    )
    _webhook_key_uniq = models.UniqueIndex(
        "(webhook_key)", "Another storefront has this webhook address."
    )
    _figures_positive = models.Constraint(
        "CHECK (tolerance >= 0 AND reread_days >= 0)",
        "The tolerance and the days to read again are zero or more.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("webhook_key")
    def _compute_webhook_url(self):
        base = f"{self.get_base_url()}/marketplace/webhook"
        for storefront in self:
            storefront.webhook_url = f"{base}/{storefront.webhook_key}"

    def _compute_message_counts(self):
        inbox = self._count_by_state("marketplace.inbox")
        outbox = self._count_by_state("marketplace.outbox")
        for storefront in self:
            storefront.inbox_waiting_count = inbox.get(
                (storefront, "new"), 0
            ) + inbox.get((storefront, "retry"), 0)
            storefront.inbox_quarantine_count = inbox.get((storefront, "quarantine"), 0)
            storefront.outbox_waiting_count = outbox.get(
                (storefront, "pending"), 0
            ) + outbox.get((storefront, "retry"), 0)
            storefront.outbox_failed_count = outbox.get((storefront, "failed"), 0)

    def _count_by_state(self, model):
        groups = self.env[model]._read_group(
            [
                ("storefront_id", "in", self.ids),
                ("state", "not in", ["done", "ignored", "cancelled"]),
            ],
            ["storefront_id", "state"],
            ["__count"],
        )
        return {(storefront, state): count for storefront, state, count in groups}

    def _compute_binding_counts(self):
        groups = self.env["marketplace.binding"]._read_group(
            [("storefront_id", "in", self.ids)],
            ["storefront_id", "object_type"],
            ["__count"],
        )
        counts = {(storefront, kind): count for storefront, kind, count in groups}
        for storefront in self:
            storefront.order_count = counts.get((storefront, "order"), 0)
            storefront.offer_count = counts.get((storefront, "offer"), 0)
            storefront.vendor_count = counts.get((storefront, "vendor"), 0)

    # -- CRUD -----------------------------------------------------------------------

    def write(self, vals):
        if {"code", "company_id"} & vals.keys():
            self._check_code_free(vals)
        return super().write(vals)

    def _check_code_free(self, vals):
        """Refuse to rename a channel that orders carry."""
        for storefront in self:
            changed = vals.get("code", storefront.code) != storefront.code or (
                vals.get("company_id", storefront.company_id.id)
                != storefront.company_id.id
            )
            if changed and storefront._has_orders():
                raise MarketplaceError(
                    self.env._(
                        "%(storefront)s has orders that carry its code: its code and "
                        "its company cannot be changed any more.",
                        storefront=storefront.name,
                    )
                )

    def _has_orders(self):
        return bool(
            self.env["marketplace.order"].search_count(
                [("storefront_id", "=", self.id)], limit=1
            )
        )

    # -- actions --------------------------------------------------------------------

    def action_disconnect(self):
        """Stop all exchange with the shop until it is connected again."""
        self._transition("draft")
        return True

    def action_push_catalogue(self):
        """Begin to send the set-up, the vendors and the offers that the shop lacks."""
        self._check_connected()
        self._start_load("catalogue")
        sellable = [
            ("company_id", "in", self.company_id.ids),
            ("is_sellable", "=", True),
        ]
        if not self.env["marketplace.offer"].search_count(sellable, limit=1):
            return self._notify(
                self.env._(
                    "No offer can be sold yet: only the set-up is sent. Each offer "
                    "says what it lacks, under Catalogue › Offers."
                ),
                "warning",
            )
        return self._notify(self.env._("The catalogue is being sent."), "info")

    def action_pull_orders(self):
        """Queue the reading of new and open orders."""
        self._check_connected()
        for storefront in self:
            storefront._delay()._job_pull_orders()
        return self._notify(self.env._("The orders are being read."), "info")

    def action_view_orders(self):
        return self._open(self.env._("Orders"), "marketplace.order", [])

    def action_view_bindings(self):
        return self._open(self.env._("In the Shop"), "marketplace.binding", [])

    def action_view_quarantine(self):
        states = ["quarantine"]
        return self._open_messages(
            self.env._("Quarantine"), "marketplace.inbox", states
        )

    def action_view_inbox_waiting(self):
        states = ["new", "retry"]
        return self._open_messages(
            self.env._("To Process"), "marketplace.inbox", states
        )

    def action_view_outbox_failed(self):
        name = self.env._("Refused")
        return self._open_messages(name, "marketplace.outbox", ["failed"])

    def action_view_outbox_waiting(self):
        name = self.env._("To Send")
        return self._open_messages(name, "marketplace.outbox", ["pending", "retry"])

    def _open_messages(self, name, model, states):
        return self._open(name, model, [("state", "in", states)])

    def _open(self, name, model, domain):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": f"{name} · {self.name}",
            "res_model": model,
            "view_mode": "list,form",
            "domain": [("storefront_id", "=", self.id), *domain],
            "context": {"create": False},
        }

    def _check_connected(self):
        idle = self.filtered(lambda storefront: storefront.state != "connected")
        if idle:
            raise MarketplaceError(
                self.env._(
                    "%(storefronts)s: test the connection first.",
                    storefronts=", ".join(idle.mapped("name")),
                )
            )

    def _notify(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # -- access to the shop ---------------------------------------------------------

    @api.private
    def _get_adapter(self):
        self.ensure_one()
        # sudo: the credentials are the administrator's, their use is everybody's
        # who may push or pull.
        secret = self.sudo()
        return ADAPTERS[self.adapter](
            secret.url, secret.username or "", secret.password or ""
        )

    @contextmanager
    def _problems_reported(self):
        """Keep a problem with the shop on the storefront instead of raising it.

        A refused access stops the exchange and tells somebody; everything else is
        tried again at the next pull.
        """
        self.ensure_one()
        try:
            yield
        except ShopError as error:
            self._record_problem(error)
        else:
            if self.error:
                self.write({"error": False, "date_error": False})

    def _record_problem(self, error):
        message = str(error)[:ERROR_CHARS_MAX]
        if message != self.error:
            self.write({"error": message, "date_error": fields.Datetime.now()})
        if isinstance(error, AuthError) and self._transition("refused"):
            self._activity_refused(message)

    def _activity_refused(self, message):
        # sudo: whoever finds it out need not be able to read groups.
        admins = self.env.ref(ADMIN).sudo().all_user_ids
        self.activity_schedule(
            "mail.mail_activity_data_warning",
            summary=self.env._("The shop refuses our access"),
            note=message,
            user_id=(admins[:1] or self.env.user).id,
        )

    # -- jobs -----------------------------------------------------------------------

    def _delay(self):
        """Return self ready to queue a job; the same waiting job is queued once.

        Jobs act as the system user: a vendor who ships in the portal has no right on
        the storefront, and needs none.
        """
        self.ensure_one()
        job_self = self.with_user(SUPERUSER_ID).with_company(self.company_id)
        return job_self.with_delay(
            channel="root.marketplace", identity_key=identity_exact
        )

    @api.model
    def _cron_synchronise(self):
        """Queue the regular exchange; it also finds what a lost webhook was about."""
        for storefront in self.search([("state", "=", "connected")]):
            storefront._delay()._job_pull_orders(storefront._is_reread_due())
            storefront._delay()._job_process_inbox()
            storefront._delay()._job_send_outbox()
