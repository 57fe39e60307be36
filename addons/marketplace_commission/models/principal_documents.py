"""Sales of the operator himself: his invoice to the customer, his bill to the vendor.

Accounting design, 1.6. Documents are Odoo's own: an invoice from the order, a bill in
the self-billing journal. The customer has paid in advance: the ledger applies that.
"""

from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command, Domain

from odoo.addons.marketplace_base.engine.money import cumulative_share
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .sale_order_vendor_document import SHIPPING_STATES

CUSTOMER_TYPES = ("out_invoice", "out_refund")


class AccountMove(models.Model):
    _inherit = "account.move"

    marketplace_principal_order_id = fields.Many2one(
        "sale.order",
        string="Order Sold by the Operator",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The vendor order that this document invoices, to its customer or for its "
        "vendor.",
    )
    marketplace_principal_refund_id = fields.Many2one(
        "marketplace.refund",
        string="Refund of the Customer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    _principal_uniq = models.UniqueIndex(
        "(marketplace_principal_order_id, move_type,"
        " COALESCE(marketplace_principal_refund_id, 0))"
        " WHERE marketplace_principal_order_id IS NOT NULL AND state != 'cancel'",
        "This order, or this refund, has its document.",
    )

    def _apply_customer_advances(self):
        """Set what the customers paid in advance against documents just posted.

        A credit note gives the advance back, which the refund has paid out.

        :raises MarketplaceError: when the documents are not on the account of the role.
        """
        entries = []
        for move in self:
            order = move.marketplace_principal_order_id
            is_invoice = move.move_type == "out_invoice"
            roles = ("CUST_ADVANCE", "CUST_AR")
            debit, credit = roles if is_invoice else roles[::-1]
            entries.append(
                {
                    "company_id": move.company_id.id,
                    "vendor_id": order.vendor_id.id,
                    "marketplace_order_id": order.marketplace_order_id.id,
                    "sale_order_id": order.id,
                    "event": "advance_applied",
                    "event_key": f"advance:{move.id}",
                    "source_key": f"advance:{move.id}",
                    "role_debit": debit,
                    "role_credit": credit,
                    "amount": move.amount_total,
                    "currency_id": move.currency_id.id,
                    "date_event": move.date,
                }
            )
        ledger = self.env["marketplace.ledger.line"].sudo()._record(entries)
        ledger._post()
        plan = []
        for line in ledger:
            move = self.browse(int(line.source_key.partition(":")[2]))
            terms = move.line_ids.filtered(lambda i: i.display_type == "payment_term")
            item = (
                line.credit_move_line_id
                if line.role_credit == "CUST_AR"
                else line.debit_move_line_id
            )
            if terms.account_id != item.account_id:
                raise MarketplaceError(
                    self.env._(
                        "%(document)s is on account %(account)s, but the role of "
                        "customers is mapped to %(role)s: set one of them right.",
                        document=move.display_name,
                        account=terms.account_id.display_name,
                        role=item.account_id.display_name,
                    )
                )
            plan.append(terms + item)
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    principal_move_ids = fields.One2many(
        "account.move",
        "marketplace_principal_order_id",
        string="Documents of the Operator",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @api.model
    def _principal_domain(self, company):
        """Return which orders the operator sold himself wait for their documents."""
        states = SHIPPING_STATES[company.marketplace_document_trigger]
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "sale")
            & Domain("vendor_id", "!=", False)
            & Domain("posture", "=", "principal")
            & Domain("marketplace_shipping_state", "in", states)
            & Domain("vendor_document_state", "in", (False, "blocked"))
        )

    @api.private
    def _issue_principal_documents(self):
        """Invoice the customers and bill the vendors of orders, once each.

        A vendor without mandate is not billed, and the order says so; his customer has
        the invoice nevertheless.
        """
        # sudo: documents follow from the order, whoever runs the job
        orders = self.sudo().filtered(
            lambda o: o.posture == "principal" and o.vendor_id and o.state == "sale"
        )
        orders._marketplace_take_turn()
        for company, own in orders.grouped("company_id").items():
            own = own.with_company(company)
            paid = own.filtered(lambda o: o.marketplace_order_id._is_paid())
            paid._issue_customer_invoices()
            mandates = paid.vendor_id._marketplace_mandates(company)
            willing = paid.filtered(lambda o, m=mandates: o.vendor_id.id in m)
            willing._issue_vendor_bills()
            states = {order: ("issued", False) for order in willing}
            for order in paid - willing:
                states[order] = (
                    "blocked",
                    self.env._(
                        "%(vendor)s gave no billing mandate that is in force: he "
                        "agrees to it in the portal, under Terms.",
                        vendor=order.vendor_id.display_name,
                    ),
                )
            own._set_vendor_document_state(states)
            # Those of before the invoice, too: it is of the whole order.
            paid.order_line.marketplace_refund_line_ids._issue_principal_refunds()

    def _principal_date(self):
        """Return the day of the documents: of the delivery, or the first open one."""
        day = self._vendor_delivery_day() or self.company_id._marketplace_today()
        return self.company_id._marketplace_open_date(day, has_tax=True)

    def _without_principal(self, move_type):
        """Return the orders that have no invoice, or no bill, yet."""
        known = self.env["account.move"].search(
            [
                ("marketplace_principal_order_id", "in", self.ids),
                ("move_type", "=", move_type),
                ("state", "!=", "cancel"),
            ]
        )
        return self - known.marketplace_principal_order_id

    def _issue_customer_invoices(self):
        """Make and post the native invoice of each order, and apply the advance."""
        invoices = self.env["account.move"]
        for order in self._without_principal("out_invoice"):
            invoice = order._create_invoices(final=True)
            invoice.write(
                {
                    "invoice_date": order._principal_date(),
                    "marketplace_principal_order_id": order.id,
                }
            )
            invoices |= invoice
        if invoices:
            invoices._post(soft=False)
            invoices._apply_customer_advances()

    def _issue_vendor_bills(self):
        """Make and post the self-billed bill of each order: price less margin."""
        orders = self._without_principal("in_invoice")
        if not orders:
            return
        amounts = {
            line: line.amount_purchase
            for line in orders.order_line
            if line.amount_purchase
        }
        orders._post_vendor_documents(
            "in_invoice",
            {
                (order, self.env["marketplace.refund"].browse()): [
                    (line, line.product_uom_qty, amounts[line])
                    for line in order.order_line
                    if line in amounts
                ]
                for order in orders
            },
            {order: order._principal_date() for order in orders},
        )

    def _post_vendor_documents(self, move_type, rows, dates):
        """Make and post documents in the self-billing journal.

        :param rows: {(order, refund or none): [(order line, quantity, untaxed)]}.
        :param dates: {order or refund: day}.
        """
        company = self.company_id
        documents = self.env["marketplace.vendor.document"]
        lines = [line for items in rows.values() for line, _q, _a in items]
        rates = {line: documents._line_rate(line) or Decimal(0) for line in lines}
        taxes = company._marketplace_purchase_taxes(set(rates.values()))
        positions = company._marketplace_fiscal_positions(self.vendor_id)
        account = company._marketplace_account("PURCHASES")
        vals_list = []
        for (order, refund), items in rows.items():
            vendor = order.vendor_id
            position = positions[vendor]
            vals_list.append(
                {
                    "move_type": move_type,
                    "journal_id": company._marketplace_journal(
                        "marketplace_journal_bill_id"
                    ).id,
                    "partner_id": vendor.id,
                    "currency_id": order.currency_id.id,
                    "invoice_date": dates[refund or order],
                    "date": dates[refund or order],
                    "ref": refund.name or order.name,
                    "fiscal_position_id": position.id,
                    "marketplace_principal_order_id": order.id,
                    "marketplace_principal_refund_id": refund.id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": f"{quantity:g} × {line.name}",
                                "quantity": 1,
                                "price_unit": amount,
                                "account_id": account.id,
                                "tax_ids": [
                                    Command.set(
                                        []
                                        if vendor.is_vat_exempt
                                        else position.map_tax(taxes[rates[line]]).ids
                                    )
                                ],
                            }
                        )
                        for line, quantity, amount in items
                    ],
                }
            )
        self.env["account.move"].create(vals_list)._post(soft=False)


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    @api.model
    def _principal_domain(self, company):
        """Return lines of refunds of the operator's own sales, invoiced before."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("refund_id.state", "=", "done")
            & Domain("amount_vendor", ">", 0)
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
            lambda item: item.state == "done" and item.amount_vendor > 0
        )
        for company, own in items.grouped("company_id").items():
            own = own.with_company(company)
            orders = own.sale_order_id
            invoiced = orders - orders._without_principal("out_invoice")
            own._issue_customer_credit_notes(invoiced)
            billed = orders - orders._without_principal("in_invoice")
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
        """Make the native credit notes of refunds, line by line what they gave back."""
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
        for (order, refund), items in self._grouped_for(orders, "out_refund").items():
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
                            "tax_ids": [Command.set(sold.tax_ids.ids)],
                            **item._prepare_credit_vals(),
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

    def _prepare_credit_vals(self):
        """Return the price of one refund line, with its VAT given.

        Extracted anew from each refund, VAT would not end on that of the invoice.
        """
        self.ensure_one()
        line, minor = self.sale_line_id, self.currency_id._marketplace_minor
        documents = self.env["marketplace.vendor.document"]
        taken = sum(
            minor(other.amount_vendor) - minor(other.amount)
            for other in line.marketplace_refund_line_ids
            if other.state == "done" and other.id < self.id
        )
        part = documents._refund_part(documents._sold(line)[line][0], taken, self)
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

        Refunds of a line end exactly on that price; those done before count first.
        """
        self.ensure_one()
        line, minor = self.sale_line_id, self.currency_id._marketplace_minor
        whole, worth = minor(line.amount_purchase), minor(line.amount_vendor)
        before = sum(
            minor(other.amount_vendor)
            for other in line.marketplace_refund_line_ids
            if other.state == "done" and other.id < self.id
        )
        after = before + minor(self.amount_vendor)
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
