from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .marketplace_refund_policy import RESPONSIBILITIES, RESPONSIBLE_BY_REASON


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    responsibility = fields.Selection(
        RESPONSIBILITIES,
        string="Responsible",
        compute="_compute_responsibility",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Whose doing the refund is: the refund policy says what commission we "
        "keep.",
    )

    @api.depends("reason_code")
    def _compute_responsibility(self):
        for refund in self:
            refund.responsibility = refund.reason_code and (
                RESPONSIBLE_BY_REASON.get(refund.reason_code, "customer")
            )

    def write(self, vals):
        done = self.filtered(lambda refund: refund.state == "done")
        if {"responsibility", "reason_code"} & vals.keys() and any(
            refund[name] != vals[name]
            for refund in done
            for name in ("responsibility", "reason_code")
            if name in vals
        ):
            raise MarketplaceError(
                self.env._(
                    "%(refunds)s: commission was given back for this reason already.",
                    refunds=", ".join(done.mapped("name")),
                )
            )
        return super().write(vals)

    def _after_apply(self):
        result = super()._after_apply()
        self.env["marketplace.commission.line"]._reverse(self.line_ids)
        return result


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    def _commission_cells(self):
        """Return {refund line: cell of the policy that applies to it}.

        The policy of the vendor's plan comes before that of the company; lines that
        none applies to are absent.
        """
        cells = self.env["marketplace.refund.policy"]._cells(self.company_id)
        nothing = self.env["marketplace.commission.plan"]
        found = {}
        for line in self.sudo():
            refund = line.refund_id
            plan = line.sale_line_id.order_id.contract_id.commission_plan_id
            for scope in (plan, nothing):
                cell = cells.get(
                    (
                        line.company_id,
                        scope,
                        refund.reason_code,
                        refund.responsibility,
                    )
                )
                if cell:
                    found[line] = cell
                    break
        return found

    def _commission_give_back(self):
        """Return {refund line: part of its commission that is given back}."""
        cells = self._commission_cells()
        give_back = dict.fromkeys(self, Decimal(1))
        for line, cell in cells.items():
            is_shipping = line.sale_line_id.marketplace_kind == "shipping"
            kept = cell.rate_kept_shipping if is_shipping else cell.rate_kept
            give_back[line] = 1 - Decimal(str(kept))
        return give_back
