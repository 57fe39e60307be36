"""The annual statement of a vendor: CGI art. 242 bis, and his copy of the report."""

from odoo import api, fields, models
from odoo.tools import split_every

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.vendor_documents import DocumentKind

from ..const_dac7 import DAC7_BATCH

REPORT = "marketplace_payout.report_annual_statement"


class MarketplaceDac7Line(models.Model):
    _inherit = "marketplace.dac7.line"

    def _get_report_base_filename(self):
        self.ensure_one()
        vendor = self.vendor_id.sudo()
        return f"{self.year}-{vendor.vendor_code or vendor.id}-{self.currency_id.name}"

    def _statement_title(self):
        self.ensure_one()
        return self.env._("Annual statement %(year)s", year=self.year)

    def _share(self):
        """Open the statements to their vendors and mail each once, in his language."""
        # sudo: the report has checked who acts; names and addresses for a mail
        todo = self.sudo().filtered(lambda line: not line.date_shared)
        todo._frozen_unlocked().date_shared = fields.Datetime.now()
        template = self.env.ref("marketplace_payout.mail_template_annual_statement")
        for ids in split_every(DAC7_BATCH, todo.filtered("vendor_id.email").ids, list):
            template.sudo().send_mail_batch(
                ids, email_layout_xmlid="mail.mail_notification_light"
            )
        return todo


class MarketplaceDac7Report(models.Model):
    _inherit = "marketplace.dac7.report"

    shared_count = fields.Integer(compute="_compute_shared_count")

    @api.depends("line_ids.date_shared")
    def _compute_shared_count(self):
        counts = dict(
            self.env["marketplace.dac7.line"]._read_group(
                [("report_id", "in", self.ids), ("date_shared", "!=", False)],
                ["report_id"],
                ["__count"],
            )
        )
        for report in self:
            report.shared_count = counts.get(report._origin, 0)

    def action_share(self):
        """Give every vendor his annual statement, whether he is reported or not."""
        self._check_accountant()
        for report in self:
            if report.state == "draft":
                raise MarketplaceError(
                    self.env._(
                        "%(report)s may still change: make its file before vendors "
                        "get their statements.",
                        report=report.name,
                    )
                )
            report.line_ids._share()
        return True

    def action_draft(self):
        """Keep what vendors were told."""
        if shared := self.filtered("shared_count"):
            raise MarketplaceError(
                self.env._(
                    "%(reports)s: vendors have their statements of it already. Note it "
                    "as filed, then look for changes.",
                    reports=", ".join(shared.mapped("name")),
                )
            )
        return super().action_draft()


class MarketplaceVendorUser(models.Model):
    """Show vendors their annual statements among their documents."""

    _inherit = "marketplace.vendor.user"

    def _owned_domain(self, model_name):
        domain = super()._owned_domain(model_name)
        if model_name == "marketplace.dac7.line":
            domain.append(("date_shared", "!=", False))
        return domain

    def _document_kinds(self):
        return {
            **super()._document_kinds(),
            "annual": DocumentKind(
                self.env._("Annual statements"),
                "finance",
                "marketplace.dac7.line",
                "date_shared",
            ),
        }

    def _document_title(self, kind, record):
        if kind != "annual":
            return super()._document_title(kind, record)
        return f"{record._statement_title()} ({record.currency_id.name})"

    def _document_file(self, kind, record):
        if kind != "annual":
            return super()._document_file(kind, record)
        # sudo: the gate has checked that the statement is the vendor's
        reports = self.env["ir.actions.report"].sudo()
        content, _type = reports.with_context(
            force_report_rendering=True
        )._render_qweb_pdf(REPORT, record.ids)
        return f"{record._get_report_base_filename()}.pdf", content
