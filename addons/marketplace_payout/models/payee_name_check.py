"""Verification of payee: what the vendor's bank says of his name, and what we do.

Since October 2025 banks of the euro area compare the name with the account before a
transfer (regulation (EU) 2024/886, article 5c). The answer is kept with its proof.
"""

from odoo import fields, models

from odoo.addons.marketplace_base.const import NAME_MATCHES
from odoo.addons.marketplace_base.models.res_partner import GROUPS_BANK

from ..const_rails import NAME_POLICIES


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_name_policy_close = fields.Selection(
        NAME_POLICIES, string="Similar Name", default="warn", required=True
    )
    marketplace_name_policy_no_match = fields.Selection(
        NAME_POLICIES, string="Other Name", default="exclude", required=True
    )
    marketplace_name_policy_not_possible = fields.Selection(
        NAME_POLICIES, string="Check Not Possible", default="pay", required=True
    )

    def _marketplace_name_policy(self, result):
        """Return what to do with a payee whose bank gave a result."""
        self.ensure_one()
        if result in ("close", "no_match", "not_possible"):
            return self[f"marketplace_name_policy_{result}"]
        return "pay"


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_name_policy_close = fields.Selection(
        related="company_id.marketplace_name_policy_close", readonly=False
    )
    marketplace_name_policy_no_match = fields.Selection(
        related="company_id.marketplace_name_policy_no_match", readonly=False
    )
    marketplace_name_policy_not_possible = fields.Selection(
        related="company_id.marketplace_name_policy_not_possible", readonly=False
    )


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    payee_check = fields.Selection(
        NAME_MATCHES,
        string="Answer of the Bank",
        copy=False,
        tracking=True,
        groups=GROUPS_BANK,
        help="Verification of payee: whether the vendor's bank knows the account under "
        "this holder's name. Void as soon as the account changes.",
    )
    payee_check_name = fields.Char(
        string="Name Given by the Bank",
        copy=False,
        tracking=True,
        groups=GROUPS_BANK,
        help="The holder's name that the bank suggests when it is similar.",
    )
    date_payee_check = fields.Datetime(
        string="Checked On", readonly=True, copy=False, groups=GROUPS_BANK
    )
    payee_check_user_id = fields.Many2one(
        "res.users",
        string="Recorded By",
        readonly=True,
        copy=False,
        groups=GROUPS_BANK,
    )
    payee_check_proof = fields.Binary(
        string="Proof",
        attachment=True,
        copy=False,
        groups=GROUPS_BANK,
        help="The bank's answer as a file or picture.",
    )
    payee_check_proof_name = fields.Char(copy=False, groups=GROUPS_BANK)

    def write(self, vals):
        if "payee_check" in vals:
            answered = bool(vals["payee_check"])
            vals = {
                **vals,
                "date_payee_check": answered and fields.Datetime.now(),
                "payee_check_user_id": answered and self.env.uid,
            }
        return super().write(vals)

    def _record_payee_change(self):
        """Void the bank's answer: it was about another account or holder."""
        result = super()._record_payee_change()
        # sudo: follows from the change, which was allowed
        asked = self.sudo().filtered("payee_check")
        asked.write(
            {
                "payee_check": False,
                "payee_check_name": False,
                "payee_check_proof": False,
                "payee_check_proof_name": False,
            }
        )
        return result


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _prepare_payee(self, amount, due):
        payee = super()._prepare_payee(amount, due)
        # sudo: tells the cause, does not show the account
        vendor = self.sudo()
        if vendor.payout_rail == "sepa" and not payee.rail_reason:
            result = vendor.payout_bank_account_id.payee_check
            if self.env.company._marketplace_name_policy(result) == "exclude":
                return payee._replace(rail_reason="payee_name")
        return payee


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    payee_check = fields.Selection(
        NAME_MATCHES,
        string="Name Check",
        readonly=True,
        copy=False,
        help="What the vendor's bank said of the holder's name, as of the last check.",
    )
    is_name_warning = fields.Boolean(
        string="Name to Look At",
        readonly=True,
        copy=False,
        help="The name is not the same; the settings say to pay all the same.",
    )


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    def _prepare_payout_vals(self, reason, account):
        vals = super()._prepare_payout_vals(reason, account)
        result = account.payee_check if self.rail == "sepa" else False
        policy = self.company_id._marketplace_name_policy(result)
        return {
            **vals,
            "payee_check": result,
            "is_name_warning": policy == "warn",
        }
