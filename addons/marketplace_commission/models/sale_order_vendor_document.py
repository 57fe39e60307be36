"""Where a vendor order stands with the invoice issued in its vendor's name."""

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import ISSUE_BATCH, ORDER_DOCUMENT_STATES

SHIPPING_STATES = {
    "capture": ("to_ship", "shipped", "delivered"),
    "shipment": ("shipped", "delivered"),
    "delivery": ("delivered",),
}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    vendor_document_ids = fields.One2many(
        "marketplace.vendor.document",
        "sale_order_id",
        string="Documents in the Vendor's Name",
        groups="marketplace_base.group_viewer",
    )
    vendor_document_count = fields.Integer(
        compute="_compute_vendor_document_count", groups="marketplace_base.group_viewer"
    )
    vendor_document_state = fields.Selection(
        ORDER_DOCUMENT_STATES,
        string="Vendor's Invoice",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    vendor_document_problem = fields.Char(
        string="Why No Invoice",
        readonly=True,
        copy=False,
        help="What stops the invoice in the vendor's name, or why there is none.",
    )

    def _compute_vendor_document_count(self):
        counts = dict(
            self.env["marketplace.vendor.document"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.vendor_document_count = counts.get(order._origin, 0)

    # -- which orders have an invoice -------------------------------------------------

    def _vendor_document_exclusions(self):
        """Return {order: why it never has an invoice in the vendor's name}."""
        reasons = {}
        for order in self:
            if order.posture != "agent" or not order.vendor_id:
                reasons[order] = self.env._("The operator sells and invoices himself.")
            elif order.vat_debtor == "operator":
                reasons[order] = self.env._(
                    "The operator owes the VAT as deemed supplier (CGI, article 256 V)."
                )
            elif order.vendor_id.vendor_kind == "private":
                reasons[order] = self.env._(
                    "A private person sells without VAT and without invoice."
                )
        return reasons

    def _vendor_document_problems(self, mandate):
        """Return, in words, what stops the invoice of one order.

        :param mandate: the vendor's mandate in force, or nothing.
        """
        self.ensure_one()
        vendor = self.vendor_id
        problems = []
        if self.state != "sale" or not self.marketplace_order_id._is_paid():
            problems.append(
                self.env._("%(order)s is not confirmed and paid.", order=self.name)
            )
        if not mandate:
            problems.append(
                self.env._(
                    "%(vendor)s gave no billing mandate that is in force: he agrees to "
                    "it in the portal, under Terms.",
                    vendor=vendor.display_name,
                )
            )
        if missing := vendor._vendor_document_missing():
            problems.append(
                self.env._(
                    "Complete %(vendor)s: %(missing)s.",
                    vendor=vendor.display_name,
                    missing=", ".join(missing),
                )
            )
        invoiced = self.partner_invoice_id or self.partner_id
        if not invoiced.country_id:
            problems.append(
                self.env._(
                    "Complete the address of %(customer)s: country.",
                    customer=invoiced.display_name,
                )
            )
        return problems + self._vendor_document_tax_problems()

    def _vendor_document_tax_problems(self):
        documents = self.env["marketplace.vendor.document"]
        problems = []
        for line in self.order_line.filtered("amount_vendor"):
            rate = documents._line_rate(line)
            if rate is None:
                problems.append(
                    self.env._(
                        "%(line)s has no single VAT rate in percent.",
                        line=line.display_name,
                    )
                )
            elif rate and self.vendor_id.is_vat_exempt:
                problems.append(
                    self.env._(
                        "%(line)s was sold with VAT, but %(vendor)s is not registered "
                        "for VAT: correct the vendor, or the tax of his offer.",
                        line=line.display_name,
                        vendor=self.vendor_id.display_name,
                    )
                )
        return problems

    def _set_vendor_document_state(self, states):
        """Write where orders stand, one statement for each outcome.

        :param states: {order: (state, problem)}.
        """
        outcomes = {}
        for order, outcome in states.items():
            current = (order.vendor_document_state, order.vendor_document_problem)
            if current != outcome:
                outcomes[outcome] = outcomes.get(outcome, self.browse()) + order
        for (state, problem), orders in outcomes.items():
            orders.write(
                {"vendor_document_state": state, "vendor_document_problem": problem}
            )

    def _vendor_delivery_day(self):
        """Return the day the last parcel arrived, or left; None before that."""
        self.ensure_one()
        moments = [
            parcel.date_delivered or parcel.date_shipped
            for parcel in self.marketplace_shipment_ids
            if parcel.state in ("shipped", "delivered")
        ]
        return self.company_id._marketplace_day(max(moments)) if moments else None

    def _vendor_payment_day(self):
        """Return the day the customer paid; of the order when it cost nothing."""
        self.ensure_one()
        days = [
            payment._ledger_date()
            for payment in self.marketplace_order_id.payment_ids
            if payment.state == "captured"
        ]
        return max(days, default=self.company_id._marketplace_day(self.date_order))

    # -- job ------------------------------------------------------------------------

    @api.model
    def _vendor_document_domain(self, company):
        """Return which orders of a company the job issues invoices of."""
        states = SHIPPING_STATES[company.marketplace_document_trigger]
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "sale")
            & Domain("posture", "=", "agent")
            & Domain("marketplace_shipping_state", "in", states)
            & Domain("vendor_document_state", "in", (False, "blocked"))
        )

    @api.model
    def _cron_issue_vendor_documents(self):
        """Issue the invoices and credit notes that are due, and commit batches.

        What is blocked stays in the work queue and is tried again by the next run.
        """
        cron = self.env["ir.cron"]
        for company in self.env["res.company"]._marketplace_companies():
            if company.marketplace_document_trigger == "manual":
                continue
            for model, domain, act in (
                (
                    self,
                    self._vendor_document_domain(company),
                    self.env["marketplace.vendor.document"]._issue_invoices,
                ),
                (
                    self.env["marketplace.refund.line"],
                    self.env["marketplace.refund.line"]._vendor_document_domain(
                        company
                    ),
                    self.env["marketplace.vendor.document"]._issue_credit_notes,
                ),
            ):
                if not self._issue_due(cron, company, model, domain, act):
                    return

    def _issue_due(self, cron, company, model, domain, act):
        """Act on all records of a domain in batches; return whether time is left."""
        last_id = 0
        while True:
            # By id: what stays blocked is passed once, not for ever.
            batch = model.search(
                domain & Domain("id", ">", last_id), order="id", limit=ISSUE_BATCH
            )
            if model._name == "sale.order":
                ready = batch.filtered(lambda o: o.marketplace_order_id._is_paid())
            else:
                ready = batch
            if not batch or (
                ready
                and not company._marketplace_attempt(
                    self.env._("Documents in vendors' names"), act, ready
                )
            ):
                return True
            last_id = batch[-1].id
            if not cron._commit_progress(len(batch)):
                return False

    # -- actions --------------------------------------------------------------------

    def action_issue_vendor_document(self):
        """Issue the invoices in the vendors' names, or the operator's, now.

        :raises MarketplaceError: naming the orders that are blocked, and why.
        """
        self.check_access("read")
        self.env["marketplace.vendor.document"]._check_issuer()
        own = self.filtered(lambda order: order.posture == "principal")
        own._issue_principal_documents()
        documents = self.env["marketplace.vendor.document"]._issue_invoices(self - own)
        blocked = self.filtered(lambda order: order.vendor_document_state != "issued")
        if blocked and not documents:
            raise MarketplaceError(
                "\n".join(
                    f"{order.name}: {order.vendor_document_problem}"
                    for order in blocked
                )
            )
        return True if own else self.action_view_vendor_documents()

    def action_view_vendor_documents(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Documents in the Vendor's Name"),
            "res_model": "marketplace.vendor.document",
            "view_mode": "list,form",
            "domain": [("sale_order_id", "in", self.ids)],
            "context": {"create": False},
        }
