"""Pages of documents made under a vendor's mandate: list, files, his answer."""

from typing import NamedTuple

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request
from odoo.tools.translate import LazyGettext

MIMETYPES = {"pdf": "application/pdf", "xml": "application/xml"}


class Pages(NamedTuple):
    """Where the documents of one model are shown."""

    model: str
    # As in ``_mandate_document`` of the vendor's users.
    kind: str
    url: str
    title: LazyGettext
    page_name: str
    list_template: str
    template: str


class MandateDocumentPages:
    """What the portal does with such documents; for controllers of the portal."""

    def _list_mandate_documents(self, pages, query, within=Domain.TRUE, **values):
        """Render the list; ``within`` narrows every filter."""
        filters = {
            "all": (request.env._("All"), Domain.TRUE),
            "invoice": (request.env._("Invoices"), Domain("kind", "=", "invoice")),
            "credit_note": (
                request.env._("Credit notes"),
                Domain("kind", "=", "credit_note"),
            ),
            "contested": (
                request.env._("Contested"),
                Domain("is_contested", "=", True),
            ),
        }
        return self._render_list(
            pages.model,
            pages.list_template,
            url=pages.url,
            title=request.env._(pages.title),
            page_name=pages.page_name,
            sortings={
                "newest": {
                    "label": request.env._("Newest"),
                    "order": "date desc, id desc",
                },
                "oldest": {"label": request.env._("Oldest"), "order": "date, id"},
            },
            filters={
                code: {"label": label, "domain": domain & within}
                for code, (label, domain) in filters.items()
            },
            search_fields=("name", "sale_order_id.name"),
            search_label=request.env._("Number of the document or the order"),
            query=query,
            **values,
        )

    def _show_mandate_document(self, pages, document_id):
        return self._render_mandate_document(
            pages, self._get_owned(pages.model, document_id)
        )

    def _render_mandate_document(self, pages, document, errors=(), form=None):
        return request.render(
            pages.template,
            self._prepare_marketplace_values(
                pages.page_name,
                breadcrumbs=[
                    (request.env._(pages.title), pages.url),
                    (document.name, None),
                ],
                document=document,
                document_url=f"{pages.url}/{document.id}",
                errors=errors,
                form=form or {},
            ),
        )

    def _send_mandate_document(self, pages, document_id, kind):
        """Send the PDF or XML; made here where nobody asked for it yet."""
        name, content = self._get_owned(pages.model, document_id)._file(kind)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", MIMETYPES[kind]),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _take_consent(self, pages, document_id):
        """Take the vendor's consent."""
        member = self._marketplace_member()
        document = self._get_owned(pages.model, document_id)
        return self._answer_mandate_document(
            pages,
            document,
            lambda: member._accept_mandate_document(pages.kind, document.id),
        )

    def _take_objection(self, pages, document_id, form):
        """Take the vendor's objection; ``form`` has its reason."""
        member = self._marketplace_member()
        document = self._get_owned(pages.model, document_id)
        return self._answer_mandate_document(
            pages,
            document,
            lambda: member._contest_mandate_document(
                pages.kind, document.id, form.get("reason")
            ),
            form,
        )

    def _answer_mandate_document(self, pages, document, answer, form=None):
        """Give the answer, or show the page again with what is wrong."""
        try:
            answer()
        except UserError as error:
            response = self._render_mandate_document(
                pages, document, [str(error)], form
            )
            response.status_code = 422
            return response
        return request.redirect(f"{pages.url}/{document.id}")
