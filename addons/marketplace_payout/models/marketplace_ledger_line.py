from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

# Roles whose lines a settlement claims: the vendor's account, and what he owes.
SETTLED_ROLES = ("VENDOR_DUE", "VENDOR_AR")


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("netting", "Commission netted"),
            ("payout", "Payout ordered"),
            ("payout_bank", "Payout debited by the bank"),
            ("payout_psp", "Payout transferred by the payment provider"),
            ("payout_return", "Payout failed or returned"),
        ],
        ondelete={
            "netting": keep_facts,
            "payout": keep_facts,
            "payout_bank": keep_facts,
            "payout_psp": keep_facts,
            "payout_return": keep_facts,
        },
    )
    settlement_id = fields.Many2one(
        "marketplace.settlement", readonly=True, index="btree_not_null"
    )

    _unsettled_idx = models.Index(
        "(company_id, vendor_id, currency_id) WHERE settlement_id IS NULL"
        " AND (role_debit IN ('VENDOR_DUE', 'VENDOR_AR')"
        " OR role_credit IN ('VENDOR_DUE', 'VENDOR_AR'))"
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "netting": "marketplace_journal_settlement_id",
            "payout": "marketplace_journal_payout_id",
            "payout_bank": "marketplace_journal_payout_id",
            "payout_psp": "marketplace_journal_payout_id",
            "payout_return": "marketplace_journal_payout_id",
        }

    def _role_partner(self, role):
        """Leave the provider's name off the fee that a bank takes for a return."""
        if self.event == "payout_return" and role == "PSP_FEES":
            return self.env["res.partner"]
        return super()._role_partner(role)

    @api.model
    def _balance_roles(self):
        return [*super()._balance_roles(), "PAYOUT_TRANSIT"]

    @api.model
    def _buckets(self, by_role):
        """Add what is on its way to the vendor and what has arrived."""
        buckets = super()._buckets(by_role)
        ordered = -sum(
            minor
            for (role, event), minor in by_role.items()
            if role == "VENDOR_DUE" and event in ("payout", "payout_return")
        )
        buckets["in_payment"] = sum(
            minor
            for (role, _event), minor in by_role.items()
            if role == "PAYOUT_TRANSIT"
        )
        buckets["paid"] = ordered - buckets["in_payment"]
        return buckets

    @api.model
    def _unsettled_condition(self, cutoff):
        """Return the SQL condition of lines that a settlement may still claim.

        Those of an order line with an open incident wait.

        :param cutoff: last day, included, or the column that holds it.
        """
        self.env["marketplace.incident"].flush_model(["sale_line_id", "state"])
        return SQL(
            "%s AND NOT EXISTS (SELECT 1 FROM marketplace_incident AS incident"
            " WHERE incident.sale_line_id = line.sale_line_id"
            " AND incident.state = 'open')",
            self._open_condition(cutoff),
        )

    @api.model
    def _open_condition(self, cutoff):
        """Return the SQL condition of lines not settled yet, frozen ones included."""
        return SQL(
            "line.settlement_id IS NULL AND line.vendor_id IS NOT NULL"
            " AND (line.role_debit IN %(roles)s OR line.role_credit IN %(roles)s)"
            " AND line.date_event <= %(cutoff)s"
            " AND COALESCE(line.date_available, line.date_event) <= %(cutoff)s",
            roles=SETTLED_ROLES,
            cutoff=cutoff,
        )
