from odoo import api, fields, models

from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("commission", "Commission"),
            ("commission_tax", "VAT on commission"),
            ("fee", "Vendor fee"),
        ],
        ondelete={
            "commission": keep_facts,
            "commission_tax": keep_facts,
            "fee": keep_facts,
        },
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "commission": "marketplace_journal_commission_id",
            "commission_tax": "marketplace_journal_commission_id",
            "fee": "marketplace_journal_commission_id",
        }
