import base64

from odoo import api, fields, models
from odoo.exceptions import LockError

from ..const_catalogue import (
    IMPORT_ORIGINS,
    IMPORT_STATES,
    OFFER_IMPORT_BYTES,
    OFFER_IMPORT_ROWS,
    ROW_RESULTS,
)
from ..engine.csv_table import (
    Line,
    UnknownColumnsError,
    UnreadableError,
    decode,
    defuse,
    read_table,
    write_table,
)
from ..engine.offer_rows import ATTRIBUTE_PREFIX, COLUMNS, REQUIRED
from ..exceptions import MarketplaceError
from .offer_batch import OfferBatch


class MarketplaceOfferImport(models.Model):
    """One file or call of offers, and what became of its rows. Only code writes it."""

    _name = "marketplace.offer.import"
    _description = "Import of Offers"
    _order = "id desc"

    name = fields.Char(string="File", required=True, readonly=True)
    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    origin = fields.Selection(IMPORT_ORIGINS, required=True, readonly=True)
    state = fields.Selection(
        IMPORT_STATES, compute="_compute_state", store=True, precompute=True, index=True
    )
    row_count = fields.Integer(string="Rows", readonly=True)
    created_count = fields.Integer(string="Created", readonly=True)
    updated_count = fields.Integer(string="Updated", readonly=True)
    proposed_count = fields.Integer(string="Products Proposed", readonly=True)
    unchanged_count = fields.Integer(string="Unchanged", readonly=True)
    refused_count = fields.Integer(string="Refused", readonly=True)
    line_ids = fields.One2many(
        "marketplace.offer.import.line", "import_id", string="Lines", readonly=True
    )
    error_file = fields.Binary(
        compute="_compute_error_file",
        help="CSV: number of the line, SKU, what is wrong.",
    )
    error_file_name = fields.Char(compute="_compute_error_file_name")

    @api.depends("row_count", "refused_count")
    def _compute_state(self):
        for document in self:
            if not document.refused_count:
                document.state = "done"
            elif document.refused_count < document.row_count:
                document.state = "partial"
            else:
                document.state = "refused"

    @api.depends("name", "vendor_id")
    def _compute_display_name(self):
        for document in self:
            document.display_name = f"{document.name} · {document.vendor_id.name}"

    @api.depends("line_ids")
    def _compute_error_file(self):
        for document in self:
            content = document.refused_count and document._error_csv()
            document.error_file = content and base64.b64encode(content)

    def _compute_error_file_name(self):
        for document in self:
            document.error_file_name = f"errors-{document.id}.csv"

    # -- reading --------------------------------------------------------------------

    @api.model
    def _read_file(self, content):
        """Return the lines of a CSV file.

        :param bytes content: the file.
        :raises MarketplaceError: when the file cannot be read as a whole.
        """
        if len(content) > OFFER_IMPORT_BYTES:
            raise MarketplaceError(
                self.env._(
                    "The file is larger than %(limit)s MB: split it.",
                    limit=OFFER_IMPORT_BYTES >> 20,
                )
            )
        try:
            return read_table(decode(content), COLUMNS, REQUIRED, ATTRIBUTE_PREFIX)
        except UnreadableError as error:
            raise MarketplaceError(
                self.env._("The file is no table of text: save it as CSV.")
            ) from error
        except UnknownColumnsError as error:
            raise MarketplaceError(
                self.env._(
                    "Columns nobody knows: %(unknown)s. Columns we need: %(lacking)s. "
                    "We know these: %(known)s, and %(attribute)s.",
                    unknown=", ".join(error.unknown) or "-",
                    lacking=", ".join(error.lacking) or "-",
                    known=", ".join(COLUMNS),
                    attribute=f"{ATTRIBUTE_PREFIX}…",
                )
            ) from error

    def _error_csv(self):
        """Return the file of refused lines."""
        self.ensure_one()
        refused = self.line_ids.filtered(lambda line: line.result == "refused")
        return write_table(
            [self.env._("line"), "sku", self.env._("reason")],
            [
                [str(line.number), defuse(line.vendor_sku or ""), defuse(line.details)]
                for line in refused
            ],
        )

    # -- importing ------------------------------------------------------------------

    @api.model
    def import_rows(self, vendor, rows, company=None):
        """Import offers of a vendor; the entry for other programs (JSON-2 API).

        :param vendor: code or id of the vendor.
        :param list rows: dicts with the columns of the file; a column that is absent
            or empty stays as it is.
        :param int company: id, the user's company when not given.
        :return: dict with ``import_id``, ``counts`` and one dict per row in ``rows``.
        :raises AccessError: without the right to write offers.
        :raises MarketplaceError: when the vendor is unknown or there are too many rows.
        """
        offers = self.env["marketplace.offer"]
        for operation in ("create", "write"):
            offers.check_access(operation)
        column = "vendor_code" if isinstance(vendor, str) else "id"
        partner = self.env["res.partner"].search(
            [(column, "=", vendor), ("is_marketplace_vendor", "=", True)]
        )
        if not partner:
            raise MarketplaceError(
                self.env._("There is no vendor “%(vendor)s”.", vendor=vendor)
            )
        companies = self.env.companies if company else self.env.company
        if company and not (companies := companies.filtered(lambda c: c.id == company)):
            raise MarketplaceError(
                self.env._("You work in no company %(company)s.", company=company)
            )
        document, results = self._import_rows(partner, companies, rows)
        return document._describe(results)

    @api.model
    def _import_rows(self, vendor, company, rows, name=None, origin="api"):
        """Import rows as dicts; see :meth:`_import_lines`. Lines count from 1."""
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raise MarketplaceError(self.env._("The rows are a list of objects."))
        lines = [Line(number, row, False) for number, row in enumerate(rows, 1)]
        return self._import_lines(vendor, company, lines, name, origin)

    @api.model
    def _import_lines(self, vendor, company, lines, name=None, origin="api"):
        """Import the offers of a vendor; a bad line leaves the others alone.

        The caller has checked that the user may write offers of this vendor. The same
        lines again write no offer. Queries do not grow with the number of lines.

        :param list lines: :class:`~..engine.csv_table.Line`.
        :return: (the document, one :class:`RowResult` per line).
        :raises MarketplaceError: too many lines, or another import of this vendor runs.
        """
        if len(lines) > OFFER_IMPORT_ROWS:
            raise MarketplaceError(
                self.env._(
                    "%(rows)s rows: import at most %(limit)s at once.",
                    rows=len(lines),
                    limit=OFFER_IMPORT_ROWS,
                )
            )
        vendor._check_is_vendor()
        try:
            # Two imports of one vendor would create the same offers.
            vendor.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise MarketplaceError(
                self.env._(
                    "Another import of %(vendor)s is running: try again in a minute.",
                    vendor=vendor.display_name,
                )
            ) from error
        results = OfferBatch(self.env, vendor, company, lines).run()
        return self._record(vendor, company, results, name, origin), results

    def _record(self, vendor, company, results, name, origin):
        """Keep what became of the rows; those that changed nothing are counted only."""
        counts = self._counts(results)
        # sudo: nobody writes these documents but this code, which did the import
        return (
            self.sudo()
            .create(
                {
                    "name": name or self.env._("API"),
                    "vendor_id": vendor.id,
                    "company_id": company.id,
                    "origin": origin,
                    "row_count": len(results),
                    **{f"{result}_count": count for result, count in counts.items()},
                    "line_ids": [
                        fields.Command.create(
                            {
                                "number": row.number,
                                "vendor_sku": row.sku,
                                "result": row.result,
                                "details": "\n".join(row.problems or row.changes)
                                or False,
                                "offer_id": row.offer and row.offer.id,
                                "proposal_id": row.proposal and row.proposal.id,
                            }
                        )
                        for row in results
                        if row.result != "unchanged"
                    ],
                }
            )
            .sudo(self.env.su)
        )

    @api.model
    def _counts(self, results):
        counts = {code: 0 for code, _label in ROW_RESULTS}
        for row in results:
            counts[row.result] += 1
        return counts

    def _describe(self, results):
        """Return an import as a program reads it."""
        self.ensure_one()
        return {
            "import_id": self.id,
            "state": self.state,
            "counts": self._counts(results),
            "rows": [
                {
                    "line": row.number,
                    "sku": row.sku,
                    "result": row.result,
                    "problems": row.problems,
                    "changes": row.changes,
                    "offer_id": row.offer.id if row.offer else None,
                    "proposal_id": row.proposal.id if row.proposal else None,
                }
                for row in results
            ],
        }


class MarketplaceOfferImportLine(models.Model):
    _name = "marketplace.offer.import.line"
    _description = "Import of Offers: Line"
    _order = "import_id desc, number"
    _rec_name = "vendor_sku"

    import_id = fields.Many2one(
        "marketplace.offer.import", required=True, index=True, ondelete="cascade"
    )
    vendor_id = fields.Many2one(
        related="import_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="import_id.company_id", store=True, precompute=True
    )
    number = fields.Integer(string="Line", readonly=True)
    vendor_sku = fields.Char(string="SKU", readonly=True)
    result = fields.Selection(ROW_RESULTS, required=True, readonly=True)
    details = fields.Text(
        readonly=True, help="What is wrong with the line, or what it changed."
    )
    offer_id = fields.Many2one(
        "marketplace.offer", readonly=True, index="btree_not_null", ondelete="set null"
    )
    proposal_id = fields.Many2one(
        "marketplace.product.proposal",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
