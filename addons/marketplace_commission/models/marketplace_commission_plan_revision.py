"""Changes of rules that a second user approves and that start on a day.

A revision is a copy of a plan: it is typed, checked and tried while the plan goes on
charging. Once approved it takes over on its day; plan and former revisions stay
readable.
"""

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_state_mixin import STATE_GATE

REVISION_STATES = [
    ("draft", "Draft"),
    ("proposed", "To Approve"),
    ("approved", "Approved"),
    ("refused", "Refused"),
]
# state -> states it may be reached from
REVISION_TRANSITIONS = {
    "proposed": {"draft"},
    "approved": {"proposed"},
    "refused": {"proposed"},
    "draft": {"proposed", "refused"},
}
# Only the buttons write these.
GATED_FIELDS = {"revision_state", "revised_plan_id", "proposed_by_id", "approved_by_id"}


class MarketplaceCommissionPlan(models.Model):
    _inherit = "marketplace.commission.plan"

    revised_plan_id = fields.Many2one(
        "marketplace.commission.plan",
        string="Revision of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    revision_ids = fields.One2many(
        "marketplace.commission.plan", "revised_plan_id", string="Revisions"
    )
    revision_state = fields.Selection(
        REVISION_STATES, readonly=True, copy=False, tracking=True
    )
    date_effective = fields.Date(
        string="Effective on",
        copy=False,
        tracking=True,
        help="First order date that the rules of the revision apply to.",
    )
    proposed_by_id = fields.Many2one(
        "res.users", string="Proposed by", readonly=True, copy=False, tracking=True
    )
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )

    _effective_uniq = models.UniqueIndex(
        "(revised_plan_id, date_effective) WHERE revision_state = 'approved'",
        "Another revision of this plan starts on the same day.",
    )

    # -- which rules apply ----------------------------------------------------------

    def _in_force(self, date):
        """Return the plan, or the latest approved revision in force on a date."""
        day = date.date()
        started = self.revision_ids.filtered(
            lambda plan: plan.revision_state == "approved"
            and plan.date_effective <= day
        )
        return started.sorted("date_effective")[-1:] or super()._in_force(date)

    # -- gate -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_gate(name for vals in vals_list for name in vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_gate(vals)
        if "date_effective" in vals:
            self._check_draft_revision()
        return super().write(vals)

    def _check_gate(self, names):
        if GATED_FIELDS.intersection(names) and (
            self.env.context.get("marketplace_state_gate") is not STATE_GATE
        ):
            raise MarketplaceError(
                self.env._("Use the buttons of the plan to propose and approve rules.")
            )

    def _check_draft_revision(self):
        for plan in self:
            if plan.revision_state not in (False, "draft"):
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s was proposed: set it back to draft to change it.",
                        plan=plan.name,
                    )
                )

    def _revision_transition(self, target, **values):
        """Move revisions to a state, once; those already there are left alone."""
        self.check_access("write")
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["revision_state"])
        todo = self.filtered(lambda plan: plan.revision_state != target)
        for plan in todo:
            if plan.revision_state not in REVISION_TRANSITIONS[target]:
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s is not a revision that can become that now.",
                        plan=plan.name,
                    )
                )
        todo.with_context(marketplace_state_gate=STATE_GATE).write(
            {**values, "revision_state": target}
        )
        return todo

    # -- actions --------------------------------------------------------------------

    def action_revise(self):
        """Open a draft copy of the rules; the plan goes on charging meanwhile."""
        self.ensure_one()
        origin = self.revised_plan_id or self
        self.check_access("write")
        revision = self.with_context(marketplace_state_gate=STATE_GATE).copy(
            {
                "name": self.env._(
                    "%(plan)s, revision %(number)s",
                    plan=origin.name,
                    number=len(origin.with_context(active_test=False).revision_ids) + 1,
                ),
                "revised_plan_id": origin.id,
                "revision_state": "draft",
            }
        )
        return revision.with_env(self.env)._get_records_action()

    def action_propose(self):
        for plan in self:
            if not plan.date_effective or plan.date_effective < (
                fields.Date.context_today(plan)
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s: say from which day on it applies, today or later. "
                        "Orders before keep what they were charged.",
                        plan=plan.name,
                    )
                )
        self._revision_transition("proposed", proposed_by_id=self.env.uid)
        return True

    def action_approve(self):
        """Let the rules take over on their day; a second person decides."""
        for plan in self:
            if plan.company_id.marketplace_commission_four_eyes and (
                self.env.user in (plan.proposed_by_id | plan._rule_writers())
            ):
                raise MarketplaceError(
                    self.env._(
                        "You wrote or proposed %(plan)s: somebody else approves it.",
                        plan=plan.name,
                    )
                )
        self._revision_transition("approved", approved_by_id=self.env.uid)
        return True

    def action_refuse(self):
        self._revision_transition("refused")
        return True

    def action_redraft(self):
        self._revision_transition("draft", proposed_by_id=False)
        return True

    def _rule_writers(self):
        """Return who made or last changed the rules of the plan."""
        return self.rule_ids.create_uid | self.rule_ids.write_uid

    def action_open_revisions(self):
        self.ensure_one()
        origin = self.revised_plan_id or self
        plans = origin | origin.with_context(active_test=False).revision_ids
        return plans._get_records_action(
            name=self.env._("Versions of %(plan)s", plan=origin.name)
        )


class MarketplaceCommissionRule(models.Model):
    _inherit = "marketplace.commission.rule"

    def _check_may_change(self):
        """Refuse to change rules in force where a second user has to agree.

        :raises MarketplaceError: naming the plan, and what to do.
        """
        result = super()._check_may_change()
        for plan in self.plan_id:
            if plan.revision_state in ("proposed", "approved"):
                raise MarketplaceError(
                    self.env._(
                        "%(plan)s was proposed for approval: its rules stay as they "
                        "are. Set it back to draft, or make another revision.",
                        plan=plan.name,
                    )
                )
            if (
                plan.company_id.marketplace_commission_four_eyes
                and not plan.revision_state
                and plan.contract_count
            ):
                raise MarketplaceError(
                    self.env._(
                        "Contracts are charged by %(plan)s: a second user agrees to "
                        "changes of its rules. Make a revision, then propose it.",
                        plan=plan.name,
                    )
                )
        return result


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_commission_four_eyes = fields.Boolean(
        string="Second User for Commission Rules",
        help="Rules of plans in use change by revisions that somebody else approves.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_commission_four_eyes = fields.Boolean(
        related="company_id.marketplace_commission_four_eyes", readonly=False
    )
