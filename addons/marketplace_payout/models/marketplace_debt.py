"""What vendors owe us, and credits that nobody claims: one case each."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine import calendar, debt

DEBT_KINDS = [("debt", "Owed by the vendor"), ("credit", "Never claimed by the vendor")]
DEBT_STATES = [
    ("open", "Open"),
    ("requested", "Write-off to Approve"),
    ("recovered", "Recovered"),
    ("written_off", "Written Off"),
]
DEBT_TRANSITIONS = {
    "requested": {"open"},
    # a direct debit that comes back opens its debt again
    "open": {"requested", "recovered"},
    "recovered": {"open", "requested"},
    "written_off": {"requested"},
}
OPEN_STATES = ("open", "requested")
DEBT_AGES = [
    ("0_30", "Up to 30 days"),
    ("31_60", "31 to 60 days"),
    ("61_90", "61 to 90 days"),
    ("over_90", "More than 90 days"),
]
# Years after which a credit that nobody claims is prescribed (French civil code, 2224).
UNCLAIMED_YEARS = 5
# Days a vendor has to pay what we claim.
CLAIM_DAYS = 30


class MarketplaceDebt(models.Model):
    """Follow one debt of a vendor from the first negative balance to its end.

    The balance is the ledger's; what is kept here is its figure of the last change, and
    what was done about it. A credit never claimed is followed the same way.
    """

    _name = "marketplace.debt"
    _description = "Vendor Debt"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_since, id"
    _check_company_auto = True
    _mail_post_access = "read"
    _state_transitions = DEBT_TRANSITIONS

    name = fields.Char(string="Number", required=True, readonly=True, index="trigram")
    kind = fields.Selection(
        DEBT_KINDS, required=True, readonly=True, default="debt", index=True
    )
    vendor_id = fields.Many2one("res.partner", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    settlement_id = fields.Many2one(
        "marketplace.settlement",
        string="First Negative Statement",
        readonly=True,
        index="btree_not_null",
    )
    state = fields.Selection(
        DEBT_STATES, required=True, readonly=True, default="open", tracking=True
    )
    date_since = fields.Date(
        string="Since", required=True, readonly=True, help="Cut-off of that statement."
    )
    age = fields.Selection(
        DEBT_AGES, readonly=True, help="Brought up to date every night."
    )
    amount_start = fields.Monetary(string="At First", readonly=True)
    amount_open = fields.Monetary(
        string="Still Open",
        readonly=True,
        help="The vendor's balance due, as of the last movement or last night.",
    )
    amount_expected = fields.Monetary(
        string="Covered by Sales to Come",
        compute="_compute_amount_expected",
        help="Pending sales and the reserve: they are set off first, at the next "
        "settlements, before anything is asked of the vendor.",
    )
    amount_impaired = fields.Monetary(
        string="Impaired", readonly=True, tracking=True, help="Expected to be lost."
    )
    reminder_level = fields.Integer(string="Reminders", readonly=True)
    date_reminded = fields.Date(string="Last Reminder", readonly=True)
    date_claimed = fields.Date(string="Claimed on", readonly=True, tracking=True)
    amount_claimed = fields.Monetary(string="Claimed", readonly=True)
    date_due = fields.Date(string="To Be Paid by", readonly=True, tracking=True)
    date_closed = fields.Date(string="Closed on", readonly=True)
    write_off_reason = fields.Char(readonly=True, tracking=True)
    requested_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    approved_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    instalment_ids = fields.One2many(
        "marketplace.debt.instalment", "debt_id", string="Instalments", readonly=True
    )

    _name_uniq = models.UniqueIndex(
        "(company_id, name)", "This number is used by another debt."
    )
    _open_uniq = models.UniqueIndex(
        "(company_id, vendor_id, currency_id) WHERE state IN ('open', 'requested')",
        "This vendor's balance is followed by another open case already.",
    )
    _amounts_positive = models.Constraint(
        "CHECK (amount_open >= 0 AND amount_impaired >= 0)",
        "What is open and what is impaired are zero or more.",
    )
    _four_eyes = models.Constraint(
        "CHECK (approved_by_id <> requested_by_id)",
        "A write-off is approved by somebody else than the one who asked for it.",
    )
    _approval_kept = models.Constraint(
        "CHECK (state <> 'written_off'"
        " OR (requested_by_id IS NOT NULL AND approved_by_id IS NOT NULL))",
        "A write-off needs its two people.",
    )

    @api.depends("vendor_id", "state")
    def _compute_amount_expected(self):
        Ledger = self.env["marketplace.ledger.line"]
        for company, own in self.grouped("company_id").items():
            balances = Ledger._vendor_balances(own.vendor_id, company)
            for case in own:
                buckets = balances.get((case.vendor_id.id, case.currency_id.id), {})
                to_minor = case.currency_id._marketplace_minor
                minor = sum(
                    to_minor(buckets.get(bucket, 0.0))
                    for bucket in ("pending", "reserved")
                )
                case.amount_expected = case.currency_id._marketplace_amount(minor)

    # -- opening and following ------------------------------------------------------

    @api.model
    @api.private
    def _open_from(self, settlements):
        """Open a case for each negative statement whose vendor has none."""
        negative = settlements.filtered(lambda s: s.carry_reason == "negative")
        if not negative:
            return self.browse()
        followed = {
            (case.vendor_id, case.currency_id)
            for case in self.search(
                [
                    ("company_id", "in", negative.company_id.ids),
                    ("vendor_id", "in", negative.vendor_id.ids),
                    ("state", "in", OPEN_STATES),
                ]
            )
        }
        fresh = negative.filtered(
            lambda s: (s.vendor_id, s.currency_id) not in followed
        )
        return self._create_cases(
            [
                {
                    "vendor_id": settlement.vendor_id.id,
                    "company_id": settlement.company_id.id,
                    "currency_id": settlement.currency_id.id,
                    "settlement_id": settlement.id,
                    "date_since": settlement.date_cutoff,
                    "amount_start": -settlement.amount_carried,
                    "amount_open": -settlement.amount_carried,
                }
                for settlement in fresh
            ]
        )

    def _create_cases(self, vals_list):
        if not vals_list:
            return self.browse()
        company = self.env["res.company"].browse(vals_list[0]["company_id"])
        names = self.env["ir.sequence"]._marketplace_next_many(
            self._name, company, len(vals_list)
        )
        return self.create(
            [
                {"age": "0_30", **vals, "name": name}
                for vals, name in zip(vals_list, names, strict=True)
            ]
        )

    @api.private
    def _refresh(self):
        """Read what is open from the ledger; a case with nothing left is recovered."""
        Ledger = self.env["marketplace.ledger.line"]
        for company, own in self.grouped("company_id").items():
            today = company._marketplace_today()
            balances = Ledger._vendor_balances(own.vendor_id, company)
            over = self.browse()
            for case in own.filtered(lambda case: case.state in OPEN_STATES):
                buckets = balances.get((case.vendor_id.id, case.currency_id.id), {})
                sign = -1 if case.kind == "debt" else 1
                due = case.currency_id._marketplace_minor(buckets.get("due", 0.0))
                case.amount_open = case.currency_id._marketplace_amount(
                    max(sign * due, 0)
                )
                case.age = debt.age_code((today - case.date_since).days)
                if case.currency_id.is_zero(case.amount_open):
                    over |= case
            over._set_impairment(0, today)
            over._transition("recovered", {"date_closed": today})

    @api.model
    def _open_unclaimed(self, company):
        """Open a case for each credit without movement since the prescription."""
        today = company._marketplace_today()
        limit = fields.Date.subtract(today, years=UNCLAIMED_YEARS)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.vendor_id, line.currency_id, MAX(line.date_event),
                       SUM(CASE line.role_credit WHEN 'VENDOR_DUE' THEN line.amount
                           ELSE -line.amount END)
                  FROM marketplace_ledger_line AS line
                 WHERE line.company_id = %s AND line.vendor_id IS NOT NULL
                   AND 'VENDOR_DUE' IN (line.role_debit, line.role_credit)
                   AND NOT EXISTS (
                           SELECT 1 FROM marketplace_debt AS debt
                            WHERE debt.company_id = line.company_id
                              AND debt.vendor_id = line.vendor_id
                              AND debt.currency_id = line.currency_id
                              AND debt.state IN ('open', 'requested'))
              GROUP BY line.vendor_id, line.currency_id
                HAVING MAX(line.date_event) < %s
                   AND SUM(CASE line.role_credit WHEN 'VENDOR_DUE' THEN line.amount
                           ELSE -line.amount END) > 0
                """,
                company.id,
                limit,
            )
        )
        return self._create_cases(
            [
                {
                    "kind": "credit",
                    "vendor_id": vendor_id,
                    "company_id": company.id,
                    "currency_id": currency_id,
                    "date_since": last,
                    "age": "over_90",
                    "amount_start": amount,
                    "amount_open": amount,
                }
                for vendor_id, currency_id, last, amount in rows
            ]
        )

    # -- nightly job ----------------------------------------------------------------

    @api.model
    def _cron_follow(self):
        """Bring every case up to date, remind debtors, find credits never claimed."""
        cron = self.env["ir.cron"]
        for company in self.env["res.company"]._marketplace_companies():
            company._marketplace_attempt(
                self.env._("Debts of vendors"),
                self.with_company(company)._follow,
                company,
            )
            if not cron._commit_progress(1):
                return

    def _follow(self, company):
        cases = self.search(
            [("company_id", "=", company.id), ("state", "in", OPEN_STATES)]
        )
        cases._refresh()
        cases.filtered(
            lambda case: case.state == "open" and case.kind == "debt"
        )._remind(company._marketplace_today())
        self._open_unclaimed(company)

    def _remind(self, today):
        """Mail each debtor when his debt reaches the next age, once an age."""
        template = self.env.ref("marketplace_payout.mail_template_debt_reminder")
        due = self.filtered(
            lambda case: debt.reminder_level((today - case.date_since).days)
            > case.reminder_level
        )
        for case in due:
            case.reminder_level = debt.reminder_level((today - case.date_since).days)
            case.date_reminded = today
        if due:
            template.sudo().send_mail_batch(
                due.ids, email_layout_xmlid="mail.mail_notification_light"
            )

    # -- rights ---------------------------------------------------------------------

    def _as_accountant(self):
        """Return the cases in sudo for an accountant; nobody else acts on them.

        :raises AccessError: for anybody else.
        """
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(
                self.env._("Only marketplace accountants act on vendors' debts.")
            )
        self.check_access("read")
        # sudo: the right is checked above; nobody writes cases by hand
        return self.sudo()

    def _check_open(self):
        """Refuse to act on a case that is over.

        :raises MarketplaceError: naming it.
        """
        for case in self:
            if case.state != "open":
                raise MarketplaceError(
                    self.env._(
                        "%(debt)s is not open: it is “%(state)s”.",
                        debt=case.name,
                        state=dict(DEBT_STATES)[case.state],
                    )
                )

    # -- claim ----------------------------------------------------------------------

    def action_claim(self):
        """Ask the vendor for what is open, in a document with a day to pay by.

        The debt is in the books already, on the vendor's account: no entry.
        """
        cases = self._as_accountant()
        cases._check_open()
        if cases.filtered(lambda case: case.kind != "debt"):
            raise MarketplaceError(
                self.env._("A credit of the vendor cannot be claimed from him.")
            )
        for case in cases:
            today = case.company_id._marketplace_today()
            case.write(
                {
                    "date_claimed": today,
                    "amount_claimed": case.amount_open,
                    "date_due": calendar.payment_day(
                        fields.Date.add(today, days=CLAIM_DAYS)
                    ),
                }
            )
        template = self.env.ref("marketplace_payout.mail_template_debt_claim")
        template.sudo().send_mail_batch(
            cases.ids, email_layout_xmlid="mail.mail_notification_light"
        )
        return True

    def action_use_reserve(self):
        """Release as much of the vendor's reserve as covers the debt."""
        for case in self._as_accountant():
            case._check_open()
            reserves = self.env["marketplace.reserve"].sudo()
            reserves = reserves.search(
                [
                    ("company_id", "=", case.company_id.id),
                    ("vendor_id", "=", case.vendor_id.id),
                    ("currency_id", "=", case.currency_id.id),
                    ("state", "=", "held"),
                ]
            )
            if not reserves:
                raise MarketplaceError(
                    self.env._(
                        "Nothing of %(vendor)s is held in reserve.",
                        vendor=case.vendor_id.name,
                    )
                )
            minor = case.currency_id._marketplace_minor(case.amount_open)
            taken = reserves._take(minor)
            taken._release(case.company_id._marketplace_today(), "debt")
            case._refresh()
        return True

    def action_view_ledger(self):
        """Open the movements of the vendor's account in this currency."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_ledger_line_action"
        )
        domain = [
            ("vendor_id", "=", self.vendor_id.id),
            ("company_id", "=", self.company_id.id),
            ("currency_id", "=", self.currency_id.id),
            "|",
            ("role_debit", "in", ("VENDOR_DUE", "IMPAIRMENT")),
            ("role_credit", "in", ("VENDOR_DUE", "IMPAIRMENT")),
        ]
        return {**action, "domain": domain, "context": {}}

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.name.replace("/", "-")
