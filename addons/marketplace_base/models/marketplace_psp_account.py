"""Accounts of vendors at the payment provider, whose page checks who they are."""

import logging
from secrets import token_urlsafe

from odoo import api, fields, models

from ..exceptions import MarketplaceError
from ..onboarding import PROVIDERS, OnboardingError, Vendor
from .res_partner import GROUP_VIEWER

_logger = logging.getLogger(__name__)

PSP_ACCOUNT_STATES = [
    ("pending", "In Progress"),
    ("verified", "Verified"),
    ("refused", "Refused"),
]
POLL_BATCH = 50
# Unforgeable by RPC: accounts are written by what the provider says, and by nobody.
PROVIDER_SAYS = object()


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_onboarding_provider = fields.Selection(
        lambda self: [(code, cls.label) for code, cls in PROVIDERS.items()],
        string="Identity Check by",
        help="Payment provider whose page checks who a vendor is. Nobody: vendors hand "
        "their papers in.",
    )
    marketplace_onboarding_url = fields.Char(
        string="Address of the Provider", groups="base.group_system"
    )
    marketplace_onboarding_secret = fields.Char(
        string="Key at the Provider", groups="base.group_system"
    )
    marketplace_onboarding_webhook_secret = fields.Char(
        string="Webhook Secret", groups="base.group_system"
    )
    marketplace_onboarding_key = fields.Char(
        string="Webhook Address",
        groups="base.group_system",
        compute="_compute_marketplace_onboarding_key",
        store=True,
        readonly=False,
        copy=False,
        help="Last part of the address that the provider calls: "
        "/marketplace/onboarding/…",
    )

    _onboarding_key_uniq = models.UniqueIndex(
        "(marketplace_onboarding_key) WHERE marketplace_onboarding_key IS NOT NULL",
        "Another company is called at this address.",
    )

    @api.depends("marketplace_onboarding_provider")
    def _compute_marketplace_onboarding_key(self):
        """Give a company with a provider an address that nobody guesses."""
        for company in self:
            key = company.marketplace_onboarding_key
            if company.marketplace_onboarding_provider and not key:
                key = token_urlsafe(24)
            company.marketplace_onboarding_key = key

    def _marketplace_onboarding(self):
        """Return the provider of the company, None when it has none."""
        self.ensure_one()
        # sudo: the keys serve the call and reach no reader
        company = self.sudo()
        provider = PROVIDERS.get(company.marketplace_onboarding_provider)
        if not provider:
            return None
        return provider(
            company.marketplace_onboarding_url or "",
            company.marketplace_onboarding_secret or "",
        )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_onboarding_provider = fields.Selection(
        related="company_id.marketplace_onboarding_provider", readonly=False
    )
    marketplace_onboarding_url = fields.Char(
        related="company_id.marketplace_onboarding_url", readonly=False
    )
    marketplace_onboarding_secret = fields.Char(
        related="company_id.marketplace_onboarding_secret", readonly=False
    )
    marketplace_onboarding_webhook_secret = fields.Char(
        related="company_id.marketplace_onboarding_webhook_secret", readonly=False
    )
    marketplace_onboarding_key = fields.Char(
        related="company_id.marketplace_onboarding_key", readonly=False
    )
    has_onboarding_providers = fields.Boolean(
        compute="_compute_has_onboarding_providers"
    )

    def _compute_has_onboarding_providers(self):
        self.has_onboarding_providers = bool(PROVIDERS)


