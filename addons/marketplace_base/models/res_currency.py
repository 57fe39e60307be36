from odoo import models

from ..engine.money import from_minor, to_minor


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def _marketplace_minor(self, amount):
        """Return an amount of this currency as an integer of minor units.

        The only way from Odoo's floats into the engine; rounds half away from zero.
        """
        self.ensure_one()
        return to_minor(amount, self.decimal_places)

    def _marketplace_amount(self, minor):
        """Return minor units of this currency as the float that fields store.

        The only way from the engine back to Odoo.
        """
        self.ensure_one()
        return float(from_minor(minor, self.decimal_places))
