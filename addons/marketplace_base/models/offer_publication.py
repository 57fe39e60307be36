from odoo import api, fields, models

from ..exceptions import MarketplaceError

# Reasons that say less than what is wrong with the product itself.
LESSER_REASONS = (False, "no_price", "out_of_stock")


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _marketplace_missing_attributes(self):
        """Return the required attributes that products lack: {product: attributes}."""
        required = self.categ_id._marketplace_required_attributes()
        none = self.env["product.attribute"]
        missing = {}
        for product in self:
            lines = product.attribute_line_ids.filtered("value_ids")
            lacking = required.get(product.categ_id, none) - lines.attribute_id
            if lacking:
                missing[product] = lacking
        return missing


class MarketplaceOffer(models.Model):
    """What the operator wants of a product before an offer of it is sold."""

    _inherit = "marketplace.offer"

    is_refused = fields.Boolean(
        string="Refused",
        copy=False,
        readonly=True,
        help="Set by the review of the catalogue: the offer is not sold.",
    )
    refusal_reason = fields.Text(
        readonly=True, copy=False, help="The vendor reads it in his portal."
    )
    missing_attributes = fields.Char(
        compute="_compute_missing_attributes",
        compute_sudo=True,
        help="What the category of the product asks for and the product does not say.",
    )

    @api.depends("product_id.categ_id", "product_id.product_tmpl_id.attribute_line_ids")
    def _compute_missing_attributes(self):
        products = self.product_id.product_tmpl_id
        missing = products._marketplace_missing_attributes()
        for offer in self:
            lacking = missing.get(offer.product_id.product_tmpl_id)
            offer.missing_attributes = lacking and ", ".join(lacking.mapped("name"))

    @api.depends(
        "is_refused",
        "product_id.product_tmpl_id.categ_id",
        "product_id.product_tmpl_id.marketplace_brand_id",
        "product_id.product_tmpl_id.attribute_line_ids.value_ids",
    )
    def _compute_is_sellable(self):
        """Keep off sale what the operator refuses or what is not described enough."""
        result = super()._compute_is_sellable()
        open_offers = self.filtered(lambda o: o.inactive_reason in LESSER_REASONS)
        products = open_offers.product_id.product_tmpl_id
        missing = products._marketplace_missing_attributes()
        refusals = open_offers._assortment_refusals()
        for offer in open_offers:
            if offer.is_refused:
                reason = "product_refused"
            elif offer in refusals:
                reason = "not_allowed"
            elif offer.product_id.product_tmpl_id in missing:
                reason = "attributes_missing"
            else:
                continue
            offer.inactive_reason = reason
            offer.is_sellable = False
        return result

    # -- review ---------------------------------------------------------------------

    @api.private
    def _review(self, decision, reason=None):
        """Approve or refuse offers in one go; return {offer: problem in words}.

        :param decision: ``confirm`` or ``decline``.
        :raises MarketplaceError: without a reason to refuse.
        """
        self.check_access("write")
        refused = decision == "decline"
        if refused and not (reason or "").strip():
            raise MarketplaceError(
                self.env._("Say why the offers are refused: their vendors read it.")
            )
        todo = self.filtered(
            lambda offer: offer.is_refused != refused
            or (refused and offer.refusal_reason != reason)
        )
        # No tracking: it posts one message at a time; the note below is one insert.
        todo.with_context(tracking_disable=True).write(
            {"is_refused": refused, "refusal_reason": reason if refused else False}
        )
        if refused:
            note = self.env._("Refused: %(reason)s", reason=reason)
        else:
            note = self.env._("Approved.")
        todo._message_log_batch(dict.fromkeys(todo.ids, note))
        todo._tell_vendors_of_review()
        problem = self.env._("Nothing to do: decided like that already.")
        return dict.fromkeys(self - todo, problem)

    def _tell_vendors_of_review(self):
        for vendor, offers in self.grouped("vendor_id").items():
            vendor._mail_catalogue_review(offers=offers)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mail_catalogue_review(self, offers=None, proposals=None):
        """Mail the decisions of one review to a vendor, in one mail in his language."""
        self.ensure_one()
        if not self.email:
            return
        # sudo: who reviews the catalogue decides that the vendor hears of it
        template = self.env.ref(
            "marketplace_base.mail_template_catalogue_review"
        ).sudo()
        lang = self.lang or self.env.lang
        template.with_context(
            marketplace_offers=(offers or self.env["marketplace.offer"]).with_context(
                lang=lang
            ),
            marketplace_proposals=(
                proposals or self.env["marketplace.product.proposal"]
            ).with_context(lang=lang),
        ).send_mail(self.id)
