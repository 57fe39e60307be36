import base64

from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.marketplace_base.const import KYC_FILE_MAX_BYTES, KYC_FILE_TYPES
from odoo.addons.marketplace_base.controllers.forms import TEXT_MAX_CHARS
from odoo.addons.marketplace_base.controllers.gate import HOME

from ..models.statement_question import QUESTION_REASONS
from .portal import MarketplaceStatementPortal

NOTE_MAX_CHARS = 2000


class MarketplaceQuestionPortal(MarketplaceStatementPortal):
    @http.route(
        f"{HOME}/statements/<int:settlement_id>/question/<int:number>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_statement_question(
        self, settlement_id, number, reason="", note="", **post
    ):
        """Show the form that disputes one line of a statement; on POST, send it.

        :param number: rank of the line on the statement, from one.
        """
        settlement = self._get_owned("marketplace.settlement", settlement_id)
        row = settlement._statement_row(number)
        if not row:
            raise NotFound()
        problem = None
        if request.httprequest.method == "POST":
            try:
                content, name = self._question_file(post.get("file"))
                with request.env.cr.savepoint():
                    settlement._ask_about(
                        row,
                        reason,
                        note[:NOTE_MAX_CHARS],
                        request.env.user,
                        content,
                        name,
                    )
                return request.redirect(f"{HOME}/statements/{settlement.id}")
            except UserError as error:
                problem = str(error)
        response = request.render(
            "marketplace_payout.portal_question",
            self._prepare_marketplace_values(
                "marketplace_statements",
                breadcrumbs=[
                    (request.env._("Statements"), f"{HOME}/statements"),
                    (settlement.name, f"{HOME}/statements/{settlement.id}"),
                    (request.env._("Dispute"), None),
                ],
                settlement=settlement,
                row=row,
                reasons=self._question_reasons(),
                reason=reason,
                note=note,
                note_max=NOTE_MAX_CHARS,
                problem=problem,
            ),
        )
        if problem:
            response.status_code = 422
        return response

    def _question_reasons(self):
        # sudo: labels of a selection, in the user's language
        model = request.env["marketplace.statement.question"].sudo()
        labels = dict(model._fields["reason_code"]._description_selection(model.env))
        return [(code, labels[code]) for code, _label in QUESTION_REASONS]

    def _question_file(self, upload):
        """Return (base64 content, name) of an uploaded file, or nothing.

        :raises UserError: when it is too large or no document.
        """
        content = upload.read(KYC_FILE_MAX_BYTES + 1) if upload else b""
        if not content:
            return None, None
        if len(content) > KYC_FILE_MAX_BYTES:
            raise UserError(
                request.env._(
                    "The file is larger than %(limit)s MB.",
                    limit=KYC_FILE_MAX_BYTES >> 20,
                )
            )
        if guess_mimetype(content) not in KYC_FILE_TYPES:
            raise UserError(request.env._("Send a PDF, JPEG or PNG file."))
        # sudo: the scanner of uploads, before anything is kept
        request.env["marketplace.kyc.document"].sudo()._scan_upload(
            content, upload.filename
        )
        return base64.b64encode(content), upload.filename[-TEXT_MAX_CHARS:]
