from odoo import models


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    def _marketplace_payout_problems(self, vendor):
        """Return, in words, why payouts to a vendor may not use this account.

        Odoo's own check says what an IBAN is: country, length and check digits
        (ISO 13616). python-stdnum cannot: inside Odoo its tables are out of reach.

        :return: list of sentences, empty when the account may be used.
        """
        self.ensure_one()
        problems = []
        if self.partner_id != vendor:
            problems.append(
                self.env._(
                    "the account belongs to %(holder)s",
                    holder=self.partner_id.display_name,
                )
            )
        if not self.active:
            problems.append(self.env._("the account is archived"))
        if self.acc_type != "iban" and self._marketplace_needs_iban(vendor):
            problems.append(self.env._("the number is not a valid IBAN"))
        if not self.allow_out_payment:
            problems.append(self.env._("the account is not trusted for sending money"))
        return problems

    def _marketplace_needs_iban(self, vendor):
        """Return whether a vendor is paid on an IBAN only; ways of paying extend."""
        return True
