from odoo import api, models

from .res_users import APPROVER, PREPARER


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model
    def _payout_duties(self):
        """Return the groups that nobody may hold together: preparer, approver.

        Empty while the addon is being installed and has not made them yet.
        """
        groups = [
            self.env.ref(xmlid, raise_if_not_found=False)
            for xmlid in (PREPARER, APPROVER)
        ]
        return groups if all(groups) else []

    @api.constrains("implied_ids", "implied_by_ids", "user_ids")
    def _check_payout_duties(self):
        """Refuse to give both payout duties to a user through a group."""
        domain = [("all_group_ids", "in", group.ids) for group in self._payout_duties()]
        if domain:
            self.env["res.users"].search(domain, limit=1)._check_payout_duties()
