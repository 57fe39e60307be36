"""The yearly report of sellers to the tax authority: directive 2011/16, annex V."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_dac7 import (
    DAC7_PROFILES,
    DAC7_STATES,
    DAC7_TRANSITIONS,
    DAC7_TYPES,
)

# What identifies a report, and so its file.
IDENTITY_FIELDS = {"company_id", "year", "profile", "kind", "number"}
# Written by the actions of the report only.
FILE_FIELDS = {
    "message_ref",
    "file",
    "file_name",
    "date_generated",
    "date_filed",
    "operator_snapshot",
    "operator_version",
    "test_file",
    "test_file_name",
    "test_count",
}


class MarketplaceDac7Report(models.Model):
    """One message to one authority about the sellers of a year.

    Lines hold what the ledger and the vendors' records said when it was prepared, and
    do not change once the file is made. What is found later goes into another message.
    """

    _name = "marketplace.dac7.report"
    _description = "DAC7 Report"
    _inherit = ["mail.thread", "mail.activity.mixin", "marketplace.state.mixin"]
    _order = "year desc, number desc, id desc"
    _check_company_auto = True
    _state_transitions = DAC7_TRANSITIONS

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    year = fields.Integer(
        required=True,
        default=lambda self: self.env.company._marketplace_today().year - 1,
    )
    profile = fields.Selection(
        DAC7_PROFILES,
        string="Format",
        required=True,
        default=lambda self: self.env.company.marketplace_dac7_profile,
        help="France has its own variant of the OECD's format.",
    )
    kind = fields.Selection(
        DAC7_TYPES,
        string="Type",
        required=True,
        default="new",
        help="First Report: sellers not reported yet. Correction: changes and "
        "deletions of what was filed. Nil: there is nobody to report.",
    )
    number = fields.Integer(
        readonly=True,
        copy=False,
        help="Counts the messages about a year: in the references and the file name.",
    )
    state = fields.Selection(
        DAC7_STATES, required=True, default="draft", copy=False, tracking=True
    )
    skip_incomplete = fields.Boolean(
        string="Leave Out Incomplete Sellers",
        tracking=True,
        help="Sellers whose identity lacks something are left for a later report "
        "instead of keeping this file from being made.",
    )
    previous_id = fields.Many2one(
        "marketplace.dac7.report",
        string="Follows",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    line_ids = fields.One2many(
        "marketplace.dac7.line", "report_id", string="Sellers", readonly=True
    )
    line_count = fields.Integer(compute="_compute_counts")
    reported_count = fields.Integer(string="Reported", compute="_compute_counts")
    incomplete_count = fields.Integer(string="Incomplete", compute="_compute_counts")
    message_ref = fields.Char(string="Message Reference", readonly=True, copy=False)
    file = fields.Binary(readonly=True, copy=False, attachment=True)
    file_name = fields.Char(readonly=True, copy=False)
    date_prepared = fields.Datetime(string="Prepared On", readonly=True, copy=False)
    date_generated = fields.Datetime(string="Made On", readonly=True, copy=False)
    date_filed = fields.Datetime(string="Filed On", readonly=True, copy=False)

    _number_uniq = models.UniqueIndex(
        "(company_id, year, profile, number)",
        "Another report of the year has this number.",
    )
    _message_ref_uniq = models.UniqueIndex(
        "(message_ref) WHERE message_ref IS NOT NULL",
        "Another report has this message reference.",
    )
    _one_draft = models.UniqueIndex(
        "(company_id, year, profile, kind) WHERE state IN ('draft', 'generated')",
        "A report of this year and type is being prepared already: finish or delete "
        "it first.",
    )

    @api.depends("year", "kind", "number")
    def _compute_name(self):
        for report in self:
            report.name = f"DAC7 {report.year}/{report.number or 0:02d}"

    @api.depends("line_ids.is_in_file", "line_ids.missing", "line_ids.decision")
    def _compute_counts(self):
        lines = self.env["marketplace.dac7.line"]
        counts = defaultdict(lambda: {True: 0, False: 0})
        for report, in_file, count in lines._read_group(
            [("report_id", "in", self.ids)],
            ["report_id", "is_in_file"],
            ["__count"],
        ):
            counts[report][in_file] = count
        incomplete = dict(
            lines._read_group(
                [
                    ("report_id", "in", self.ids),
                    ("decision", "=", "reported"),
                    ("missing", "!=", False),
                ],
                ["report_id"],
                ["__count"],
            )
        )
        for report in self:
            count = counts[report._origin]
            report.line_count = sum(count.values())
            report.reported_count = count[True]
            report.incomplete_count = incomplete.get(report._origin, 0)

    @api.constrains("year")
    def _check_year(self):
        for report in self:
            if not 2023 <= report.year <= 2099:
                raise ValidationError(
                    self.env._(
                        "%(year)s is no year that DAC7 knows: it began with 2023.",
                        year=report.year,
                    )
                )

    # -- keeping what was filed -----------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_file_fields(vals)
        reports = super().create(vals_list)
        for report in reports.sorted("id"):
            # sudo: numbers of all companies' reports that the rules may hide
            [[last]] = self.sudo()._read_group(
                report._same_year_domain() & Domain("id", "!=", report.id),
                [],
                ["number:max"],
            )
            report.sudo().number = (last or 0) + 1
        return reports

    def write(self, vals):
        self._check_file_fields(vals)
        if IDENTITY_FIELDS & vals.keys() and not self.env.su:
            self.filtered(
                lambda report: report.state != "draft" or report.line_ids
            )._refuse()
        return super().write(vals)

    def _check_file_fields(self, vals):
        if FILE_FIELDS & vals.keys():
            self._check_state_gate()

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self.filtered(lambda report: report.state != "draft")._refuse()

    def _refuse(self):
        if self:
            raise MarketplaceError(
                self.env._(
                    "%(reports)s: a report whose lines or file are made keeps them. "
                    "Take it back to draft and delete it, or report the change in a "
                    "correction.",
                    reports=", ".join(self.mapped("name")),
                )
            )

    def _same_year_domain(self):
        """Return the domain of the reports to one authority about one year."""
        self.ensure_one()
        return (
            Domain("company_id", "=", self.company_id.id)
            & Domain("year", "=", self.year)
            & Domain("profile", "=", self.profile)
        )

    def _check_accountant(self):
        """Let accountants of the company act: what follows is written as superuser."""
        self.check_access("write")
        for company in self.company_id:
            company._marketplace_check_selected()

    # -- actions --------------------------------------------------------------------

    def action_prepare(self):
        """Take the figures from the ledger, anew; decide who is reported."""
        self._check_accountant()
        for report in self:
            if report.state != "draft":
                report._refuse()
            report._prepare_lines()
        return True

    def action_draft(self):
        """Throw the file away and prepare anew."""
        self._check_accountant()
        self._transition(
            "draft",
            {
                "message_ref": False,
                "file": False,
                "file_name": False,
                "date_generated": False,
                "operator_snapshot": False,
                "operator_version": 0,
            },
        )
        self.line_ids._frozen_unlocked().doc_ref = False
        return True

    def action_file(self):
        """Note that the authority has the file: it is corrected by others only."""
        self._check_accountant()
        done = self._transition("filed", {"date_filed": fields.Datetime.now()})
        corrections = done.filtered(lambda report: report.kind == "correction")
        corrections.previous_id.filtered(
            lambda report: report.state == "filed"
        )._transition("corrected")
        return True

    def action_follow_up(self):
        """Look for what changed since filing; open the reports it takes.

        One for changes and deletions, one for sellers reported for the first time: an
        authority takes them in separate messages only.
        """
        self.ensure_one()
        self._check_accountant()
        if self.state not in ("filed", "corrected"):
            raise MarketplaceError(
                self.env._(
                    "%(report)s is not filed: prepare it again instead.",
                    report=self.name,
                )
            )
        values = {
            "company_id": self.company_id.id,
            "year": self.year,
            "profile": self.profile,
            "previous_id": self.id,
        }
        # the index on open reports must see those filed just now
        self.flush_model(["state"])
        found = self.browse()
        for kind in ("correction", "new"):
            report = self.create({**values, "kind": kind})
            report._prepare_lines()
            if report.line_ids.filtered("is_in_file") or report._corrects_operator():
                found |= report
            else:
                report.unlink()
        if not found:
            raise MarketplaceError(
                self.env._(
                    "Nothing changed since %(report)s was filed.", report=self.name
                )
            )
        return found._get_records_action(name=self.env._("DAC7 Reports"))

    def action_view_lines(self):
        """Open the sellers of the report."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_dac7_line_action"
        )
        return {**action, "domain": [("report_id", "=", self.id)], "context": {}}

    # -- checks ---------------------------------------------------------------------

    def _check_complete(self):
        """Refuse a file while sellers to report lack something.

        :raises MarketplaceError: naming them and what they lack.
        """
        if self.skip_incomplete:
            return
        if lines := self.line_ids.filtered(
            lambda line: line.is_in_file and line.missing
        ):
            raise MarketplaceError(
                self.env._(
                    "%(report)s: these sellers lack data that the authority wants. "
                    "Complete them and prepare the report again, or leave them for a "
                    "later one.\n%(sellers)s",
                    report=self.name,
                    sellers="\n".join(
                        f"{line.vendor_id.display_name}: {line.missing}"
                        for line in lines
                    ),
                )
            )

    def _check_lines(self, lines):
        """Refuse a nil report with sellers, and another without any."""
        reported = self.line_ids.filtered(lambda line: line.decision == "reported")
        if self.kind == "nil" and reported:
            raise MarketplaceError(
                self.env._(
                    "%(report)s is a nil report, and there are sellers to report: "
                    "%(sellers)s.",
                    report=self.name,
                    sellers=", ".join(reported.vendor_id.mapped("display_name")),
                )
            )
        if self.kind != "nil" and not lines and not self._corrects_operator():
            raise MarketplaceError(
                self.env._(
                    "%(report)s reports no seller: make a nil report instead when "
                    "nothing of the year was filed, else delete it.",
                    report=self.name,
                )
            )
