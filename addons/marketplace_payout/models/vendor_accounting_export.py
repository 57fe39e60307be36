"""The month of a vendor as entries of his own books, for his accountant."""

from decimal import Decimal
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import date_utils

from odoo.addons.marketplace_base.engine.csv_file import write_csv
from odoo.addons.marketplace_base.engine.money import from_minor, percent_of

from ..engine.accounting_export import ACCOUNTS, COLUMNS, Movement, items
from .cash_commission import NETTING_EVENTS

# On the other side of the vendor's account: money that went to or came from his bank.
BANK_ROLES = {"BANK", "PAYOUT_TRANSIT"}
RESERVE_EVENTS = ("reserve_hold", "reserve_release")
PAID_STATES = ("sent", "unresolved", "confirmed")


class Letter(NamedTuple):
    """What a movement was settled with, as the columns of an accounting file."""

    letter: str = ""
    letter_day: object = None


NO_LETTER = Letter()


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
                    ("event", "not in", NETTING_EVENTS),
                    "|",
                    ("role_debit", "in", ("VENDOR_DUE", "VENDOR_AR")),
                    ("role_credit", "in", ("VENDOR_DUE", "VENDOR_AR")),
                ],
                order="date_event, id",
            )
        )
        letters = lines.settlement_id._accounting_letters()
        movements = []
        for move, own in lines.grouped(
            lambda line: line.move_id
            if "VENDOR_AR" in (line.role_debit, line.role_credit)
            else line.move_id.browse()
        ).items():
            if move:
                fee = own._accounting_fee(move)
                letter = letters.get(own.settlement_id[:1], NO_LETTER)
                movements.append(fee._replace(**letter._asdict()))
                continue
            for line in own:
                letter = letters.get(line.settlement_id, NO_LETTER)
                movement = line._accounting_movement()
                movements.append(movement._replace(**letter._asdict()))
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
                is_lettered = item.account == "marketplace" and movement.letter
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
                        movement.letter if is_lettered else "",
                        f"{movement.letter_day:%Y%m%d}" if is_lettered else "",
                        f"{movement.day:%Y%m%d}",
                        signed,
                        currency.name,
                    ]
                )
        return write_csv(COLUMNS, rows)


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    def _accounting_letters(self):
        """Return what settled the movements of settlements: {settlement: Letter}.

        Settlements that open one another's balance share the letter of the one that
        left nothing: what they hold, its reserve and its transfer come to zero.
        Settlements whose balance is open are absent.
        """
        chain = self.sudo().search(  # sudo: the vendor's own, as the movements
            [
                ("vendor_id", "in", self.vendor_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "!=", "cancelled"),
            ]
        )
        following = {settlement.previous_id: settlement for settlement in chain}
        letters = {}
        for settlement in self.sudo():
            last = settlement
            while last and not last._leaves_nothing():
                if last.state == "netted":
                    last = last.netted_by_id
                elif last.currency_id.is_zero(last.amount_payout):
                    last = following.get(last, last.browse())
                else:  # its transfer is to come
                    last = last.browse()
            if last:
                day = last.payout_id.run_id.date or last.date_cutoff
                letters[settlement.sudo(False)] = Letter(last.name, day)
        return letters

    def _leaves_nothing(self):
        """Say whether the account was at zero after the settlement and its transfer."""
        self.ensure_one()
        if self.state == "netted" or not self.currency_id.is_zero(self.amount_carried):
            return False
        if self.currency_id.is_zero(self.amount_payout):
            return True
        return self.payout_id.state in PAID_STATES


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
        elif self.event == "vendor_cash":
            kind = "cash"
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