class MarketplacePspAccount(models.Model):
    _name = "marketplace.psp.account"
    _description = "Account of a Vendor at the Payment Provider"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "account_ref"

    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    provider = fields.Char(required=True, readonly=True)
    account_ref = fields.Char(string="Account", required=True, readonly=True)
    state = fields.Selection(
        PSP_ACCOUNT_STATES,
        required=True,
        readonly=True,
        default="pending",
        tracking=True,
        index=True,
    )
    reason = fields.Char(string="Words of the Provider", readonly=True, tracking=True)
    date_state = fields.Datetime(
        string="As Of",
        readonly=True,
        help="Moment of the provider's last word; older words that come later change "
        "nothing.",
    )
    date_poll = fields.Datetime(string="Last Asked", readonly=True)
    event_ids = fields.One2many(
        "marketplace.psp.account.event", "account_id", string="Calls of the Provider"
    )

    _vendor_uniq = models.UniqueIndex(
        "(company_id, vendor_id)",
        "This vendor has an account at the payment provider already.",
    )
    _account_uniq = models.UniqueIndex(
        "(company_id, account_ref)",
        "This account of the payment provider is another vendor's.",
    )

    # -- CRUD: the provider's word only ------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        self._check_provider_says()
        return super().create(vals_list)

    def write(self, vals):
        if not vals.keys() <= {"message_follower_ids", "message_main_attachment_id"}:
            self._check_provider_says()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_provider_says()

    def _check_provider_says(self):
        if self.env.context.get("marketplace_psp_account") is not PROVIDER_SAYS:
            raise MarketplaceError(
                self.env._("Accounts at the provider are as the provider says.")
            )

    def _provider_says(self):
        return self.with_context(marketplace_psp_account=PROVIDER_SAYS)

    # -- state ------------------------------------------------------------------------

    def _take_state(self, said):
        """Take over what the provider says of an account, unless it is out of date.

        :param said: :class:`~..onboarding.AccountState`.
        """
        self.ensure_one()
        if self.date_state and said.moment < self.date_state:
            return
        self._provider_says().write(
            {
                "state": said.state,
                "reason": said.reason or False,
                "date_state": said.moment,
            }
        )
        self._drive_kyc()

    def _drive_kyc(self):
        """Bring the KYC of the vendor in line with all his accounts.

        Verified everywhere it is approved, once his required papers are accepted as
        well; refused anywhere it is refused.
        """
        # sudo: the provider decides on who the vendor is
        vendor = self.sudo().vendor_id
        states = set(
            self.sudo().search([("vendor_id", "=", vendor.id)]).mapped("state")
        )
        if "refused" in states:
            wanted = "refused"
        elif states == {"verified"} and not vendor._kyc_missing(("accepted",)):
            wanted = "approved"
        else:
            wanted = "pending_approval"
        if wanted == "pending_approval" and vendor.kyc_state in (
            "approved",
            "to_renew",
        ):
            # A check that is done again takes nothing away until it has a result.
            return
        if vendor.kyc_state != wanted:
            vendor.kyc_state = wanted

    def _take_event(self, delivery, said):
        """Take a call of the provider; the same delivery again is refused.

        :raises UniqueViolation: when the delivery was taken before.
        """
        self.ensure_one()
        self.env["marketplace.psp.account.event"].create(
            {
                "account_id": self.id,
                "delivery_ref": delivery,
                "state": said.state,
                "reason": said.reason or False,
                "moment": said.moment,
            }
        ).flush_recordset()
        self._take_state(said)

    @api.model
    def _cron_poll(self):
        """Ask for the accounts in progress, those not asked for longest first."""
        cron = self.env["ir.cron"]
        accounts = self.search(
            [("state", "=", "pending")],
            order="date_poll nulls first, id",
            limit=POLL_BATCH,
        )
        cron._commit_progress(remaining=len(accounts))
        for account in accounts:
            account._poll()
            if not cron._commit_progress(1):
                break

    def _poll(self):
        """Ask the provider for the state of an account; a failure is logged."""
        self.ensure_one()
        self._provider_says().date_poll = fields.Datetime.now()
        provider = self.company_id._marketplace_onboarding()
        if not provider:
            return
        try:
            said = provider.fetch_state(self.account_ref)
        except OnboardingError as error:
            _logger.warning("PSP account %s not read: %s", self.account_ref, error)
            return
        if said.account_ref == self.account_ref:
            self._take_state(said)

    def action_poll(self):
        """Ask the provider now."""
        self.check_access("write")
        for account in self:
            # sudo: the right was checked above, what is written is the provider's word
            account.sudo()._poll()
        return True


class MarketplacePspAccountEvent(models.Model):
    """One call of the provider about an account: a fact, taken once."""

    _name = "marketplace.psp.account.event"
    _description = "Call of the Payment Provider about an Account"
    _order = "id desc"
    _rec_name = "delivery_ref"

    account_id = fields.Many2one(
        "marketplace.psp.account",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, precompute=True
    )
    delivery_ref = fields.Char(string="Delivery", required=True, readonly=True)
    state = fields.Selection(PSP_ACCOUNT_STATES, required=True, readonly=True)
    reason = fields.Char(string="Words of the Provider", readonly=True)
    moment = fields.Datetime(required=True, readonly=True)

    _delivery_uniq = models.UniqueIndex(
        "(company_id, delivery_ref)", "This call of the provider was taken before."
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    psp_account_ids = fields.One2many(
        "marketplace.psp.account",
        "vendor_id",
        string="Accounts at the Payment Provider",
        groups=GROUP_VIEWER,
    )

    def _vendor_onboarding_company(self):
        """Return a company whose provider still has to check the vendor, or none."""
        self.ensure_one()
        # sudo: which companies he works with, and where he is verified
        vendor = self.sudo()
        companies = vendor.vendor_contract_ids.company_id or self.env.company.sudo()
        verified = vendor.psp_account_ids.filtered(lambda a: a.state == "verified")
        return (companies - verified.company_id).filtered(
            lambda company: company._marketplace_onboarding()
        )[:1]

    def _vendor_onboarding_link(self, company, return_url):
        """Return the address of the hosted check of a vendor, his account made if new.

        :raises MarketplaceError: when the provider gives none.
        """
        self.ensure_one()
        provider = company._marketplace_onboarding()
        if not provider:
            raise MarketplaceError(
                self.env._(
                    "%(company)s has no provider that checks identities.",
                    company=company.name,
                )
            )
        # sudo: an owner of the vendor asks for his own check
        vendor = self.sudo()
        accounts = vendor.env["marketplace.psp.account"]
        try:
            account_ref, url = provider.create_link(
                Vendor(
                    # The same vendor gets the same account, however often he asks.
                    key=f"{company.id}-{vendor.id}",
                    name=vendor.name,
                    email=vendor.email or "",
                    country=vendor.country_id.code or "",
                    language=vendor.lang or "",
                ),
                return_url,
            )
        except OnboardingError as error:
            _logger.warning("No onboarding link for %s: %s", vendor.vendor_code, error)
            raise MarketplaceError(
                self.env._("The identity check does not answer. Try again later.")
            ) from error
        known = accounts.search(
            [("vendor_id", "=", vendor.id), ("company_id", "=", company.id)]
        )
        if known and known.account_ref != account_ref:
            raise MarketplaceError(
                self.env._(
                    "%(vendor)s has the account %(account)s at the provider already. "
                    "Ask the marketplace.",
                    vendor=vendor.name,
                    account=known.account_ref,
                )
            )
        if not known:
            accounts._provider_says().create(
                {
                    "vendor_id": vendor.id,
                    "company_id": company.id,
                    "provider": company.marketplace_onboarding_provider,
                    "account_ref": account_ref,
                }
            )
        return url
