from odoo import models
from odoo.fields import Command


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _marketplace_copy_on_invoice(self, **values):
        """Return a copy of the tax that is due on invoice and excluded from the price.

        Accounts and report tags stay those of the original.
        """
        self.ensure_one()
        return self.copy(
            {
                "name": self.env._("%(tax)s on invoice", tax=self.name),
                "tax_exigibility": "on_invoice",
                "cash_basis_transition_account_id": False,
                "price_include_override": "tax_excluded",
                "active": True,
                # A copy would share the replacements of the original.
                "replacing_tax_ids": [Command.clear()],
                **values,
            }
        )

    def _marketplace_base_tags(self, is_refund):
        """Return the report tags that a line under these taxes gets on its invoice.

        Taxes due on payment tag the entry of the payment instead.
        """
        taxes = self.flatten_taxes_hierarchy()
        on_invoice = taxes.filtered(lambda tax: tax.tax_exigibility != "on_payment")
        return on_invoice.get_tax_tags(is_refund, "base")
