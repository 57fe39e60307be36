from odoo import fields, models

from ..const_close import CLOSE_DAY, CLOSE_LOCKS


class ResCompany(models.Model):
    """How the company closes its months."""

    _inherit = "res.company"

    marketplace_close_lock = fields.Selection(
        CLOSE_LOCKS,
        string="Closing Locks",
        default="fiscalyear",
        required=True,
        help="Lock dates that closing a month moves to its last day. Only the global "
        "one covers the journals of orders, settlements and payouts.",
    )
    marketplace_close_day = fields.Integer(
        string="Close Months Until Day",
        default=CLOSE_DAY,
        help="Day of the next month until which a month is closed; later, it is late.",
    )

    _close_day_range = models.Constraint(
        "CHECK (marketplace_close_day BETWEEN 1 AND 28)",
        "Months are closed until a day from 1 to 28 of the next month.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_close_lock = fields.Selection(
        related="company_id.marketplace_close_lock", readonly=False, required=True
    )
    marketplace_close_day = fields.Integer(
        related="company_id.marketplace_close_day", readonly=False
    )
