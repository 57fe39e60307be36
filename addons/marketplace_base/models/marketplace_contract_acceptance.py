from odoo import fields, models

ACCEPTANCE_EXPIRIES = [
    ("refuse", "Refuse for the vendor"),
    ("accept", "Accept for the vendor"),
    ("escalate", "Ask the order desk"),
]
# Hours to accept that a contract may give: one year.
ACCEPTANCE_HOURS_MAX = 8760


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    acceptance_required = fields.Boolean(
        string="Vendor Accepts Orders",
        tracking=True,
        help="The vendor accepts or refuses each line before he ships. Otherwise he "
        "owes what customers order.",
    )
    acceptance_hours = fields.Integer(
        string="Hours to Accept",
        default=48,
        tracking=True,
        help="Counted from the moment the vendor sees the order; time on hold does not "
        "count.",
    )
    acceptance_expiry = fields.Selection(
        ACCEPTANCE_EXPIRIES,
        string="When He Does Not Answer",
        required=True,
        default="escalate",
        tracking=True,
    )

    _acceptance_hours_range = models.Constraint(
        f"CHECK (acceptance_hours BETWEEN 1 AND {ACCEPTANCE_HOURS_MAX})",
        f"Give the vendor from 1 to {ACCEPTANCE_HOURS_MAX} hours to accept.",
    )

    def _frozen_fields(self):
        return super()._frozen_fields() | {
            "acceptance_required",
            "acceptance_hours",
            "acceptance_expiry",
        }
