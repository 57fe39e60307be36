from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.fees import monthly_amount, months

SUBSCRIPTION_STATES = [
    ("draft", "Draft"),
    ("running", "Running"),
    ("ended", "Ended"),
]
# target -> states it may be reached from
SUBSCRIPTION_TRANSITIONS = {"running": {"draft"}, "ended": {"running"}, "draft": set()}
SUBSCRIPTION_KINDS = [
    ("subscription", "Subscription"),
    ("listing", "Listing"),
    ("logistics", "Logistics"),
    ("advertising", "Advertising"),
]
# What a running subscription keeps: end it and begin another.
FROZEN_FIELDS = {
    "vendor_id",
    "company_id",
    "currency_id",
    "kind",
    "amount",
    "date_start",
}


class MarketplaceSubscription(models.Model):
    """Charge a vendor an amount every month, the first one pro rata by day."""

    _name = "marketplace.subscription"
    _description = "Vendor Subscription"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "date_start desc, id desc"
    _state_transitions = SUBSCRIPTION_TRANSITIONS

    name = fields.Char(
        string="Description",
        required=True,
        help="The vendor reads it on the invoice, followed by the period.",
    )
    kind = fields.Selection(
        SUBSCRIPTION_KINDS, required=True, default="subscription", tracking=True
    )
    state = fields.Selection(
        SUBSCRIPTION_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    amount = fields.Monetary(
        string="Per Month", required=True, tracking=True, help="VAT excluded."
    )
    date_start = fields.Date(
        string="From",
        required=True,
        default=fields.Date.context_today,
        tracking=True,
        help="The first month is charged from this day on, by its share of days.",
    )
    date_end = fields.Date(
        string="To",
        tracking=True,
        help="A month that has begun is charged whole; open when empty.",
    )
    fee_count = fields.Integer(string="Fees", compute="_compute_fee_count")

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A subscription costs more than nothing."
    )
    _dates_ordered = models.Constraint(
        "CHECK (date_end >= date_start)", "A subscription cannot end before it starts."
    )

    def _compute_fee_count(self):
        for subscription in self:
            subscription.fee_count = self.env["marketplace.fee"].search_count(
                subscription._fee_domain()
            )

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        for company, own in subscriptions.grouped("company_id").items():
            company._marketplace_check_fee_taxes(set(own.mapped("kind")))
        return subscriptions

    def write(self, vals):
        if FROZEN_FIELDS & vals.keys() and (
            fixed := self.filtered(lambda record: record.state != "draft")
        ):
            raise MarketplaceError(
                self.env._(
                    "%(subscriptions)s: a subscription that runs keeps its terms. End "
                    "it and start another.",
                    subscriptions=", ".join(fixed.mapped("name")),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if fixed := self.filtered(lambda record: record.state != "draft"):
            raise MarketplaceError(
                self.env._(
                    "%(subscriptions)s: end it instead of deleting it.",
                    subscriptions=", ".join(fixed.mapped("name")),
                )
            )

    # -- actions --------------------------------------------------------------------

    def action_start(self):
        self._transition("running")
        return True

    def action_end(self):
        """End today, or on the day that was set; months begun stay charged."""
        today = fields.Date.context_today(self)
        # Months up to today are charged before nothing looks at it any more.
        self._charge(today)
        for subscription in self:
            end = subscription.date_end
            if not end or end > today:
                subscription.date_end = max(today, subscription.date_start)
        self._transition("ended")
        return True

    def action_open_fees(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_commission.marketplace_fee_action"
        )
        return {**action, "domain": self._fee_domain(), "context": {}}

    def _fee_domain(self):
        return [("source_key", "=like", f"subscription:{self.id}:%")]

    # -- charging -------------------------------------------------------------------

    @api.model
    def _cron_charge(self):
        running = self.sudo().search([("state", "=", "running")])
        running._charge(fields.Date.context_today(self))

    @api.private
    def _charge(self, today):
        """Charge every month that has begun, once, dated on its first day.

        :return: the new fees.
        """
        vals_list = []
        for subscription in self.filtered(lambda record: record.state == "running"):
            currency = subscription.currency_id
            end = min(subscription.date_end or today, today)
            # The vendor reads it in his language.
            env = subscription.with_context(lang=subscription.vendor_id.lang).env
            for first, last in months(subscription.date_start, end):
                minor = monthly_amount(
                    currency._marketplace_minor(subscription.amount), first, last
                )
                if not minor:
                    continue
                vals_list.append(
                    {
                        "name": env._(
                            "%(subscription)s, %(start)s to %(end)s",
                            subscription=subscription.name,
                            start=format_date(env, first),
                            end=format_date(env, last),
                        ),
                        "kind": subscription.kind,
                        "company_id": subscription.company_id.id,
                        "vendor_id": subscription.vendor_id.id,
                        "currency_id": currency.id,
                        "date": first,
                        "amount": currency._marketplace_amount(minor),
                        "source_key": f"subscription:{subscription.id}:{first:%Y-%m}",
                    }
                )
        return self.env["marketplace.fee"]._charge_once(vals_list)
