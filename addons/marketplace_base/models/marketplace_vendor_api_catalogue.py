from odoo import models

from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action
from .vendor_shipping_form import STEPS_MAX

PROPOSAL_FIELDS = (
    "name",
    "gtin",
    "brand",
    "categ_id",
    "description",
    "sku",
    "price",
    "quantity",
)
METHOD_FIELDS = ("name", "basis", "free_from", "delivery_days")


class MarketplaceVendorApi(models.AbstractModel):
    """Imports, proposals, prices, delivery and holidays in the vendor API."""

    _inherit = "marketplace.vendor.api"

    # -- imports --------------------------------------------------------------------

    @vendor_action("catalogue")
    def import_offers(self, member, rows, company=None):
        """Create and change offers, each row by itself, and say what became of them.

        :param rows: objects with the columns of the file that the portal imports.
        :param company: name of a company of the vendor; his first when not given.
        """
        vendor = member.vendor_id
        companies = vendor.vendor_contract_ids.company_id or self.env.company.sudo()
        wanted = companies[:1]
        if company is not None:
            self._api_choice("company", company, companies.mapped("name"))
            wanted = companies.filtered(lambda record: record.name == company)
        # sudo: the key named the vendor, and the rows reach his offers only
        document, results = (
            self.env["marketplace.offer.import"]
            .sudo()
            ._import_rows(vendor, wanted[:1], rows)
        )
        return document._describe(results)

    @vendor_action("catalogue")
    def list_imports(self, member, limit=80, offset=0):
        """Return the vendor's imports, the newest first."""
        records, total = self._api_page(
            member, "marketplace.offer.import", [], "id desc", limit, offset
        )
        return {"total": total, "imports": [self._api_import(r) for r in records]}

    @vendor_action("catalogue")
    def get_import(self, member, import_id):
        """Return one import with the lines that changed something or were refused."""
        record = self._api_get(member, "marketplace.offer.import", import_id)
        return {
            **self._api_import(record),
            "lines": [
                {
                    "line": line.number,
                    "sku": line.vendor_sku or None,
                    "result": line.result,
                    "details": line.details or None,
                }
                for line in record.line_ids
            ],
        }

    def _api_import(self, record):
        return {
            "id": record.id,
            "name": record.name,
            "date": self._api_date(record.create_date),
            "state": record.state,
            "rows": record.row_count,
            "refused": record.refused_count,
        }

    # -- prices and compliance ------------------------------------------------------

    @vendor_action("catalogue")
    def list_prices(self, member, offer_id):
        """Return what an offer costs: its price, the one that waits, special ones."""
        offer = self._api_get(member, "marketplace.offer", offer_id)
        currency = offer.currency_id
        return {
            **self._api_offer(offer),
            "price_current": self._api_amount(offer.price_current, currency),
            "price_pending": self._api_amount(offer.price_pending, currency)
            if offer.price_pending
            else None,
            "prices": [
                {
                    "id": line.id,
                    "price": self._api_amount(line.price, currency),
                    "min_quantity": line.min_quantity,
                    "start": self._api_date(line.date_start),
                    "end": self._api_date(line.date_end),
                    "state": line.state,
                }
                for line in offer.price_line_ids
            ],
        }

    @vendor_action("catalogue")
    def hand_in_compliance(self, member, offer_id, values, file_name="", content=None):
        """Hand in what the law asks for the product of an offer.

        :param values: kind, reference, amount, date_expiry, as texts.
        :param content: the paper in base 64.
        """
        offer = self._api_get(member, "marketplace.offer", offer_id)
        item = offer._vendor_hand_in_compliance(
            self._api_form(
                "values", values, ("kind", "reference", "amount", "date_expiry")
            ),
            self._api_text("file_name", file_name),
            self._api_file("content", content),
        )
        return {"id": item.id, "kind": item.kind, "state": item.state}

    # -- proposals ------------------------------------------------------------------

    @vendor_action("catalogue")
    def list_categories(self, member):
        """Return categories and the attributes that proposals may give."""
        proposals, _domain = member._search_owned("marketplace.product.proposal", [])
        return {
            "categories": [
                {"id": category.id, "name": category.complete_name}
                for category in proposals._vendor_categories()
            ],
            "attributes": [
                {
                    "id": attribute.id,
                    "name": attribute.name,
                    "values": [
                        {"id": value.id, "name": value.name}
                        for value in attribute.value_ids
                    ],
                }
                for attribute in proposals._vendor_attributes()
            ],
        }

    @vendor_action("catalogue")
    def list_proposals(self, member, limit=80, offset=0):
        """Return the products the vendor proposed, the newest first."""
        records, total = self._api_page(
            member, "marketplace.product.proposal", [], "id desc", limit, offset
        )
        return {"total": total, "proposals": [self._api_proposal(r) for r in records]}

    @vendor_action("catalogue")
    def create_proposal(self, member, product):
        """Propose a product that the catalogue lacks, with the first offer of it.

        :param product: texts: ``PROPOSAL_FIELDS``, and attribute_<id> with the id of a
            value.
        """
        draft = member.vendor_id._vendor_new_proposal()
        return self._api_save_proposal(draft, product)

    @vendor_action("catalogue")
    def update_proposal(self, member, proposal_id, product):
        """Change a proposal and hand it in again."""
        proposal = self._api_get(member, "marketplace.product.proposal", proposal_id)
        return self._api_save_proposal(proposal, product)

    @vendor_action("catalogue")
    def propose_change(self, member, offer_id, product):
        """Propose other words or attributes for the product of an offer."""
        offer = self._api_get(member, "marketplace.offer", offer_id)
        return self._api_save_proposal(offer._vendor_product_proposal(), product)

    def _api_save_proposal(self, proposal, product):
        attributes = [f"attribute_{a.id}" for a in proposal._vendor_attributes()]
        form = self._api_form("product", product, (*PROPOSAL_FIELDS, *attributes))
        return self._api_proposal(proposal._vendor_save(form))

    def _api_proposal(self, proposal):
        return {
            "id": proposal.id,
            "kind": proposal.kind,
            "name": proposal.name or None,
            "gtin": proposal.gtin or None,
            "state": proposal.state,
            "missing": proposal.missing or None,
            "reason": proposal.reason or None,
        }

    # -- delivery -------------------------------------------------------------------

    @vendor_action("catalogue")
    def list_shipping_methods(self, member):
        """Return how the vendor delivers, methods out of use included."""
        model, domain = member._search_owned("marketplace.shipping.method", [])
        methods = model.with_context(active_test=False).search(domain)
        return [self._api_method(method) for method in methods]

    @vendor_action("catalogue")
    def save_shipping_method(
        self, member, values, prices, countries=(), active=True, method_id=None
    ):
        """Write a shipping method, a new one without an id, and return it.

        :param values: ``METHOD_FIELDS``, as texts.
        :param prices: [{"minimum": "0", "price": "4.90"}], at most ``STEPS_MAX``.
        :param countries: codes; everywhere when empty.
        """
        method, _domain = member._search_owned("marketplace.shipping.method", [])
        if method_id is not None:
            method = self._api_get(member, "marketplace.shipping.method", method_id)
        form = self._api_form("values", values, METHOD_FIELDS)
        if not isinstance(prices, list) or len(prices) > STEPS_MAX:
            raise MarketplaceError(
                self.env._(
                    "“prices” is a list of at most %(limit)s prices.", limit=STEPS_MAX
                )
            )
        for number, row in enumerate(prices):
            step = self._api_form("prices", row, ("minimum", "price"))
            form |= {f"{key}_{number}": text for key, text in step.items()}
        form["country_ids"] = self._api_countries(method, countries)
        form["active"] = "1" if active is True else ""
        return self._api_method(method._vendor_save(member.vendor_id, form))

    def _api_countries(self, method, codes):
        known = {country.code: country for country in method._vendor_countries()}
        if not isinstance(codes, list | tuple) or not all(c in known for c in codes):
            raise MarketplaceError(
                self.env._("“countries” is a list of codes such as FR.")
            )
        return [str(known[code].id) for code in codes]

    def _api_method(self, method):
        currency = method.currency_id
        return {
            "id": method.id,
            "name": method.name,
            "active": method.active,
            "basis": method.basis,
            "countries": method.country_ids.mapped("code"),
            "free_from": self._api_amount(method.free_from, currency)
            if method.has_free_delivery
            else None,
            "delivery_days": method.delivery_days or None,
            "prices": [
                {
                    "minimum": step.minimum,
                    "price": self._api_amount(step.price, currency),
                }
                for step in method.step_ids
            ],
        }

    # -- holidays -------------------------------------------------------------------

    @vendor_action("catalogue")
    def list_holidays(self, member):
        """Return the days the vendor is closed."""
        model, domain = member._search_owned("marketplace.vendor.closure", [])
        return [self._api_holiday(closure) for closure in model.search(domain)]

    @vendor_action("catalogue")
    def plan_holiday(self, member, date_start, date_end, note=""):
        """Close the vendor for some days, both included.

        :param date_start: such as 2026-08-01.
        """
        closure = member.vendor_id._vendor_plan_closure(
            self._api_text("date_start", date_start),
            self._api_text("date_end", date_end),
            self._api_text("note", note),
        )
        return self._api_holiday(closure)

    @vendor_action("catalogue")
    def cancel_holiday(self, member, closure_id):
        """Cancel a closure that is not over, and return those left."""
        closure = self._api_get(member, "marketplace.vendor.closure", closure_id)
        closure._vendor_cancel()
        model, domain = member._search_owned("marketplace.vendor.closure", [])
        return [self._api_holiday(closure) for closure in model.search(domain)]

    def _api_holiday(self, closure):
        return {
            "id": closure.id,
            "start": self._api_date(closure.date_start),
            "end": self._api_date(closure.date_end),
            "note": closure.note or None,
        }
