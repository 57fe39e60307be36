from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    marketplace_payout_state = fields.Selection(
        selection_add=[("settled", "In a Statement"), ("paid", "Paid Out")]
    )

    def _marketplace_payout_states(self):
        """Say of what is due whether statements hold it, and whether they are paid."""
        states = super()._marketplace_payout_states()
        due = [order.id for order, state in states.items() if state == "due"]
        # sudo: where an order's money is, told to who reads the order
        Ledger = self.env["marketplace.ledger.line"].sudo()
        found = {}
        for order, settlement in Ledger._read_group(
            [
                ("sale_order_id", "in", due),
                "|",
                ("role_debit", "=", "VENDOR_DUE"),
                ("role_credit", "=", "VENDOR_DUE"),
            ],
            ["sale_order_id", "settlement_id"],
        ):
            found.setdefault(order.id, set()).add(settlement.state)
        for order in states:
            settled = found.get(order.id, set())
            if settled and settled <= {"confirmed", "closed", "netted"}:
                states[order] = "paid" if settled == {"closed"} else "settled"
        return states


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    settlement_count = fields.Integer(
        string="Statements", compute="_compute_settlement_count"
    )

    def _compute_settlement_count(self):
        settlements = dict(
            self.env["marketplace.ledger.line"]._read_group(
                [("marketplace_order_id", "in", self.ids)],
                ["marketplace_order_id"],
                ["settlement_id:count_distinct"],
            )
        )
        for group in self:
            group.settlement_count = settlements.get(group._origin, 0)

    def action_view_settlements(self):
        """Open the statements that hold money of the purchase."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statements of %(order)s", order=self.display_name),
            "res_model": "marketplace.settlement",
            "view_mode": "list,form",
            "domain": [("ledger_line_ids.marketplace_order_id", "=", self.id)],
            "context": {"create": False},
        }
