from odoo import api, models
from odoo.exceptions import ValidationError

PREPARER = "marketplace_payout.group_payout_preparer"
APPROVER = "marketplace_payout.group_payout_approver"
# Who sees payout runs, and with them bank accounts.
GROUPS_PAYOUT = ",".join(
    (
        PREPARER,
        APPROVER,
        "marketplace_base.group_accountant",
        "marketplace_base.group_auditor",
    )
)


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.constrains("group_ids")
    def _check_payout_duties(self):
        """Keep preparing and approving payouts apart: four eyes need two people."""
        duties = self.env["res.groups"]._payout_duties()
        for user in self.sudo():
            if duties and all(group in user.all_group_ids for group in duties):
                raise ValidationError(
                    self.env._(
                        "%(user)s cannot both prepare and approve payouts. Remove one "
                        "of the groups “%(preparer)s” and “%(approver)s”.",
                        user=user.name,
                        preparer=duties[0].name,
                        approver=duties[1].name,
                    )
                )
