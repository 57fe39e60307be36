from odoo import api, fields, models

from odoo.addons.marketplace_base.models.res_partner import GROUP_VIEWER

from ..const import EXCLUSION_REASONS
from ..engine import netting


class ResPartner(models.Model):
    """Say what a vendor is owed and cannot be paid, and why."""

    _inherit = "res.partner"

    payout_block_reason = fields.Selection(
        EXCLUSION_REASONS,
        string="Payouts Blocked Because",
        compute="_compute_payout_block",
        groups=GROUP_VIEWER,
    )
    payout_blocked_amount = fields.Monetary(
        string="Blocked",
        compute="_compute_payout_block",
        currency_field="vendor_currency_id",
        groups=GROUP_VIEWER,
        help="Due, and not paid until the cause is lifted. Currency of the company.",
    )

    @api.depends(
        "kyc_state",
        "payout_hold",
        "payout_bank_account_id",
        "dac7_block_date",
        "identity_missing",
    )
    @api.depends_context("company")
    def _compute_payout_block(self):
        for partner in self:
            reason = partner._payout_block_reason()
            due = partner.vendor_balance_due if reason else 0.0
            partner.payout_block_reason = reason
            partner.payout_blocked_amount = max(due, 0.0)

    def _payout_block_reason(self):
        """Return the cause that keeps any payout from leaving, or None."""
        self.ensure_one()
        if not self.is_marketplace_vendor:
            return None
        return netting.exclusion_reason(self._prepare_payee(amount=0, due=0))

    def _prepare_payee(self, amount, due):
        """Return what decides whether the vendor is paid: amounts in minor units."""
        # sudo: tells causes, shows neither the account nor the reason of a hold
        vendor = self.sudo()
        account = vendor.payout_bank_account_id
        return netting.Payee(
            amount=amount,
            due=due,
            on_hold=vendor.payout_hold,
            kyc_approved=vendor.kyc_state == "approved",
            has_iban=bool(account),
            iban_trusted=bool(account)
            and not account._marketplace_payout_problems(vendor),
            lacks_tax_data=vendor._is_dac7_blocked(),
            has_mandate=vendor._has_payout_mandate(),
        )
