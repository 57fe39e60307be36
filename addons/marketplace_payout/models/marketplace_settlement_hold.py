"""Leave out of settlements what an open incident freezes, and say so on the statement.

The ledger does not move: the money stays due to the vendor, and the first settlement
after the incident takes it.
"""

from odoo import api, fields, models
from odoo.tools import SQL


class MarketplaceSettlementHold(models.Model):
    """Tell what one settlement did not take, and which incident kept it."""

    _name = "marketplace.settlement.hold"
    _description = "Amount Held Back from a Settlement"
    _order = "settlement_id, id"
    _rec_name = "incident_id"

    settlement_id = fields.Many2one(
        "marketplace.settlement", required=True, readonly=True, index=True
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="settlement_id.currency_id", store=True, precompute=True
    )
    incident_id = fields.Many2one(
        "marketplace.incident", required=True, readonly=True, index=True
    )
    sale_line_id = fields.Many2one(related="incident_id.sale_line_id")
    sale_order_id = fields.Many2one(related="incident_id.sale_order_id")
    reason_code = fields.Selection(related="incident_id.reason_code")
    amount = fields.Monetary(
        readonly=True,
        help="Due to the vendor by the cut-off; positive, or negative when refunds of "
        "the line outweigh it.",
    )


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    hold_ids = fields.One2many(
        "marketplace.settlement.hold",
        "settlement_id",
        string="Held Back",
        readonly=True,
        groups="marketplace_base.group_viewer",
    )
    amount_held = fields.Monetary(
        string="Held by Incidents",
        compute="_compute_amount_held",
        store=True,
        help="Due to the vendor by the cut-off and not in this settlement: incidents "
        "are open for these order lines.",
    )

    @api.depends("hold_ids.amount")
    def _compute_amount_held(self):
        # sudo: a vendor reads the sum on his own statement
        for settlement in self.sudo():
            settlement.amount_held = sum(settlement.hold_ids.mapped("amount"))

    def _claim_lines(self):
        claimed = super()._claim_lines()
        self._record_holds()
        return claimed

    def _record_holds(self):
        """Write down what open incidents kept out, line by line, in one query."""
        Ledger = self.env["marketplace.ledger.line"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT settlement.id, incident.id,
                       SUM(CASE 'VENDOR_DUE' WHEN line.role_credit THEN line.amount
                                WHEN line.role_debit THEN -line.amount ELSE 0 END)
                  FROM marketplace_settlement AS settlement
                  JOIN marketplace_incident AS incident
                    ON incident.company_id = settlement.company_id
                   AND incident.vendor_id = settlement.vendor_id
                   AND incident.currency_id = settlement.currency_id
                   AND incident.state = 'open'
                  JOIN marketplace_ledger_line AS line
                    ON line.sale_line_id = incident.sale_line_id
                 WHERE settlement.id IN %s AND %s
              GROUP BY settlement.id, incident.id
              ORDER BY settlement.id, incident.id
                """,
                tuple(self.ids),
                Ledger._open_condition(SQL("settlement.date_cutoff")),
            )
        )
        self.env["marketplace.settlement.hold"].create(
            [
                {
                    "settlement_id": settlement_id,
                    "incident_id": incident_id,
                    "amount": amount,
                }
                for settlement_id, incident_id, amount in rows
                if amount
            ]
        )


class MarketplaceFrozenLine(models.Model):
    _inherit = "marketplace.frozen.line"

    @api.model
    def _unclaimed_condition(self):
        return SQL("line.settlement_id IS NULL")


class MarketplaceIncident(models.Model):
    _inherit = "marketplace.incident"

    settlement_id = fields.Many2one(
        "marketplace.settlement",
        string="Settled by",
        compute="_compute_settlement_id",
        help="Settlement that took money of the line before the incident: it is not "
        "frozen. Cancel the settlement, while it is not paid, to freeze it.",
    )

    @api.depends("sale_line_id")
    def _compute_settlement_id(self):
        last = dict(
            self.env["marketplace.ledger.line"]
            .sudo()  # which settlement, for whoever reads the incident
            ._read_group(
                [
                    ("sale_line_id", "in", self.sale_line_id.ids),
                    ("settlement_id", "!=", False),
                ],
                ["sale_line_id"],
                ["settlement_id:max"],
            )
        )
        for incident in self:
            incident.settlement_id = last.get(incident.sale_line_id._origin)
