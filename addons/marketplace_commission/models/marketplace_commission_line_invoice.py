"""Invoice commission to vendors, and enter the invoices in the vendor ledger."""

from datetime import date

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date

from odoo.addons.marketplace_base.models.marketplace_ledger_posting import MOVE_CONTEXT

from .marketplace_fee import FEE_KINDS


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    # Not stored: it follows deliveries and refunds, which leave these lines alone.
    is_waiting = fields.Boolean(
        string="Waits for the Rest",
        compute="_compute_is_waiting",
        search="_search_is_waiting",
        help="A part of the order line is delivered and due to the vendor; its "
        "commission is invoiced once the rest is delivered or refunded.",
    )

    # -- what to invoice ------------------------------------------------------------

    @api.model
    @api.private
    def _invoiceable(self, company, date_to=None, vendors=None):
        """Return the commission earned and not invoiced yet.

        Commission is earned once the order line was paid for and nothing of it waits
        for delivery any more: the vendor is entitled to it, or the customer was
        refunded.

        :param date_to: look at what had happened by that day, included.
        """
        domain = Domain("company_id", "=", company.id) & Domain(
            "move_line_id", "=", False
        )
        if date_to:
            domain &= Domain("date", "<=", date_to)
        if vendors is not None:
            domain &= Domain("vendor_id", "in", vendors.ids)
        # sudo: the amount of a document must not depend on who makes it.
        lines = self.sudo().search(domain, order="id")
        settled = lines._settled_sale_lines(date_to)
        return lines.filtered(lambda line: line.sale_line_id.id in settled)

    def _settled_sale_lines(self, date_to=None):
        """Return ids of order lines that were paid for and have nothing pending left.

        For whoever asks: documents must not depend on who makes them.
        """
        Ledger = self.env["marketplace.ledger.line"]
        Ledger.flush_model(
            ["sale_line_id", "date_event", "role_credit", "role_debit", "amount"]
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT sale_line_id FROM marketplace_ledger_line"
                " WHERE sale_line_id = ANY(%(ids)s) AND date_event <= %(day)s"
                " AND 'VENDOR_PENDING' IN (role_credit, role_debit)"
                " GROUP BY sale_line_id"
                " HAVING BOOL_OR(role_credit = 'VENDOR_PENDING')"
                " AND SUM(CASE role_credit WHEN 'VENDOR_PENDING' THEN amount"
                " ELSE -amount END) = 0",
                ids=self.sale_line_id.ids,
                day=date_to or date.max,
            )
        )
        return {sale_line_id for (sale_line_id,) in rows}

    def _ledger_sums(self, domain, date_to=None):
        """Return {order line of these: amount of its ledger lines that match}."""
        domain &= Domain("sale_line_id", "in", self.sale_line_id.ids)
        if date_to:
            domain &= Domain("date_event", "<=", date_to)
        # sudo: as for the documents, the answer must not depend on who asks.
        Ledger = self.env["marketplace.ledger.line"].sudo()
        return dict(Ledger._read_group(domain, ["sale_line_id"], ["amount:sum"]))

    @api.private
    def _waiting(self, date_to=None):
        """Return those not invoiced because a part of their order line is pending.

        The vendor is entitled to the other part already: until the rest is delivered
        or refunded, he is paid without commission on it.
        """
        todo = self.filtered(lambda line: not line.move_line_id)
        entitled = todo._ledger_sums(Domain("event", "=", "entitlement"), date_to)
        settled = todo._settled_sale_lines(date_to)
        return todo.filtered(
            lambda line: (
                line.sale_line_id in entitled and line.sale_line_id.id not in settled
            )
        )

    @api.depends("move_line_id")
    def _compute_is_waiting(self):
        waiting = self._waiting()
        for line in self:
            line.is_waiting = line in waiting

    def _search_is_waiting(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: rules apply to what is found.
        waiting = self.sudo().search([("move_line_id", "=", False)])._waiting()
        return [("id", "in" if True in value else "not in", waiting.ids)]

    # -- documents ------------------------------------------------------------------

    @api.private
    def _invoice(self, invoice_date, fees=None):
        """Invoice commission and fees: one posted document per vendor and currency.

        The document is an invoice, or a credit note when more is given back than
        charged, with one line for the commission in total, so that VAT is computed
        once, and one for each fee; a volume rebate has its own. What is invoiced
        already is left alone; what adds up to zero for a vendor waits for his next
        document.

        :param fees: approved fees, of other vendors too.
        :return: the documents.
        :raises MarketplaceError: when the date is locked or the set-up incomplete.
        """
        # sudo: commission lines are nobody's to write; callers check who may invoice.
        lines = self.sudo()
        fees = (self.env["marketplace.fee"] if fees is None else fees).sudo()
        for records in (lines, fees):
            records.lock_for_update(allow_referencing=True)
            records.invalidate_recordset(["move_line_id"])
        lines = lines.filtered(lambda line: not line.move_line_id)
        fees = fees.filtered(
            lambda fee: not fee.move_line_id and fee.state == "approved"
        )
        moves = self.env["account.move"].sudo()
        for company in lines.company_id | fees.company_id:
            moves |= (
                lines.filtered(lambda line, company=company: line.company_id == company)
                .with_company(company)
                ._invoice_company(
                    company,
                    invoice_date,
                    fees.filtered(
                        lambda fee, company=company: fee.company_id == company
                    ).with_company(company),
                )
            )
        return moves

    def _documents(self, fees):
        """Return the documents to make of these lines and fees.

        :return: list of (vendor, currency, lines, their total, fees), minor units;
            those that add up to zero are left out.
        """
        own_lines = self.grouped(lambda line: (line.vendor_id, line.currency_id, False))
        own_fees = fees.grouped(
            lambda fee: (fee.vendor_id, fee.currency_id, fee._document_key())
        )
        documents = []
        for key in dict.fromkeys([*own_lines, *own_fees]):
            vendor, currency, _own = key
            lines = own_lines.get(key, self.browse())
            items = own_fees.get(key, fees.browse())
            minor = currency._marketplace_minor
            total = sum(minor(line.amount) for line in lines)
            if total + sum(minor(fee.amount) for fee in items):
                documents.append((vendor, currency, lines, total, items))
        return documents

    def _invoice_company(self, company, invoice_date, fees):
        company._marketplace_check_invoice_date(invoice_date)
        documents = self._documents(fees)
        decisions = company._marketplace_commission_vat(
            self.env["res.partner"].union(*(vendor for vendor, *_rest in documents)),
            invoice_date,
        )
        documents = [document for document in documents if document[0] in decisions]
        positions = {vendor: vat.position for vendor, vat in decisions.items()}
        # Once for all documents, not once for each.
        common = {
            "journal_id": company._marketplace_journal(
                "marketplace_journal_commission_id"
            ).id,
            "invoice_date": invoice_date,
            "invoice_date_due": invoice_date,
            "company_id": company.id,
        }
        items = {
            position: {
                "product_id": company._marketplace_commission_product().id,
                "account_id": company._marketplace_account("COMMISSION").id,
                "tax_ids": [
                    Command.set(company._marketplace_commission_taxes(position).ids)
                ],
                "quantity": 1.0,
                # Given, or Odoo searches a distribution model for every line.
                "analytic_distribution": False,
            }
            for position in set(positions.values())
        }
        for position, item in items.items():
            item["fees"] = fees.filtered(
                lambda fee, position=position: positions.get(fee.vendor_id) == position
            )._invoice_items(position, company)
        # sudo: an invoice for commission, not an access to accounting.
        Move = self.env["account.move"].sudo().with_context(**MOVE_CONTEXT)
        vals_list = [
            lines._prepare_invoice_vals(
                vendor,
                currency,
                total,
                own_fees,
                decisions[vendor],
                items[positions[vendor]],
                common,
            )
            for vendor, currency, lines, total, own_fees in documents
        ]
        Move._marketplace_tell_amounts(company, vals_list)
        moves = Move.create(vals_list)
        self._distribute(company, moves, documents)
        moves._post(soft=False)
        entries, carriers = [], {}
        for move, (_vendor, _currency, lines, total, own_fees) in zip(
            moves, documents, strict=True
        ):
            rows = list(move.invoice_line_ids.sorted("sequence"))
            carried = []
            if total:
                carriers[rows[0]] = lines
                carried.append(("commission", "COMMISSION", rows.pop(0)))
            for fee, row in zip(own_fees, rows, strict=True):
                fee._link_invoice_line(row)
                carried.append(("fee", FEE_KINDS[fee.kind][1], row))
            entries += self._prepare_ledger_entries(move, carried)
        self._link_invoice_lines(carriers)
        self.env["marketplace.ledger.line"]._record_posted(entries)
        return moves.with_env(self.env)

    def _prepare_invoice_vals(self, vendor, currency, total, fees, vat, item, common):
        """Return the document of the lines and fees of one vendor and currency.

        :param total: of the commission, minor units; negative when it is given back.
        :param vat: what decides the tax, see ``_marketplace_commission_vat``.
        :param item: product, account and taxes of the commission line, and the values
            of the line of each fee.
        :param common: what all documents of the run share.
        """
        commission = {name: item[name] for name in item if name != "fees"}
        rows = [
            (item["fees"][fee], currency._marketplace_minor(fee.amount)) for fee in fees
        ]
        if total:
            rows.insert(0, ({**commission, "name": self._invoice_label(total)}, total))
        sign = 1 if sum(minor for _values, minor in rows) > 0 else -1
        dates = fees.mapped("date") + (self.mapped("date") if total else [])
        vals = {
            **common,
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "partner_id": vendor.id,
            "marketplace_vendor_id": vendor.id,
            "currency_id": currency.id,
            # One receivable item: it is netted with the credits of the vendor.
            "invoice_payment_term_id": False,
            "fiscal_position_id": vat.position.id,
            "marketplace_vat_case": vat.case,
            "marketplace_vies_check_id": vat.check.id,
            "marketplace_date_from": min(dates),
            "marketplace_date_to": max(dates),
            "invoice_user_id": False,
            "invoice_line_ids": [
                Command.create(
                    {
                        **values,
                        "sequence": number,
                        "price_unit": currency._marketplace_amount(sign * minor),
                    }
                )
                for number, (values, minor) in enumerate(rows, 1)
            ],
        }
        invoices = self.reversed_line_id.move_id
        if sign < 0 and invoices:
            vals["invoice_origin"] = ", ".join(invoices.sorted("name").mapped("name"))
            if len(invoices) == 1:
                vals["reversed_entry_id"] = invoices.id
        return vals

    def _invoice_label(self, total):
        """Return the text of the invoice line, in the language of the vendor."""
        env = self.with_context(lang=self.vendor_id.lang).env
        dates = self.mapped("date")
        period = {
            "start": format_date(env, min(dates)),
            "end": format_date(env, max(dates)),
            "count": len(self),
        }
        if total > 0 and len(self) == 1:
            return env._(
                "Commission on your sales from %(start)s to %(end)s "
                "(1 line, listed in the annex)",
                **period,
            )
        if total > 0:
            return env._(
                "Commission on your sales from %(start)s to %(end)s "
                "(%(count)s lines, listed in the annex)",
                **period,
            )
        if len(self) == 1:
            return env._(
                "Commission given back on refunds from %(start)s to %(end)s "
                "(1 line, listed in the annex)",
                **period,
            )
        return env._(
            "Commission given back on refunds from %(start)s to %(end)s "
            "(%(count)s lines, listed in the annex)",
            **period,
        )

    # -- vendor ledger --------------------------------------------------------------

    def _prepare_ledger_entries(self, move, carried):
        """Return the ledger entries that a posted document stands for.

        Net and VAT apart, each against the receivable item; the other way round for
        what is given back.

        :param carried: list of (event, role, journal item) of the net lines.
        """
        receivable = move._marketplace_receivable_line()
        taxes = move.line_ids.filtered(lambda line: line.display_type == "tax")
        entries = []
        for event, role, item in [
            *carried,
            *(("commission_tax", "VAT_OUT", tax) for tax in taxes),
        ]:
            debit, credit = ("VENDOR_AR", receivable), (role, item)
            if item.currency_id.compare_amounts(item.amount_currency, 0.0) > 0:
                debit, credit = credit, debit
            entries.append(
                {
                    "company_id": move.company_id.id,
                    "vendor_id": move.marketplace_vendor_id.id,
                    "event": event,
                    "event_key": f"commission:{move.id}",
                    "source_key": f"{event}:{item.id}",
                    "role_debit": debit[0],
                    "role_credit": credit[0],
                    "amount": abs(item.amount_currency),
                    "currency_id": move.currency_id.id,
                    "date_event": move.invoice_date,
                    "date_available": move.invoice_date,
                    "date": move.date,
                    "debit_move_line_id": debit[1].id,
                    "credit_move_line_id": credit[1].id,
                }
            )
        return entries

    @api.model
    def _action_open(self, name, domain):
        """Return the action that lists some commission lines."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_commission.marketplace_commission_line_action"
        )
        return {**action, "name": name, "domain": domain, "context": {"create": False}}
