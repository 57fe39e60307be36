from stdnum import ean

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..const_catalogue import OFFER_IMPORT_BYTES, OFFER_IMPORT_ROWS
from ..engine.csv_table import write_table
from ..engine.offer_rows import ATTRIBUTE_PREFIX, COLUMNS
from ..formatting import format_number
from .forms import TEXT_MAX_CHARS
from .portal import MarketplacePortal

OFFERS_URL = "/my/marketplace/offers"
IMPORTS_URL = f"{OFFERS_URL}/imports"
# Columns of the export: what an import of the same file reads back.
EXPORT_COLUMNS = (
    "sku",
    "gtin",
    "reference",
    "name",
    "price",
    "quantity",
    "condition",
    "lead_time_days",
)


class MarketplaceOfferImportPortal(MarketplacePortal):
    """Import and export of the vendor's offers, and what became of past imports."""

    # -- import ---------------------------------------------------------------------

    @http.route(
        f"{OFFERS_URL}/import",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_offer_import(self, **post):
        """Show the form; on POST, import the file and show what became of it."""
        vendor = self._marketplace_vendor()
        if request.httprequest.method != "POST":
            return self._render_import_form()
        try:
            with request.env.cr.savepoint():
                document = self._import_file(vendor, post)
        except UserError as error:
            response = self._render_import_form([str(error)], post)
            response.status_code = 422
            return response
        return request.redirect(f"{IMPORTS_URL}/{document.id}")

    def _import_file(self, vendor, post):
        """Import the file of the form into the offers of the vendor."""
        # sudo: the gate named the vendor, and the rows reach his offers only
        imports = request.env["marketplace.offer.import"].sudo()
        upload = post.get("file")
        content = upload.read(OFFER_IMPORT_BYTES + 1) if upload else b""
        if not content:
            raise UserError(request.env._("Choose a file."))
        companies = self._vendor_companies(vendor)
        wanted = companies.filtered(lambda c: str(c.id) == post.get("company_id"))
        document, _results = imports._import_lines(
            vendor,
            wanted or companies[0],
            imports._read_file(content),
            name=upload.filename[-TEXT_MAX_CHARS:],
            origin="portal",
        )
        return document

    def _vendor_companies(self, vendor):
        return vendor.vendor_contract_ids.company_id or request.env.company.sudo()

    def _render_import_form(self, errors=(), form=None):
        vendor = self._marketplace_vendor()
        return request.render(
            "marketplace_base.portal_offer_import_form",
            self._prepare_marketplace_values(
                "marketplace_offers",
                breadcrumbs=[
                    (request.env._("Offers"), OFFERS_URL),
                    (request.env._("Import"), None),
                ],
                errors=errors,
                form=form or {},
                columns=[*COLUMNS, f"{ATTRIBUTE_PREFIX}…"],
                rows_max=OFFER_IMPORT_ROWS,
                megabytes_max=OFFER_IMPORT_BYTES >> 20,
                companies=self._vendor_companies(vendor),
            ),
        )

    # -- export ---------------------------------------------------------------------

    @http.route(
        f"{OFFERS_URL}/export", type="http", auth="user", website=True, readonly=True
    )
    def marketplace_offer_export(self, **_query):
        """Download the offers as the import reads them."""
        self._marketplace_vendor()
        model, domain = self._search_owned("marketplace.offer", [])
        offers = model.search(domain, order="vendor_sku, id")
        content = write_table(
            list(EXPORT_COLUMNS), [self._export_row(offer) for offer in offers]
        )
        return self._send_csv(content, "offers.csv")

    def _export_row(self, offer):
        product = offer.product_id
        return [
            offer.vendor_sku,
            product.barcode if ean.is_valid(product.barcode or "") else "",
            product.default_code or "",
            product.name,
            f"{offer.price:.{offer.currency_id.decimal_places}f}",
            format_number(offer.quantity),
            offer.condition,
            str(offer.lead_time_days),
        ]

    def _send_csv(self, content, name):
        return request.make_response(
            content,
            [
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    # -- history --------------------------------------------------------------------

    @http.route(
        [IMPORTS_URL, f"{IMPORTS_URL}/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_offer_imports(self, **query):
        """List the past imports of the vendor, whoever made them."""
        self._marketplace_vendor()
        return self._render_list(
            "marketplace.offer.import",
            "marketplace_base.portal_offer_imports",
            url=IMPORTS_URL,
            title=request.env._("Imports"),
            page_name="marketplace_offers",
            sortings={
                "date": {"label": request.env._("Newest first"), "order": "id desc"}
            },
            filters={
                "all": {"label": request.env._("All"), "domain": []},
                "refused": {
                    "label": request.env._("With refused lines"),
                    "domain": [("refused_count", ">", 0)],
                },
            },
            search_fields=("name", "line_ids.vendor_sku"),
            search_label=request.env._("File or SKU"),
            query=query,
        )

    @http.route(
        f"{IMPORTS_URL}/<int:import_id>",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_offer_import_detail(self, import_id, **_query):
        """Show what became of the lines of an import."""
        document = self._get_owned("marketplace.offer.import", import_id)
        lines = document.line_ids
        refused = lines.filtered(lambda line: line.result == "refused")
        return request.render(
            "marketplace_base.portal_offer_import",
            self._prepare_marketplace_values(
                "marketplace_offers",
                breadcrumbs=[
                    (request.env._("Offers"), OFFERS_URL),
                    (request.env._("Imports"), IMPORTS_URL),
                    (document.name, None),
                ],
                document=document,
                refused=refused,
                changed=lines - refused,
            ),
        )

    @http.route(
        f"{IMPORTS_URL}/<int:import_id>/errors",
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_offer_import_errors(self, import_id, **_query):
        """Download the refused lines with the reasons."""
        document = self._get_owned("marketplace.offer.import", import_id)
        return self._send_csv(document._error_csv(), document.error_file_name)
