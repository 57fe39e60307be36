"""Refunds of what the operator sold himself: credit note, and debit of the vendor."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command, Domain

from odoo.addons.marketplace_base.const import QUANTITY_DECIMALS
from odoo.addons.marketplace_base.engine.money import cumulative_share, to_minor


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    @api.model
    def _principal_domain(self, company):
        """Return lines of refunds of the operator's own sales, invoiced before."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("refund_id.state", "=", "done")
            & (
                Domain("amount_vendor", ">", 0)
                | Domain("quantity", ">", 0)
                & Domain("sale_line_id.amount_purchase", ">", 0)
            )
            & Domain("sale_line_id.order_id.posture", "=", "principal")
            & Domain("sale_line_id.order_id.vendor_id", "!=", False)
            & Domain("sale_line_id.order_id.vendor_document_state", "!=", False)
            & (
                Domain("refund_id.principal_move_ids", "=", False)
                | Domain("refund_id.vendor_document_problem", "!=", False)
            )
        )

    @api.model
    def _credited_pairs(self, move_type, orders):
        """Return {(refund, order)} that have a credit note of a kind."""
        # sudo: whether a document exists, not the document
        moves = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("marketplace_principal_order_id", "in", orders.ids),
                    ("marketplace_principal_refund_id", "!=", False),
                    ("move_type", "=", move_type),
                    ("state", "!=", "cancel"),
                ]
            )
        )
        return {
            (move.marketplace_principal_refund_id, move.marketplace_principal_order_id)
            for move in moves
        }

    @api.private
    def _issue_principal_refunds(self):
        """Credit the customers and debit the vendors for refunds, once each."""
        items = self.sudo().filtered(
            lambda item: (
                item.state == "done" and (item.amount_vendor > 0 or item.quantity > 0)
            )
        )
        for company, own in items.grouped("company_id").items():
            own = own.with_company(company)
            orders = own.sale_order_id
            invoiced = orders - orders._without_principal("out_invoice")
            own._issue_customer_credit_notes(invoiced)
            billed = orders - orders._without_principal("in_invoice")
            billed -= orders._self_bills_given_up()
            mandates = billed.vendor_id._marketplace_mandates(company)
            willing = billed.filtered(lambda o, m=mandates: o.vendor_id.id in m)
            own._issue_vendor_refunds(willing)
            blocked = {
                item.refund_id: self.env._(
                    "%(vendor)s gave no billing mandate that is in force.",
                    vendor=item.vendor_id.display_name,
                )
                for item in own
                if item.sale_order_id in billed - willing
            }
            own.refund_id._set_vendor_document_problems(blocked)

    def _grouped_for(self, orders, move_type):
        """Return {(order, refund): refund lines} that lack a credit note of a kind."""
        known = self._credited_pairs(move_type, orders)
        groups = defaultdict(self.browse)
        for item in self.sorted("id"):
            order, refund = item.sale_order_id, item.refund_id
            if order in orders and (refund, order) not in known:
                groups[order, refund] += item
        return groups

    def _issue_customer_credit_notes(self, orders):
        """Make the native credit notes of refunds, line by line what they gave back.

        Lines that cost the customer nothing have none.
        """
        moves = self.env["account.move"]
        invoices = {
            move.marketplace_principal_order_id: move
            for move in moves.search(
                [
                    ("marketplace_principal_order_id", "in", orders.ids),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                ]
            )
        }
        vals_list = []
        distributions = self.sale_line_id._marketplace_line_distributions()
        sold_by_line = self.env["marketplace.vendor.document"]._sold(self.sale_line_id)
        charged = self.filtered(lambda item: item.amount_vendor > 0)
        groups = charged._grouped_for(orders, "out_refund")
        for (order, refund), items in groups.items():
            invoice = invoices[order]
            day = order.company_id._marketplace_open_date(refund.date, has_tax=True)
            lines = []
            for item in items:
                sold = item.sale_line_id
                source = invoice.invoice_line_ids.filtered(
                    lambda i, sold=sold: sold in i.sale_line_ids
                )[:1]
                lines.append(
                    Command.create(
                        {
                            "name": sold.name,
                            "product_id": sold.product_id.id,
                            "quantity": 1,
                            "account_id": source.account_id.id,
                            "analytic_distribution": distributions[sold],
                            "tax_ids": [Command.set(sold.tax_ids.ids)],
                            **item._prepare_credit_vals(sold_by_line[sold][0]),
                        }
                    )
                )
            vals_list.append(
                {
                    "move_type": "out_refund",
                    "journal_id": invoice.journal_id.id,
                    "partner_id": invoice.partner_id.id,
                    "currency_id": order.currency_id.id,
                    "invoice_date": day,
                    "date": day,
                    "ref": refund.name,
                    "fiscal_position_id": invoice.fiscal_position_id.id,
                    "reversed_entry_id": invoice.id,
                    "marketplace_principal_order_id": order.id,
                    "marketplace_principal_refund_id": refund.id,
                    "invoice_line_ids": lines,
                }
            )
        credit_notes = moves.create(vals_list)
        credit_notes._post(soft=False)
        credit_notes._apply_customer_advances()

    def _prepare_credit_vals(self, sold):
        """Return the price of one refund line, with its VAT given.

        Extracted anew from each refund, VAT would not end on that of the invoice.

        :param sold: the money of its order line.
        """
        self.ensure_one()
        line, minor = self.sale_line_id, self.currency_id._marketplace_minor
        documents = self.env["marketplace.vendor.document"]
        taken = sum(
            minor(other.amount_vendor) - minor(other.amount)
            for other in line.marketplace_refund_line_ids
            if other.state == "done" and other.id < self.id
        )
        part = documents._refund_part(sold, taken, self)
        money = self.currency_id._marketplace_amount
        untaxed, tax = money(part.total - part.tax), money(part.tax)
        included = all(line.tax_ids.mapped("price_include"))
        price = money(part.total) if included else untaxed
        if len(line.tax_ids) != 1:
            return {"price_unit": price}
        return {
            "price_unit": price,
            "extra_tax_data": {
                "currency_id": self.currency_id.id,
                "price_unit": price,
                "discount": 0.0,
                "quantity": 1.0,
                "manual_total_excluded_currency": untaxed,
                "manual_tax_amounts": {
                    str(line.tax_ids.id): {
                        "tax_amount_currency": tax,
                        "base_amount_currency": untaxed,
                    }
                },
            },
        }

    def _issue_vendor_refunds(self, orders):
        """Make the debit of the vendors: their price, by cumulative difference."""
        rows, dates = {}, {}
        for (order, refund), items in self._grouped_for(orders, "in_refund").items():
            given = [
                (item.sale_line_id, item.quantity, item._purchase_share())
                for item in items
            ]
            rows[order, refund] = [row for row in given if row[2]]
            dates[refund] = order.company_id._marketplace_open_date(
                refund.date, has_tax=True
            )
        rows = {key: items for key, items in rows.items() if items}
        if rows:
            orders._post_vendor_documents("in_refund", rows, dates)

    def _purchase_share(self):
        """Return what one refund line takes back of the price paid to the vendor.

        By what the customer gets back; by units where he got the line for nothing.
        Refunds of a line end exactly on that price; those done before count first.
        """
        self.ensure_one()
        line, minor = self.sale_line_id, self.currency_id._marketplace_minor
        whole, worth = minor(line.amount_purchase), minor(line.amount_vendor)
        parts = {
            other: minor(other.amount_vendor)
            if worth
            else to_minor(other.quantity, QUANTITY_DECIMALS)
            for other in line.marketplace_refund_line_ids | self
        }
        worth = worth or to_minor(line.product_uom_qty, QUANTITY_DECIMALS)
        before = sum(
            part
            for other, part in parts.items()
            if other.state == "done" and other.id < self.id
        )
        after = before + parts[self]
        return self.currency_id._marketplace_amount(
            cumulative_share(whole, worth, after)
            - cumulative_share(whole, worth, before)
        )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    principal_move_ids = fields.One2many(
        "account.move",
        "marketplace_principal_refund_id",
        string="Documents of the Operator",
        groups="account.group_account_invoice,account.group_account_readonly",
    )
