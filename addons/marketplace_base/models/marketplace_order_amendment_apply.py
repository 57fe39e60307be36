"""Carry amendments out: cancel, refund, and sell what is added."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command

from ..const import QUANTITY_DECIMALS
from ..engine.money import from_minor
from ..engine.refund import RefundError
from ..exceptions import MarketplaceError
from .marketplace_order_import import IMPORT_CONTEXT, ORDER_DEFAULTS
from .sale_order import SPLITTING


class MarketplaceOrderAmendment(models.Model):
    _inherit = "marketplace.order.amendment"

    @api.private
    def _apply(self):
        """Apply drafts, each once; return those that were.

        What is not captured yet is cancelled, what is captured is refunded, what is
        more becomes a further vendor order on the terms of the first.

        :raises MarketplaceError: naming what cannot change, and why.
        """
        self.order_id.sale_order_ids._marketplace_take_turn()
        todo = self.filtered(lambda record: record.state == "draft").sorted("id")
        for amendment in todo:
            amendment._apply_one()
        return todo

    def _apply_one(self):
        money = self.line_ids.sale_line_id._marketplace_ledger_state()
        changes = self._checked_changes(money)
        self._take_away(changes, money)
        orders = self._add(changes)
        for line, done in changes.items():
            added = orders.order_line.filtered(
                lambda item, line=line: item.amendment_line_id == line
            )
            less = line.currency_id._marketplace_amount(done.less)
            # What Odoo made of it: prices without VAT may round to another cent.
            line.amount_delta = sum(added.mapped("amount_vendor")) - less
        now = fields.Datetime.now()
        self._transition("applied", {"user_id": self.env.uid, "date_applied": now})
        # sudo: what is paid and due follows from the change, whoever makes it
        group = self.order_id.sudo()
        group._record_captures(self.env["marketplace.payment"], self.date)
        group._schedule_entitlement()
        group._entitle_supplements({group: self.date})

    # -- checks ---------------------------------------------------------------------

    def _checked_changes(self, money):
        """Return {amendment line: change for the engine} of the lines that change.

        :raises MarketplaceError: listing everything that is wrong.
        """
        self.ensure_one()
        changes, problems = {}, []
        for line in self.line_ids:
            if problem := line._problem(money):
                problems.append(problem)
                continue
            try:
                done = line._change(money)
            except RefundError as error:
                problems.append(
                    self.env["marketplace.refund"]._too_much(
                        line.sale_line_id, error, self.name
                    )
                )
                continue
            if any(done):
                changes[line] = done
        if not problems:
            problems += self._parcel_problems(changes)
            problems += self._seller_problems(changes)
        if not problems and not changes:
            problems.append(
                self.env._(
                    "%(amendment)s changes nothing: enter a new quantity or price, or "
                    "add a line.",
                    amendment=self.name,
                )
            )
        if problems:
            raise MarketplaceError("\n".join(problems))
        return changes

    def _parcel_problems(self, changes):
        """Name units to take away that a vendor is about to send."""
        fewer = {
            line.sale_line_id: float(from_minor(done.less_quantity, QUANTITY_DECIMALS))
            for line, done in changes.items()
            if done.less_quantity
        }
        lines = self.env["sale.order.line"].union(*fewer)
        free = lines._marketplace_quantity_balances()
        problems = []
        for sale_line, quantity in fewer.items():
            parcels = sale_line.marketplace_shipment_line_ids.shipment_id.filtered(
                lambda shipment: shipment.state == "draft"
            )
            unit = sale_line.product_uom_id
            if parcels and unit.compare(quantity, free[sale_line.id]) > 0:
                problems.append(
                    self.env._(
                        "%(line)s: parcel %(parcels)s in preparation holds units to "
                        "take away. Cancel the parcel first, or change its contents.",
                        line=sale_line.display_name,
                        parcels=", ".join(parcels.mapped("name")),
                    )
                )
        return problems

    def _seller_problems(self, changes):
        """Name vendors who take no more orders, among those who would sell more."""
        vendors = self.env["res.partner"].union(
            *(line.vendor_id for line, done in changes.items() if done.more_quantity)
        )
        known = self.order_id.sale_order_ids.vendor_id
        # sudo: contracts are read for the order desk, who may see none
        contracts = (
            (vendors - known)
            .sudo()
            ._marketplace_contracts(self.date, self.order_id.company_id)
        )
        problems = [
            self.env._(
                "%(vendor)s is not approved: he takes no new orders.",
                vendor=vendor.display_name,
            )
            for vendor in vendors & known
            if vendor.vendor_state != "approved"
        ]
        for vendor in vendors - known:
            problem = self.env["sale.order"]._marketplace_contract_problem(
                vendor, contracts
            )
            problems += [problem] if problem else []
        return problems

    # -- less -----------------------------------------------------------------------

    def _take_away(self, changes, money):
        """Cancel what is not captured yet, then lower the account, then refund."""
        minor = self.currency_id._marketplace_minor
        cancelled, off_account, refunded = [], [], []
        for line, done in changes.items():
            if not (done.less or done.less_quantity):
                continue
            sale_line, quantity = line.sale_line_id, done.less_quantity
            first, owed, paid = sale_line._marketplace_less_parts(
                money[sale_line], done.less
            )
            # Units go with the first of the two: they are counted once.
            if first or not done.less:
                cancelled.append((sale_line, quantity, first))
                quantity = 0
            if owed:
                off_account.append((sale_line, quantity, owed))
                quantity = 0
            if paid:
                refunded.append((sale_line, quantity, paid))
        Refund = self.env["marketplace.refund"]._state_unlocked()
        vals_list = []
        if cancelled:
            rounding = self.order_id._orphan_rounding_minor(
                sum(amount for _line, _quantity, amount in cancelled)
            )
            vals_list.append(
                {
                    **self._prepare_refund_vals(cancelled),
                    "before_capture": True,
                    "amount_rounding": self.currency_id._marketplace_amount(rounding),
                }
            )
        if off_account:
            vals_list.append(
                {**self._prepare_refund_vals(off_account), "off_account": True}
            )
        left = {
            payment: minor(payment.amount_left)
            for payment in self.order_id.payment_ids
            if payment.state == "captured"
        }
        for payment, parts in self._share_over_payments(refunded, left):
            vals_list.append(
                {**self._prepare_refund_vals(parts), "payment_id": payment.id}
            )
        Refund.create(vals_list)._apply()

    def _share_over_payments(self, parts, left):
        """Yield (payment, its parts): what a payment cannot give back, the next does.

        :param parts: [(order line, quantity, minor units)].
        :param left: {captured payment: minor units not given back}.
        :raises MarketplaceError: when they have not so much left.
        """
        todo = list(parts)
        for payment in sorted(left, key=lambda payment: (-left[payment], payment.id)):
            own, rest = [], []
            for sale_line, quantity, amount in todo:
                given = min(amount, left[payment])
                left[payment] -= given
                if given:
                    own.append((sale_line, quantity, given))
                    quantity = 0
                if amount > given:
                    rest.append((sale_line, quantity, amount - given))
            todo = rest
            if own:
                yield payment, own
        if todo:
            missing = sum(amount for _line, _quantity, amount in todo)
            raise MarketplaceError(
                self.env._(
                    "%(amendment)s: the payments of %(order)s have %(amount)s too "
                    "little left to give back. Look at its refunds and chargebacks.",
                    amendment=self.name,
                    order=self.order_id.display_name,
                    amount=self.currency_id.format(
                        self.currency_id._marketplace_amount(missing)
                    ),
                )
            )

    def _prepare_refund_vals(self, parts):
        """Return the refund of [(order line, quantity, minor units)]."""
        amount = self.currency_id._marketplace_amount
        return {
            "order_id": self.order_id.id,
            "amendment_id": self.id,
            "date": self.date,
            "reason_code": self.reason_code,
            "note": self.reason,
            "line_ids": [
                Command.create(
                    {
                        "sale_line_id": sale_line.id,
                        "quantity": float(from_minor(quantity, QUANTITY_DECIMALS)),
                        "amount": amount(minor),
                    }
                )
                for sale_line, quantity, minor in parts
            ],
        }

    # -- more -----------------------------------------------------------------------

    def _add(self, changes):
        """Create and confirm the vendor orders of what is more; return them."""
        lines = defaultdict(list)
        for line, done in changes.items():
            lines[line._source_order(), line.vendor_id] += line._prepare_sale_lines(
                done
            )
        vals_list = [
            {
                **self._prepare_sale_order_vals(source, vendor),
                "order_line": [Command.create(vals) for vals in own],
            }
            for (source, vendor), own in lines.items()
            if own
        ]
        # sudo: only the suite itself makes an order part of a purchase
        Order = self.env["sale.order"].sudo()
        orders = Order.with_context(
            **IMPORT_CONTEXT, marketplace_splitting=SPLITTING
        ).create(vals_list)
        if orders:
            orders.action_confirm()
        return orders.with_env(self.env)

    def _prepare_sale_order_vals(self, source, vendor):
        """Return the values of a further order of a seller.

        :param source: his first order in the purchase, whose terms it keeps; none for
            a seller who joins it.
        """
        group = self.order_id
        Order = self.env["sale.order"]
        if source:
            terms = {
                "contract_id": source.contract_id.id,
                "posture": source.posture,
                "vat_debtor": source.vat_debtor,
                "on_account_terms": source.on_account_terms,
                "cash_terms": source.cash_terms,
                "cash_collector": source.cash_collector,
            }
        else:
            # sudo: contracts are read for the order desk, who may see none
            contracts = vendor.sudo()._marketplace_contracts(
                self.date, group.company_id
            )
            terms = Order._marketplace_contract_vals(vendor, contracts)
        first = source or group.sale_order_ids[:1]
        return {
            **ORDER_DEFAULTS,
            "company_id": group.company_id.id,
            "marketplace_order_id": group.id,
            "amendment_id": self.id,
            "vendor_id": vendor.id,
            "partner_id": group.partner_id.id,
            "partner_invoice_id": first.partner_invoice_id.id,
            "partner_shipping_id": first.partner_shipping_id.id,
            "client_order_ref": first.client_order_ref,
            "warehouse_id": first.warehouse_id.id,
            "pricelist_id": first.pricelist_id.id,
            "origin": self.name,
            "date_order": fields.Datetime.to_datetime(self.date),
            **terms,
        }


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _entitle_supplements(self, dates):
        """Make a higher price due once all of what it is the price of is.

        Nothing is shipped for it, so nothing else would.

        :param dates: {order group: day} of these groups.
        """
        supplements = self.sale_order_ids.order_line.filtered("is_supplement")
        if not supplements:
            return
        changed = supplements.amendment_line_id.sale_line_id
        states = (supplements | changed)._marketplace_ledger_state()
        entries = []
        for line in supplements:
            sold_line = line.amendment_line_id.sale_line_id
            money = states[sold_line]
            whole = line.currency_id._marketplace_minor(sold_line.amount_vendor)
            if money.pending or money.state.credit < whole:
                continue
            pending = states[line].pending
            date = dates[line.order_id.marketplace_order_id]
            key = f"entitlement:supplement:{line.id}:{states[line].state.credit}"
            entries.append(
                self._line_entry(
                    line,
                    pending,
                    event="entitlement",
                    event_key=key,
                    source_key=key,
                    role_debit="VENDOR_PENDING",
                    role_credit="VENDOR_DUE",
                    date_event=date,
                    date_available=date,
                )
            )
        self.env["marketplace.ledger.line"].sudo()._record(entries)
