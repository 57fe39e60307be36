import base64

from odoo import fields, models

from ..engine.offer_rows import ATTRIBUTE_PREFIX, COLUMNS


class MarketplaceOfferImportWizard(models.TransientModel):
    _name = "marketplace.offer.import.wizard"
    _description = "Import Offers"

    vendor_id = fields.Many2one(
        "res.partner", required=True, domain=[("is_marketplace_vendor", "=", True)]
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()
    columns = fields.Char(
        default=", ".join([*COLUMNS, f"{ATTRIBUTE_PREFIX}…"]), readonly=True
    )

    def action_import(self):
        """Import the file and show what became of its lines."""
        self.ensure_one()
        for operation in ("create", "write"):
            self.env["marketplace.offer"].check_access(operation)
        imports = self.env["marketplace.offer.import"]
        lines = imports._read_file(base64.b64decode(self.file))
        document, _results = imports._import_lines(
            self.vendor_id,
            self.company_id,
            lines,
            name=self.file_name,
            origin="back_office",
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "view_mode": "form",
        }
