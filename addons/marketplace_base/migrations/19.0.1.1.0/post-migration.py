"""Make the portal users of approved vendors their owners; announce no old order."""

from odoo import SUPERUSER_ID, api

from odoo.addons.marketplace_base.models.marketplace_vendor_user import (
    PORTAL_VENDOR_STATES,
)


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    vendors = env["res.partner"].search([("vendor_state", "in", PORTAL_VENDOR_STATES)])
    vendors._vendor_make_owners()
    cr.execute(
        "UPDATE sale_order SET is_vendor_told = true WHERE vendor_id IS NOT NULL"
    )
