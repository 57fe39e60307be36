"""Who pays which part of each discount, and who promised it."""

from odoo import api, fields, models

from ..const import DISCOUNT_FUNDERS
from ..engine.split import MARKETPLACE, SHARING, VENDOR, vendor_part
from .marketplace_order_check import discount_terms


class MarketplaceDiscountShare(models.Model):
    """The part of one discount on one order line; a fact of the purchase."""

    _name = "marketplace.discount.share"
    _description = "Share of a Discount"
    _order = "sale_line_id, id"

    name = fields.Char(string="Discount", readonly=True)
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    sale_order_id = fields.Many2one(
        related="sale_line_id.order_id", store=True, precompute=True, index=True
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        string="Order Group",
        store=True,
        index="btree_not_null",
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id", store=True, index="btree_not_null"
    )
    company_id = fields.Many2one(
        related="sale_order_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="sale_line_id.currency_id", store=True, precompute=True
    )
    rate_vendor = fields.Float(
        string="Vendor's Share",
        readonly=True,
        aggregator="avg",
        help="Share of the discount that was agreed to be paid by vendors.",
    )
    amount_vendor = fields.Monetary(
        string="Paid by the Seller", readonly=True, help="Lowers what he is credited."
    )
    amount_marketplace = fields.Monetary(
        string="Paid by the Marketplace",
        readonly=True,
        help="An expense of ours: the vendor is credited as if it were not given.",
    )
    promised_by = fields.Selection(
        DISCOUNT_FUNDERS, readonly=True, help="Who announced the promotion."
    )

    @api.model
    def _prepare_vals(self, line, name, amounts, rate, promised_by):
        """Return the values of one share; ``amounts`` are (seller, marketplace)."""
        amount = line.currency_id._marketplace_amount
        return {
            "name": name,
            "sale_line_id": line.id,
            "rate_vendor": float(rate),
            "amount_vendor": amount(amounts[0]),
            "amount_marketplace": amount(amounts[1]),
            "promised_by": promised_by,
        }


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    discount_share_ids = fields.One2many(
        "marketplace.discount.share", "marketplace_order_id", string="Discounts"
    )

    @api.model
    def _import_purchases(self, purchases, checker):
        groups = super()._import_purchases(purchases, checker)
        vals_list = []
        for group, purchase in zip(groups, purchases, strict=True):
            lines = {
                line.external_ref: line
                for line in group.sale_order_ids.order_line
                if line.marketplace_kind == "goods"
            }
            vals_list += self._prepare_discount_shares(purchase, lines)
        # sudo: facts of the purchase, whoever imports it
        self.env["marketplace.discount.share"].sudo().create(vals_list)
        return groups

    @api.model
    def _prepare_discount_shares(self, purchase, lines):
        """Return the values of the shares of a purchase's discounts."""
        prepare = self.env["marketplace.discount.share"]._prepare_vals
        payload = purchase.payload
        vals_list = []
        for item, line in zip(payload["lines"], purchase.split.lines, strict=True):
            for discount in item.get("discounts") or ():
                amount = discount["amount_minor"]
                terms = discount_terms(discount)
                vendor = amount if line.own else vendor_part(amount, *terms)
                vals_list.append(
                    prepare(
                        lines[line.ref],
                        discount.get("name"),
                        (vendor, amount - vendor),
                        _rate(*terms),
                        discount.get("promised_by"),
                    )
                )
        by_ref = {item["ref"]: item for item in payload.get("discounts") or ()}
        for part in purchase.split.fundings:
            discount = by_ref[part.ref]
            vals_list.append(
                prepare(
                    lines[part.line.ref],
                    discount.get("name"),
                    (part.vendor, part.marketplace),
                    _rate(*discount_terms(discount)),
                    discount.get("promised_by"),
                )
            )
        return vals_list


def _rate(funder, share):
    """Return the fraction of a discount that vendors pay."""
    if share is None:
        return 0 if funder == MARKETPLACE else 1
    return share


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_write_discounts(self, goods, result):
        """Keep, with the discounts of each line, who pays and who promised them."""
        res = super()._marketplace_write_discounts(goods, result)
        by_ref = {str(line.id): line for line in self.order_line | goods}
        # sudo: facts of the purchase, whoever confirms it
        Share = self.env["marketplace.discount.share"].sudo()
        Share.create(
            [
                Share._prepare_vals(
                    by_ref[part.line.ref],
                    by_ref[part.ref].name,
                    (part.vendor, part.marketplace),
                    _rate(
                        by_ref[part.ref].discount_funder,
                        by_ref[part.ref]._marketplace_vendor_share(),
                    ),
                    by_ref[part.ref].discount_promised_by,
                )
                for part in result.fundings
            ]
        )
        return res


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    discount_funder = fields.Selection(
        selection_add=[(SHARING, "Both")], ondelete={SHARING: "set default"}
    )
    discount_vendor_share = fields.Float(
        string="Vendors Pay",
        default=0.5,
        help="Share of a discount paid by both that the vendors pay.",
    )
    discount_promised_by = fields.Selection(
        DISCOUNT_FUNDERS,
        string="Promised by",
        default=VENDOR,
        help="Who announced the promotion to customers.",
    )
    discount_share_ids = fields.One2many(
        "marketplace.discount.share",
        "sale_line_id",
        string="Discount Shares",
        groups="marketplace_base.group_viewer",
    )

    _discount_vendor_share_fraction = models.Constraint(
        "CHECK (discount_vendor_share >= 0 AND discount_vendor_share <= 1)",
        "Vendors pay between 0 % and 100 % of a discount.",
    )

    def _marketplace_vendor_share(self):
        """Return the fraction of a discount that vendors pay, None for one payer."""
        self.ensure_one()
        if self.discount_funder != SHARING:
            return None
        return discount_terms({"vendor_share": self.discount_vendor_share})[1]
