from odoo import api, fields, models

from ..const import (
    REQUIREMENT_DECISIONS,
    REQUIREMENT_STATUSES,
    REQUIREMENT_TRANSITIONS,
)
from ..exceptions import MarketplaceError
from .res_partner import GROUP_VIEWER


class MarketplaceVendorRequirement(models.Model):
    """One item of the checklist of a vendor: what the data says, or a person."""

    _name = "marketplace.vendor.requirement"
    _description = "Vendor Checklist Item"
    _inherit = ["marketplace.state.mixin"]
    _order = "vendor_id, sequence, id"
    _rec_name = "requirement_id"
    _state_transitions = REQUIREMENT_TRANSITIONS

    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="cascade"
    )
    requirement_id = fields.Many2one(
        "marketplace.requirement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    sequence = fields.Integer(related="requirement_id.sequence", store=True)
    kind = fields.Selection(related="requirement_id.kind")
    is_required = fields.Boolean(related="requirement_id.is_required")
    state = fields.Selection(
        REQUIREMENT_DECISIONS,
        string="Decision",
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    status = fields.Selection(
        REQUIREMENT_STATUSES,
        compute="_compute_status",
        help="The decision of a person; without one, what the vendor's data says.",
    )
    reason = fields.Char(help="Needed to refuse or to waive.")
    decided_by_id = fields.Many2one("res.users", readonly=True)
    date_decided = fields.Datetime(readonly=True)

    _requirement_uniq = models.UniqueIndex(
        "(vendor_id, requirement_id)", "The vendor has this item already."
    )

    @api.depends("state")
    def _compute_status(self):
        for item in self:
            item.status = (
                item.state
                if item.state != "open"
                else item.requirement_id._evaluate(item.vendor_id)
            )

    # -- decisions ------------------------------------------------------------------

    def _decide(self, decision):
        if decision in ("refused", "waived"):
            for item in self:
                if not (item.reason or "").strip():
                    raise MarketplaceError(
                        self.env._(
                            "Say why, on the item “%(item)s”.", item=item.display_name
                        )
                    )
        self._transition(
            decision,
            {"decided_by_id": self.env.uid, "date_decided": fields.Datetime.now()},
        )
        return True

    def action_accept(self):
        return self._decide("accepted")

    def action_refuse(self):
        return self._decide("refused")

    def action_waive(self):
        return self._decide("waived")

    def action_reopen(self):
        """Take a decision back: the data speaks again."""
        return self._decide("open")


class ResPartner(models.Model):
    _inherit = "res.partner"

    vendor_requirement_ids = fields.One2many(
        "marketplace.vendor.requirement",
        "vendor_id",
        string="Checklist",
        groups=GROUP_VIEWER,
    )
    vendor_requirement_progress = fields.Char(
        string="Checklist Done",
        compute="_compute_vendor_requirement_progress",
        groups=GROUP_VIEWER,
        help="Items accepted or waived, of all items.",
    )
    returns_address_id = fields.Many2one(
        "res.partner",
        domain="[('id', 'child_of', id)]",
        groups=GROUP_VIEWER,
        help="Where customers send goods back to.",
    )

    @api.depends("vendor_requirement_ids.state")
    def _compute_vendor_requirement_progress(self):
        for partner in self:
            items = partner.vendor_requirement_ids
            done = items.filtered(lambda item: item.status in ("accepted", "waived"))
            partner.vendor_requirement_progress = (
                f"{len(done)}/{len(items)}" if items else False
            )

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners.filtered("is_marketplace_vendor")._vendor_sync_requirements()
        return partners

    def _vendor_sync_requirements(self):
        """Give each vendor the checklist items he lacks."""
        # sudo: the checklist is written by the rules of the operator, for everybody
        requirements = (
            self.env["marketplace.requirement"].sudo().search([("active", "=", True)])
        )
        if not (self and requirements):
            return
        items = self.env["marketplace.vendor.requirement"].sudo()
        present = {
            (item.vendor_id.id, item.requirement_id.id)
            for item in items.search([("vendor_id", "in", self.ids)])
        }
        items.create(
            [
                {"vendor_id": vendor.id, "requirement_id": requirement.id}
                for vendor in self
                for requirement in requirements
                if (vendor.id, requirement.id) not in present
                and requirement.audience in ("all", vendor.sudo().vendor_kind)
            ]
        )

    def _vendor_approval_problems(self):
        """Refuse to approve while a required item of the checklist is open."""
        problems = super()._vendor_approval_problems()
        self._vendor_sync_requirements()
        for vendor in self:
            # sudo: states of the checklist, for whoever may approve
            missing = vendor.sudo().vendor_requirement_ids.filtered(
                lambda item: item.is_required
                and item.requirement_id.active
                and item.status not in ("accepted", "waived")
            )
            for item in missing:
                problems.setdefault(vendor, []).append(
                    self.env._(
                        "“%(item)s” is open on the checklist", item=item.display_name
                    )
                )
        return problems
