"""What a captured payment means to the sellers of an order."""

from odoo import api, models

from ..engine.money import allocate, cumulative_share
from ..engine.refund import PAYMENT_ROLES
from ..exceptions import MarketplaceError


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _record_captures(self, payments, date=None):
        """Record captured payments in the ledger: what each line's seller is owed.

        A payment is shared over the lines by what is still to be paid for each; what
        amendments added comes after what was bought. The payment that completes a part
        also brings what the marketplace funds, and the rounding of the order total.
        Parts that cost nothing more are complete at once.

        :param payments: captured payments of these groups, not yet in the ledger.
        :param date: day of parts complete without payment, that of the order if None.
        """
        entries, credited, surplus = [], {}, {}
        states = self.sale_order_ids.order_line._marketplace_ledger_state()
        captured = self._captured_minor(payments)
        for group in self:
            currency = group.currency_id
            lines = group.sale_order_ids.order_line.filtered("amount_vendor")
            left = {}
            for line in lines:
                state = states[line].state
                # What is complete has its rounding: nothing of it is left to pay.
                whole = currency._marketplace_minor(line.amount_vendor)
                left[line] = states[line].collect + min(
                    line._marketplace_charge_minor() - state.charged,
                    whole - state.credit,
                )
                credited[line] = state.credit
            tiers = group._payable_tiers(states)
            paid = captured[group] - group._surplus_minor()
            own = payments.filtered(
                lambda payment, group=group: payment.order_id == group
            )
            for payment in own.sorted("id") or [None]:
                amount = currency._marketplace_minor(payment.amount if payment else 0)
                entries += group._tier_entries(
                    tiers, paid, amount, payment, left, credited, states, date
                )
                paid += amount
            payable = sum(tier.payable for tier in tiers)
            if not own or paid <= payable:
                continue
            # Captured anyway for what was cancelled before: the customer gets it back.
            surplus[group] = paid - payable
            if surplus[group] > group._cancelled_open_minor():
                raise MarketplaceError(
                    self.env._(
                        "%(order)s: payments of %(paid)s exceed the %(charged)s "
                        "charged to the customer.",
                        order=group.display_name,
                        paid=currency.format(currency._marketplace_amount(paid)),
                        charged=currency.format(currency._marketplace_amount(payable)),
                    )
                )
        self.env["marketplace.ledger.line"].sudo()._record(entries)
        self._refund_surplus(surplus)

    def _tier_entries(self, tiers, paid, amount, payment, left, credited, states, date):
        """Return the entries of one payment: each tier takes what it still lacks.

        :param paid: minor units paid before, ``amount`` now; ``payment`` is None when
            parts are complete without one.
        :param left: {line: minor units to pay}; brought forward, as ``credited``.
        """
        entries, rest, excess = [], amount, 0
        for lines, payable in tiers:
            before = min(paid, payable)
            paid -= before
            taken = min(rest, payable - before)
            rest -= taken
            lefts = [left[line] for line in lines]
            if payment:
                lefts = self._payment_weights(payment, lines, lefts)
            parts = allocate(min(taken, sum(lefts)), lefts)
            if payment:
                for line, part in zip(lines, parts, strict=True):
                    left[line] -= part
                    entry, part, states[line] = self._collection_entry(
                        payment, line, part, states[line]
                    )
                    entries += entry
                    entries += self._capture_entries(payment, line, part, credited)
            excess += taken - sum(parts)
            if before + taken == payable and (taken or not payment):
                entries += self._completion_entries(
                    lines, left, credited, payment, date
                )
            if not rest and payment:
                break
        if payment and excess + rest:
            entries += self._excess_entries(excess + rest, payment)
        return entries

    def _payment_weights(self, payment, lines, lefts):
        """Return by what a payment is shared over the lines; to extend.

        :param lefts: minor units still to pay of each line; none gets more.
        """
        return lefts

    def _captured_minor(self, payments):
        """Return {group: minor units captured by other payments than these}."""
        result = dict.fromkeys(self, 0)
        for group, amount in self.env["marketplace.payment"]._read_group(
            [
                ("order_id", "in", self.ids),
                ("state", "=", "captured"),
                ("id", "not in", payments.ids),
            ],
            ["order_id"],
            ["amount:sum"],
        ):
            result[group] = group.currency_id._marketplace_minor(amount)
        return result

    def _capture_entries(self, payment, line, minor, credited):
        """Return the ledger entries of one line's part of a captured payment."""
        return self._credit_entries(
            line,
            minor,
            credited,
            event="capture",
            event_key=f"capture:{payment.id}",
            source_key=f"capture:{payment.id}:{line.id}",
            role_debit=payment._ledger_role(),
            date_event=payment._ledger_date(),
            counterparty_id=payment.psp_partner_id.id,
        )

    def _credit_entries(self, line, minor, credited, **values):
        """Return the entries that credit a line: to its seller, and the VAT if ours.

        The VAT follows by cumulative difference, so that partial payments end exactly
        on the VAT of the document.

        :param credited: {line: minor units credited before}; brought forward.
        """
        role, tax_role = line._marketplace_credit_role(), line._marketplace_tax_role()
        tax_minor = line._marketplace_tax_minor() if tax_role else 0
        if tax_minor:
            whole = self.currency_id._marketplace_minor(line.amount_vendor)
            before = cumulative_share(tax_minor, whole, credited[line])
            tax_minor = (
                cumulative_share(tax_minor, whole, credited[line] + minor) - before
            )
        credited[line] += minor
        # A base without its VAT beside it would make Odoo compute one.
        tax_id = line.tax_ids.id if tax_minor else False
        net = {**values, "role_credit": role, "tax_id": tax_id}
        vat = {
            **values,
            "role_credit": tax_role,
            "tax_id": tax_id,
            "source_key": f"{values['source_key']}:tax",
        }
        entries = [self._line_entry(line, minor - tax_minor, **net)]
        if tax_minor:
            entries.append(self._line_entry(line, tax_minor, **vat))
        return entries

    def _completion_entries(self, lines, left, credited, payment=None, date=None):
        """Return the entries that complete a paid order.

        :param left: {line: minor units of its charge that no payment covers}; the
            operator bears them.
        """
        self.ensure_one()
        key = f"capture:{payment.id}" if payment else f"capture:order:{self.id}"
        base = {
            "event_key": key,
            "date_event": payment._ledger_date()
            if payment
            else date or self.company_id._marketplace_day(self.date_order),
            "counterparty_id": payment.psp_partner_id.id if payment else False,
        }
        entries = []
        for line in lines:
            shipping = line.marketplace_kind == "shipping"
            funding = "shipping_funding" if shipping else "discount_funding"
            # What neither the customer nor the rounding pays of it, and nobody did yet.
            whole = self.currency_id._marketplace_minor(line.amount_vendor)
            funded = whole - credited[line] - left[line]
            for event, debit, minor in (
                (funding, "DISCOUNT_MKT", funded),
                ("rounding", "OPERATOR_COST", left[line]),
            ):
                entries += self._credit_entries(
                    line,
                    minor,
                    credited,
                    event=event,
                    source_key=f"{event}:{line.id}",
                    role_debit=debit,
                    **base,
                )
        return entries

    def _excess_entries(self, minor, payment):
        """Return the entry of what a payment brings above all lines.

        A rounding of the storefront, or the price of units cancelled before it.
        """
        return [
            {
                "company_id": self.company_id.id,
                "marketplace_order_id": self.id,
                "event": "rounding",
                "event_key": f"capture:{payment.id}",
                "source_key": f"rounding:order:{self.id}:{payment.id}",
                "role_debit": payment._ledger_role(),
                "role_credit": "OPERATOR_COST",
                "amount": self.currency_id._marketplace_amount(minor),
                "currency_id": self.currency_id.id,
                "date_event": payment._ledger_date(),
                "counterparty_id": payment.psp_partner_id.id,
            }
        ]

    @api.model
    def _line_entry(self, line, minor, **values):
        """Return a ledger entry about one order line."""
        order = line.order_id
        return {
            "company_id": order.company_id.id,
            "vendor_id": order.vendor_id.id,
            "marketplace_order_id": order.marketplace_order_id.id,
            "sale_order_id": order.id,
            "sale_line_id": line.id,
            "amount": order.currency_id._marketplace_amount(minor),
            "currency_id": order.currency_id.id,
            **values,
        }

    def _rounding_left_minor(self):
        """Return what the customer paid above all lines and did not get back."""
        # sudo: what is left to refund must not depend on who may read the ledger
        Ledger = self.env["marketplace.ledger.line"].sudo()
        left = 0
        for debit, amount in Ledger._read_group(
            [
                ("marketplace_order_id", "=", self.id),
                ("sale_line_id", "=", False),
                (
                    "event",
                    "in",
                    ("rounding", "refund", "dispute_lost", "dispute_recovered"),
                ),
            ],
            ["role_debit"],
            ["amount:sum"],
        ):
            sign = 1 if debit in PAYMENT_ROLES else -1
            left += sign * self.currency_id._marketplace_minor(amount)
        return left
