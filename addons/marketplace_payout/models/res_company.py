from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import PAYOUT_POSTINGS


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_journal_settlement_id = fields.Many2one(
        "account.journal",
        string="Settlements Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
    )
    marketplace_journal_payout_id = fields.Many2one(
        "account.journal",
        string="Payouts Journal",
        domain="[('type', '=', 'general')]",
        check_company=True,
    )
    marketplace_payout_posting = fields.Selection(
        PAYOUT_POSTINGS,
        string="Payout Posting",
        default="transit",
        required=True,
        help="Through the transit account, a payout waits there until the bank debits "
        "it; straight to the bank, its entry is made on the bank account at once.",
    )

    def _marketplace_setup(self):
        """Create the journals of settlements and payouts."""
        result = super()._marketplace_setup()
        for company in self:
            company.with_company(company).sudo()._marketplace_create_journals(
                {
                    "marketplace_journal_settlement_id": (
                        "MKS",
                        self.env._("Marketplace settlements"),
                    ),
                    "marketplace_journal_payout_id": (
                        "MKP",
                        self.env._("Marketplace payouts"),
                    ),
                }
            )
        return result

    def _marketplace_check_selected(self):
        """Refuse a company the user does not work in: what follows acts as superuser.

        :raises MarketplaceError: naming the company.
        """
        if self not in self.env.companies:
            raise MarketplaceError(
                self.env._(
                    "You are not working in %(company)s. Select it in the company menu "
                    "first.",
                    company=self.sudo().name,
                )
            )

    def _marketplace_bank_journal(self):
        """Return the bank journal of the ledger's bank account, empty when none."""
        self.ensure_one()
        return (
            self.env["account.journal"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.id),
                    ("type", "=", "bank"),
                    ("default_account_id", "=", self._marketplace_account("BANK").id),
                ],
                limit=1,
            )
        )
