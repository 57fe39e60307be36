"""Split a quotation typed with the products of several vendors."""

from collections import defaultdict

from odoo import fields, models

from ..engine.share import share_weights
from ..engine.split import (
    OPERATOR,
    SHARED,
    VENDOR,
    Discount,
    Line,
    Shipping,
    SplitError,
    split,
)
from ..exceptions import MarketplaceError
from .sale_order import SPLITTING


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _marketplace_split(self):
        """Turn quotations that hold vendors' goods into one order per seller.

        The quotation keeps the operator's own goods, or else its first vendor's part;
        new quotations take the others, and all join one order group. Orders without
        vendors, or split already, are left alone.

        :return: the quotations added.
        :raises MarketplaceError: naming what cannot be split, or who cannot sell.
        """
        todo = self.filtered(
            lambda order: order.state in ("draft", "sent")
            and not order.marketplace_order_id
            and order.order_line.vendor_id
        )
        added = self.browse()
        for order in todo.with_context(marketplace_splitting=SPLITTING):
            added |= order._marketplace_split_one()
        return added

    def _marketplace_split_one(self):
        lines = self.order_line.filtered(lambda line: not line.display_type)
        goods = lines.filtered(lambda line: line._marketplace_seller() is not SHARED)
        shared = lines - goods
        sellers = dict.fromkeys(line._marketplace_seller() for line in goods)
        kept = OPERATOR if OPERATOR in sellers else next(iter(sellers))
        vendors = self.env["res.partner"].browse(filter(None, sellers))
        # sudo: contracts are read for the salesperson, who may see none
        contracts = vendors.sudo()._marketplace_contracts(
            self.company_id._marketplace_today(), self.company_id
        )
        self._marketplace_check_currency(vendors, contracts)
        terms = {
            vendor.id: self._marketplace_contract_vals(vendor, contracts)
            for vendor in vendors
        }
        terms = self._marketplace_split_cash(terms, contracts)
        result = self._marketplace_share(goods, shared, terms, vendors, contracts)
        for share in result.shippings:
            sellers.setdefault(share.seller)
        others = [seller for seller in sellers if seller != kept]
        added = self.create(
            [
                {
                    **self.copy_data({"order_line": [], "origin": self.name})[0],
                    **terms.get(seller, {}),
                    "vendor_id": seller or False,
                }
                for seller in others
            ]
        )
        parts = dict(zip(others, added, strict=True))
        for seller, part in parts.items():
            goods.filtered(
                lambda line, seller=seller: line._marketplace_seller() == seller
            )._marketplace_move_to(part)
        parts[kept] = self
        self.write({"vendor_id": kept or False, **terms.get(kept, {})})
        self._marketplace_write_discounts(goods, result)
        self._marketplace_share_lines(shared, result, parts)
        self._marketplace_group(self | added, result)
        return added

    def _marketplace_share(self, goods, shared, terms, vendors, contracts):
        """Return the engine's split of a quotation."""
        operator_sells = frozenset(
            vendor.id
            for vendor in vendors
            if contracts[vendor.id].shipping_recipient == "operator"
        )
        minor = {line: line._marketplace_face_minor() for line in goods | shared}
        discounts = shared.filtered(lambda line: line.marketplace_kind == "discount")
        self._marketplace_check_funder(discounts, goods)
        engine_lines = [
            Line(
                str(line.id),
                line._marketplace_seller(),
                minor[line],
                own=terms.get(line._marketplace_seller(), {}).get("posture") != "agent",
                **share_weights(line.product_uom_qty, line.product_id.weight),
            )
            for line in goods
        ]
        try:
            return split(
                engine_lines,
                [
                    Shipping(
                        str(line.id),
                        minor[line],
                        line._marketplace_delivers_for(),
                        operator_sells=operator_sells,
                        key=self.company_id.marketplace_allocation_key,
                    )
                    for line in shared - discounts
                ],
                [
                    Discount(
                        str(line.id),
                        -minor[line],
                        line.discount_funder,
                        line._marketplace_discounted(goods),
                        vendor_share=line._marketplace_vendor_share(),
                        key=self.company_id.marketplace_allocation_key,
                    )
                    for line in discounts
                ],
            )
        except SplitError as error:
            names = {str(line.id): line.name for line in goods | shared}
            messages = self.env["marketplace.order"]._split_messages(
                error.problems, self.currency_id, names
            )
            raise MarketplaceError(
                self.env._(
                    "%(order)s cannot be split between its vendors:\n%(problems)s",
                    order=self.name,
                    problems="\n".join(messages),
                )
            ) from error

    def _marketplace_check_funder(self, discounts, goods):
        """Refuse a discount of the marketplace on prices without VAT.

        What the marketplace owes the vendor includes VAT, the line does not.
        """
        funded = discounts.filtered(lambda line: line.discount_funder != VENDOR)
        excluded = goods.tax_ids.filtered(lambda tax: not tax.price_include)
        if funded and excluded:
            raise MarketplaceError(
                self.env._(
                    "%(order)s: a discount paid by the marketplace needs prices that "
                    "include VAT, and %(taxes)s are not included.",
                    order=self.name,
                    taxes=", ".join(excluded.mapped("name")),
                )
            )

    def _marketplace_write_discounts(self, goods, result):
        """Write on each line of goods its share of the discounts."""
        amount = self.currency_id._marketplace_amount
        for line, share in zip(goods, result.lines, strict=True):
            line.write(
                {
                    "amount_discount_vendor": amount(share.vendor_discount),
                    "amount_discount_marketplace": amount(share.marketplace_discount),
                    "amount_discount_operator": amount(share.given),
                }
            )

    def _marketplace_share_lines(self, shared, result, parts):
        """Replace each shared line by one line per part, of its share.

        The quotation's own line stays for its own share, untouched when it keeps all.
        """
        shares = defaultdict(lambda: defaultdict(int))
        for share in result.discounts:
            shares[share.ref][share.line.seller, share.line.seller] -= share.amount
        for share in result.shippings:
            shares[share.ref][share.seller, share.shipper] += share.amount
        amount = self.currency_id._marketplace_amount
        new_lines, emptied = [], self.env["sale.order.line"]
        for line in shared:
            by_seller = shares[str(line.id)]
            kept = False
            for (seller, shipper), minor in by_seller.items():
                vals = {
                    "shipping_vendor_id": shipper if shipper != seller else False,
                    "product_uom_qty": 1.0,
                    "price_unit": amount(minor),
                    "technical_price_unit": amount(minor),
                    "discount": 0.0,
                    "tax_ids": [fields.Command.set(line.tax_ids.ids)],
                    "extra_tax_data": False,
                }
                if parts[seller] != self or kept:
                    [copied] = line.copy_data({**vals, "order_id": parts[seller].id})
                    new_lines.append(copied)
                    continue
                kept = True
                if shipper != seller or minor != line._marketplace_face_minor():
                    line.write(vals)
            if not kept:
                emptied |= line
        emptied.unlink()
        self.env["sale.order.line"].create(new_lines)

    def _marketplace_group(self, orders, result):
        """Tie the parts of a quotation together, payments included.

        :param result: how the engine split it.
        """
        funded = sum(orders.order_line.mapped("amount_discount_marketplace"))
        # sudo: the group belongs to the marketplace, a salesperson may not create it
        group = (
            self.env["marketplace.order"]
            .sudo()
            .create(
                {
                    "company_id": self.company_id.id,
                    "partner_id": self.partner_id.id,
                    "currency_id": self.currency_id.id,
                    "date_order": fields.Datetime.now(),
                    **self._marketplace_account_vals(self),
                    "allocations": self.env["marketplace.order"]._prepare_allocations(
                        result, self.currency_id
                    ),
                    "amount_charged": self.currency_id.round(
                        sum(orders.mapped("amount_total")) - funded
                    ),
                }
            )
        )
        orders.marketplace_order_id = group
        # sudo: transactions are for accountants, the link to the parts is not
        orders.sudo().transaction_ids = self.sudo().transaction_ids
        if len(orders) > 1:
            self.message_post(
                body=self.env._(
                    "Split by vendor into %(orders)s.",
                    orders=", ".join(orders.mapped("name")),
                )
            )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_seller(self):
        """Return who sells a line of a quotation: a vendor's id, OPERATOR or SHARED."""
        self.ensure_one()
        if self.vendor_id:
            return self.vendor_id.id
        return OPERATOR if self.marketplace_kind == "goods" else SHARED

    def _marketplace_delivers_for(self):
        """Return whose goods a delivery of a quotation is about; to extend."""
        return SHARED

    def _marketplace_discounted(self, goods):
        """Return the keys of the lines a discount is about: those of its own taxes."""
        same = goods.filtered(lambda line: line.tax_ids == self.tax_ids)
        return frozenset(str(line.id) for line in same) or None

    def _marketplace_move_to(self, order):
        """Move lines to another order as they are.

        What was typed is protected: Odoo would compute taxes, names and the like anew
        because the order changed.
        """
        typed = [
            field
            for field in self._fields.values()
            if field.compute and field.store and not field.readonly
        ]
        with self.env.protecting(typed, self):
            self.order_id = order
