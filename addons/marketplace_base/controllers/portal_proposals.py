from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..const_catalogue import PROPOSAL_EDITABLE_STATES, PROPOSAL_OPEN_STATES
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
        draft = vendor._vendor_new_proposal()
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
        proposal = offer._vendor_product_proposal()
        return self._handle_form(proposal, post, f"{OFFERS_URL}/{offer.id}/product")

    # -- form -----------------------------------------------------------------------

    def _handle_form(self, proposal, post, url):
        """Show the form of a proposal, saved or not; on POST, save and hand it in."""
        if request.httprequest.method != "POST":
            return self._render_proposal(proposal, url, self._form_of(proposal))
        try:
            with request.env.cr.savepoint():
                proposal._vendor_save(post)
        except UserError as error:
            response = self._render_proposal(
                proposal, url, post, str(error).splitlines()
            )
            response.status_code = 422
            return response
        return request.redirect(f"{URL}?sent=1")

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
                categories=proposal._vendor_categories(),
                attributes=proposal._vendor_attributes(),
                is_editable=not proposal.id
                or proposal.state in PROPOSAL_EDITABLE_STATES,
            ),
        )
