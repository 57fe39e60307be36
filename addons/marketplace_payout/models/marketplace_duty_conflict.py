"""Say which people hold duties that should lie in different hands."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .res_users import APPROVER, PREPARER

_lt = LazyTranslate(__name__)

SEVERITIES = [("high", "High"), ("medium", "Medium")]


class Conflict(NamedTuple):
    """Name duties that nobody should hold together, and what he could do."""

    duties: frozenset
    severity: str
    risk: str


class MarketplaceDutyConflict(models.TransientModel):
    """One person and duties that should not meet in him, as of now."""

    _name = "marketplace.duty.conflict"
    _description = "Duties in One Hand"
    _order = "severity, user_id, id"
    _rec_name = "user_id"

    user_id = fields.Many2one("res.users", required=True, readonly=True)
    severity = fields.Selection(SEVERITIES, required=True, readonly=True)
    duties = fields.Char(required=True, readonly=True)
    risk = fields.Char(required=True, readonly=True)
    roles = fields.Char(
        string="Given By", readonly=True, help="Groups from which the duties come."
    )

    @api.model
    def _duties(self):
        """Return {duty: (label, groups that give it)}; any of the groups is enough."""
        return {
            "rule": (
                _lt("change a commission rule"),
                ("marketplace_commission.group_commission_manager",),
            ),
            "iban": (
                _lt("enter a bank account"),
                ("base.group_partner_manager",),
            ),
            "trust": (
                _lt("trust a bank account"),
                ("account.group_validate_bank_account",),
            ),
            "settle": (
                _lt("settle vendors and close months"),
                ("marketplace_base.group_accountant",),
            ),
            "prepare": (_lt("prepare a payout run"), (PREPARER,)),
            "approve": (_lt("approve a payout run"), (APPROVER,)),
            "rights": (
                _lt("give rights"),
                ("base.group_erp_manager", "base.group_system"),
            ),
        }

    @api.model
    def _conflicts(self):
        """Return the duties that should lie in different hands, the gravest first."""
        return [
            Conflict(
                frozenset(("rule", "iban", "approve")),
                "high",
                _lt("lowers a commission, enters an account and approves its payment"),
            ),
            Conflict(
                frozenset(("iban", "approve")),
                "high",
                _lt("enters an account and approves what is paid to it"),
            ),
            Conflict(
                frozenset(("prepare", "approve")),
                "high",
                _lt("pays alone; the suite refuses it, so somebody went around it"),
            ),
            Conflict(
                frozenset(("rights", "approve")),
                "high",
                _lt("gives the preparing role to an account of his own"),
            ),
            Conflict(
                frozenset(("trust", "approve")),
                "medium",
                _lt("trusts an account and approves what is paid to it"),
            ),
            Conflict(
                frozenset(("iban", "prepare")),
                "medium",
                _lt("enters an account and puts its payment into a run"),
            ),
            Conflict(
                frozenset(("rule", "approve")),
                "medium",
                _lt("lowers a commission and approves the higher payout"),
            ),
            Conflict(
                frozenset(("rule", "settle")),
                "medium",
                _lt("changes what is earned and closes the books on it"),
            ),
        ]

    @api.model
    @api.private
    def _find(self):
        """Write the conflicts of all internal users; return them.

        A conflict that is part of a graver one of the same person is left out.
        """
        duties = self._duties()
        # sudo: who may read this report reads its names, not every user's rights
        scope = self.sudo()
        holders = {
            code: {
                group: group.all_user_ids.filtered(
                    lambda user: user.active and not user.share
                )
                for xmlid in xmlids
                if (group := scope.env.ref(xmlid, raise_if_not_found=False))
            }
            for code, (_label, xmlids) in duties.items()
        }
        vals_list, told = [], {}
        for conflict in self._conflicts():
            users = None
            for duty in conflict.duties:
                own = scope.env["res.users"].union(*holders[duty].values())
                users = own if users is None else users & own
            for user in users:
                if any(conflict.duties < graver for graver in told.get(user, ())):
                    continue
                told.setdefault(user, []).append(conflict.duties)
                named = [code for code in duties if code in conflict.duties]
                groups = {
                    group.full_name: None
                    for code in named
                    for group, own in holders[code].items()
                    if user in own
                }
                vals_list.append(
                    {
                        "user_id": user.id,
                        "severity": conflict.severity,
                        "duties": ", ".join(
                            self.env._(duties[code][0]) for code in named
                        ),
                        "risk": self.env._(conflict.risk),
                        "roles": ", ".join(groups),
                    }
                )
        return scope.create(vals_list)

    @api.model
    def action_report(self):
        """Look for conflicts now, and list them."""
        if not self.has_access("read"):
            raise MarketplaceError(
                self.env._("Only administrators and auditors see who holds what.")
            )
        found = self._find()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_duty_conflict_action"
        )
        return {**action, "domain": [("id", "in", found.ids)]}
