"""What the payment service provider calls a payment, beside the storefront's name."""

from odoo import api, fields, models


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    psp_ref = fields.Char(
        string="Provider's Reference",
        copy=False,
        index="btree_not_null",
        help="Reference of the transaction at the payment service provider: what its "
        "settlement file names. One transaction may pay several orders.",
    )

    @api.model
    def _prepare_vals(self, order, item):
        return {
            **super()._prepare_vals(order, item),
            "psp_ref": item.get("psp_ref"),
        }

    def _agree(self, order, item):
        """Take the provider's reference too, once it is told."""
        res = super()._agree(order, item)
        if item.get("psp_ref") and not self.psp_ref:
            self.psp_ref = item["psp_ref"]
        return res
