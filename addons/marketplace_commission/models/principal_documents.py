"""Sales of the operator himself: his invoice to the customer, his bill to the vendor.

Accounting design, 1.6. Documents are Odoo's own: an invoice from the order, a bill in
the self-billing journal. The customer has paid in advance: the ledger applies that.
"""

from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command, Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .sale_order_vendor_document import SHIPPING_STATES


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
            states = {
                order: ("blocked", problem) if problem else ("issued", False)
                for order, problem in paid._vendor_bill_problems(mandates).items()
            }
            willing = paid.filtered(lambda o, s=states: s[o][0] == "issued")
            willing._issue_vendor_bills()
            own._set_vendor_document_state(states)
            # Those of before the invoice, too: it is of the whole order.
            paid.order_line.marketplace_refund_line_ids._issue_principal_refunds()

    def _vendor_bill_problems(self, mandates):
        """Return {order: what stops the bill in its vendor's name, or nothing}.

        :param mandates: {vendor id: mandate in force}.
        """
        problems = {}
        for order in self:
            vendor = order.vendor_id
            problems[order] = False
            if vendor.id not in mandates:
                problems[order] = self.env._(
                    "%(vendor)s gave no billing mandate that is in force: he agrees to "
                    "it in the portal, under Terms.",
                    vendor=vendor.display_name,
                )
            elif missing := vendor._vendor_document_missing():
                problems[order] = self.env._(
                    "Complete %(vendor)s: %(missing)s.",
                    vendor=vendor.display_name,
                    missing=", ".join(missing),
                )
        return problems

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
        orders = self._without_principal("out_invoice")
        if not orders:
            return
        # grouped: one invoice for each order, whoever bought
        invoices = orders._create_invoices(grouped=True, final=True)
        for invoice in invoices:
            order = invoice.invoice_line_ids.sale_line_ids.order_id
            invoice.write(
                {
                    "invoice_date": order._principal_date(),
                    "marketplace_principal_order_id": order.id,
                }
            )
        distributions = orders.order_line._marketplace_line_distributions()
        for item in invoices.invoice_line_ids.filtered("sale_line_ids"):
            item.analytic_distribution = distributions[item.sale_line_ids[0]]
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
        :return: the documents.
        """
        company = self.company_id
        documents = self.env["marketplace.vendor.document"]
        lines = [line for items in rows.values() for line, _q, _a in items]
        rates = {line: documents._line_rate(line) or Decimal(0) for line in lines}
        taxes = company._marketplace_purchase_taxes(set(rates.values()))
        positions = company._marketplace_fiscal_positions(self.vendor_id)
        account = company._marketplace_account("PURCHASES")
        distributions = self.order_line._marketplace_line_distributions()
        vals_list = []
        for (order, refund), items in rows.items():
            vendor = order.vendor_id
            position = positions[vendor]
            day = dates[refund or order]
            # Without terms of payment a bill is due at once, not on the day of the job.
            has_terms = vendor.with_company(company).property_supplier_payment_term_id
            vals_list.append(
                {
                    "invoice_date_due": not has_terms and day,
                    "move_type": move_type,
                    "journal_id": company._marketplace_journal(
                        "marketplace_journal_bill_id"
                    ).id,
                    "partner_id": vendor.id,
                    "currency_id": order.currency_id.id,
                    "invoice_date": day,
                    "date": day,
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
                                "analytic_distribution": distributions[line],
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
        moves = self.env["account.move"].create(vals_list)
        moves._post(soft=False)
        self.env["marketplace.self.bill"]._issue(moves)
        return moves
