from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.http import request

from ..const_catalogue import PROPOSAL_EDITABLE_STATES, PROPOSAL_OPEN_STATES
from ..engine.numbers import has_decimals, parse_number
from ..engine.offer_rows import DESCRIPTION_MAX_CHARS, read_row
from .portal import MarketplacePortal

OFFERS_URL = "/my/marketplace/offers"
URL = f"{OFFERS_URL}/proposals"


class MarketplaceProposalPortal(MarketplacePortal):
    """Products that the vendor proposes, and changes of those he sells."""

    @http.route(
        [URL, f"{URL}/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def marketplace_proposals(self, sent=None, **query):
        """List the proposals of the vendor with the answers to them."""
        self._marketplace_vendor()
        return self._render_list(
            "marketplace.product.proposal",
            "marketplace_base.portal_proposals",
            url=URL,
            title=request.env._("Proposed products"),
            page_name="marketplace_offers",
            sortings={
                "date": {"label": request.env._("Newest first"), "order": "id desc"},
                "name": {"label": request.env._("Name"), "order": "name, id"},
            },
            filters={
                "all": {"label": request.env._("All"), "domain": []},
                "to_do": {
                    "label": request.env._("Waiting for you"),
                    "domain": [("state", "in", PROPOSAL_EDITABLE_STATES)],
                },
                "submitted": {
                    "label": request.env._("In review"),
                    "domain": [("state", "=", "submitted")],
                },
                "decided": {
                    "label": request.env._("Decided"),
                    "domain": [("state", "not in", PROPOSAL_OPEN_STATES)],
                },
            },
            search_fields=("name", "gtin", "offer_ids.vendor_sku"),
            search_label=request.env._("Product, GTIN or SKU"),
            query=query,
            sent=sent,
        )

    @http.route(
        f"{URL}/new", type="http", auth="user", website=True, methods=["GET", "POST"]
    )
    def marketplace_proposal_new(self, **post):
        """Propose a product that the catalogue lacks, with the offer of it."""
        vendor = self._marketplace_vendor()
        # sudo: the gate named the vendor, and the proposal is his
        proposals = request.env["marketplace.product.proposal"].sudo()
        company = vendor.vendor_contract_ids.company_id[:1] or request.env.company
        draft = proposals.new({"vendor_id": vendor.id, "company_id": company.id})
        return self._handle_form(draft, post, f"{URL}/new")

    @http.route(
        f"{URL}/<int:proposal_id>",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_proposal(self, proposal_id, **post):
        """Show a proposal; on POST, change it and hand it in again."""
        proposal = self._get_owned("marketplace.product.proposal", proposal_id)
        return self._handle_form(proposal, post, f"{URL}/{proposal.id}")

    @http.route(
        f"{OFFERS_URL}/<int:offer_id>/product",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def marketplace_offer_product(self, offer_id, **post):
        """Propose a change of the product of an offer; an open proposal is shown."""
        offer = self._get_owned("marketplace.offer", offer_id)
        model, domain = self._search_owned(
            "marketplace.product.proposal",
            [
                ("product_id", "=", offer.product_id.id),
                ("company_id", "=", offer.company_id.id),
                ("kind", "=", "change"),
                ("state", "in", PROPOSAL_OPEN_STATES),
            ],
        )
        proposal = model.search(domain, limit=1)
        if not proposal:
            base = model._product_values(offer.product_id, offer.vendor_id.lang)
            proposal = model.new(
                {
                    **base,
                    "vendor_id": offer.vendor_id.id,
                    "company_id": offer.company_id.id,
                    "product_id": offer.product_id.id,
                    "base_values": base,
                    "value_ids": [Command.set(base["value_ids"])],
                }
            )
        return self._handle_form(proposal, post, f"{OFFERS_URL}/{offer.id}/product")

    # -- form -----------------------------------------------------------------------

    def _handle_form(self, proposal, post, url):
        """Show the form of a proposal, saved or not; on POST, save and hand it in."""
        if request.httprequest.method != "POST":
            return self._render_proposal(proposal, url, self._form_of(proposal))
        vals, errors = self._parse_proposal(proposal, post)
        if proposal.id and proposal.state not in PROPOSAL_EDITABLE_STATES:
            errors.append(
                request.env._("This proposal is in review or decided: it stays.")
            )
        if not errors:
            try:
                with request.env.cr.savepoint():
                    self._save_proposal(proposal, vals)
            except UserError as error:
                errors.append(str(error))
        if errors:
            response = self._render_proposal(proposal, url, post, errors)
            response.status_code = 422
            return response
        return request.redirect(f"{URL}?sent=1")

    def _save_proposal(self, proposal, vals):
        if proposal.id:
            proposal.write(vals)
        else:
            owner = {
                "vendor_id": proposal.vendor_id.id,
                "company_id": proposal.company_id.id,
                "product_id": proposal.product_id.id,
            }
            proposal = proposal.create({**vals, **owner})
        proposal.action_submit()

    def _form_of(self, proposal):
        """Return what the form of a proposal holds at first."""
        return {
            "name": proposal.name or "",
            "gtin": proposal.gtin or "",
            "brand": proposal.brand or "",
            "categ_id": str(proposal.categ_id.id or ""),
            "description": proposal.description or "",
            **{
                f"attribute_{value.attribute_id.id}": str(value._origin.id)
                for value in proposal.value_ids
            },
        }

    def _categories(self):
        # sudo: the names of categories, to choose from
        return request.env["product.category"].sudo().search([])

    def _attributes(self):
        """Return the attributes that some category asks for."""
        # sudo: the names of categories and attributes, to choose from
        categories = request.env["product.category"].sudo()
        return categories.search(
            [("marketplace_attribute_ids", "!=", False)]
        ).marketplace_attribute_ids

    def _parse_proposal(self, proposal, post):
        """Return the values of the form, and what is wrong with it."""
        vals, errors = {}, []
        for name, limit in (("name", 256), ("brand", 64)):
            vals[name] = post.get(name, "").strip()[:limit] or False
        vals["description"] = post.get("description", "").strip()[
            :DESCRIPTION_MAX_CHARS
        ]
        category = self._categories().filtered(
            lambda category: str(category.id) == post.get("categ_id")
        )
        vals["categ_id"] = category.id
        vals["value_ids"] = [Command.set(self._parse_values(proposal, post))]
        if not vals["name"]:
            errors.append(request.env._("Name the product."))
        if not vals["categ_id"] and proposal._needs_category():
            errors.append(request.env._("Choose a category."))
        if not proposal.id and not proposal.product_id:
            errors += self._parse_new(proposal, post, vals)
        return vals, errors

    def _parse_values(self, proposal, post):
        """Return the ids of the attribute values chosen, others of the product kept."""
        attributes = self._attributes()
        chosen = {post.get(f"attribute_{attribute.id}") for attribute in attributes}
        values = attributes.value_ids.filtered(lambda value: str(value.id) in chosen)
        kept = proposal.value_ids.filtered(
            lambda value: value.attribute_id._origin not in attributes
        )
        return [*values.ids, *kept._origin.ids]

    def _parse_new(self, proposal, post, vals):
        """Read what only a new product has: its GTIN and the vendor's first offer."""
        errors = []
        gtin = read_row({"sku": "-", "gtin": post.get("gtin", "")}, {})
        if gtin.problems:
            errors.append(
                request.env._(
                    "“%(gtin)s” is no GTIN: type the digits below the bar code.",
                    gtin=gtin.problems[0].text[:64],
                )
            )
        vals["gtin"] = gtin.values.get("gtin") or False
        known = vals["gtin"] and proposal._products_by_gtin([vals["gtin"]])
        if known:
            errors.append(
                request.env._(
                    "We have this product: import an offer with its GTIN instead."
                )
            )
        currency = proposal.company_id.currency_id
        sku = post.get("sku", "").strip()[:64]
        price, quantity = (
            parse_number(post.get(name, "")) for name in ("price", "quantity")
        )
        if not sku:
            errors.append(request.env._("Give your SKU."))
        if price is None or not has_decimals(price, currency.decimal_places):
            errors.append(
                request.env._("Type a price in %(currency)s.", currency=currency.name)
            )
        if quantity is None:
            errors.append(request.env._("Type your stock, 0 when there is none."))
        if not errors:
            vals["offer_ids"] = [
                Command.create(
                    {
                        "vendor_sku": sku,
                        "price": float(price),
                        "quantity": float(quantity),
                    }
                )
            ]
        return errors

    def _render_proposal(self, proposal, url, form, errors=()):
        title = proposal.name or proposal.gtin or request.env._("New product")
        return request.render(
            "marketplace_base.portal_proposal",
            self._prepare_marketplace_values(
                "marketplace_offers",
                breadcrumbs=[
                    (request.env._("Offers"), OFFERS_URL),
                    (request.env._("Proposed products"), URL),
                    (title, None),
                ],
                proposal=proposal,
                title=title,
                form=form,
                form_url=url,
                errors=errors,
                categories=self._categories(),
                attributes=self._attributes(),
                is_editable=not proposal.id
                or proposal.state in PROPOSAL_EDITABLE_STATES,
            ),
        )
