"""Close a month: what is open, who signs, what the figures were."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_close import CLOSE_STATES, CLOSE_TRANSITIONS, LOCK_FIELDS

ACCOUNTANT = "marketplace_base.group_accountant"
REPORT = "marketplace_payout.marketplace_close_report"


class MarketplaceClose(models.Model):
    """Close the books of one company for one month.

    Checks say what is open; none that blocks may be, unless it is waived with a
    reason. Closing keeps the figures, moves the lock dates and files a signed report.
    """

    _name = "marketplace.close"
    _description = "Period Close"
    _inherit = ["mail.thread", "mail.activity.mixin", "marketplace.state.mixin"]
    _order = "date_start desc, id desc"
    _mail_post_access = "read"
    _state_transitions = CLOSE_TRANSITIONS

    name = fields.Char(compute="_compute_period", store=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_start = fields.Date(
        string="Month",
        required=True,
        default=lambda self: self._default_month(),
        help="Any day of the month to close; it becomes the first.",
    )
    date_end = fields.Date(
        string="Last Day", compute="_compute_period", store=True, precompute=True
    )
    date_promised = fields.Date(
        string="Close Until",
        compute="_compute_period",
        store=True,
        precompute=True,
        help="Day until which the month should be closed, from the settings.",
    )
    is_late = fields.Boolean(string="Late", compute="_compute_is_late")
    state = fields.Selection(
        CLOSE_STATES, required=True, readonly=True, default="open", tracking=True
    )
    check_ids = fields.One2many("marketplace.close.check", "close_id", string="Checks")
    blocking_count = fields.Integer(
        string="Blocking", compute="_compute_counts", store=True
    )
    warning_count = fields.Integer(
        string="Warnings", compute="_compute_counts", store=True
    )
    waived_count = fields.Integer(
        string="Waived", compute="_compute_counts", store=True
    )
    date_checked = fields.Datetime(string="Checked On", readonly=True)
    event_ids = fields.One2many(
        "marketplace.close.event", "close_id", string="Trace", readonly=True
    )
    closed_by_id = fields.Many2one("res.users", string="Closed by", readonly=True)
    date_closed = fields.Datetime(string="Closed On", readonly=True)
    figure_ids = fields.One2many(
        "marketplace.close.figure",
        "close_id",
        string="Figures",
        readonly=True,
        domain=[("is_latest", "=", True)],
    )
    locks_before = fields.Json(
        readonly=True, help="Lock dates that closing moved, as they were before."
    )

    _period_uniq = models.UniqueIndex(
        "(company_id, date_start)", "This month of the company has its close already."
    )
    _signed = models.Constraint(
        "CHECK (state <> 'closed' OR (closed_by_id IS NOT NULL"
        " AND date_closed IS NOT NULL))",
        "A closed month names who closed it, and when.",
    )

    @api.model
    def _default_month(self):
        today = self.env.company._marketplace_today()
        return fields.Date.subtract(today.replace(day=1), months=1)

    # -- computes -------------------------------------------------------------------

    @api.depends("date_start", "company_id")
    def _compute_period(self):
        for close in self:
            first = close.date_start and close.date_start.replace(day=1)
            following = first and fields.Date.add(first, months=1)
            day = close.company_id.sudo().marketplace_close_day
            close.name = first and first.strftime("%Y-%m")
            close.date_end = first and fields.Date.subtract(following, days=1)
            close.date_promised = first and fields.Date.add(following, days=day - 1)

    @api.depends("state", "date_promised", "date_closed")
    def _compute_is_late(self):
        for close in self:
            company = close.company_id
            end = (
                company._marketplace_day(close.date_closed)
                if close.state == "closed"
                else company._marketplace_today()
            )
            close.is_late = bool(close.date_promised) and end > close.date_promised

    @api.depends("check_ids.state", "check_ids.is_blocking")
    def _compute_counts(self):
        for close in self:
            still_open = close.check_ids.filtered(lambda check: check.state == "open")
            blocking = still_open.filtered("is_blocking")
            close.blocking_count = len(blocking)
            close.warning_count = len(still_open - blocking)
            close.waived_count = len(
                close.check_ids.filtered(lambda check: check.state == "waived")
            )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("date_start"):
                day = fields.Date.to_date(vals["date_start"])
                vals["date_start"] = day.replace(day=1)
        closes = super().create(vals_list)
        # sudo: the checks count what exists, whoever opens the month may not see it.
        closes.sudo()._refresh()
        return closes

    def write(self, vals):
        if not self.env.su and not vals.keys() <= self._editable_fields():
            raise AccessError(
                self.env._("A period close is moved by its buttons, nothing else.")
            )
        return super().write(vals)

    @api.model
    def _editable_fields(self):
        """Return the fields people may write: the checks guard their own."""
        return {"check_ids"} | {
            name
            for name, field in self._fields.items()
            if name.startswith(("activity_", "message_"))
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_untouched(self):
        if used := self.filtered("event_ids"):
            raise MarketplaceError(
                self.env._(
                    "%(months)s: what was decided on a close is kept.",
                    months=", ".join(used.mapped("name")),
                )
            )

    # -- actions --------------------------------------------------------------------

    def _check_closing_right(self):
        """Let only accountants of the company close it.

        :return: the close as superuser, the right being checked.
        :raises AccessError: for anybody else.
        """
        self.ensure_one()
        if not self.env.user.has_group(ACCOUNTANT):
            raise AccessError(self.env._("Only marketplace accountants close months."))
        self.check_access("write")
        return self.sudo()

    def action_refresh(self):
        """Run the checks again."""
        close = self._check_closing_right()
        close._check_not_closed()
        close._refresh()
        return True

    def action_accrue(self):
        """Post the cut-off entries of the month, then run the checks again."""
        close = self._check_closing_right()
        close._check_not_closed()
        close._check_over()
        close.company_id._marketplace_accrue(close.date_end)
        close._refresh()
        return True

    def action_close(self):
        """Close the month: keep the figures, move the lock dates, file the report.

        :raises MarketplaceError: naming every blocking check that is open.
        """
        close = self._check_closing_right()
        close.lock_for_update(allow_referencing=True)
        close.invalidate_recordset(["state"])
        if close.state == "closed":
            return True
        close._check_over()
        close._check_order()
        close._refresh()
        close._check_nothing_blocks()
        close._transition(
            "closed",
            {"closed_by_id": self.env.uid, "date_closed": fields.Datetime.now()},
        )
        event = close._record_event("closed")
        close._keep_figures(event)
        close._lock_period()
        close._file_report()
        return True

    def action_reopen(self):
        """Ask why a closed month is opened again."""
        self._check_closing_right()
        return self._action_reason("reopen")

    def action_print(self):
        """Print the close report."""
        return self.env.ref(REPORT).report_action(self)

    def action_view_accruals(self):
        """Open the cut-off lines of the month in the ledger."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_ledger_line_action"
        )
        domain = [
            ("company_id", "=", self.company_id.id),
            ("event", "in", ("accrual", "psp_accrual")),
            ("date_event", "=", fields.Date.to_string(self.date_end)),
        ]
        return {**action, "domain": domain, "context": {}}

    def _action_reason(self, decision, check=None):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reopen the Month")
            if decision == "reopen"
            else self.env._("Waive the Check"),
            "res_model": "marketplace.close.reason",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_close_id": self.id,
                "default_check_id": check and check.id,
                "default_decision": decision,
            },
        }

    # -- closing --------------------------------------------------------------------

    def _check_not_closed(self):
        if self.state == "closed":
            raise MarketplaceError(
                self.env._("%(month)s is closed. Reopen it first.", month=self.name)
            )

    def _check_over(self):
        if self.date_end >= self.company_id._marketplace_today():
            raise MarketplaceError(
                self.env._(
                    "%(month)s is not over: it can be closed from the next day on.",
                    month=self.name,
                )
            )

    def _check_order(self):
        """Refuse to lock a month while an earlier one is open in the cockpit."""
        earlier = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("date_start", "<", self.date_start),
                ("state", "!=", "closed"),
            ],
            order="date_start",
        )
        if earlier:
            raise MarketplaceError(
                self.env._(
                    "Close the earlier months first: %(months)s.",
                    months=", ".join(earlier.mapped("name")),
                )
            )

    def _check_nothing_blocks(self):
        blocking = self.check_ids.filtered(
            lambda check: check.is_blocking and check.state == "open"
        )
        if blocking:
            raise MarketplaceError(
                self.env._(
                    "%(month)s cannot be closed:\n%(checks)s",
                    month=self.name,
                    checks="\n".join(
                        f"{check.name} ({check.count}): {check.details or ''}".strip()
                        for check in blocking
                    ),
                )
            )

    def _lock_period(self):
        """Move the lock dates of the setting to the last day, never backwards."""
        company = self.company_id
        moved = {
            field: company[field]
            for field in LOCK_FIELDS[company.marketplace_close_lock]
            if not company[field] or company[field] < self.date_end
        }
        company.write(dict.fromkeys(moved, self.date_end))
        self.locks_before = {
            field: before and fields.Date.to_string(before)
            for field, before in moved.items()
        }

    def _reopen(self, reason):
        """Open a closed month again; lock dates go back to what they were.

        A lock date that somebody moved since stays where it is.

        :raises MarketplaceError: when a later month is closed.
        """
        self.ensure_one()
        later = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("date_start", ">", self.date_start),
                ("state", "=", "closed"),
            ],
            order="date_start desc",
        )
        if later:
            raise MarketplaceError(
                self.env._(
                    "Reopen the later months first: %(months)s.",
                    months=", ".join(later.mapped("name")),
                )
            )
        if not self._transition("reopened"):
            return
        company = self.company_id
        company.write(
            {
                field: before
                for field, before in (self.locks_before or {}).items()
                if company[field] == self.date_end
            }
        )
        self.locks_before = False
        self._record_event("reopened", reason)
        self._refresh()

    def _file_report(self):
        """Attach the report of this closing: later ones do not replace it."""
        content, _type = self.env["ir.actions.report"]._render_qweb_pdf(
            REPORT, self.ids
        )
        self.message_post(
            body=self.env._("%(month)s is closed.", month=self.name),
            attachments=[(f"{self._get_report_base_filename()}.pdf", content)],
        )

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.env._("Close %(month)s", month=self.name)
