"""The month of a vendor as entries of his own books, for his accountant."""

from decimal import Decimal

from odoo import fields, models
from odoo.tools import date_utils

from odoo.addons.marketplace_base.engine.csv_file import write_csv
from odoo.addons.marketplace_base.engine.money import from_minor, percent_of

from ..engine.accounting_export import ACCOUNTS, COLUMNS, Movement, items

# On the other side of the vendor's account: money that went to or came from his bank.
BANK_ROLES = {"BANK", "PAYOUT_TRANSIT"}
RESERVE_EVENTS = ("reserve_hold", "reserve_release")


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_accounting_movements(self, company, currency, month):
        """Return the movements of the vendor's account in a month, oldest first.

        Commission is dated and split as its invoice; netting moves nothing of his.

        :param month: any day of it.
        """
        self.ensure_one()
        first, last = date_utils.get_month(month)
        # sudo: the vendor's own account, the caller has passed the gate
        lines = (
            self.env["marketplace.ledger.line"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("vendor_id", "=", self.id),
                    ("currency_id", "=", currency.id),
                    ("date_event", ">=", first),
                    ("date_event", "<=", last),
                    ("event", "!=", "netting"),
                    "|",
                    ("role_debit", "in", ("VENDOR_DUE", "VENDOR_AR")),
                    ("role_credit", "in", ("VENDOR_DUE", "VENDOR_AR")),
                ],
                order="date_event, id",
            )
        )
        movements = []
        for move, own in lines.grouped(
            lambda line: line.move_id
            if "VENDOR_AR" in (line.role_debit, line.role_credit)
            else line.move_id.browse()
        ).items():
            if move:
                movements.append(own._accounting_fee(move))
            else:
                movements += [line._accounting_movement() for line in own]
        return sorted(movements, key=lambda movement: movement.day)

    def _vendor_accounting_csv(self, company, currency, month):
        """Return the month as CSV bytes: one balanced entry a movement."""
        rows = []
        movements = self._vendor_accounting_movements(company, currency, month)
        for number, movement in enumerate(movements, 1):
            for item in items(movement):
                code, name = ACCOUNTS[item.account]
                amount = from_minor(abs(item.balance), currency.decimal_places)
                zero = from_minor(0, currency.decimal_places)
                signed = from_minor(item.balance, currency.decimal_places)
                rows.append(
                    [
                        "MKP",
                        company.name,
                        f"{month:%Y%m}-{number:05d}",
                        f"{movement.day:%Y%m%d}",
                        code,
                        name,
                        "",
                        "",
                        movement.reference,
                        f"{movement.day:%Y%m%d}",
                        movement.label,
                        amount if item.balance > 0 else zero,
                        amount if item.balance < 0 else zero,
                        "",
                        "",
                        f"{movement.day:%Y%m%d}",
                        signed,
                        currency.name,
                    ]
                )
        return write_csv(COLUMNS, rows)


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    def _accounting_movement(self):
        """Return the line as a movement of the vendor's books."""
        self.ensure_one()
        labels = dict(self._fields["event"]._description_selection(self.env))
        minor = self.currency_id._marketplace_minor(self.amount)
        amount = minor if self.role_credit == "VENDOR_DUE" else -minor
        kind, vat = "other", 0
        reference = self.sale_order_id.name or ""
        if {self.role_debit, self.role_credit} & BANK_ROLES:
            kind = "payout"
            # the text of the vendor's bank statement
            reference = self.settlement_id.payout_id.end_to_end_id or reference
        elif self.event in RESERVE_EVENTS:
            kind = "reserve"
        elif self.sale_line_id:
            kind, vat = "sale", self._accounting_vat(amount)
        return Movement(
            self.date_event, kind, labels[self.event], reference, amount, vat
        )

    def _accounting_vat(self, amount):
        """Return the VAT in an amount of a sale, at the rate of its order line."""
        line = self.sale_line_id
        total = self.currency_id._marketplace_minor(line.price_total)
        tax = self.currency_id._marketplace_minor(line.price_tax)
        return percent_of(amount, Decimal(tax) / Decimal(total)) if total else 0

    def _accounting_fee(self, move):
        """Return a commission document, as far as lines of it are the vendor's."""
        to_minor = self.currency_id._marketplace_minor
        sign = 1 if move.move_type == "out_refund" else -1
        amount = sum(
            to_minor(line.amount) * (1 if line.role_credit == "VENDOR_AR" else -1)
            for line in self
        )
        return Movement(
            fields.Date.to_date(move.invoice_date or move.date),
            "fee",
            self.env["marketplace.settlement"]._document_label(move),
            move.name,
            amount,
            sign * to_minor(move.amount_tax),
        )
