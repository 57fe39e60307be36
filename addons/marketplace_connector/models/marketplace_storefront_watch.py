"""Watch the exchange with each shop: failures in a row, whom to tell, trying again."""

from contextlib import contextmanager

from odoo import fields, models

ALERT_AFTER = 5  # failures in a row; about 25 minutes of the regular exchange


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    user_id = fields.Many2one(
        "res.users",
        string="In Charge",
        tracking=True,
        domain=[("share", "=", False)],
        default=lambda self: self.env.user,
        help="Gets a mail when the exchange fails several times in a row, and is the "
        "first owner of what a comparison finds.",
    )
    alert_after = fields.Integer(
        string="Mail After",
        default=ALERT_AFTER,
        help="Failures in a row after which the person in charge gets a mail; once, "
        "until it has worked again. 0: never.",
    )
    failure_in_count = fields.Integer(
        string="Failures in a Row, Reading", readonly=True, copy=False
    )
    failure_out_count = fields.Integer(
        string="Failures in a Row, Sending", readonly=True, copy=False
    )
    date_alerted = fields.Datetime(string="Mail Sent on", readonly=True, copy=False)
    date_webhook = fields.Datetime(
        string="Last Call Taken",
        compute="_compute_date_webhook",
        help="When the shop last called us by itself. Empty: it never did, or every "
        "call was refused.",
    )
    exchange_ids = fields.One2many("marketplace.exchange", "storefront_id")
    date_in_success = fields.Datetime(
        string="Last Read", compute="_compute_exchange_summary"
    )
    lag_minutes = fields.Integer(
        string="Behind by (minutes)",
        compute="_compute_exchange_summary",
        help="How long the oldest message of any flow waits.",
    )

    _alert_positive = models.Constraint(
        "CHECK (alert_after >= 0)", "The failures before a mail are zero or more."
    )

    def _compute_exchange_summary(self):
        rows = (
            self.env["marketplace.exchange"]
            .search([("storefront_id", "in", self.ids)])
            .grouped("storefront_id")
        )
        for storefront in self:
            own = rows.get(storefront, self.env["marketplace.exchange"])
            storefront.lag_minutes = max(own.mapped("lag_minutes"), default=0)
            storefront.date_in_success = max(
                filter(None, own.filtered("is_inbound").mapped("date_success")),
                default=False,
            )

    def _compute_date_webhook(self):
        last = dict(
            self.env["marketplace.inbox"]._read_group(
                [("storefront_id", "in", self.ids), ("kind", "=", "event")],
                ["storefront_id"],
                ["create_date:max"],
            )
        )
        for storefront in self:
            storefront.date_webhook = last.get(storefront, False)

    # -- counting -------------------------------------------------------------------

    @contextmanager
    def _problems_reported(self):
        """Count what works too: a success ends the failures in a row."""
        before = self.failure_in_count
        with super()._problems_reported():
            yield
        if self.failure_in_count == before:
            self._count_success("in")

    def _record_problem(self, error):
        res = super()._record_problem(error)
        way = self.env.context.get("marketplace_exchange_way", "in")
        if way in ("in", "out"):
            self._count_failure(way)
        return res

    def _count_failure(self, way):
        """Count one more failure, and say so when it is one too many."""
        name = f"failure_{way}_count"
        self[name] += 1
        due = self.alert_after and self[name] >= self.alert_after
        if due and not self.date_alerted:
            self.date_alerted = fields.Datetime.now()
            self._mail_alert()

    def _count_success(self, way):
        """End the failures in a row; the next ones are told again."""
        name = f"failure_{way}_count"
        for storefront in self.filtered(name):
            storefront[name] = 0
            if not storefront.failure_in_count and not storefront.failure_out_count:
                storefront.date_alerted = False

    def _mail_alert(self):
        template = self.env.ref("marketplace_connector.mail_template_exchange_fails")
        # sudo: the job that fails has no rights on mail
        template.sudo().send_mail(self.id)

    # -- actions --------------------------------------------------------------------

    def action_retry(self):
        """Try everything that waits or was refused again, both ways, now."""
        self.check_access("read")
        self._check_connected()
        self.exchange_ids.action_retry()
        return self.action_pull_orders()

    def action_view_exchange(self):
        return self._open(self.env._("Exchange"), "marketplace.exchange", [])
