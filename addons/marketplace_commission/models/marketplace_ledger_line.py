from odoo import api, fields, models


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("commission", "Commission"),
            ("commission_tax", "VAT on commission"),
        ],
        ondelete={"commission": "cascade", "commission_tax": "cascade"},
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "commission": "marketplace_journal_commission_id",
            "commission_tax": "marketplace_journal_commission_id",
        }
