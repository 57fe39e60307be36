"""Say of a balance that is carried what is missing, and when it is looked at again."""

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_payout_mandate = fields.Boolean(
        string="Payouts Need the Billing Mandate",
        help="Vendors who have not agreed to the billing mandate in force are not paid "
        "until they do.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_payout_mandate = fields.Boolean(
        related="company_id.marketplace_payout_mandate", readonly=False
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _has_payout_mandate(self):
        """Say whether no mandate keeps the vendor from being paid."""
        self.ensure_one()
        company = self.env.company
        if not company.sudo().marketplace_payout_mandate:
            return True
        return self.id in self._marketplace_mandates(company)


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    amount_missing = fields.Monetary(
        string="Missing",
        compute="_compute_missing",
        help="What the vendor's account lacks before it is paid: to the payout "
        "minimum, or to zero.",
    )
    date_next = fields.Date(
        string="Next Settlement",
        compute="_compute_missing",
        help="Day on which the calendar of the contract settles the account again.",
    )

    def _compute_missing(self):
        # sudo: the vendor's own figures, shown on his own statement
        Contract = self.env["marketplace.contract"].sudo()
        for company, own in self.grouped("company_id").items():
            today = company._marketplace_today()
            terms = Contract._payout_terms(company, today, own.vendor_id)
            for settlement in own:
                contract = terms.get(settlement.vendor_id.id, Contract)
                currency = settlement.currency_id
                wanted = 0
                if settlement.carry_reason == "threshold":
                    wanted = contract._payout_minimum(currency, settlement.date_cutoff)
                missing = wanted - currency._marketplace_minor(
                    settlement.amount_carried
                )
                carried = bool(settlement.carry_reason)
                settlement.amount_missing = currency._marketplace_amount(
                    max(missing, 0) if carried else 0
                )
                span = carried and contract._payout_period(today)
                settlement.date_next = span[1] if span else False
