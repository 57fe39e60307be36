"""Refunds that are not simply the vendors': goodwill, and lost chargebacks."""

from odoo import fields, models

from ..const import REFUND_BEARERS
from ..exceptions import MarketplaceError


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    dispute_id = fields.Many2one(
        "marketplace.dispute",
        string="Chargeback",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The lost chargeback that gave the money back, instead of us.",
    )
    borne_by = fields.Selection(
        REFUND_BEARERS,
        required=True,
        default="vendor",
        tracking=True,
        help="Vendor: he gives up what the customer gets back, and the commission "
        "follows. Operator: a goodwill gesture of ours, vendor and commission stay.",
    )

    def _check_dispute(self):
        """Let only a lost claim, and only once, be a refund through the bank."""
        self.ensure_one()
        dispute = self.dispute_id
        if dispute and (
            dispute.state != "lost"
            or dispute.payment_id != self.payment_id
            or dispute.refund_ids != self
        ):
            raise MarketplaceError(
                self.env._(
                    "%(refund)s: %(dispute)s is not lost, or refunded already.",
                    refund=self.name,
                    dispute=dispute.name,
                )
            )

    def _goodwill_entries(self):
        """Return the entry of a refund that the operator pays, the vendors do not."""
        self.ensure_one()
        if self.line_ids:
            raise MarketplaceError(
                self.env._(
                    "%(refund)s is paid by the operator: it has an amount and no "
                    "lines.",
                    refund=self.name,
                )
            )
        event = "dispute_borne" if self.dispute_id else "goodwill"
        return [
            {
                **self._operator_entry(event, self.amount),
                "source_key": f"refund:{self.id}:operator",
            }
        ]

    def _operator_entry(self, event, amount):
        """Return the ledger entry of money that the operator gives the customer."""
        return {
            "company_id": self.company_id.id,
            "marketplace_order_id": self.order_id.id,
            "event": event,
            "event_key": f"refund:{self.id}",
            "role_debit": "OPERATOR_COST",
            "role_credit": self._customer_role(),
            "amount": amount,
            "currency_id": self.currency_id.id,
            "date_event": self.date,
            "counterparty_id": self.payment_id.psp_partner_id.id,
        }

    def _ledger_event(self):
        """Return the event of the refund: by us, or by the customer's bank."""
        return "dispute_lost" if self.dispute_id else "refund"

    def _customer_role(self):
        """Return the role through which the money went back to the customer."""
        if self.off_account:
            return "CUST_COLLECT"
        return "DISPUTES" if self.dispute_id else self.payment_id._ledger_role()

    def _link_origins(self, entries):
        """Point each refund of a line to the ledger line that sold it.

        A refund may be posted long after the period of its sale is locked: it stays
        tied to its origin.
        """
        # sudo: the order desk reads no ledger
        origins = {
            line.id: ledger_id
            for line, ledger_id in self.env["marketplace.ledger.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_id", "in", self.line_ids.sale_line_id.ids),
                    ("event", "in", ("capture", "on_account")),
                ],
                ["sale_line_id"],
                ["id:min"],
            )
        }
        for entry in entries:
            if entry["event"] in ("refund", "dispute_lost"):
                entry["reversed_line_id"] = origins.get(entry.get("sale_line_id"))
