from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError


class AccountMove(models.Model):
    _inherit = "account.move"

    marketplace_vendor_id = fields.Many2one(
        "res.partner",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Set on the commission invoices and credit notes of a vendor.",
    )
    marketplace_commission_line_ids = fields.One2many(
        "marketplace.commission.line",
        "move_id",
        string="Commission Lines",
        readonly=True,
        help="Annex of the document: the order lines its amount is made of.",
    )

    def _marketplace_receivable_line(self):
        """Return the journal items that say what the vendors owe or are given back."""
        return self.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
            and line.move_id.marketplace_vendor_id
        )

    def button_draft(self):
        self._check_not_commission()
        return super().button_draft()

    def button_cancel(self):
        self._check_not_commission()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self._check_not_commission()
        return super()._reverse_moves(default_values_list, cancel)

    def _check_not_commission(self):
        """Refuse to undo by hand what commission lines and the vendor ledger hold.

        :raises MarketplaceError: naming the documents.
        """
        if documents := self.filtered("marketplace_vendor_id"):
            raise MarketplaceError(
                self.env._(
                    "%(documents)s: the vendor ledger holds these commission "
                    "documents, so they are not changed by hand. Refund the order: "
                    "its commission is given back on the vendor's next document.",
                    documents=", ".join(documents.mapped("display_name")),
                )
            )
