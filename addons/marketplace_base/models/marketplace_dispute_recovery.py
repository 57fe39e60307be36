"""Claims that were booked as lost and are won after all."""

from odoo import models

# The event that undoes each event of a lost claim.
UNDONE_BY = {"dispute_lost": "dispute_recovered", "dispute_borne": "dispute_relieved"}


class MarketplaceDispute(models.Model):
    _inherit = "marketplace.dispute"

    def _recover(self, returned_fees):
        """Undo what losing these claims cost, for whom it had cost it.

        Each line of the lost claim comes back the other way round, on the vendor's
        own ledger: it matters neither where he lives or banks by now, nor whether he
        was paid, still sells, or owes us meanwhile. What was not due yet when the
        claim was lost and is delivered by now becomes due.

        :param returned_fees: entries of the fees that come back with the amounts.
        """
        # sudo: the order desk reads no ledger
        lost = (
            self.env["marketplace.ledger.line"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self.company_id.ids),
                    (
                        "event_key",
                        "in",
                        [f"refund:{refund.id}" for refund in self.refund_ids],
                    ),
                    ("event", "in", list(UNDONE_BY)),
                ],
                order="id",
            )
            .grouped(lambda line: (line.company_id, line.event_key))
        )
        refunds = self.refund_ids._transition("reversed")
        refunds.payment_id._check_ceiling()
        entries = [
            dispute._prepare_recovery_entry(line)
            for dispute in self
            for refund in dispute.refund_ids
            for line in lost.get((dispute.company_id, f"refund:{refund.id}"), ())
        ]
        Ledger = self.env["marketplace.ledger.line"].sudo()
        Ledger._record(entries + returned_fees)
        Ledger._record(self._entitle_recovered())
        refunds._after_reverse()

    def _prepare_recovery_entry(self, line):
        """Return the entry that undoes one ledger line of a lost claim."""
        self.ensure_one()
        # What waited as a dispute was the provider's: he pays it back.
        payer = line.role_credit
        return {
            "company_id": line.company_id.id,
            "vendor_id": line.vendor_id.id,
            "marketplace_order_id": line.marketplace_order_id.id,
            "sale_order_id": line.sale_order_id.id,
            "sale_line_id": line.sale_line_id.id,
            "event": UNDONE_BY[line.event],
            "event_key": f"dispute:{self.id}:won",
            "source_key": f"dispute_recovered:{line.id}",
            "role_debit": "PSP_CLEARING" if payer == "DISPUTES" else payer,
            "role_credit": line.role_debit,
            "amount": line.amount,
            "currency_id": line.currency_id.id,
            "date_event": self.date_recovered,
            "date_available": line.sale_line_id and self.date_recovered,
            "tax_id": line.tax_id.id,
            "counterparty_id": line.counterparty_id.id,
            "reversed_line_id": line.id,
        }

    def _entitle_recovered(self):
        """Return the entries that make due what came back of goods delivered before."""
        entries = []
        parts = self.refund_ids.line_ids.sale_line_id.order_id
        money = parts.order_line._marketplace_ledger_state()
        for dispute in self:
            for part in dispute.refund_ids.line_ids.sale_line_id.order_id:
                entries += part.order_line._marketplace_entitle_rest(
                    money, dispute.date_recovered, f"dispute:{dispute.id}:rest"
                )
        return entries


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_reverse(self):
        """Act on refunds of claims that were won later, in batch; to extend."""
