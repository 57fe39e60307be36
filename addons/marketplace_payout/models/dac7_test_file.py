"""Files of test data, which an authority checks and forgets (OECD10 to OECD13)."""

import base64

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .. import dac7_xml


class MarketplaceDac7Report(models.Model):
    _inherit = "marketplace.dac7.report"

    test_file = fields.Binary(readonly=True, copy=False, attachment=True)
    test_file_name = fields.Char(readonly=True, copy=False)
    test_count = fields.Integer(
        string="Tests",
        readonly=True,
        copy=False,
        help="Counts the test files of the report: in their references, which an "
        "authority takes once.",
    )

    def action_generate_test(self):
        """Make a file of the same content with test indicators and references.

        The report stays as it is: nothing of a test is filed, or corrected later.
        """
        self._check_accountant()
        for report in self:
            if report.state not in ("draft", "generated"):
                raise MarketplaceError(
                    self.env._(
                        "%(report)s is filed: test the next message instead.",
                        report=report.name,
                    )
                )
            if not report.date_prepared:
                report._prepare_lines()
            report._check_complete()
            lines = report.line_ids.filtered(
                lambda line: line.is_in_file and not line.missing
            )
            report._check_lines(lines)
            test = report.test_count + 1
            moment = fields.Datetime.now()
            number = report._operator_number()
            xml = report._build_file(lines, moment, report._prepare_operator(), test)
            reference, _documents = report._references(number, lines, test)
            name = dac7_xml.file_name(
                report.profile, reference, report.number, report._local(moment)
            )
            report._state_unlocked().write(
                {
                    "test_count": test,
                    "test_file": base64.b64encode(xml.encode()),
                    "test_file_name": name,
                }
            )
        return True
