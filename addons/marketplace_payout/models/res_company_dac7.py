"""Settings of the yearly report of sellers."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const_dac7 import DAC7_BLOCKS, DAC7_NEXUS, DAC7_PROFILES


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_dac7_profile = fields.Selection(
        DAC7_PROFILES, string="DAC7 Format", required=True, default="fr"
    )
    marketplace_dac7_number = fields.Char(
        string="DAC7 Number",
        help="Number of the operator at the authority he reports to: the SIREN in "
        "France, the tax identification number elsewhere.",
    )
    marketplace_dac7_platform = fields.Char(
        string="Platform Name", help="Under which sellers and customers know it."
    )
    marketplace_dac7_nexus = fields.Selection(
        DAC7_NEXUS,
        string="DAC7 Nexus",
        required=True,
        default="RPONEX1",
        help="Why the operator reports to this authority.",
    )

    marketplace_dac7_block = fields.Selection(
        DAC7_BLOCKS,
        string="Missing DAC7 Data",
        required=True,
        default="payout",
        help="What happens to a vendor whose data for the yearly report is missing 60 "
        "days after the first of two reminders.",
    )

    @api.constrains("marketplace_dac7_number", "marketplace_dac7_profile")
    def _check_dac7_number(self):
        for company in self:
            number = company.marketplace_dac7_number
            if not number or company.marketplace_dac7_profile != "fr":
                continue
            if len(number) != 9 or not number.isdecimal():
                raise ValidationError(
                    self.env._(
                        "“%(number)s” is no SIREN: the French DAC7 report of "
                        "%(company)s wants its nine digits.",
                        number=number,
                        company=company.name,
                    )
                )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_dac7_profile = fields.Selection(
        related="company_id.marketplace_dac7_profile", readonly=False, required=True
    )
    marketplace_dac7_number = fields.Char(
        related="company_id.marketplace_dac7_number", readonly=False
    )
    marketplace_dac7_platform = fields.Char(
        related="company_id.marketplace_dac7_platform", readonly=False
    )
    marketplace_dac7_nexus = fields.Selection(
        related="company_id.marketplace_dac7_nexus", readonly=False, required=True
    )
    marketplace_dac7_block = fields.Selection(
        related="company_id.marketplace_dac7_block", readonly=False, required=True
    )
