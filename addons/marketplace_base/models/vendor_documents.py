import base64
import io
import zipfile
from typing import NamedTuple

from werkzeug.exceptions import NotFound

from odoo import fields, models
from odoo.fields import Domain

from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action

# Documents of one archive: statements are printed one by one, in the request.
ZIP_MAX = 60
LIST_MAX = 500


class DocumentKind(NamedTuple):
    """Where documents of a kind are, and who may read them."""

    label: str
    role: str
    model: str
    date_field: str


class MarketplaceVendorUser(models.Model):
    """All documents of a vendor, whatever addon makes them."""

    _inherit = "marketplace.vendor.user"

    def _document_kinds(self):
        """Return {code: DocumentKind}; to extend."""
        return {
            "terms": DocumentKind(
                self.env._("Terms"), "owner", "marketplace.terms.acceptance", "date"
            ),
            "identity": DocumentKind(
                self.env._("Identity papers"),
                "owner",
                "marketplace.kyc.document",
                "create_date",
            ),
        }

    def _document_file(self, kind, record):
        """Return (file name, bytes) of a document; to extend.

        :param record: superuser record of the vendor, of the kind's model.
        """
        if kind == "terms":
            return record._pdf_name(), base64.b64decode(record.pdf or b"")
        if kind == "identity":
            name = record.file_name or record.display_name
            return name, base64.b64decode(record.with_context(bin_size=False).file)
        raise NotFound()

    def _document_title(self, kind, record):
        """Return what a document is called in a list; to extend."""
        return record.display_name

    def _documents(self, kinds, date_from=None, date_to=None):
        """Return [(kind, record, title, day)] of the vendor's documents, newest first.

        :param kinds: codes, those the reader may see.
        :param date_to: last day, included.
        """
        self.ensure_one()
        known = self._document_kinds()
        rows = []
        for code in kinds:
            kind = known[code]
            domain = Domain.TRUE
            if date_from:
                domain &= Domain(kind.date_field, ">=", date_from)
            if date_to:
                after = fields.Date.add(date_to, days=1)
                domain &= Domain(kind.date_field, "<", after)
            model, domain = self._search_owned(kind.model, domain)
            for record in model.search(
                domain, order=f"{kind.date_field} desc, id desc", limit=LIST_MAX
            ):
                day = fields.Date.to_date(record[kind.date_field])
                rows.append((code, record, self._document_title(code, record), day))
        rows.sort(key=lambda row: (row[3], row[1].id), reverse=True)
        return rows[:LIST_MAX]

    def _document_archive(self, rows):
        """Return the bytes of a ZIP with documents, a folder for each kind.

        :raises MarketplaceError: when they are too many for one archive.
        """
        if len(rows) > ZIP_MAX:
            raise MarketplaceError(
                self.env._(
                    "%(count)s documents are too many for one archive: choose a "
                    "shorter period, with at most %(limit)s.",
                    count=len(rows),
                    limit=ZIP_MAX,
                )
            )
        kinds = self._document_kinds()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for code, record, _title, day in rows:
                name, content = self._document_file(code, record)
                # The number keeps two papers of one name apart.
                name = f"{day} {record.id} {name}".replace("/", "-").replace("\\", "-")
                archive.writestr(f"{kinds[code].label}/{name}", content)
        return buffer.getvalue()


class MarketplaceVendorApi(models.AbstractModel):
    _inherit = "marketplace.vendor.api"

    def _api_document_kinds(self, member):
        """Return the kinds that both the key and the user may read."""
        return {
            code: kind
            for code, kind in member._document_kinds().items()
            if self._api_has_role(member, kind.role)
        }

    @vendor_action("any")
    def list_documents(self, member, kind=None, date_from=None, date_to=None):
        """Return the vendor's documents, newest first, of the kinds the key may read.

        :param date_from: first day, such as 2026-03-01; likewise ``date_to``, included.
        """
        kinds = self._api_document_kinds(member)
        if kind is not None:
            kinds = {code: kinds[code] for code in kinds if code == kind}
        try:
            period = [fields.Date.to_date(day) for day in (date_from, date_to)]
        except (TypeError, ValueError) as error:
            raise MarketplaceError(
                self.env._("Days are texts such as 2026-03-01.")
            ) from error
        return [
            {
                "kind": code,
                "id": record.id,
                "title": title,
                "date": self._api_date(day),
            }
            for code, record, title, day in member._documents(kinds, *period)
        ]

    @vendor_action("any")
    def get_document(self, member, kind, document_id):
        """Return a document: name, and content in base 64."""
        kinds = self._api_document_kinds(member)
        if kind not in kinds:
            raise NotFound()
        record = self._api_get(member, kinds[kind].model, document_id)
        name, content = member._document_file(kind, record)
        return {"name": name, "content": base64.b64encode(content).decode()}
