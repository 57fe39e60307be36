"""The settlement as the vendor's statement: rows, CSV, notification."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import formatLang

from odoo.addons.marketplace_base.engine.csv_file import write_csv
from odoo.addons.marketplace_base.engine.money import from_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import NOTIFY_BATCH_SETTLEMENTS
from ..engine import statement
from .cash_commission import NETTING_EVENTS

# Ledger events of the settlement that are no movement of its period.
PAYOUT_EVENTS = ("payout", "payout_bank", "payout_psp", "payout_return")


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    def _statement_rows(self):
        """Return what happened on the account, in order: the movements add up.

        One row per day, event and order; netting is shown as the commission
        documents it settles. The reserve held is no movement: it has its own figure.

        :return: list of dict(key, date, label, order, move, amount), ``amount`` in
            currency units, positive = credit of the vendor; ``key``: the id of the
            first ledger line of the row.
        """
        self.ensure_one()
        Ledger = self.env["marketplace.ledger.line"]
        labels = dict(Ledger._fields["event"]._description_selection(self.env))
        labels["entitlement"] = self.env._("Sale delivered")
        labels["vendor_cash"] = self.env._("Cash that you took from the customer")
        no_order, no_move = self.env["sale.order"], self.env["account.move"]
        totals, firsts = defaultdict(int), {}
        for line in self.ledger_line_ids.sorted("id"):
            if (
                line.event in (*PAYOUT_EVENTS, *NETTING_EVENTS)
                or line.source_key == self._reserve_key()
            ):
                continue
            minor = self.currency_id._marketplace_minor(line.amount)
            if "VENDOR_AR" in (line.role_debit, line.role_credit):
                key = (line.date_event, "", no_order, line.move_id)
                totals[key] += -minor if line.role_debit == "VENDOR_AR" else minor
            else:
                label = labels[line.event]
                if line.event == "vendor_cash" and line.role_credit == "VENDOR_DUE":
                    label = self.env._("Cash that you gave back to the customer")
                key = (line.date_event, label, line.sale_order_id, no_move)
                totals[key] += minor if line.role_credit == "VENDOR_DUE" else -minor
            firsts.setdefault(key, line.id)
        return [
            {
                "key": firsts[date, label, order, move],
                "date": date,
                "label": label or self._document_label(move),
                "order": order,
                "move": move,
                "amount": self.currency_id._marketplace_amount(minor),
            }
            for (date, label, order, move), minor in sorted(
                # By day; commission documents last, as they close the day.
                totals.items(),
                key=lambda item: (item[0][0], bool(item[0][3])),
            )
        ]

    def _reserve_key(self):
        """Return the ledger key of what this settlement holds back."""
        self.ensure_one()
        return f"reserve_hold:{self.id}"

    def _check_adds_up(self):
        """Refuse a statement whose lines do not make its payout, before it exists.

        The figures were computed while claiming; the ledger lines are read again, all
        statements at once.

        :raises MarketplaceError: naming the statement and the line that is missing.
        """
        totals = defaultdict(int)
        Ledger = self.env["marketplace.ledger.line"]
        for settlement, debit, credit, amount in Ledger._read_group(
            [("settlement_id", "in", self.ids), ("event", "not in", PAYOUT_EVENTS)],
            ["settlement_id", "role_debit", "role_credit"],
            ["amount:sum"],
        ):
            minor = settlement.currency_id._marketplace_minor(amount)
            due = (credit == "VENDOR_DUE") - (debit == "VENDOR_DUE")
            totals[settlement] += due * minor
        for settlement in self:
            to_minor = settlement.currency_id._marketplace_minor
            gap = statement.missing(
                statement.Statement(
                    to_minor(settlement.amount_opening),
                    [totals[settlement], to_minor(settlement.amount_reserved)],
                    to_minor(settlement.amount_payout),
                    to_minor(settlement.amount_reserved),
                    to_minor(settlement.amount_carried),
                )
            )
            if gap:
                raise MarketplaceError(
                    self.env._(
                        "Statement %(statement)s of %(vendor)s does not add up: a line "
                        "of %(amount)s is missing. Nothing was settled; tell whoever "
                        "looks after the ledger.",
                        statement=settlement.name,
                        vendor=settlement.vendor_id.name,
                        amount=formatLang(
                            self.env,
                            settlement.currency_id._marketplace_amount(gap),
                            currency_obj=settlement.currency_id,
                        ),
                    )
                )

    @api.model
    def _document_label(self, move):
        if move.move_type == "out_refund":
            return self.env._("Commission credit note %(number)s", number=move.name)
        return self.env._("Commission invoice %(number)s", number=move.name)

    def _statement_csv(self):
        """Return the statement as CSV bytes: UTF-8 with mark, dates ISO, decimal point.

        The running balance starts at the opening line and ends at the closing one.
        """
        self.ensure_one()
        currency = self.currency_id
        opening = currency._marketplace_minor(self.amount_opening)
        payout = currency._marketplace_minor(self.amount_payout)
        reserve = currency._marketplace_minor(self.amount_reserved)
        lines = [(None, self.env._("Opening balance"), "", opening)]
        lines += [
            (
                row["date"],
                row["label"],
                row["order"].name or "",
                currency._marketplace_minor(row["amount"]),
            )
            for row in self._statement_rows()
        ]
        if reserve:
            label = self.env._("Held in reserve")
            lines.append((self.date_cutoff, label, "", -reserve))
        if payout:
            lines.append((self.date_cutoff, self.env._("Payout"), "", -payout))
        header = [
            self.env._("Statement"),
            self.env._("Date"),
            self.env._("Movement"),
            self.env._("Order"),
            self.env._("Amount"),
            self.env._("Balance"),
            self.env._("Currency"),
        ]
        digits = currency.decimal_places
        rows, balance = [], 0
        for date, label, order, minor in lines:
            balance += minor
            rows.append(
                [
                    self.name,
                    date or "",
                    label,
                    order,
                    from_minor(minor, digits),
                    from_minor(balance, digits),
                    currency.name,
                ]
            )
        return write_csv(header, rows)

    def _get_report_base_filename(self):
        self.ensure_one()
        return self.name.replace("/", "-")

    # -- notification ---------------------------------------------------------------

    def _notify_vendors(self):
        """Mail each vendor, in his language, that his statement is ready; once."""
        todo = self.sudo().filtered(
            lambda settlement: not settlement.date_notified
            and settlement.state != "cancelled"
        )
        if not todo:
            return
        template = self.env.ref("marketplace_payout.mail_template_settlement_ready")
        template.sudo().send_mail_batch(
            todo.filtered("vendor_id.email").ids,
            email_layout_xmlid="mail.mail_notification_light",
        )
        todo.date_notified = fields.Datetime.now()

    @api.model
    def _cron_notify(self):
        """Mail the statements that nobody has announced yet."""
        domain = [("date_notified", "=", False), ("state", "!=", "cancelled")]
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(domain))
        while settlements := self.search(domain, limit=NOTIFY_BATCH_SETTLEMENTS):
            settlements._notify_vendors()
            if not cron._commit_progress(len(settlements)):
                break
