import secrets
import time

from odoo import api, fields, models
from odoo.tools import formatLang

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters import ADAPTERS
from ..engine.psp import UnknownError

ADMIN = "base.group_system"
# Random bytes of the key in the address that the provider calls.
KEY_BYTES = 24


class MarketplacePayoutProvider(models.Model):
    """The operator's account at a payment provider that pays vendors."""

    _name = "marketplace.payout.provider"
    _description = "Payment Provider Account"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    adapter = fields.Selection(
        [("stripe", "Stripe Connect")], required=True, default="stripe"
    )
    url = fields.Char(
        string="Address",
        help="Address of the provider's interface when it is not the public one.",
    )
    timeout_seconds = fields.Integer(
        string="Timeout (seconds)",
        default=30,
        help="An order without answer after this time is unresolved.",
    )
    pays_wallets_out = fields.Boolean(
        string="Send On to the Bank",
        help="After each transfer, also order the payout of the vendor's account at "
        "the provider to his bank. Leave it off when the provider does so by itself.",
    )
    # Not in exports, copies, logs or the chatter; only administrators read them.
    secret_key = fields.Char(groups=ADMIN, copy=False, exportable=False)
    webhook_secret = fields.Char(
        string="Signing Secret", groups=ADMIN, copy=False, exportable=False
    )
    webhook_key = fields.Char(
        string="Key in the Webhook's Address",
        required=True,
        readonly=True,
        copy=False,
        groups=ADMIN,
        exportable=False,
        default=lambda self: secrets.token_urlsafe(KEY_BYTES),
    )
    webhook_url = fields.Char(
        string="Webhook Address",
        compute="_compute_webhook_url",
        groups=ADMIN,
        help="Enter this address at the provider, for the events transfer.created and "
        "transfer.reversed.",
    )

    _webhook_uniq = models.UniqueIndex("(webhook_key)", "This key is used already.")
    _timeout_positive = models.Constraint(
        "CHECK (timeout_seconds BETWEEN 1 AND 120)",
        "The timeout is between 1 and 120 seconds.",
    )

    @api.depends("webhook_key")
    def _compute_webhook_url(self):
        for account in self:
            account.webhook_url = (
                f"{account.get_base_url()}/marketplace/psp/{account.webhook_key}"
            )

    def _adapter(self):
        """Return the adapter that speaks to the provider.

        :raises MarketplaceError: when the secret key is missing.
        """
        self.ensure_one()
        # sudo: the credentials are the administrator's, their use is the payer's
        account = self.sudo()
        if not account.secret_key:
            raise MarketplaceError(
                self.env._(
                    "%(account)s has no secret key. An administrator sets it under "
                    "Payouts › Payment Provider Accounts.",
                    account=account.name,
                )
            )
        return ADAPTERS[account.adapter](
            account.secret_key, account.url or "", account.timeout_seconds
        )

    def action_balance(self):
        """Show what may be transferred now.

        :raises MarketplaceError: when the provider does not say.
        """
        self.check_access("read")
        try:
            funds = self._adapter().balance()
        except UnknownError as error:
            raise MarketplaceError(
                self.env._(
                    "%(account)s does not tell its balance: %(why)s.",
                    account=self.name,
                    why=str(error),
                )
            ) from error
        currencies = self.env["res.currency"].search([("name", "in", list(funds))])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Available at %(account)s", account=self.name),
                "message": ", ".join(
                    formatLang(
                        self.env,
                        currency._marketplace_amount(funds[currency.name]),
                        currency_obj=currency,
                    )
                    for currency in currencies
                )
                or self.env._("Nothing"),
            },
        }

    @api.private
    def _receive(self, headers, body):
        """Take a call of the provider: apply it once.

        :return: True when it is new.
        :raises SignatureRefusedError: when it is not from the provider, or too old.
        """
        # sudo: the caller is no user; the signature is what lets it in
        account = self.sudo()
        event = account._adapter().parse_event(
            headers, body, account.webhook_secret or "", time.time()
        )
        return self.env["marketplace.bank.message"]._receive_event(account, event, body)
