"""A report of the provider that has lines: its amounts are theirs, to the cent."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError


class MarketplacePspSettlement(models.Model):
    _inherit = "marketplace.psp.settlement"

    line_ids = fields.One2many(
        "marketplace.psp.settlement.line", "settlement_id", string="Lines"
    )
    line_count = fields.Integer(compute="_compute_line_count")
    unmatched_count = fields.Integer(
        string="Not Matched", compute="_compute_line_count"
    )

    @api.depends("line_ids.target_key")
    def _compute_line_count(self):
        Line = self.env["marketplace.psp.settlement.line"]
        own = [("settlement_id", "in", self.ids)]
        counts = dict(Line._read_group(own, ["settlement_id"], ["__count"]))
        unmatched = dict(
            Line._read_group(
                [*own, ("is_matched", "=", False)], ["settlement_id"], ["__count"]
            )
        )
        for settlement in self:
            settlement.line_count = counts.get(settlement._origin, 0)
            settlement.unmatched_count = unmatched.get(settlement._origin, 0)

    def _take_line_totals(self):
        """Set the amounts of reports to those of their lines.

        The fee of a chargeback is left out of both: it was booked with the claim.
        """
        for settlement in self.filtered("line_ids"):
            settlement.write(settlement._line_totals())

    def _line_totals(self):
        self.ensure_one()
        minor = self.currency_id._marketplace_minor
        gross = sum(minor(line.amount_clearing) for line in self.line_ids)
        net = sum(minor(line.amount_net) for line in self.line_ids)
        return {
            "amount_gross": self.currency_id._marketplace_amount(gross),
            "amount_fee": self.currency_id._marketplace_amount(gross - net),
        }

    def action_post(self):
        """Refuse a report whose amounts are not those of its lines; match, then post.

        :raises MarketplaceError: naming the report.
        """
        for settlement in self.filtered(lambda one: one.state == "draft"):
            if not settlement.line_ids:
                continue
            compare = settlement.currency_id.compare_amounts
            totals = settlement._line_totals()
            if any(compare(settlement[name], totals[name]) for name in totals):
                raise MarketplaceError(
                    self.env._(
                        "%(report)s: its lines make %(gross)s gross and %(fee)s fees. "
                        "Correct the lines, or take their totals over.",
                        report=settlement.reference,
                        gross=settlement.currency_id.format(totals["amount_gross"]),
                        fee=settlement.currency_id.format(totals["amount_fee"]),
                    )
                )
        self.line_ids.action_match()
        return super().action_post()

    def action_take_line_totals(self):
        """Set the amounts to those of the lines."""
        self._take_line_totals()
        return True

    def action_match_lines(self):
        """Match the lines with our payments, refunds and chargebacks."""
        return self.line_ids.action_match()

    def action_open_lines(self):
        """Open the lines of the report."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_psp_settlement_line_action"
        )
        return {
            **action,
            "domain": [("settlement_id", "=", self.id)],
            "context": {"default_settlement_id": self.id},
        }
