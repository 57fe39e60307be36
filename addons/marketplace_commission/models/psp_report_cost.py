"""Take the cost of payments from the report of the provider that is posted."""

from odoo import models


class MarketplacePspSettlement(models.Model):
    _inherit = "marketplace.psp.settlement"

    def action_post(self):
        """Charge what vendors bear of the fees that the lines tell.

        A cost known already, from a file of fees, stays as it is.
        """
        drafts = self.filtered(lambda one: one.state == "draft")
        result = super().action_post()
        posted = drafts.filtered(lambda one: one.state == "posted")
        posted.line_ids._record_payment_costs()
        return result


class MarketplacePspSettlementLine(models.Model):
    _inherit = "marketplace.psp.settlement.line"

    def action_match(self):
        """Take the cost of what is matched after its report was posted, too."""
        before = self.filtered("target_key")
        result = super().action_match()
        late = self.filtered("target_key") - before
        late.filtered(
            lambda line: line.settlement_state == "posted"
        )._record_payment_costs()
        return result

    def _record_payment_costs(self):
        """Record the fee of each matched payment whose cost is not known yet."""
        charges = self.filtered(
            lambda line: line.kind == "charge"
            and line.target_key
            and line.currency_id.compare_amounts(line.amount_fee, 0.0) > 0
        )
        # sudo: the accountant takes the cost over; nobody else writes on payments.
        Payment = self.env["marketplace.payment"].sudo()
        fees = {}
        for line in charges:
            payment = Payment.browse(int(line.target_key.partition(":")[2]))
            fees[payment] = line.currency_id._marketplace_minor(line.amount_fee)
        known = Payment.union(*fees).filtered("is_psp_fee_actual")
        for payment in known:
            del fees[payment]
        if fees:
            Payment._record_psp_fees(fees)
