"""Issue documents from vendor orders and refunds: in batch, numbered last."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.marketplace_base.const import QUANTITY_DECIMALS
from odoo.addons.marketplace_base.engine.money import from_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.formatting import format_number

from ..engine.vendor_document import Amounts, Sold, refund_amounts, seal

ISSUE_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
}


class MarketplaceVendorDocument(models.Model):
    _inherit = "marketplace.vendor.document"

    @api.model
    def _check_issuer(self):
        """Let only the order desk and accountants issue documents by hand.

        :raises MarketplaceError: for anybody else.
        """
        groups = ("group_order_desk", "group_accountant")
        user = self.env.user
        if not self.env.su and not any(
            user.has_group(f"marketplace_base.{group}") for group in groups
        ):
            raise MarketplaceError(
                self.env._("Issuing documents needs the role Order Desk or Accountant.")
            )

    # -- invoices -------------------------------------------------------------------

    @api.model
    @api.private
    def _issue_invoices(self, orders):
        """Issue the invoice of each vendor order, or note on it why there is none.

        Orders that have one are left alone. What was refunded before is not invoiced.

        :return: the new invoices.
        """
        # sudo: what a document says follows from the order, whoever issues it
        orders = orders.sudo()
        orders._marketplace_take_turn()
        orders.invalidate_recordset(["vendor_document_state"])
        todo = orders.filtered(lambda order: order.vendor_document_state != "issued")
        without = todo._vendor_document_exclusions()
        todo._set_vendor_document_state(
            {order: ("none", reason) for order, reason in without.items()}
        )
        todo = todo.filtered(lambda order: order not in without)
        sold = self._sold(todo.order_line)
        before = self._refund_lines_before(todo.order_line)
        mandates = self._mandates(todo)
        drafts, states = [], {}
        for order in todo:
            mandate = mandates[order.company_id].get(order.vendor_id.id)
            if problems := order._vendor_document_problems(mandate):
                states[order] = ("blocked", " ".join(problems))
                continue
            rows = [
                (line, *self._left(sold[line], before[line]))
                for line in order.order_line
                if line in sold
            ]
            rows = [row for row in rows if row[1].total]
            if not rows:
                states[order] = ("none", self.env._("All of it was refunded."))
                continue
            draft = self._prepare_invoice(order, mandate, rows)
            refunded = [item.id for line in order.order_line for item in before[line]]
            draft["deducted_refund_line_ids"] = [Command.set(refunded)]
            drafts.append(draft)
            states[order] = ("issued", False)
        documents = self._number(drafts)
        todo._set_vendor_document_state(states)
        return documents

    @api.model
    def _mandates(self, orders):
        """Return {company: {vendor id: mandate in force}}."""
        return {
            company: own.vendor_id._marketplace_mandates(company)
            for company, own in orders.grouped("company_id").items()
        }

    @api.model
    def _sold(self, lines):
        """Return {order line: (Sold, quantity left)} of lines that are worth something.

        From the ledger: what the vendor was credited and the customer charged.
        """
        lines = lines.filtered("amount_vendor")
        result = {}
        for line, money in lines._marketplace_ledger_state().items():
            state = money.state
            result[line] = (
                Sold(
                    worth=line.currency_id._marketplace_minor(line.amount_vendor),
                    tax=line._marketplace_tax_minor(),
                    credit=state.credit,
                    charged=state.charged,
                ),
                from_minor(
                    max(state.quantity - state.quantity_back, 0), QUANTITY_DECIMALS
                ),
            )
        return result

    @api.model
    def _refund_lines_before(self, lines):
        """Return {order line: its refund lines that are done and cost the vendor}."""
        result = defaultdict(self.env["marketplace.refund.line"].browse)
        for item in self.env["marketplace.refund.line"].search(
            [
                ("sale_line_id", "in", lines.ids),
                ("refund_id.state", "=", "done"),
                ("amount_vendor", ">", 0),
            ],
            order="id",
        ):
            result[item.sale_line_id] += item
        return result

    @api.model
    def _left(self, sold_line, refund_lines):
        """Return (Amounts, quantity) left of an order line after refunds."""
        sold, quantity = sold_line
        total, tax, funded = sold.credit, sold.tax_of(sold.credit), sold.funded
        taken = 0
        for item in refund_lines:
            part = self._refund_part(sold, taken, item)
            taken += part.funded
            total -= part.total
            tax -= part.tax
            funded -= part.funded
        return Amounts(total, tax, funded), quantity

    @api.model
    def _refund_part(self, sold, funded_before, item):
        minor = item.currency_id._marketplace_minor
        return refund_amounts(
            sold,
            funded_before,
            minor(item.amount),
            minor(item.amount_tax),
            minor(item.amount_vendor),
        )

    def _prepare_invoice(self, order, mandate, rows):
        """Return the values of an invoice without number.

        :param rows: [(order line, Amounts, quantity)].
        """
        return self._prepare_document(
            order,
            mandate,
            rows,
            kind="invoice",
            date_delivery=order._vendor_delivery_day(),
        )

    # -- credit notes ---------------------------------------------------------------

    @api.model
    @api.private
    def _issue_credit_notes(self, refund_lines):
        """Issue a credit note for each refund and invoice, of the lines not credited.

        Lines whose order has no invoice are left alone.

        A vendor without mandate in force gets none, and the refund says so.

        :return: the new credit notes.
        """
        # sudo: what a document says follows from the refund, whoever issues it
        items = refund_lines.sudo().filtered(lambda item: item.state == "done")
        orders = items.sale_line_id.order_id
        orders._marketplace_take_turn()
        invoices = {
            document.sale_order_id: document
            for document in self.sudo().search(
                [("sale_order_id", "in", orders.ids), ("kind", "=", "invoice")]
            )
        }
        items.invalidate_recordset(["vendor_document_line_ids"])
        items = items.filtered(
            lambda item: item.sale_order_id in invoices
            and not item.vendor_document_line_ids
            and not item.vendor_document_ids
            and item.amount_vendor > 0
        )
        sold = self._sold(items.sale_line_id)
        taken = self._funded_before(items.sale_line_id)
        groups = items.sorted("id").grouped(
            lambda item: (item.refund_id, item.sale_order_id)
        )
        mandates = self._mandates(items.sale_order_id)
        drafts, blocked = [], {}
        for (refund, order), own in groups.items():
            mandate = mandates[order.company_id].get(order.vendor_id.id)
            if not mandate:
                blocked[refund] = self.env._(
                    "%(vendor)s gave no billing mandate that is in force.",
                    vendor=order.vendor_id.display_name,
                )
                continue
            rows, parts = [], []
            for item in own:
                line = item.sale_line_id
                part = self._refund_part(sold[line][0], taken[line], item)
                taken[line] += part.funded
                rows.append((line, part, item.quantity))
                parts.append(item)
            drafts.append(
                self._prepare_document(
                    order,
                    mandate,
                    rows,
                    refund_lines=parts,
                    kind="credit_note",
                    refund=refund,
                    invoice=invoices[order],
                    date_delivery=refund.date,
                )
            )
        documents = self._number(drafts)
        items.refund_id._set_vendor_document_problems(blocked)
        return documents

    @api.model
    def _funded_before(self, lines):
        """Return {order line: what documents took back of its funded part before}."""
        taken = defaultdict(int)
        for line, items in self._refund_lines_before(lines).items():
            for item in items:
                if item.vendor_document_line_ids or item.vendor_document_ids:
                    minor = item.currency_id._marketplace_minor
                    taken[line] += minor(item.amount_vendor) - minor(item.amount)
        return taken

    # -- any document ---------------------------------------------------------------

    def _prepare_document(
        self,
        order,
        mandate,
        rows,
        *,
        kind,
        date_delivery,
        refund_lines=(),
        refund=None,
        invoice=None,
    ):
        """Return the values of a document, its content complete but for the number."""
        company, vendor, currency = order.company_id, order.vendor_id, order.currency_id
        lang = order.partner_id.lang or company.partner_id.lang or "en_US"
        spoken = self.with_context(lang=lang)
        today = company._marketplace_today()
        buyer = spoken._buyer_party(order.with_context(lang=lang))
        trade = self._trade(order, buyer)
        money = currency._marketplace_amount
        lines, line_vals = [], []
        for rank, (line, part, quantity) in enumerate(rows):
            line = line.with_context(lang=lang)
            rate, category, reason = self._line_case(line, trade)
            sku = line.offer_id.vendor_sku or ""
            name = (line.name or line.product_id.display_name).splitlines()[0]
            # An amount given back without any goods is one piece of price.
            quantity = quantity or 1
            lines.append(
                {
                    "name": name,
                    "sku": sku,
                    "quantity": format_number(quantity),
                    "total": part.total,
                    "tax": part.tax,
                    "funded": part.funded,
                    "category": category,
                    "rate": rate,
                    "reason": reason,
                    "discount": spoken._discount_note(line) if not refund else "",
                }
            )
            line_vals.append(
                {
                    "sale_line_id": line.id,
                    "refund_line_id": refund_lines[rank].id if refund_lines else False,
                    "name": name,
                    "sku": sku,
                    "quantity": float(quantity),
                    "vat_category": category,
                    "vat_rate": float(rate),
                    "vat_reason_code": reason,
                    "amount_untaxed": money(part.total - part.tax),
                    "amount_tax": money(part.tax),
                    "amount_total": money(part.total),
                    "amount_funded": money(part.funded),
                }
            )
        totals = {
            key: sum(line[key] for line in lines) for key in ("total", "tax", "funded")
        }
        content = {
            "kind": kind,
            "date": str(today),
            "date_delivery": str(date_delivery or ""),
            "date_due": str(order._vendor_payment_day()),
            "currency": currency.name,
            "decimals": currency.decimal_places,
            "lang": lang,
            "order": order.name,
            "shop_order": order.client_order_ref or "",
            "invoice": invoice.name if invoice else "",
            "invoice_date": str(invoice.date) if invoice else "",
            "nature": self._nature(order.order_line.browse(row[0].id for row in rows)),
            "vat_on_debits": vendor.is_vat_on_debits,
            "seller": spoken._seller_party(vendor.with_context(lang=lang)),
            "buyer": buyer,
            "delivery": spoken._delivery_party(order.with_context(lang=lang), buyer),
            "operator": spoken._party(company.partner_id),
            "mandate": mandate.terms_id.display_name,
            "lines": lines,
            **totals,
        }
        content["mentions"] = spoken._mentions(content)
        content["reasons"] = spoken._exemption_reasons(content)
        return {
            "kind": kind,
            "company_id": company.id,
            "vendor_id": vendor.id,
            "mandate_id": mandate.id,
            "partner_id": order.partner_id.id,
            "sale_order_id": order.id,
            "refund_id": refund.id if refund else False,
            "invoice_id": invoice.id if invoice else False,
            "date": today,
            "date_contest_limit": fields.Date.add(
                today, days=mandate.terms_id.contest_days
            ),
            "nature": content["nature"],
            "lang": lang,
            "currency_id": currency.id,
            "amount_untaxed": money(totals["total"] - totals["tax"]),
            "amount_tax": money(totals["tax"]),
            "amount_total": money(totals["total"]),
            "amount_funded": money(totals["funded"]),
            "line_ids": [Command.create(vals) for vals in line_vals],
            "content": content,
        }

    @api.model
    def _discount_note(self, line):
        """Return what to say of a discount that is in the price of a line."""
        if line.currency_id.is_zero(line.amount_discount_vendor):
            return ""
        return self.env._(
            "Price after a discount of %(amount)s, VAT included",
            amount=line.currency_id.format(line.amount_discount_vendor),
        )

    @api.model
    def _number(self, drafts):
        """Give drafts the next numbers of their series, seal and create them.

        The last step: nobody else waits for the series longer than it takes.
        """
        if not drafts:
            return self.browse()
        mandates = self.env["marketplace.terms.acceptance"].sudo()
        mandates = mandates.browse(sorted({vals["mandate_id"] for vals in drafts}))
        series = mandates._lock_series()
        for vals in drafts:
            mandate = mandates.browse(vals["mandate_id"])
            prefix, last, previous = series[mandate]
            number = last + 1
            name = f"{prefix}-{number:06d}"
            content = {**vals["content"], "number": name}
            vals.update(
                name=name,
                number=number,
                content=content,
                previous_hash=previous,
                hash=seal(content, previous),
            )
            series[mandate] = (prefix, number, vals["hash"])
        documents = self._unlocked().with_context(**ISSUE_CONTEXT).create(drafts)
        for mandate, (prefix, last, last_hash) in series.items():
            mandate.write(
                {
                    "document_prefix": prefix,
                    "document_last_number": last,
                    "document_last_hash": last_hash,
                }
            )
        documents._after_issue()
        return documents.with_env(self.env)

    def _after_issue(self):
        """Act on documents just issued, in batch; to extend."""
        cron = self.env.ref("marketplace_commission.ir_cron_print_documents")
        cron._trigger()
