from odoo import api, fields, models

from odoo.addons.marketplace_base.const import OFFER_CONDITIONS

from ..const import CRITERION_DIMENSIONS, ORDER_TYPES


class MarketplaceCommissionCriterion(models.Model):
    """Name a value that orders carry as a code, for rules to choose from.

    Offer conditions, channels and order types are no records: this list lets a rule
    accept several of them.
    """

    _name = "marketplace.commission.criterion"
    _description = "Commission Criterion"
    _order = "dimension, name, id"

    dimension = fields.Selection(CRITERION_DIMENSIONS, required=True)
    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        compute="_compute_code",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="As orders carry it: for a channel, the code of the storefront.",
    )

    _code_uniq = models.UniqueIndex(
        "(dimension, code)", "This value is in the list already."
    )

    @api.depends("name")
    def _compute_code(self):
        for criterion in self:
            criterion.code = criterion.code or criterion.name

    @api.model
    def _create_known(self):
        """Add the values that Odoo itself knows; those there already are kept."""
        known = {
            "condition": OFFER_CONDITIONS,
            "order_type": ORDER_TYPES,
            "channel": [("odoo", "Back office")],
        }
        existing = {
            (criterion.dimension, criterion.code) for criterion in self.search([])
        }
        return self.create(
            [
                {"dimension": dimension, "code": code, "name": name}
                for dimension, values in known.items()
                for code, name in values
                if (dimension, code) not in existing
            ]
        )
