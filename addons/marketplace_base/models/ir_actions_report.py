import io
from collections import OrderedDict

from odoo import models

# Reports of the marketplace addons carry their own print stylesheet.
DOCUMENT_PREFIX = "marketplace_"


class IrActionsReport(models.Model):
    """Print our documents with WeasyPrint.

    Debian's wkhtmltopdf drops headers, footers and fonts and prints one record at a
    time. Without WeasyPrint, or without the Pango library that it needs, documents go
    through wkhtmltopdf like any other report.
    """

    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        report = self._get_report(report_ref)
        html_to_pdf = self._document_printer()
        if not (
            res_ids and html_to_pdf and report.report_name.startswith(DOCUMENT_PREFIX)
        ):
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids)
        streams = OrderedDict()
        for res_id in res_ids:
            html, _type = self._render_qweb_html(report_ref, [res_id], data=data)
            streams[res_id] = {
                "stream": io.BytesIO(html_to_pdf(html.decode())),
                "attachment": None,
            }
        return streams

    def _document_printer(self):
        """Return the function from HTML to PDF, None where it cannot be loaded."""
        try:
            from ..report.weasyprint_pdf import html_to_pdf
        except (ImportError, OSError):  # OSError: the Pango library is missing
            return None
        return html_to_pdf
