"""What allows us to collect from a vendor's account: his signed SEPA mandate."""

from stdnum.eu import at_02
from stdnum.exceptions import ValidationError as NumberError

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_debit import (
    DEBIT_SCHEMES,
    MANDATE_STATES,
    MANDATE_TRANSITIONS,
    NOTICE_DAYS,
)
from ..engine import direct_debit
from ..engine.pain001 import clean_identifier
from .res_users import GROUPS_PAYOUT

FACTS = {"reference", "company_id", "partner_bank_id", "scheme", "date_signed"}


class MarketplaceDebitMandate(models.Model):
    """A mandate names one account: who changes his account signs another one."""

    _name = "marketplace.debit.mandate"
    _description = "Direct Debit Mandate"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "date_signed desc, id desc"
    _rec_name = "reference"
    _check_company_auto = True
    _state_transitions = MANDATE_TRANSITIONS

    reference = fields.Char(
        required=True,
        tracking=True,
        help="Unique mandate reference, as on the paper that the vendor signed.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    partner_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Account",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("partner_id.is_marketplace_vendor", "=", True)],
    )
    vendor_id = fields.Many2one(
        related="partner_bank_id.partner_id",
        string="Vendor",
        store=True,
        precompute=True,
        index=True,
    )
    scheme = fields.Selection(
        DEBIT_SCHEMES,
        required=True,
        default="CORE",
        tracking=True,
        help="Core: the vendor may ask his bank for the money back for eight weeks. "
        "Business to business: he may not, but his bank must know the mandate before "
        "the first collection; for companies only.",
    )
    date_signed = fields.Date(string="Signed On", required=True, tracking=True)
    state = fields.Selection(
        MANDATE_STATES, required=True, readonly=True, default="active", tracking=True
    )
    date_revoked = fields.Date(string="Revoked On", readonly=True, copy=False)
    debit_ids = fields.One2many(
        "marketplace.debit", "mandate_id", string="Direct Debits", readonly=True
    )

    _reference_uniq = models.UniqueIndex(
        "(company_id, reference)", "Another mandate has this reference."
    )
    _account_uniq = models.UniqueIndex(
        "(company_id, partner_bank_id) WHERE state = 'active'",
        "This account has a mandate in force already. Revoke it first.",
    )

    @api.constrains("reference", "partner_bank_id", "scheme", "date_signed")
    def _check_mandate(self):
        for mandate in self:
            try:
                clean = clean_identifier(mandate.reference)
            except ValueError:
                clean = ""
            problem = ""
            if clean != mandate.reference:
                problem = self.env._(
                    "the reference has at most 35 letters without accents, digits and "
                    "signs of / - ? : ( ) . , '"
                )
            elif mandate.partner_bank_id.acc_type != "iban":
                problem = self.env._("the account has no IBAN")
            elif mandate.scheme == "B2B" and mandate.vendor_id.vendor_kind == "private":
                problem = self.env._("a private person signs a core mandate only")
            elif mandate.date_signed > mandate.company_id._marketplace_today():
                problem = self.env._("it is signed in the future")
            if problem:
                raise MarketplaceError(
                    self.env._(
                        "Mandate %(mandate)s: %(problem)s.",
                        mandate=mandate.reference,
                        problem=problem,
                    )
                )

    def write(self, vals):
        """Keep what debits were made under."""
        if FACTS & vals.keys() and self.debit_ids:
            raise MarketplaceError(
                self.env._(
                    "%(mandates)s: a mandate that was used does not change. Revoke it "
                    "and record the new one.",
                    mandates=", ".join(self.mapped("reference")),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unused(self):
        if self.debit_ids:
            raise MarketplaceError(
                self.env._("A mandate that was used is kept for its proof: revoke it.")
            )

    def action_revoke(self):
        """Collect no more under these mandates."""
        self.check_access("write")
        self._revoke()
        return True

    def _revoke(self):
        for company, own in self.grouped("company_id").items():
            own._transition("revoked", {"date_revoked": company._marketplace_today()})

    def _problem(self):
        """Return in words why one may not collect under a mandate, or False."""
        self.ensure_one()
        company = self.company_id
        if self.state != "active":
            return self.env._("the mandate %(name)s is revoked", name=self.reference)
        if not self.partner_bank_id.active:
            return self.env._(
                "the account of %(name)s is archived", name=self.reference
            )
        if direct_debit.is_lapsed(self._last_use(), company._marketplace_today()):
            return self.env._(
                "the mandate %(name)s was not used for 36 months and has lapsed",
                name=self.reference,
            )
        return False

    def _used_debits(self):
        """Return the debits that count as a use: a refusal before the day does not."""
        return self.debit_ids.filtered(
            lambda debit: debit.state in ("sent", "collected", "returned")
        )

    def _last_use(self):
        self.ensure_one()
        days = self._used_debits().run_id.mapped("date_collection")
        return max([self.date_signed, *days])


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    debit_mandate_ids = fields.One2many(
        "marketplace.debit.mandate",
        "partner_bank_id",
        string="Direct Debit Mandates",
        groups=GROUPS_PAYOUT,
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_creditor_ref = fields.Char(
        string="Creditor Identifier",
        help="SEPA identifier of creditors (in France: ICS), given by the bank.",
    )
    marketplace_debit_notice_days = fields.Integer(
        string="Days of Notice",
        default=NOTICE_DAYS,
        required=True,
        help="Days between the announcement of a direct debit and its collection: 14, "
        "unless the contract with vendors says less.",
    )

    _debit_notice_positive = models.Constraint(
        "CHECK (marketplace_debit_notice_days >= 1)",
        "Direct debits are announced a day ahead at least.",
    )

    @api.constrains("marketplace_creditor_ref")
    def _check_marketplace_creditor_ref(self):
        for company in self.filtered("marketplace_creditor_ref"):
            try:
                at_02.validate(company.marketplace_creditor_ref)
            except NumberError as error:
                raise MarketplaceError(
                    self.env._(
                        "“%(number)s” is no SEPA creditor identifier: its check digits "
                        "or its length are wrong.",
                        number=company.marketplace_creditor_ref,
                    )
                ) from error


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_creditor_ref = fields.Char(
        related="company_id.marketplace_creditor_ref", readonly=False
    )
    marketplace_debit_notice_days = fields.Integer(
        related="company_id.marketplace_debit_notice_days", readonly=False
    )
