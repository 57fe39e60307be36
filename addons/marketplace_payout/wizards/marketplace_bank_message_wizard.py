import base64

from odoo import fields, models


class MarketplaceBankMessageWizard(models.TransientModel):
    """Take a file of the bank and open what came of it."""

    _name = "marketplace.bank.message.wizard"
    _description = "Import a Bank Message"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(
        required=True,
        help="A pain.002, camt.053 or camt.054 file, as the bank sent it.",
    )
    file_name = fields.Char()

    def action_import(self):
        """Import the file and open the message."""
        self.ensure_one()
        self.company_id._marketplace_check_selected()
        message = self.env["marketplace.bank.message"]._import_file(
            base64.b64decode(self.file),
            self.file_name or self.env._("Bank message"),
            self.company_id,
        )
        return message._get_records_action()
