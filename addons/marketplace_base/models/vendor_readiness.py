from odoo import fields, models

from .res_partner import GROUP_VIEWER


class ResPartner(models.Model):
    """What a vendor still lacks before he can sell, be invoiced for and be paid."""

    _inherit = "res.partner"

    vendor_readiness = fields.Text(
        string="Not Ready Yet", compute="_compute_vendor_readiness", groups=GROUP_VIEWER
    )

    def _compute_vendor_readiness(self):
        for partner in self:
            partner.vendor_readiness = "\n".join(
                partner.is_marketplace_vendor and partner._vendor_readiness() or ()
            )

    def _vendor_readiness(self):
        """Return, in words, what the vendor lacks in the present company; to extend."""
        self.ensure_one()
        company = self.env.company
        # sudo: whether things are there, for whoever prepares the vendor
        vendor = self.sudo()
        kinds = set(vendor.vendor_number_ids.mapped("kind"))
        accounts = vendor.bank_ids
        checks = [
            (
                vendor.vat or kinds & {"tin", "registry"},
                self.env._("no tax or registry number"),
            ),
            (accounts, self.env._("no bank account")),
            (
                not accounts
                or any(not a._marketplace_payout_problems(vendor) for a in accounts),
                self.env._("no bank account that may be paid yet"),
            ),
            (
                vendor.id in self._marketplace_mandates(company),
                self.env._("no billing mandate"),
            ),
            (
                vendor.country_id == company.account_fiscal_country_id
                or self.env["account.fiscal.position"]
                .sudo()
                .with_company(company)
                ._get_fiscal_position(vendor),
                self.env._("no fiscal position fits this foreign vendor"),
            ),
            (vendor.current_contract_id, self.env._("no contract in force")),
            (vendor.vendor_offer_count, self.env._("no offer")),
            (vendor.kyc_state == "approved", self.env._("identity (KYC) not approved")),
        ]
        return [problem for there, problem in checks if not there]
