"""What a vendor keeps in cash is paid to him already: set off against what is due."""

from collections import defaultdict

from odoo import api, models

from ..engine.cash import to_set_off

# Roles whose balance on an order line says what is to be set off.
CASH_ROLES = ("VENDOR_CASH", "VENDOR_PENDING")


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    @api.private
    def _record(self, entries, post=True):
        """Let the cash of vendors follow whatever moves it, or what is due of it."""
        new = super()._record(entries, post)
        new._set_off_cash(post)
        return new

    @api.model
    def _with_provider(self, entry):
        """Name the vendor who keeps the cash, whosever sale it pays.

        The delivery that we sell with his parcel is an order of ours.
        """
        entry = super()._with_provider(entry)
        if "VENDOR_CASH" in (entry["role_debit"], entry["role_credit"]):
            keeper = entry.get("vendor_id") or entry.get("counterparty_id")
            return {**entry, "vendor_id": keeper}
        return entry

    def _set_off_cash(self, post):
        """Set cash that vendors keep off against what is due to them.

        Line by line: cash stands against what is pending, and is set off as that
        becomes due; at once as far as it is not the vendor's.
        """
        # sudo: what a vendor keeps follows the facts, whoever records them
        moved = self.sudo().filtered(lambda line: line._moves_vendor_cash())
        if not moved:
            return
        last = {(line.marketplace_order_id, line.sale_line_id): line for line in moved}
        entries, dates = [], {}
        for key, (keeper, cash, pending) in moved._cash_positions().items():
            if key not in last:
                continue
            minor = to_set_off(cash, pending)
            if minor:
                entries.append(last[key]._prepare_set_off(keeper, minor))
            if sale_line := key[1]:
                dates[sale_line] = last[key].date_event
        if entries:
            self.sudo()._record(entries, post)
        if dates:
            self._after_set_off(dates)

    @api.model
    def _after_set_off(self, dates):
        """Act on order lines whose cash a vendor keeps, after a movement; to extend.

        :param dates: {order line: day of the movement}.
        """

    def _moves_vendor_cash(self):
        """Say whether the line may change what a vendor's cash stands against."""
        self.ensure_one()
        roles = (self.role_debit, self.role_credit)
        if self.event == "vendor_cash":
            return False
        return "VENDOR_CASH" in roles or (
            "VENDOR_PENDING" in roles and self.marketplace_order_id.cash_on_delivery
        )

    def _cash_positions(self):
        """Return what vendors keep of purchases, by order line.

        :return: {(order group, order line, maybe empty): (vendor who keeps it, cash
            not set off, pending)}, minor units; lines without such cash are absent.
        """
        totals, keepers = defaultdict(int), {}
        for side, sign in (("role_debit", 1), ("role_credit", -1)):
            for group, sale_line, vendor, currency, role, amount in self._read_group(
                [
                    ("marketplace_order_id", "in", self.marketplace_order_id.ids),
                    ("sale_line_id", "in", [*self.sale_line_id.ids, False]),
                    (side, "in", CASH_ROLES),
                ],
                [
                    *("marketplace_order_id", "sale_line_id", "vendor_id"),
                    *("currency_id", side),
                ],
                ["amount:sum"],
            ):
                minor = sign * currency._marketplace_minor(amount)
                totals[group, sale_line, role] += minor
                if role == "VENDOR_CASH":
                    keepers[group, sale_line] = vendor
        return {
            key: (vendor, totals[*key, "VENDOR_CASH"], -totals[*key, "VENDOR_PENDING"])
            for key, vendor in keepers.items()
        }

    def _prepare_set_off(self, keeper, minor):
        """Return the entry that sets cash off, because of this line.

        :param keeper: vendor who has the cash.
        :param minor: minor units; negative for what he gave back of it.
        """
        self.ensure_one()
        roles = ("VENDOR_DUE", "VENDOR_CASH")
        debit, credit = roles if minor > 0 else reversed(roles)
        own = self.sale_order_id.filtered(lambda order: order.vendor_id == keeper)
        return {
            "company_id": self.company_id.id,
            "vendor_id": keeper.id,
            "marketplace_order_id": self.marketplace_order_id.id,
            "sale_order_id": own.id,
            "sale_line_id": self.sale_line_id.id,
            "event": "vendor_cash",
            "event_key": f"vendor_cash:{self.event_key}",
            "source_key": f"vendor_cash:{self.source_key}",
            "role_debit": debit,
            "role_credit": credit,
            "amount": self.currency_id._marketplace_amount(abs(minor)),
            "currency_id": self.currency_id.id,
            "date_event": self.date_event,
            "date_available": self.date_available or self.date_event,
        }
