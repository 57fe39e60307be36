"""The checks of a close: what each found, who looks after it, who waived it."""

import hashlib
import json
from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_close import CHECK_STATES


class Check(NamedTuple):
    """Describe a check; ``method`` of the close returns its :class:`Finding`.

    ``waivable`` is false where what follows would fail all the same.
    """

    label: str
    method: str
    is_blocking: bool
    waivable: bool = True


class Finding(NamedTuple):
    """Say what a check found; ``count`` of zero means that all is well.

    ``amount`` is in the currency of the company. ``keys`` tell this finding from
    another: a waiver holds for the very same ones only.
    """

    count: int = 0
    amount: float = 0.0
    oldest: date | None = None
    details: str = ""
    model: str | None = None
    domain: list | None = None
    keys: list | None = None

    def fingerprint(self):
        """Return the digest of what was found."""
        content = [self.count, self.keys or [], f"{self.amount:.6f}"]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class MarketplaceCloseCheck(models.Model):
    """One check of one close, as last run."""

    _name = "marketplace.close.check"
    _description = "Period Close Check"
    _order = "close_id, sequence, id"
    _rec_name = "code"

    close_id = fields.Many2one(
        "marketplace.close",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="close_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="close_id.currency_id")
    code = fields.Char(required=True, readonly=True)
    sequence = fields.Integer(readonly=True)
    name = fields.Char(string="Check", compute="_compute_name")
    is_blocking = fields.Boolean(
        string="Blocks", readonly=True, help="The month is not closed while it is open."
    )
    can_waive = fields.Boolean(readonly=True)
    count = fields.Integer(readonly=True)
    amount = fields.Monetary(readonly=True)
    date_oldest = fields.Date(string="Oldest", readonly=True)
    age_days = fields.Integer(string="Age (days)", compute="_compute_age_days")
    details = fields.Text(readonly=True)
    res_model = fields.Char(readonly=True)
    res_domain = fields.Char(readonly=True)
    fingerprint = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        domain=[("share", "=", False)],
        help="Looks after it; the next month begins with the same owner.",
    )
    waived_by_id = fields.Many2one("res.users", string="Waived by", readonly=True)
    date_waived = fields.Datetime(string="Waived On", readonly=True)
    waive_reason = fields.Text(string="Waived Because", readonly=True)
    state = fields.Selection(
        CHECK_STATES, compute="_compute_state", store=True, precompute=True
    )

    _code_uniq = models.UniqueIndex(
        "(close_id, code)", "This check is already on the close."
    )

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_name(self):
        registry = self.env["marketplace.close"]._close_checks()
        for check in self:
            spec = registry.get(check.code)
            check.name = self.env._(spec.label) if spec else check.code

    @api.depends("date_oldest")
    def _compute_age_days(self):
        for check in self:
            today = check.company_id._marketplace_today()
            oldest = check.date_oldest
            check.age_days = max((today - oldest).days, 0) if oldest else 0

    @api.depends("count", "waived_by_id")
    def _compute_state(self):
        for check in self:
            waived = "waived" if check.waived_by_id else "open"
            check.state = waived if check.count else "ok"

    def write(self, vals):
        if not self.env.su and set(vals) - {"user_id"}:
            raise AccessError(
                self.env._("Checks say what they found; only their owner is chosen.")
            )
        return super().write(vals)

    def action_open_records(self):
        """Open what the check found."""
        self.ensure_one()
        if not self.res_model:
            raise MarketplaceError(
                self.env._(
                    "%(check)s: %(details)s", check=self.name, details=self.details
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self.res_model,
            "view_mode": "list,form",
            "domain": json.loads(self.res_domain or "[]"),
            "context": {"create": False},
        }

    def action_waive(self):
        """Ask why the month is closed although the check is open."""
        self.ensure_one()
        self.close_id._check_closing_right()
        return self.close_id._action_reason("waive", self)

    def _waive(self, reason):
        """Let the close pass what the check found, and nothing more.

        :raises MarketplaceError: when the check is not open, or cannot be waived.
        """
        self.ensure_one()
        self.close_id._check_not_closed()
        if self.state != "open" or not self.can_waive:
            raise MarketplaceError(
                self.env._(
                    "“%(check)s” is not waived: it is fine, waived already, or the "
                    "lock dates refuse to pass over it.",
                    check=self.name,
                )
            )
        self.write(
            {
                "waived_by_id": self.env.uid,
                "date_waived": fields.Datetime.now(),
                "waive_reason": reason,
            }
        )
        self.close_id._record_event("waived", reason, self.name)

    def _prepare_vals(self, spec, finding):
        """Return what a run of the check writes on its line."""
        return {
            "is_blocking": spec.is_blocking,
            "can_waive": spec.waivable,
            "count": finding.count,
            "amount": finding.amount,
            "date_oldest": finding.oldest,
            "details": finding.details,
            "res_model": finding.model,
            "res_domain": json.dumps(finding.domain or [], default=str),
            "fingerprint": finding.fingerprint(),
        }

    def _update(self, spec, finding):
        """Write what was found now; a waiver of something else is void."""
        vals = self._prepare_vals(spec, finding)
        if self.waived_by_id and vals["fingerprint"] != self.fingerprint:
            self.close_id._record_event("waiver_void", self.waive_reason, self.name)
            vals.update(waived_by_id=False, date_waived=False, waive_reason=False)
        self.write(vals)


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    def _refresh(self):
        """Run every check, and bring the lines in line with what they find."""
        self.env.flush_all()
        Line = self.env["marketplace.close.check"]
        for close in self:
            scoped = close.with_company(close.company_id)
            registry = scoped._close_checks()
            known = close.check_ids.grouped("code")
            owners = close._owners_before()
            fresh = []
            for sequence, (code, spec) in enumerate(registry.items(), 1):
                finding = getattr(scoped, spec.method)()
                if code in known:
                    known[code]._update(spec, finding)
                    continue
                fresh.append(
                    {
                        **Line._prepare_vals(spec, finding),
                        "close_id": close.id,
                        "code": code,
                        "sequence": sequence,
                        "user_id": owners.get(code) or close.create_uid.id,
                    }
                )
            Line.create(fresh)
            (
                close.check_ids
                - close.check_ids.filtered_domain([("code", "in", list(registry))])
            ).unlink()
            close.date_checked = fields.Datetime.now()

    def _owners_before(self):
        """Return {check code: user id} of the month before."""
        previous = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("date_start", "<", self.date_start),
            ],
            limit=1,
        )
        return {check.code: check.user_id.id for check in previous.check_ids}
