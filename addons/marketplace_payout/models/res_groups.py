from odoo import api, models

from .res_users import APPROVER, PREPARER


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.constrains("implied_ids", "implied_by_ids", "user_ids")
    def _check_payout_duties(self):
        """Refuse to give both payout duties to a user through a group."""
        both = self.env["res.users"].search(
            [
                ("all_group_ids", "in", self.env.ref(PREPARER).ids),
                ("all_group_ids", "in", self.env.ref(APPROVER).ids),
            ],
            limit=1,
        )
        both._check_payout_duties()
