"""Purchases on account: the customer pays later, his vendor is paid then or before."""

from collections import defaultdict

from odoo import api, fields, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import cumulative_share, to_minor
from ..exceptions import MarketplaceError

ACCOUNT_TERMS = [
    ("collected", "Once the customer has paid"),
    ("guaranteed", "At the due date: we guarantee it"),
]


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    on_account_terms = fields.Selection(
        ACCOUNT_TERMS,
        string="Sales on Account",
        required=True,
        default="collected",
        tracking=True,
        help="When the vendor is paid for what customers buy on account. Guaranteed: "
        "at the due date, whether the customer has paid or not.",
    )


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    on_account = fields.Boolean(
        readonly=True, copy=False, help="The customer pays at the due date."
    )
    date_due = fields.Date(
        string="Customer Pays on", readonly=True, copy=False, index="btree_not_null"
    )

    _due_on_account = models.Constraint(
        "CHECK (date_due IS NOT NULL OR on_account IS NOT TRUE)",
        "A purchase on account needs a due date.",
    )

    def _guarantee(self, lines, date):
        """Credit the sellers of what was shipped on account, in the customer's name.

        By units that have left or will never; what is credited already is left alone.
        What the marketplace funds is part of it: the vendor does not wait for it.

        :param lines: lines of vendor orders sold on guaranteed terms.
        """
        states = lines._marketplace_ledger_state()
        shipped = lines._marketplace_quantities_left(states)
        entries = []
        credited = {line: money.state.credit for line, money in states.items()}
        for line in lines:
            group, state = line.order_id.marketplace_order_id, states[line].state
            minor = line.currency_id._marketplace_minor
            charge = cumulative_share(
                line._marketplace_charge_minor(), state.quantity, shipped[line]
            )
            credit = cumulative_share(
                minor(line.amount_vendor), state.quantity, shipped[line]
            )
            charge = max(charge - state.charged, 0)
            funded = max(credit - state.credit - charge, 0)
            key = f"{line.id}:{shipped[line]}"
            for event, debit, amount in (
                ("on_account", "CUST_COLLECT", charge),
                ("discount_funding", "DISCOUNT_MKT", funded),
            ):
                entries += group._credit_entries(
                    line,
                    amount,
                    credited,
                    event=event,
                    event_key=f"on_account:{line.order_id.id}:{date}",
                    source_key=f"{event}:account:{key}",
                    role_debit=debit,
                    date_event=date,
                )
        # sudo: money follows the parcel, whoever ships it
        self.env["marketplace.ledger.line"].sudo()._record(entries)

    def _collection_entry(self, payment, line, minor, money):
        """Pay first what the customer owes on account of a line.

        :return: (entries, minor units of the payment that are left, money after).
        """
        paid = min(minor, money.collect)
        if not paid:
            return [], minor, money
        entry = self._line_entry(
            line,
            paid,
            event="collection",
            event_key=f"capture:{payment.id}",
            source_key=f"collection:{payment.id}:{line.id}",
            role_debit=payment._ledger_role(),
            role_credit="CUST_COLLECT",
            date_event=payment._ledger_date(),
            counterparty_id=payment.psp_partner_id.id,
        )
        return [entry], minor - paid, money._replace(collect=money.collect - paid)

    def action_write_off_account(self):
        """Take over what a customer on account will never pay of guaranteed sales."""
        self.sale_order_ids._marketplace_take_turn()
        today = fields.Date.context_today(self)
        lines = self.sale_order_ids.order_line
        states = lines._marketplace_ledger_state()
        entries = [
            self._line_entry(
                line,
                money.collect,
                event="collection_loss",
                event_key=f"collection_loss:{line.order_id.marketplace_order_id.id}",
                source_key=f"collection_loss:{line.id}:{today}",
                role_debit="BAD_DEBT",
                role_credit="CUST_COLLECT",
                date_event=today,
            )
            for line, money in states.items()
            if money.collect > 0
        ]
        if not entries:
            raise MarketplaceError(
                self.env._(
                    "%(orders)s: nothing is open on account that we guarantee.",
                    orders=", ".join(self.mapped("name")),
                )
            )
        self.env["marketplace.ledger.line"].sudo()._record(entries)
        return True


class SaleOrder(models.Model):
    _inherit = "sale.order"

    on_account_terms = fields.Selection(
        ACCOUNT_TERMS,
        string="Paid for Sales on Account",
        readonly=True,
        copy=False,
        help="Frozen from the contract.",
    )

    def _marketplace_is_guaranteed(self):
        """Say whether the vendor is credited before his customer pays."""
        self.ensure_one()
        return bool(
            self.on_account_terms == "guaranteed"
            and self.marketplace_order_id.on_account
        )

    @api.model
    def _marketplace_account_vals(self, order):
        """Return what makes a typed quotation a purchase on account: its payment terms.

        The customer pays on the last date of the terms, when that is after today.
        """
        today = fields.Date.context_today(self)
        dates = [line._get_due_date(today) for line in order.payment_term_id.line_ids]
        if not dates or max(dates) <= today:
            return {}
        return {"on_account": True, "date_due": max(dates)}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_quantities_left(self, states):
        """Return {line: units gone: shipped, cancelled or refunded}, engine integers.

        Without goods of its own, a line goes with the first parcel of its order.
        """
        shipped = defaultdict(int)
        for line, quantity in (
            self.env["marketplace.shipment.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("shipment_id.state", "in", ("shipped", "delivered")),
                ],
                ["sale_line_id"],
                ["quantity:sum"],
            )
        ):
            shipped[line] = to_minor(quantity, QUANTITY_DECIMALS)
        return {
            line: min(
                shipped[line] + states[line].state.quantity_back
                if line._marketplace_ships()
                else states[line].state.quantity,
                states[line].state.quantity,
            )
            for line in self
        }


class MarketplaceShipment(models.Model):
    _inherit = "marketplace.shipment"

    def _after_ship(self):
        result = super()._after_ship()
        # sudo: money follows the parcel; the vendor who ships reads no order group
        orders = self.sudo().sale_order_id.filtered(
            lambda order: order._marketplace_is_guaranteed()
        )
        if orders:
            orders._marketplace_take_turn()
            today = fields.Date.context_today(self)
            shipped = self.sudo().line_ids.sale_line_id
            lines = orders.order_line.filtered(
                lambda line: line.amount_vendor
                and (line in shipped or line.marketplace_kind == "shipping")
            )
            orders.marketplace_order_id._guarantee(lines, today)
        return result


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    is_order_on_account = fields.Boolean(related="order_id.on_account")

    def _check_account(self, money):
        """Let a refund lower an account by what is open on it, line by line.

        :raises MarketplaceError: naming the line and what is open.
        """
        self.ensure_one()
        if not self.off_account:
            return
        if not self.line_ids or self.borne_by == "operator":
            raise MarketplaceError(
                self.env._(
                    "%(refund)s lowers what the customer owes on account: choose the "
                    "lines.",
                    refund=self.name,
                )
            )
        for item in self.line_ids:
            line = item.sale_line_id
            open_minor = money[line].collect if line in money else 0
            if self.currency_id._marketplace_minor(item.amount) > open_minor:
                raise MarketplaceError(
                    self.env._(
                        "%(refund)s: the customer owes %(amount)s of %(line)s on "
                        "account. What he paid is refunded on his payment.",
                        refund=self.name,
                        amount=self.currency_id.format(
                            self.currency_id._marketplace_amount(open_minor)
                        ),
                        line=line.display_name,
                    )
                )
