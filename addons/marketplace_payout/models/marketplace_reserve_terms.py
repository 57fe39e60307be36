"""What a contract says about the reserve, and what settlements make of it."""

from decimal import Decimal

from odoo import fields, models

from ..engine import reserve

RESERVE_KINDS = [
    ("none", "No reserve"),
    ("rolling", "Share of sales, for some days"),
    ("fixed", "Fixed amount"),
]
RESERVE_CLOSINGS = [
    ("release", "Released when the vendor leaves"),
    ("keep", "Released as planned"),
]


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    reserve_kind = fields.Selection(
        RESERVE_KINDS,
        string="Reserve",
        required=True,
        default="none",
        tracking=True,
        help="What settlements hold back against later refunds and chargebacks. It "
        "stays the vendor's money.",
    )
    reserve_rate = fields.Float(
        digits=(6, 4),
        tracking=True,
        help="Share of what sales less refunds bring to the vendor in the period.",
    )
    reserve_target = fields.Monetary(
        tracking=True,
        help="Settlements hold back until this much is held; what is above it, once "
        "lowered, is released.",
    )
    reserve_days = fields.Integer(
        string="Reserve Held for (days)",
        default=90,
        tracking=True,
        help="Days from the cut-off to the first release; for a fixed amount, from the "
        "end of the contract.",
    )
    reserve_parts = fields.Integer(
        string="Released in Parts",
        default=1,
        tracking=True,
        help="Equal parts, one a month, in which a reserve is given back.",
    )
    reserve_closing = fields.Selection(
        RESERVE_CLOSINGS,
        string="Reserve at Closing",
        required=True,
        default="release",
        tracking=True,
    )

    _reserve_in_bounds = models.Constraint(
        "CHECK (reserve_rate >= 0 AND reserve_rate <= 1 AND reserve_target >= 0"
        " AND reserve_days >= 0 AND reserve_parts BETWEEN 1 AND 36)",
        "A reserve rate lies between 0 % and 100 %, the target and the days are zero "
        "or more, and there are 1 to 36 parts.",
    )

    def _reserve_terms(self, currency, cutoff):
        """Return the engine's terms of the reserve in a currency at a cut-off.

        A fixed amount is in the currency of the contract, and ends with it.
        """
        kind = self.reserve_kind or "none"
        ended = self.date_end and self.date_end <= cutoff
        if kind == "fixed" and (ended or currency != self.currency_id):
            kind = "none"
        if self.vendor_id.vendor_state == "closed" and (
            kind == "fixed" or self.reserve_closing == "release"
        ):
            kind = "none"
        return reserve.Terms(
            kind,
            Decimal(str(self.reserve_rate)),
            currency._marketplace_minor(self.reserve_target),
        )


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    amount_reserved = fields.Monetary(
        string="Held in Reserve",
        readonly=True,
        default=0.0,
        help="Held back by this settlement under the contract; released on the dates "
        "of the reserve.",
    )
    reserve_ids = fields.One2many(
        "marketplace.reserve",
        "settlement_id",
        readonly=True,
        groups="marketplace_base.group_viewer",
    )

    def _hold_reserves(self, balances, terms):
        """Hold back what the contracts say, one ledger line a settlement.

        :param balances: {settlement: opening and movements, minor units}.
        :param terms: {vendor id: contract}.
        :return: {settlement: minor units held}.
        """
        with_reserve = self.filtered(
            lambda settlement: terms.get(settlement.vendor_id.id)
            and terms[settlement.vendor_id.id].reserve_kind != "none"
        )
        if not with_reserve:
            return {}
        sales = with_reserve._sales_minor()
        held = self.env["marketplace.reserve"]._held_to_target(with_reserve)
        holds = {}
        for settlement in with_reserve:
            contract = terms[settlement.vendor_id.id]
            key = (settlement.vendor_id.id, settlement.currency_id.id)
            holds[settlement] = reserve.hold(
                contract._reserve_terms(settlement.currency_id, settlement.date_cutoff),
                sales.get(settlement.id, 0),
                balances[settlement],
                held.get(key, 0),
            )
        holds = {settlement: minor for settlement, minor in holds.items() if minor}
        self.env["marketplace.reserve"]._hold(holds, terms)
        return holds

    def _sales_minor(self):
        """Return {settlement id: credits of orders less refunds}, minor units."""
        totals = {}
        for settlement, debit, credit, amount in self.env[
            "marketplace.ledger.line"
        ]._read_group(
            [("settlement_id", "in", self.ids), ("sale_order_id", "!=", False)],
            ["settlement_id", "role_debit", "role_credit"],
            ["amount:sum"],
        ):
            sign = (credit == "VENDOR_DUE") - (debit == "VENDOR_DUE")
            minor = sign * settlement.currency_id._marketplace_minor(amount)
            totals[settlement.id] = totals.get(settlement.id, 0) + minor
        return totals

    def _release_lines(self):
        """Give back the reserve of cancelled settlements together with their lines."""
        held = self.reserve_ids.filtered(lambda record: record.state == "held")
        for settlement, own in held.grouped("settlement_id").items():
            own._release(settlement.date_cutoff, "cancelled")
        return super()._release_lines()
