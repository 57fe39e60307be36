from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_reference_fields(self, src_partners, dst_partner):
        """Let the contact that stays keep what the shops call all of them."""
        # sudo: whoever may merge contacts need not see bindings
        self.env["marketplace.binding"].sudo().search(
            [("res_model", "=", "res.partner"), ("res_id", "in", src_partners.ids)]
        ).res_id = dst_partner.id
        return super()._update_reference_fields(src_partners, dst_partner)
