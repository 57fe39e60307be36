from odoo import api, fields, models

from ..const import OFFER_CONDITIONS


class MarketplaceProductProposalOffer(models.Model):
    """An offer that waits for its product to be confirmed."""

    _name = "marketplace.product.proposal.offer"
    _description = "Offer Waiting for its Product"
    _order = "proposal_id, vendor_sku"
    _rec_name = "vendor_sku"

    proposal_id = fields.Many2one(
        "marketplace.product.proposal", required=True, index=True, ondelete="cascade"
    )
    vendor_id = fields.Many2one(
        related="proposal_id.vendor_id", store=True, precompute=True
    )
    company_id = fields.Many2one(
        related="proposal_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    vendor_sku = fields.Char(string="Vendor SKU", required=True)
    price = fields.Monetary(
        required=True, help="What the consumer pays for one unit, taxes included."
    )
    quantity = fields.Float(string="Stock Offered", digits="Product Unit")
    condition = fields.Selection(OFFER_CONDITIONS, required=True, default="new")
    lead_time_days = fields.Integer(string="Lead Time (days)")
    offer_id = fields.Many2one(
        "marketplace.offer",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The offer made of this line when the product was confirmed.",
    )
    problem = fields.Char(
        readonly=True, help="Why no offer was made when the product was confirmed."
    )

    _figures_positive = models.Constraint(
        "CHECK (price >= 0 AND quantity >= 0 AND lead_time_days >= 0)",
        "The price, the stock and the lead time of an offer are zero or more.",
    )
    _sku_uniq = models.UniqueIndex(
        "(proposal_id, vendor_sku)", "The proposal has an offer with this SKU already."
    )

    @api.model
    def _waiting(self, vendor, company):
        """Return the offers of a vendor that wait for an open proposal."""
        return self.search(
            [
                ("vendor_id", "=", vendor.id),
                ("company_id", "=", company.id),
                ("offer_id", "=", False),
                ("proposal_id.is_open", "=", True),
            ]
        )

    def _prepare_offer_vals(self):
        self.ensure_one()
        return {
            "vendor_id": self.vendor_id.id,
            "company_id": self.company_id.id,
            "product_id": self.proposal_id.product_id.id,
            "vendor_sku": self.vendor_sku,
            "price": self.price,
            "quantity": self.quantity,
            "condition": self.condition,
            "lead_time_days": self.lead_time_days,
        }
