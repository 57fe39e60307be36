from werkzeug.exceptions import NotFound

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request
from odoo.tools.mimetypes import guess_mimetype

from .gate import HOME
from .portal import MarketplacePortal

URL = f"{HOME}/downloads"


class MarketplaceDownloadPortal(MarketplacePortal):
    """All documents of the vendor: list, single download, archive of a period."""

    def _kinds(self, member):
        return {
            code: kind
            for code, kind in member._document_kinds().items()
            if member._has_role(kind.role)
        }

    def _selection(self, member, query):
        """Return the documents the query asks for, and what it asks for, cleaned."""
        kinds = self._kinds(member)
        form = {"kind": query.get("kind") if query.get("kind") in kinds else ""}
        for name in ("date_from", "date_to"):
            try:
                form[name] = fields.Date.to_date(query.get(name) or None)
            except ValueError:
                form[name] = None
        wanted = [form["kind"]] if form["kind"] else kinds
        rows = member._documents(wanted, form["date_from"], form["date_to"])
        return rows, form

    @http.route(URL, type="http", auth="user", website=True, readonly=True)
    def marketplace_downloads(self, **query):
        """List the documents of the vendor that the user may read."""
        member = self._marketplace_member()
        return self._render_downloads(member, query)

    @http.route(f"{URL}/zip", type="http", auth="user", website=True)
    def marketplace_downloads_zip(self, **query):
        """Download the documents of a period as one archive."""
        member = self._marketplace_member()
        rows, _form = self._selection(member, query)
        try:
            content = member._document_archive(rows)
        except UserError as error:
            response = self._render_downloads(member, query, [str(error)])
            response.status_code = 422
            return response
        return self._send(f"{member.vendor_id.vendor_code}.zip", content)

    @http.route(f"{URL}/<string:kind>/<int:document_id>", type="http", auth="user")
    def marketplace_download(self, kind, document_id, **_query):
        """Download one document of the vendor."""
        member = self._marketplace_member()
        kinds = self._kinds(member)
        if kind not in kinds:
            raise NotFound()
        record = self._get_owned(kinds[kind].model, document_id)
        return self._send(*member._document_file(kind, record))

    def _send(self, name, content):
        """Return a file to save: a browser never shows it as a page of ours."""
        return request.make_response(
            content,
            headers=[
                ("Content-Type", guess_mimetype(content)),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _render_downloads(self, member, query, errors=()):
        rows, form = self._selection(member, query)
        return request.render(
            "marketplace_base.portal_downloads",
            self._prepare_marketplace_values(
                "marketplace_downloads",
                breadcrumbs=[(request.env._("Downloads"), None)],
                rows=rows,
                kinds=self._kinds(member),
                form=form,
                errors=errors,
            ),
        )
