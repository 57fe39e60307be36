"""Instalments of a debt; when a case begins; what the vendor sees of it."""

from odoo import api, fields, models

from ..engine import debt
from .marketplace_debt import OPEN_STATES


class MarketplaceDebtInstalment(models.Model):
    """One part of a debt that the vendor pays back over some months."""

    _name = "marketplace.debt.instalment"
    _description = "Instalment of a Vendor Debt"
    _order = "debt_id, date, id"
    _rec_name = "date"

    debt_id = fields.Many2one(
        "marketplace.debt", required=True, readonly=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(
        related="debt_id.currency_id", store=True, precompute=True
    )
    company_id = fields.Many2one(
        related="debt_id.company_id", store=True, precompute=True
    )
    vendor_id = fields.Many2one(
        related="debt_id.vendor_id", store=True, precompute=True, index=True
    )
    date = fields.Date(string="To Be Paid by", required=True, readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_paid = fields.Monetary(string="Paid", compute="_compute_amount_paid")
    is_late = fields.Boolean(string="Late", compute="_compute_amount_paid")

    @api.depends("amount", "debt_id.amount_open", "debt_id.instalment_ids.amount")
    def _compute_amount_paid(self):
        for case, own in self.grouped("debt_id").items():
            parts = case.instalment_ids.sorted(lambda part: (part.date, part.id))
            to_minor = case.currency_id._marketplace_minor
            amounts = [to_minor(part.amount) for part in parts]
            left = to_minor(case.amount_open) if case.state in OPEN_STATES else 0
            paid = dict(
                zip(
                    parts._origin.ids,
                    debt.paid_parts(amounts, sum(amounts) - left),
                    strict=True,
                )
            )
            today = case.company_id._marketplace_today()
            for part in own:
                minor = paid.get(part._origin.id, 0)
                part.amount_paid = case.currency_id._marketplace_amount(minor)
                part.is_late = part.date < today and minor < to_minor(part.amount)


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    def _close_accounts(self, claimed):
        """Follow the vendors whose account is negative, from the first statement on."""
        result = super()._close_accounts(claimed)
        Debt = self.env["marketplace.debt"]
        followed = Debt.search(
            [
                ("company_id", "in", self.company_id.ids),
                ("vendor_id", "in", self.vendor_id.ids),
                ("state", "in", OPEN_STATES),
            ]
        )
        followed._refresh()
        Debt._open_from(self)
        return result


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_debts(self):
        """Return what the vendor owes and is followed, in sudo."""
        # sudo: the vendor's own debt, the caller has passed the gate
        return (
            self.env["marketplace.debt"]
            .sudo()
            .search(
                [
                    ("vendor_id", "in", self.ids),
                    ("kind", "=", "debt"),
                    ("state", "in", OPEN_STATES),
                ]
            )
        )
