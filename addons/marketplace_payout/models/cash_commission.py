"""Commission on cash that vendors keep: owed from the day it is earned.

There is no money of the customer to take it from. The vendor owes it before its
document exists; the settlement that nets the document counts both, and is even.
"""

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

# Events that set commission documents off against what is due: no movement of their
# own on a statement, the document is.
NETTING_EVENTS = ("netting", "cash_commission")


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[("cash_commission", "Commission owed on cash")],
        ondelete={"cash_commission": keep_facts},
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "cash_commission": "marketplace_journal_settlement_id",
        }

    def _after_set_off(self, dates):
        result = super()._after_set_off(dates)
        # sudo: what is owed must not depend on who reports the parcel
        lines = self.env["marketplace.commission.line"].sudo()
        lines.search(
            [
                ("sale_line_id", "in", [sale_line.id for sale_line in dates]),
                ("move_line_id", "=", False),
            ]
        )._owe_from_cash(dates)
        return result


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Let reversals and corrections change what is owed on cash, too."""
        lines = super().create(vals_list)
        later = lines.filtered(
            lambda line: line.kind != "commission"
            and line.marketplace_order_id.cash_on_delivery
        )
        if later:
            kept = later.sale_line_id._marketplace_paid_to_vendor()
            later.filtered(lambda line: line.sale_line_id in kept)._owe_from_cash({})
        return lines

    def _owe_from_cash(self, dates):
        """Post commission that is earned as due from the vendor, once a line.

        VAT included, as the document will charge it; what its rounding changes, the
        settlement of the document makes up.

        :param dates: {order line: day on which it was earned}, the day of the
            commission when it is later.
        """
        earned = self._settled_sale_lines() if self else ()
        todo = self.filtered(lambda line: line.sale_line_id.id in earned)
        entries = []
        for company, own in todo.grouped("company_id").items():
            try:
                taxes = company._marketplace_taxes_by_vendor(own.vendor_id)
            except MarketplaceError:
                # The tax is not set up: it is owed with its document, then.
                continue
            entries += [
                line._prepare_cash_entry(
                    taxes[line.vendor_id], dates.get(line.sale_line_id)
                )
                for line in own
            ]
        if entries:
            self.env["marketplace.ledger.line"].sudo()._record(entries)

    def _prepare_cash_entry(self, taxes, date):
        """Return the entry of one line: due from the vendor, before its document."""
        self.ensure_one()
        computed = taxes.compute_all(self.amount, currency=self.currency_id)
        roles = ("VENDOR_DUE", "VENDOR_AR")
        debit, credit = roles if self.amount > 0 else reversed(roles)
        day = max(date or self.date, self.date)
        return {
            "company_id": self.company_id.id,
            "vendor_id": self.vendor_id.id,
            "marketplace_order_id": self.marketplace_order_id.id,
            "sale_order_id": self.sale_order_id.id,
            "sale_line_id": self.sale_line_id.id,
            "event": "cash_commission",
            "event_key": f"cash_commission:{self.sale_order_id.id}:{day}",
            "source_key": f"cash_commission:{self.id}",
            "role_debit": debit,
            "role_credit": credit,
            "amount": abs(computed["total_included"]),
            "currency_id": self.currency_id.id,
            "date_event": day,
            "date_available": day,
        }


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _marketplace_paid_to_vendor(self):
        """Return the lines that customers paid in cash, which the vendor kept."""
        # sudo: the order desk reads no ledger
        found = (
            self.env["marketplace.ledger.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.ids),
                    ("event", "in", ("capture", "collection")),
                    ("role_debit", "=", "VENDOR_CASH"),
                ],
                ["sale_line_id"],
            )
        )
        return self.browse(line.id for (line,) in found)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _marketplace_taxes_by_vendor(self, vendors):
        """Return {vendor: taxes on his commission}, as an invoice would take them.

        :raises MarketplaceError: when the company has no tax on commission.
        """
        self.ensure_one()
        positions = self._marketplace_fiscal_positions(vendors)
        taxes = {
            position: self._marketplace_commission_taxes(position)
            for position in set(positions.values())
        }
        return {vendor: taxes[position] for vendor, position in positions.items()}
