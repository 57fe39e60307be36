"""Watch for what a person should look at, every night; say it once."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain

ALERT_KINDS = [
    ("rate", "Commission rate stands out"),
    ("refund", "Many refunds"),
    ("dead_offer", "Offers without sales"),
    ("bank", "Account changed before a payout"),
]
ALERT_STATES = [("open", "Open"), ("closed", "Over")]
# Days of sales that rates are taken from, and of refunds that are counted.
RATE_DAYS = 30
REFUND_DAYS = 7


class Sign(NamedTuple):
    """One thing to look at: of which vendor, and in which words."""

    kind: str
    vendor_id: int
    message: str


class MarketplaceAlert(models.Model):
    """Something unusual about a vendor, from the night it was seen until it is over."""

    _name = "marketplace.alert"
    _description = "Marketplace Alert"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state desc, date desc, id desc"
    _rec_name = "message"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    kind = fields.Selection(ALERT_KINDS, required=True, readonly=True)
    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    message = fields.Char(required=True, readonly=True)
    date = fields.Date(string="Since", required=True, readonly=True)
    date_end = fields.Date(string="Until", readonly=True)
    state = fields.Selection(
        ALERT_STATES, required=True, readonly=True, default="open", index=True
    )

    _open_uniq = models.UniqueIndex(
        "(company_id, kind, vendor_id) WHERE state = 'open'",
        "This alert of the vendor is open already.",
    )

    # -- nightly --------------------------------------------------------------------

    @api.model
    def _cron_watch(self):
        """Bring the alerts of every company in line with what is seen tonight."""
        for company in self.env["res.company"]._marketplace_companies():
            self._watch(company)

    @api.model
    @api.private
    def _watch(self, company):
        """Open alerts that are new, with one activity each; end those that are over.

        :return: the new alerts.
        """
        # sudo: alerts say in words what their readers see elsewhere
        scoped = self.sudo().with_company(company)
        today = company._marketplace_today()
        seen = {
            (sign.kind, sign.vendor_id): sign
            for find in scoped._watchers()
            for sign in find(company, today)
        }
        known = scoped.search([("company_id", "=", company.id), ("state", "=", "open")])
        by_key = {(alert.kind, alert.vendor_id.id): alert for alert in known}
        over = known.browse(
            alert.id for key, alert in by_key.items() if key not in seen
        )
        over.write({"state": "closed", "date_end": today})
        over.activity_unlink(["mail.mail_activity_data_todo"])
        fresh = scoped.create(
            [
                {
                    "company_id": company.id,
                    "kind": sign.kind,
                    "vendor_id": sign.vendor_id,
                    "message": sign.message,
                    "date": today,
                }
                for key, sign in seen.items()
                if key not in by_key
            ]
        )
        user = company.sudo().marketplace_alert_user_id
        if user:
            for message, alerts in fresh.grouped("message").items():
                alerts.activity_schedule(
                    "mail.mail_activity_data_todo", summary=message, user_id=user.id
                )
        return fresh

    @api.model
    def _watchers(self):
        """Return the functions that look for signs; to extend.

        Each takes the company and the day, and returns :class:`Sign`.
        """
        return [
            self._watch_rates,
            self._watch_refunds,
            self._watch_offers,
            self._watch_accounts,
        ]

    # -- what is watched ------------------------------------------------------------

    def _watch_rates(self, company, today):
        """Find vendors whose commission is far from what all vendors pay."""
        groups = self.env["marketplace.commission.line"]._read_group(
            Domain("company_id", "=", company.id)
            & Domain("currency_id", "=", company.currency_id.id)
            & Domain("kind", "=", "commission")
            & Domain("date", ">", fields.Date.subtract(today, days=RATE_DAYS)),
            ["vendor_id"],
            ["base:sum", "amount:sum"],
        )
        minor = company.currency_id._marketplace_minor
        sums = {vendor: (minor(base), minor(amount)) for vendor, base, amount in groups}
        whole = sum(base for base, _amount in sums.values())
        if not whole:
            return []
        usual = 100 * sum(amount for _base, amount in sums.values()) / whole
        limit = company.marketplace_alert_rate_points
        return [
            Sign(
                "rate",
                vendor.id,
                self.env._(
                    "%(vendor)s pays %(rate)s %% of commission, all vendors "
                    "%(usual)s %%",
                    vendor=vendor.display_name,
                    rate=f"{100 * amount / base:.1f}",
                    usual=f"{usual:.1f}",
                ),
            )
            for vendor, (base, amount) in sums.items()
            if base and abs(100 * amount / base - usual) > limit
        ]

    def _watch_refunds(self, company, today):
        """Find vendors who gave back much of what they sold lately."""
        Ledger = self.env["marketplace.ledger.line"]
        domain = Domain("company_id", "=", company.id)
        domain &= Domain("currency_id", "=", company.currency_id.id)
        domain &= Domain("vendor_id", "!=", False)
        domain &= Domain(
            "date_event", ">", fields.Date.subtract(today, days=REFUND_DAYS)
        )
        roles = ("VENDOR_PENDING", "VENDOR_DUE")
        refunded = Ledger._read_group(
            domain & Domain("event", "=", "refund") & Domain("role_debit", "in", roles),
            ["vendor_id"],
            ["amount:sum", "event_key:count_distinct"],
        )
        sold = dict(
            Ledger._read_group(
                domain
                & Domain("event", "=", "capture")
                & Domain("role_credit", "=", "VENDOR_PENDING"),
                ["vendor_id"],
                ["amount:sum"],
            )
        )
        minor = company.currency_id._marketplace_minor
        limit = company.marketplace_alert_refund_percent
        least = company.marketplace_alert_refund_count
        return [
            Sign(
                "refund",
                vendor.id,
                self.env._(
                    "%(vendor)s: %(count)s refunds of %(amount)s in %(days)s days",
                    vendor=vendor.display_name,
                    count=count,
                    amount=company.currency_id.format(amount),
                    days=REFUND_DAYS,
                ),
            )
            for vendor, amount, count in refunded
            if count >= least
            and 100 * minor(amount) > limit * minor(sold.get(vendor, 0.0))
        ]

    def _watch_offers(self, company, today):
        """Find vendors with sellable offers that nobody has bought for long."""
        since = company._marketplace_day_start(
            fields.Date.subtract(today, days=company.marketplace_alert_offer_days)
        )
        sold = self.env["sale.order.line"]._read_group(
            Domain("company_id", "=", company.id)
            & Domain("offer_id", "!=", False)
            & Domain("order_id.state", "=", "sale")
            & Domain("order_id.date_order", ">=", since),
            ["offer_id"],
        )
        dead = self.env["marketplace.offer"]._read_group(
            Domain("company_id", "=", company.id)
            & Domain("is_sellable", "=", True)
            & Domain("create_date", "<", since)
            & Domain("id", "not in", [offer.id for (offer,) in sold]),
            ["vendor_id"],
            ["__count"],
        )
        return [
            Sign(
                "dead_offer",
                vendor.id,
                self.env._(
                    "%(vendor)s: %(count)s offers without sales for %(days)s days",
                    vendor=vendor.display_name,
                    count=count,
                    days=company.marketplace_alert_offer_days,
                ),
            )
            for vendor, count in dead
        ]

    def _watch_accounts(self, company, today):
        """Find vendors with money to be paid whose account was changed lately."""
        waiting = self.env["marketplace.settlement"]._read_group(
            [("company_id", "=", company.id), ("state", "=", "confirmed")],
            ["vendor_id"],
        )
        since = fields.Date.subtract(today, days=company.marketplace_alert_bank_days)
        accounts = (
            self.env["res.partner"]
            .union(*(vendor for (vendor,) in waiting))
            .payout_bank_account_id
        )
        return [
            Sign(
                "bank",
                account.partner_id.id,
                self.env._(
                    "%(vendor)s: account changed on %(date)s, money waits for it",
                    vendor=account.partner_id.display_name,
                    date=fields.Date.to_date(account.date_payee_changed),
                ),
            )
            for account in accounts
            if account.date_payee_changed
            and fields.Date.to_date(account.date_payee_changed) > since
            # The first account of a vendor is no change.
            and account.date_payee_changed > account.partner_id.date_first_bank_account
        ]


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_alert_user_id = fields.Many2one(
        "res.users",
        string="Alerts Go To",
        domain=[("share", "=", False)],
        help="Gets one activity for each alert; with nobody, alerts are listed only.",
    )
    marketplace_alert_rate_points = fields.Integer(
        string="Commission Rate Apart (points)", default=10
    )
    marketplace_alert_refund_percent = fields.Integer(
        string="Refunds Above (% of sales)", default=20
    )
    marketplace_alert_refund_count = fields.Integer(
        string="Refunds at Least", default=3
    )
    marketplace_alert_offer_days = fields.Integer(
        string="Offers Without Sales (days)", default=180
    )
    marketplace_alert_bank_days = fields.Integer(
        string="Account Changed Within (days)", default=7
    )

    _alert_limits_positive = models.Constraint(
        "CHECK (marketplace_alert_rate_points >= 0"
        " AND marketplace_alert_refund_percent >= 0"
        " AND marketplace_alert_refund_count >= 0"
        " AND marketplace_alert_offer_days >= 0"
        " AND marketplace_alert_bank_days >= 0)",
        "The limits of alerts are zero or more.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_alert_user_id = fields.Many2one(
        related="company_id.marketplace_alert_user_id", readonly=False
    )
    marketplace_alert_rate_points = fields.Integer(
        related="company_id.marketplace_alert_rate_points", readonly=False
    )
    marketplace_alert_refund_percent = fields.Integer(
        related="company_id.marketplace_alert_refund_percent", readonly=False
    )
    marketplace_alert_refund_count = fields.Integer(
        related="company_id.marketplace_alert_refund_count", readonly=False
    )
    marketplace_alert_offer_days = fields.Integer(
        related="company_id.marketplace_alert_offer_days", readonly=False
    )
    marketplace_alert_bank_days = fields.Integer(
        related="company_id.marketplace_alert_bank_days", readonly=False
    )
