"""How a vendor is paid: by bank transfer, or by the payment provider."""

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.res_partner import GROUPS_BANK

from ..const_rails import PAIN_SCHEMAS, RAILS
from ..engine import pain001
from ..engine.payee_check import PayeeData, payee_problems


class ResPartner(models.Model):
    _inherit = "res.partner"

    payout_rail = fields.Selection(
        RAILS,
        string="Paid By",
        default="sepa",
        required=True,
        tracking=True,
        groups=GROUPS_BANK,
        help="A payout run pays the vendors of one way only.",
    )
    psp_payee_ref = fields.Char(
        string="Account at the Provider",
        copy=False,
        tracking=True,
        groups=GROUPS_BANK,
        help="Identifier of the vendor's own account at the payment provider, such as "
        "acct_1MTfjCQ9PRzxEwkZ.",
    )

    def _prepare_payee(self, amount, due):
        payee = super()._prepare_payee(amount, due)
        # sudo: tells causes, shows neither the account nor the data
        vendor = self.sudo()
        if vendor.payout_rail == "psp":
            return payee._replace(
                has_iban=True,
                iban_trusted=True,
                rail_reason=None if vendor.psp_payee_ref else "no_psp_account",
            )
        if vendor.payout_bank_account_id and vendor._payee_problems():
            return payee._replace(rail_reason="payee_data")
        return payee

    def _prepare_payee_data(self):
        """Return what a transfer file would say of the vendor."""
        account = self.payout_bank_account_id
        return PayeeData(
            name=account.acc_holder_name or self.name or "",
            iban=account.sanitized_acc_number if account.acc_type == "iban" else "",
            bic=account.bank_bic or "",
            town=self.city or "",
            country=self.country_id.code or "",
        )

    def _payee_problems(self):
        """Return, in words, each field of the vendor that a bank would refuse."""
        self.ensure_one()
        words = self._payee_problem_words()
        return [
            words[problem] for problem in payee_problems(self._prepare_payee_data())
        ]

    @api.model
    def _payee_problem_words(self):
        return {
            ("name", "missing"): self.env._("Account holder: the name is empty."),
            ("name", "characters"): self.env._(
                "Account holder: write the name in Latin letters on the bank account."
            ),
            ("iban", "invalid"): self.env._("Account number: this IBAN is not valid."),
            ("iban", "outside"): self.env._(
                "Account number: its country is outside SEPA. Pay this vendor by a "
                "bank transfer outside SEPA, or by the payment provider."
            ),
            ("bic", "format"): self.env._(
                "Bank: the BIC has 8 or 11 letters and digits, such as AGRIFRPP."
            ),
            ("bic", "missing"): self.env._(
                "Bank: this country needs the BIC; set it on the bank of the account."
            ),
            ("town", "missing"): self.env._("Address: the town is missing."),
            ("country", "missing"): self.env._(
                "Address: this country needs the country."
            ),
        }


class AccountJournal(models.Model):
    _inherit = "account.journal"

    marketplace_pain_schema = fields.Selection(
        PAIN_SCHEMAS,
        string="Transfer File Version",
        default="pain.001.001.09",
        required=True,
        help="Version of the ISO 20022 credit transfer that this bank reads.",
    )


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    data_problem = fields.Text(
        string="To Fix",
        readonly=True,
        copy=False,
        help="Fields of the payee that banks refuse, as of the last check.",
    )
    rail = fields.Selection(related="run_id.rail", store=True, precompute=True)


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    rail = fields.Selection(
        RAILS, string="Paid By", required=True, readonly=True, default="sepa"
    )

    _rail_complete = models.Constraint(
        "CHECK (rail NOT IN ('sepa', 'foreign') OR journal_id IS NOT NULL)",
        "A run of bank transfers needs its bank.",
    )

    @api.model
    def _prepare_rail_vals(self, company, journal=None):
        """Return what names the way of paying: the euro, from a bank account.

        :raises MarketplaceError: saying what the bank journal lacks.
        """
        journal = journal or company._marketplace_bank_journal()
        self._check_journal(journal, company)
        return {
            "rail": "sepa",
            "currency_id": self.env.ref("base.EUR").id,
            "journal_id": journal.id,
        }

    def _end_to_end_id(self, number):
        """Return the reference of one payout, as every bank gives it back.

        :raises MarketplaceError: when the run's number leaves no room for it.
        """
        try:
            return pain001.clean_identifier(f"{self.name}-{number:04d}")
        except ValueError as error:
            raise MarketplaceError(
                self.env._(
                    "The number %(run)s is too long: with its payouts' own number it "
                    "must fit in %(limit)s characters. Shorten the prefix of the "
                    "sequence “Payout run”.",
                    run=self.name,
                    limit=pain001.MAX_IDENTIFIER,
                )
            ) from error

    def _prepare_payout_vals(self, reason, account):
        vals = super()._prepare_payout_vals(reason, account)
        vendor = account.partner_id
        problems = vendor._payee_problems() if reason == "payee_data" else []
        return {**vals, "data_problem": "\n".join(problems)}
