"""Match the transfers of a provider's report with the payouts it made for us."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    def _clearing_key(self):
        """Name each payout by itself: those of a run share the key of their event."""
        return SQL(
            "CASE WHEN line.event IN ('payout', 'payout_psp', 'payout_return')"
            " THEN line.source_key ELSE %s END",
            super()._clearing_key(),
        )


class MarketplacePspSettlementLine(models.Model):
    _inherit = "marketplace.psp.settlement.line"

    @api.model
    def _targets_by_ref(self, company, kind, refs):
        targets = super()._targets_by_ref(company, kind, refs)
        if kind != "transfer" or not refs:
            return targets
        # sudo: reading what is matched follows from the right to write the lines.
        payouts = (
            self.env["marketplace.payout"]
            .sudo()
            .search(
                Domain("company_id", "=", company.id)
                & Domain("psp_reference", "in", list(refs))
            )
        )
        keys = {
            f"{prefix}:{payout.id}": payout
            for payout in payouts
            for prefix in ("payout", "payout_bank", "payout_return")
        }
        lines = (
            self.env["marketplace.ledger.line"]
            .sudo()
            .search(
                Domain("company_id", "=", company.id)
                & Domain("source_key", "in", list(keys))
                & (
                    Domain("role_debit", "=", "PSP_CLEARING")
                    | Domain("role_credit", "=", "PSP_CLEARING")
                )
            )
        )
        for line in lines:
            targets[keys[line.source_key].psp_reference].append(
                (line.source_key, line.currency_id, line.counterparty_id or False)
            )
        return targets
