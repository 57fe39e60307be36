from odoo import api, fields, models

from ..const import KYC_AUDIENCES, REQUIREMENT_KINDS, TERMS_KINDS
from ..exceptions import MarketplaceError

# Which setting each kind of requirement needs.
NEEDS = {"terms": "terms_kind", "document": "document_type_id", "field": "field_id"}


class MarketplaceRequirement(models.Model):
    """What the operator asks of a vendor before he approves him."""

    _name = "marketplace.requirement"
    _description = "Vendor Requirement"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(REQUIREMENT_KINDS, required=True, default="review")
    is_required = fields.Boolean(
        string="Required",
        default=True,
        help="No vendor is approved while it is open; it can be waived.",
    )
    audience = fields.Selection(
        KYC_AUDIENCES, string="Asked of", required=True, default="all"
    )
    terms_kind = fields.Selection(TERMS_KINDS, string="Terms")
    document_type_id = fields.Many2one(
        "marketplace.kyc.document.type", ondelete="restrict"
    )
    field_id = fields.Many2one(
        "ir.model.fields",
        ondelete="cascade",
        domain=[("model", "=", "res.partner"), ("store", "=", True)],
    )
    offers_min = fields.Integer(string="Offers at Least", default=1)

    @api.constrains("kind", *NEEDS.values())
    def _check_setting(self):
        for requirement in self:
            name = NEEDS.get(requirement.kind)
            if name and not requirement[name]:
                raise MarketplaceError(
                    self.env._(
                        "“%(requirement)s” needs the setting “%(field)s”.",
                        requirement=requirement.name,
                        field=self._fields[name]._description_string(self.env),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        requirements = super().create(vals_list)
        # vendors on their way see the new item at once
        self.env["res.partner"].search(
            [
                (
                    "vendor_state",
                    "in",
                    ("pending", "invited", "onboarding", "ready_for_review"),
                )
            ]
        )._vendor_sync_requirements()
        return requirements

    def _evaluate(self, vendor):
        """Return what the data says of a vendor: ``open``, ``submitted``, ``accepted``.

        Kinds that only a person can decide stay open.
        """
        self.ensure_one()
        evaluate = getattr(self, f"_evaluate_{self.kind}", None)
        # sudo: whether something is there, not what
        return evaluate(vendor.sudo()) if evaluate else "open"

    def _evaluate_terms(self, vendor):
        asked = vendor._terms_to_accept().filtered(lambda t: t.kind == self.terms_kind)
        agreed = vendor._terms_acceptances().filtered(
            lambda acceptance: acceptance.kind == self.terms_kind
        )
        return "accepted" if agreed and not asked else "open"

    def _evaluate_document(self, vendor):
        states = vendor.kyc_document_ids.filtered(
            lambda document: document.type_id == self.document_type_id
        ).mapped("state")
        if "accepted" in states:
            return "accepted"
        return "submitted" if "to_review" in states else "open"

    def _evaluate_bank_account(self, vendor):
        accounts = vendor.bank_ids
        if any(not acc._marketplace_payout_problems(vendor) for acc in accounts):
            return "accepted"
        return "submitted" if accounts else "open"

    def _evaluate_returns_address(self, vendor):
        address = vendor.returns_address_id
        there = address.street and address.city and address.country_id
        return "accepted" if there else "open"

    def _evaluate_offers(self, vendor):
        return "accepted" if vendor.vendor_offer_count >= self.offers_min else "open"

    def _evaluate_field(self, vendor):
        return "accepted" if vendor[self.field_id.name] else "open"
