import base64

from odoo import api, models


class MarketplaceKycDocument(models.Model):
    """Let an addon look into what is uploaded before it is kept."""

    _inherit = "marketplace.kyc.document"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._scan_vals(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._scan_vals(vals)
        return super().write(vals)

    def _scan_vals(self, vals):
        if vals.get("file"):
            self._scan_upload(base64.b64decode(vals["file"]), vals.get("file_name"))

    @api.model
    def _scan_upload(self, content, file_name):
        """Refuse a file that is dangerous; to extend with a virus scanner.

        Called for every upload, of vendors and colleagues, before anything is stored.

        :param content: the bytes of the file.
        :raises MarketplaceError: telling the sender why the file is refused.
        """
