"""Make the file of a DAC7 report."""

import base64
from datetime import UTC

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .. import dac7_xml
from ..const_dac7 import DAC7_MESSAGE_TYPES


class MarketplaceDac7Report(models.Model):
    _inherit = "marketplace.dac7.report"

    def action_generate(self):
        """Make the file, checked against the schema."""
        self._check_accountant()
        for report in self:
            if not report.date_prepared:
                report._prepare_lines()
            report._check_complete()
            report.line_ids.filtered("missing")._frozen_unlocked().is_in_file = False
            lines = report.line_ids.filtered("is_in_file")
            report._check_lines(lines)
            moment = fields.Datetime.now()
            number = report._operator_number()
            operator = report._prepare_operator()
            xml = report._build_file(lines, moment, operator)
            reference, document_refs = report._references(number, lines)
            for line in lines:
                line._frozen_unlocked().doc_ref = document_refs[
                    line.seller_ref, line.version
                ]
            report._transition(
                "generated",
                {
                    "message_ref": reference,
                    "file": base64.b64encode(xml.encode()),
                    "file_name": dac7_xml.file_name(
                        report.profile,
                        reference,
                        report.number,
                        report._local(moment),
                    ),
                    "date_generated": moment,
                    **report._prepare_operator_vals(operator),
                },
            )
        return True

    def action_download(self):
        """Save the file."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.file_name}"
            "?download=true",
            "target": "self",
        }

    def _operator_number(self):
        """Return the number of the operator at the authority.

        :raises MarketplaceError: naming what the settings lack.
        """
        company = self.company_id.sudo()
        needs = [
            (self.env._("number for DAC7"), company.marketplace_dac7_number),
            (self.env._("VAT number"), company.vat),
            (self.env._("street"), company.street),
            (self.env._("postcode"), company.zip),
            (self.env._("town"), company.city),
            (self.env._("country"), company.country_id),
        ]
        if missing := [label for label, there in needs if not there]:
            raise MarketplaceError(
                self.env._(
                    "%(company)s lacks for its DAC7 report: %(missing)s. See the "
                    "marketplace settings and the company.",
                    company=company.name,
                    missing=", ".join(missing),
                )
            )
        return company.marketplace_dac7_number

    def _references(self, number, lines, test=0):
        return dac7_xml.references(
            self.profile,
            self.year,
            number,
            self.company_id.country_id.code,
            self.number,
            [(line.seller_ref, line.version) for line in lines],
            test,
        )

    def _local(self, moment):
        """Return a moment of the database in the company's time, without zone."""
        zone = self.company_id._marketplace_zone()
        return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)

    def _build_file(self, lines, moment, operator, test=0):
        """Return the XML of the report.

        :param test: which test of the message it is, 0 for the real one.
        :raises MarketplaceError: with what the authority's rules refuse.
        """
        try:
            return dac7_xml.build(
                self.profile,
                DAC7_MESSAGE_TYPES[self.kind],
                {
                    "year": self.year,
                    "number": self.number,
                    "timestamp": self._local(moment),
                    "country": self.company_id.country_id.code,
                    "operator": operator,
                    "test": test,
                },
                [
                    {
                        "data": line.snapshot,
                        "version": line.version,
                        "change": line.change,
                        "is_person": line.is_person,
                    }
                    for line in lines
                ],
            )
        except dac7_xml.FileError as error:
            raise MarketplaceError(
                self.env._(
                    "%(report)s: the file is not what the authority takes.\n%(error)s",
                    report=self.name,
                    error=error,
                )
            ) from error
