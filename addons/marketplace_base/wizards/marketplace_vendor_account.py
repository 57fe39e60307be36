import base64

from odoo import api, fields, models
from odoo.fields import Domain

from ..engine.csv_file import write_csv
from ..exceptions import MarketplaceError
from ..models.marketplace_ledger_line import BALANCE_ROLES

# Movements of one statement; a longer period is asked for in parts.
ACCOUNT_LINES_MAX = 5000
BUCKETS = tuple(dict.fromkeys(BALANCE_ROLES.values()))


class MarketplaceVendorAccount(models.TransientModel):
    """Show what a vendor was owed on any day, and each movement up to it."""

    _name = "marketplace.vendor.account"
    _description = "Account of a Vendor"

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        domain=[("is_marketplace_vendor", "=", True)],
        default=lambda self: self.env.context.get("active_id"),
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: fields.Date.start_of(
            fields.Date.context_today(self), "month"
        ),
    )
    date_to = fields.Date(
        string="As of",
        required=True,
        default=fields.Date.context_today,
        help="Last day whose events count.",
    )
    amount_opening = fields.Monetary(string="Owed Before", compute="_compute_balances")
    amount_pending = fields.Monetary(string="Pending", compute="_compute_balances")
    amount_due = fields.Monetary(string="Due", compute="_compute_balances")
    amount_reserved = fields.Monetary(string="Reserved", compute="_compute_balances")
    amount_closing = fields.Monetary(string="Owed", compute="_compute_balances")
    file = fields.Binary(string="CSV", readonly=True, attachment=False)
    file_name = fields.Char(compute="_compute_file_name")

    _dates_ordered = models.Constraint(
        "CHECK (date_to >= date_from)", "The account ends on its first day or later."
    )

    @api.depends("vendor_id", "company_id", "currency_id", "date_from", "date_to")
    def _compute_balances(self):
        for account in self:
            before = account._balances(fields.Date.subtract(account.date_from, days=1))
            after = account._balances(account.date_to)
            money = account.currency_id._marketplace_amount
            account.amount_opening = money(sum(before.values()))
            for bucket in BUCKETS:
                account[f"amount_{bucket}"] = money(after[bucket])
            account.amount_closing = money(sum(after.values()))

    @api.depends("vendor_id", "date_to")
    def _compute_file_name(self):
        for account in self:
            account.file_name = f"{account.vendor_id.vendor_code}-{account.date_to}.csv"

    def _balances(self, date):
        """Return the minor units owed at the end of a day: {bucket: amount}."""
        self.ensure_one()
        balances = self.env["marketplace.ledger.line"]._vendor_balances(
            self.vendor_id, self.company_id, self.currency_id, date
        )
        found = balances.get((self.vendor_id.id, self.currency_id.id), {})
        minor = self.currency_id._marketplace_minor
        return {bucket: minor(found.get(bucket, 0.0)) for bucket in BUCKETS}

    def _movements(self):
        """Return the movements of the period, the oldest first.

        :return: [(ledger line, {bucket: minor units})], positive = owed more.
        :raises MarketplaceError: when there are too many of them.
        """
        self.ensure_one()
        roles = list(BALANCE_ROLES)
        lines = self.env["marketplace.ledger.line"].search(
            Domain("vendor_id", "=", self.vendor_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("currency_id", "=", self.currency_id.id)
            & Domain("date_event", ">=", self.date_from)
            & Domain("date_event", "<=", self.date_to)
            & (Domain("role_credit", "in", roles) | Domain("role_debit", "in", roles)),
            order="date_event, id",
            limit=ACCOUNT_LINES_MAX + 1,
        )
        if len(lines) > ACCOUNT_LINES_MAX:
            raise MarketplaceError(
                self.env._(
                    "%(vendor)s has more than %(limit)s movements in this period: "
                    "choose a shorter one.",
                    vendor=self.vendor_id.display_name,
                    limit=ACCOUNT_LINES_MAX,
                )
            )
        movements = []
        for line in lines:
            amounts = dict.fromkeys(BUCKETS, 0)
            minor = self.currency_id._marketplace_minor(line.amount)
            for role, sign in ((line.role_credit, 1), (line.role_debit, -1)):
                if bucket := BALANCE_ROLES.get(role):
                    amounts[bucket] += sign * minor
            movements.append((line, amounts))
        return movements

    def _rows(self):
        """Return the movements as they are printed, with what is owed after each."""
        money = self.currency_id._marketplace_amount
        labels = dict(
            self.env["marketplace.ledger.line"]
            ._fields["event"]
            ._description_selection(self.env)
        )
        owed = self.currency_id._marketplace_minor(self.amount_opening)
        rows = []
        for line, amounts in self._movements():
            owed += sum(amounts.values())
            rows.append(
                {
                    "date": line.date_event,
                    "label": labels[line.event],
                    "order": line.sale_order_id.name or line.marketplace_order_id.name,
                    **{bucket: money(amounts[bucket]) for bucket in BUCKETS},
                    "owed": money(owed),
                }
            )
        return rows

    # -- actions --------------------------------------------------------------------

    def action_view_lines(self):
        """Open the ledger lines of the period."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_ledger_line_action"
        )
        lines = [line.id for line, _amounts in self._movements()]
        return {**action, "domain": [("id", "in", lines)], "context": {}}

    def action_print(self):
        return self.env.ref(
            "marketplace_base.marketplace_vendor_account_report"
        ).report_action(self)

    def action_export(self):
        """Make the CSV file, in the currency's units."""
        self.ensure_one()
        _ = self.env._
        decimals = self.currency_id.decimal_places
        names = ("pending", "due", "reserved", "owed")
        self.file = base64.b64encode(
            write_csv(
                [
                    *(_("Date"), _("Movement"), _("Order")),
                    *(_("Pending"), _("Due"), _("Reserved"), _("Owed")),
                ],
                [
                    [
                        *(row["date"], row["label"], row["order"] or ""),
                        *(f"{row[name]:.{decimals}f}" for name in names),
                    ]
                    for row in self._rows()
                ],
            )
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Account of a Vendor"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
