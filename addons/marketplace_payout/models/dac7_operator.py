"""The operator of a DAC7 message: told once, resent, corrected when he changed."""

from odoo import api, fields, models
from odoo.fields import Domain


class MarketplaceDac7Report(models.Model):
    _inherit = "marketplace.dac7.report"

    operator_snapshot = fields.Json(
        readonly=True,
        copy=False,
        groups="marketplace_base.group_accountant,marketplace_base.group_auditor",
        help="What the file says of the operator, to compare with.",
    )
    operator_version = fields.Integer(readonly=True, copy=False)
    is_operator_changed = fields.Boolean(
        compute="_compute_is_operator_changed",
        help="Name, address or numbers differ from what was filed about the year.",
    )

    @api.depends("state", "kind", "year", "profile", "company_id")
    def _compute_is_operator_changed(self):
        for report in self:
            # sudo: tells that the company changed to who may read the report
            report.is_operator_changed = (
                report.state == "draft" and report.sudo()._operator_differs()
            )

    def _last_filed_operator(self):
        """Return the report whose operator stands at the authority, or none."""
        return self.search(
            self._same_year_domain() & Domain("state", "in", ("filed", "corrected")),
            order="operator_version desc, number desc",
            limit=1,
        )

    def _operator_differs(self):
        """Return whether the operator is not the one filed about the year."""
        filed = self._last_filed_operator().sudo()
        return bool(
            filed.operator_snapshot
            and filed.operator_snapshot != self._prepare_operator_data()
        )

    def _corrects_operator(self):
        """Return whether the message has to tell the operator anew."""
        return self.kind == "correction" and self._operator_differs()

    def _prepare_operator_data(self):
        """Return the operator as he is now, as the file's library takes him."""
        company = self.company_id.sudo()
        country = company.country_id.code
        return {
            "residence_country_code": country,
            "tax_identification_numbers": [
                {"issued_by": country, "value": company.marketplace_dac7_number}
            ],
            "vat_number": company.vat,
            "legal_names": [company.name],
            "business_names": [company.marketplace_dac7_platform or company.name],
            "addresses": [company.partner_id._dac7_address()],
            "nexus": company.marketplace_dac7_nexus,
        }

    def _prepare_operator(self):
        """Return the operator as this message names him, with his version.

        Told once, he is resent as he was filed; only a correction says what changed.
        """
        now = self._prepare_operator_data()
        filed = self._last_filed_operator()
        if not filed:
            return {**now, "version": 1, "updated": True}
        # a report of before versions were kept told him for the first time
        version = filed.operator_version or 1
        if self._corrects_operator():
            return {**now, "version": version + 1, "updated": True}
        return {
            **(filed.operator_snapshot or now),
            "version": version,
            "updated": False,
        }

    def _prepare_operator_vals(self, operator):
        """Return what the report keeps of the operator in its file."""
        data = {
            name: value
            for name, value in operator.items()
            if name not in ("version", "updated")
        }
        return {"operator_snapshot": data, "operator_version": operator["version"]}
