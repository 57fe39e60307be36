"""What direct debits record, and how the debt of a returned one opens again."""

from odoo import api, fields, models

from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

from .marketplace_debt import OPEN_STATES


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("debit_collected", "Debt collected by direct debit"),
            ("debit_returned", "Direct debit returned"),
            ("debit_fee", "Bank's fee of a returned direct debit"),
        ],
        ondelete={
            "debit_collected": keep_facts,
            "debit_returned": keep_facts,
            "debit_fee": keep_facts,
        },
    )

    @api.model
    def _journal_field_by_event(self):
        correction = "marketplace_journal_correction_id"
        return {
            **super()._journal_field_by_event(),
            "debit_collected": correction,
            "debit_returned": correction,
            "debit_fee": correction,
        }

    @api.model
    def _posting_pairs(self):
        return {
            **super()._posting_pairs(),
            "debit_collected": [("BANK", "VENDOR_DUE")],
            "debit_returned": [("VENDOR_DUE", "BANK")],
            "debit_fee": [("PSP_FEES", "BANK")],
        }


class MarketplaceDebt(models.Model):
    _inherit = "marketplace.debt"

    def _reopen(self):
        """Follow again what a returned debit leaves open: here, or in the open case.

        A case that was written off since stays so: what came back is another one.
        """
        self.ensure_one()
        case = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("vendor_id", "=", self.vendor_id.id),
                ("currency_id", "=", self.currency_id.id),
                ("state", "in", OPEN_STATES),
            ]
        )
        if not case and self.state == "recovered":
            case = self._transition("open", {"date_closed": False})
        elif not case:
            case = self._create_cases(
                [
                    {
                        "vendor_id": self.vendor_id.id,
                        "company_id": self.company_id.id,
                        "currency_id": self.currency_id.id,
                        "date_since": self.company_id._marketplace_today(),
                    }
                ]
            )
        case._refresh()
        if case.currency_id.is_zero(case.amount_start):
            case.amount_start = case.amount_open
        return case
