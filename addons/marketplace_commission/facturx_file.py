"""Make the PDF of a document with its Factur-X XML inside."""

import logging

# What PDF/A-3 asks for beside the file that WeasyPrint writes is Factur-X's own.
PDF_VARIANT = "pdf/a-3b"

# The library reports every step of every file.
logging.getLogger("factur-x").setLevel(logging.ERROR)


def facturx_pdf(reports, report, record, xml, lang):
    """Return the PDF of one record, with its XML inside where that is possible.

    Without WeasyPrint the PDF of the server's own printer cannot be PDF/A-3.

    :param reports: ``ir.actions.report``, able to render.
    :param report: name of the QWeb report.
    """
    printer = reports._document_printer()
    if not printer:
        content, _type = reports.with_context(
            force_report_rendering=True
        )._render_qweb_pdf(report, record.ids)
        return content
    # Import here: factur-x loads the XSLT processor, a second of every start.
    from facturx import generate_from_binary

    html, _type = reports._render_qweb_html(report, record.ids)
    return generate_from_binary(
        printer(html.decode(), PDF_VARIANT),
        xml,
        flavor="factur-x",
        level="en16931",
        check_schematron=False,
        lang=(lang or "en").replace("_", "-"),
    )
