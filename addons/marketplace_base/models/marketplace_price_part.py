"""Parts of a price that bear no commission: eco-contribution and deposit."""

from decimal import Decimal

from odoo import api, fields, models

from ..engine.money import percent_of
from .sale_order_line import FREEZING

PART_KINDS = [("eco", "Eco-contribution"), ("deposit", "Deposit")]


class MarketplacePricePart(models.Model):
    """An amount for each unit that the price includes, in one country or in all."""

    _name = "marketplace.price.part"
    _description = "Price Part without Commission"
    _order = "kind, country_id, id"
    _check_company_auto = True

    product_tmpl_id = fields.Many2one(
        "product.template", string="Product", index="btree_not_null", ondelete="cascade"
    )
    offer_id = fields.Many2one(
        "marketplace.offer",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="The vendor's own amount, instead of that of the product.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(PART_KINDS, required=True, default="eco")
    country_id = fields.Many2one(
        "res.country",
        string="Delivered to",
        help="Empty: every country without an amount of its own.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="Orders in another currency have no such part: nothing is converted.",
    )
    amount = fields.Monetary(
        string="Per Unit",
        required=True,
        help="Taxes included. It is in the price already and bears no commission.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A part of a price is above zero."
    )
    _one_owner = models.Constraint(
        "CHECK ((product_tmpl_id IS NULL) <> (offer_id IS NULL))",
        "A part of a price is of a product or of an offer.",
    )
    _part_uniq = models.UniqueIndex(
        "(company_id, COALESCE(product_tmpl_id, 0), COALESCE(offer_id, 0), kind,"
        " COALESCE(country_id, 0), currency_id)",
        "There is an amount of this kind for this country already.",
    )

    @api.model
    @api.private
    def _by_line(self, lines):
        """Return {line: {kind: minor units for one unit}} of order lines, in batch.

        The offer's own amount wins over the product's, that of the country of delivery
        over the general one.
        """
        # sudo: what a price holds does not depend on who confirms the order
        parts = self.sudo().search(
            [
                ("company_id", "in", lines.company_id.ids),
                "|",
                ("product_tmpl_id", "in", lines.product_id.product_tmpl_id.ids),
                ("offer_id", "in", lines.offer_id.ids),
            ]
        )
        table = {
            (
                part.company_id.id,
                part.offer_id.id or -part.product_tmpl_id.id,
                part.country_id.id,
                part.currency_id.id,
                part.kind,
            ): part.currency_id._marketplace_minor(part.amount)
            for part in parts
        }
        result = {}
        for line in lines:
            delivery = line.order_id.partner_shipping_id.country_id.id
            owners = (line.offer_id.id, -line.product_id.product_tmpl_id.id)
            result[line] = {}
            for kind, _label in PART_KINDS:
                found = (
                    table.get(
                        (line.company_id.id, owner, country, line.currency_id.id, kind)
                    )
                    for owner in owners
                    for country in dict.fromkeys((delivery, False))
                )
                result[line][kind] = next((minor for minor in found if minor), 0)
        return result


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    price_part_ids = fields.One2many(
        "marketplace.price.part",
        "offer_id",
        string="Parts without Commission",
        groups="marketplace_base.group_viewer",
    )


class ProductTemplate(models.Model):
    _inherit = "product.template"

    marketplace_price_part_ids = fields.One2many(
        "marketplace.price.part",
        "product_tmpl_id",
        string="Parts without Commission",
        groups="marketplace_base.group_viewer",
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_freeze(self):
        """Freeze with the worth of each line the parts that bear no commission."""
        res = super()._marketplace_freeze()
        goods = self.order_line.filtered(
            lambda line: line.vendor_id and line.marketplace_kind == "goods"
        )
        goods._marketplace_freeze_parts()
        return res


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    amount_eco = fields.Monetary(
        string="Eco-contribution",
        copy=False,
        readonly=True,
        help="In the price, for all units, taxes included.",
    )
    amount_deposit = fields.Monetary(
        string="Deposit",
        copy=False,
        readonly=True,
        help="In the price, for all units, taxes included.",
    )
    amount_not_commissionable = fields.Monetary(
        string="Without Commission",
        copy=False,
        readonly=True,
        help="Eco-contribution and deposit: the commission is not taken on them.",
    )

    def _marketplace_freeze_parts(self):
        """Write the parts of each line's price, never above what the line costs."""
        by_line = self.env["marketplace.price.part"]._by_line(self)
        for line, units in by_line.items():
            if not any(units.values()):
                continue
            currency = line.currency_id
            quantity = Decimal(
                str(
                    line.product_uom_id._compute_quantity(
                        line.product_uom_qty, line.product_id.uom_id, round=False
                    )
                )
            )
            left = currency._marketplace_minor(
                line.amount_vendor
            ) + currency._marketplace_minor(line.amount_discount_vendor)
            vals, total = {}, 0
            for kind, unit in units.items():
                minor = min(percent_of(unit, quantity), left - total)
                vals[f"amount_{kind}"] = currency._marketplace_amount(minor)
                total += minor
            vals["amount_not_commissionable"] = currency._marketplace_amount(total)
            line.with_context(marketplace_freezing=FREEZING).write(vals)
