"""What a payout costs the vendor: on demand, and by the way it is paid."""

from odoo import api, fields, models

# Rail of a payout -> what the contract charges for it.
RAIL_CHARGES = {
    "sepa": "payout_charge_sepa",
    "foreign": "payout_charge_foreign",
    "psp": "payout_charge_psp",
}


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    payout_request_fee = fields.Monetary(
        string="Charge on Demand",
        tracking=True,
        help="Charged for each payout that the vendor asks for, before VAT, and taken "
        "off that payout.",
    )
    payout_charge_sepa = fields.Monetary(
        string="Charge per Bank Transfer",
        tracking=True,
        help="Charged for each payout by bank transfer, before VAT, once it is paid; "
        "on the next statement.",
    )
    payout_charge_psp = fields.Monetary(
        string="Charge per Provider Transfer",
        tracking=True,
        help="Charged for each payout by the payment provider, before VAT, once it is "
        "paid; on the next statement.",
    )

    _payout_charges_positive = models.Constraint(
        "CHECK (payout_request_fee >= 0 AND payout_charge_sepa >= 0"
        " AND payout_charge_psp >= 0)",
        "What is charged for a payout is zero or more.",
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_request_fee(self, company):
        """Return what a payout on demand costs the vendor today, before VAT.

        :return: (amount, currency); the amount is 0 without a charge.
        """
        return self._vendor_payout_charge(company, "payout_request_fee")

    def _vendor_rail_charge(self, company):
        """Return what a transfer in the vendor's way costs him today, before VAT.

        :return: (amount, currency); the amount is 0 without a charge.
        """
        # sudo: how the vendor himself is paid, the caller has passed the gate
        return self._vendor_payout_charge(
            company, RAIL_CHARGES[self.sudo().payout_rail]
        )

    def _vendor_payout_charge(self, company, name):
        """Return one charge of the contract in force, in the company's currency."""
        self.ensure_one()
        # sudo: the vendor's own terms, the caller has passed the gate
        vendor = self.sudo()
        contract = vendor.env["marketplace.contract"]._payout_terms(
            company, company._marketplace_today(), vendor
        )
        terms = contract.get(vendor.id)
        currency = company.currency_id
        charged = terms and terms.currency_id == currency
        return (terms[name] if charged else 0.0), currency

    def _charge_request_fee(self, company):
        """Charge the payout asked for, so that its own statement invoices it."""
        amount, currency = self._vendor_request_fee(company)
        if not currency.compare_amounts(amount, 0.0):
            return self.env["marketplace.fee"]
        today = company._marketplace_today()
        # sudo: the fee follows from the request, which the contract allows
        count = (
            self.env["marketplace.payout.request"]
            .sudo()
            .search_count(
                [("vendor_id", "=", self.id), ("company_id", "=", company.id)]
            )
        )
        return self.env["marketplace.fee"]._charge_once(
            [
                {
                    "kind": "one_off",
                    "name": self.env._("Payout on demand of %(date)s", date=today),
                    "company_id": company.id,
                    "vendor_id": self.id,
                    "currency_id": currency.id,
                    "date": today,
                    "amount": amount,
                    "source_key": f"payout_request:{self.id}:{count + 1}",
                }
            ]
        )


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    def _set_paid(self, date, answer_by_payout=None):
        """Charge what the way of payment costs, once for each payout that arrives."""
        moved = super()._set_paid(date, answer_by_payout)
        moved._charge_rail(date)
        return moved

    def _charge_rail(self, date):
        """Charge payouts that are paid, in the contract's currency only."""
        vals_list = []
        # sudo: the charge follows from the contract, whoever answers for the payout
        Contract = self.env["marketplace.contract"].sudo()
        for company, payouts in self.grouped("company_id").items():
            terms = Contract._payout_terms(company, date, payouts.vendor_id)
            for payout in payouts:
                contract = terms.get(payout.vendor_id.id)
                name = RAIL_CHARGES.get(payout.rail)
                if not contract or not name:
                    continue
                if contract.currency_id == payout.currency_id and contract[name]:
                    vals_list.append(payout._rail_charge_vals(contract[name], date))
        return self.env["marketplace.fee"]._charge_once(vals_list)

    @api.model
    def _rail_charge_label(self, rail):
        """Return what the vendor reads of the charge."""
        if rail == "psp":
            return self.env._("Provider transfer")
        if rail == "foreign":
            return self.env._("Bank transfer outside SEPA")
        return self.env._("Bank transfer")

    def _rail_charge_vals(self, amount, date):
        self.ensure_one()
        return {
            "kind": "one_off",
            "name": self.env._(
                "%(rail)s of %(run)s",
                rail=self._rail_charge_label(self.rail),
                run=self.run_id.name,
            ),
            "company_id": self.company_id.id,
            "vendor_id": self.vendor_id.id,
            "currency_id": self.currency_id.id,
            "date": date,
            "amount": amount,
            "source_key": f"payout_charge:{self.id}",
        }
