import base64

from odoo import fields, models

from ..models.marketplace_message import MESSAGE_AUDIENCES


class MarketplaceMessageCompose(models.TransientModel):
    _name = "marketplace.message.compose"
    _description = "Write about a Vendor Order"

    sale_order_id = fields.Many2one(
        "sale.order", string="Vendor Order", required=True, readonly=True
    )
    audience = fields.Selection(
        MESSAGE_AUDIENCES, string="For", required=True, default="vendor"
    )
    body = fields.Text(string="Message", required=True)
    file = fields.Binary(attachment=False, help="A PDF, JPEG or PNG, at most 10 MB.")
    file_name = fields.Char()

    def action_send(self):
        """Send the message as the operator."""
        self.ensure_one()
        # What is done as superuser below is what this right stands for.
        self.sale_order_id.check_access("write")
        files = []
        if self.file:
            files = [(self.file_name or "file", base64.b64decode(self.file))]
        conversation = self.sale_order_id._marketplace_conversation()
        conversation._post("operator", self.audience, self.body, files)
        return conversation.with_env(self.env)._get_records_action()
