"""Keep credentials to the administrator, change them safely, never mix two shops."""

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import InvalidError, ShopError
from .marketplace_storefront import ADMIN

SECRET_BYTES = 32
# A shop goes on signing with the old secret until somebody enters the new one there.
GRACE = timedelta(hours=24)
# A write of one of these may lead to another shop.
ACCESS_FIELDS = {"url", "username", "password", "adapter"}
SECRET_FIELDS = ("password", "webhook_secret", "webhook_secret_old", "webhook_key")
MASK = "•••"


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    # Not in exports, copies, logs or the chatter; only administrators read them.
    username = fields.Char(copy=False, exportable=False)
    password = fields.Char(exportable=False)
    webhook_key = fields.Char(exportable=False)
    webhook_secret = fields.Char(exportable=False)
    webhook_url = fields.Char(exportable=False)
    webhook_secret_old = fields.Char(groups=ADMIN, copy=False, exportable=False)
    date_secret_old = fields.Datetime(
        string="Old Secret Taken Until", groups=ADMIN, copy=False, readonly=True
    )
    is_access_new = fields.Boolean(
        copy=False,
        readonly=True,
        help="The access was changed: which shop it leads to is looked at before "
        "anything else is exchanged.",
    )

    @api.constrains("url")
    def _check_url(self):
        """Refuse credentials where everybody reads them, and other than web addresses.

        :raises MarketplaceError: naming the storefront.
        """
        for storefront in self:
            parts = urlsplit(storefront.url)
            if parts.username or parts.password:
                raise MarketplaceError(
                    self.env._(
                        "%(storefront)s: user name and password have fields of their "
                        "own; take them out of the address.",
                        storefront=storefront.name,
                    )
                )
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise MarketplaceError(
                    self.env._(
                        "%(storefront)s: “%(url)s” is no web address.",
                        storefront=storefront.name,
                        url=storefront.url,
                    )
                )

    def write(self, vals):
        """Look at the shop again when the access to it was changed."""
        if ACCESS_FIELDS & vals.keys():
            vals = {**vals, "is_access_new": True}
        return super().write(vals)

    def _check_identity(self, info):
        res = super()._check_identity(info)
        self.is_access_new = False
        return res

    def _is_right_shop(self):
        """Tell whether the access still leads to the shop it led to; stop otherwise."""
        self.ensure_one()
        if not self.is_access_new or not self.shop_ref:
            return True
        try:
            info = self._get_adapter().check()
        except ShopError as error:
            self._record_problem(error)
            return False
        try:
            self._check_identity(info)
        except InvalidError as error:
            self._record_problem(error)
            if self._transition("refused"):
                self._activity_refused(str(error))
            return False
        return True

    def _job_pull_orders(self, reread=True):
        return super()._job_pull_orders(reread) if self._is_right_shop() else None

    def _job_process_inbox(self):
        return super()._job_process_inbox() if self._is_right_shop() else None

    def _job_send_outbox(self):
        return super()._job_send_outbox() if self._is_right_shop() else None

    def _job_reconcile(self, start, end):
        return super()._job_reconcile(start, end) if self._is_right_shop() else None

    def _job_find_conflicts(self):
        return super()._job_find_conflicts() if self._is_right_shop() else None

    # -- words of errors ---------------------------------------------------------------

    def _record_problem(self, error):
        """Keep secrets out of what is shown, mailed and logged."""
        text = self._mask_secrets(str(error))
        if text != str(error):
            error.args = (text, *error.args[1:])
        return super()._record_problem(error)

    def _mask_secrets(self, text):
        # sudo: the secrets are taken out, not shown
        secret = self.sudo()
        for name in SECRET_FIELDS:
            if secret[name]:
                text = text.replace(secret[name], MASK)
        return text

    # -- rotation ----------------------------------------------------------------------

    def action_rotate_secret(self):
        """Make a new webhook secret; the old one is taken for a day.

        A shop that takes registrations from outside is told at once.
        """
        self.ensure_one()
        self.check_access("write")
        old = self.webhook_secret
        self.write(
            {
                "webhook_secret_old": old,
                "webhook_secret": secrets.token_urlsafe(SECRET_BYTES),
                "date_secret_old": old and fields.Datetime.now() + GRACE,
            }
        )
        self.message_post(
            body=self.env._(
                "%(user)s renewed the webhook secret.", user=self.env.user.name
            )
        )
        if self.state == "connected":
            with self._problems_reported():
                self._ensure_webhooks()
        return self._notify(
            self.env._(
                "There is a new secret. Enter it in the shop within a day, unless the "
                "shop is told by itself."
            ),
            "info",
        )

    def _get_webhook_secrets(self):
        """Return the secrets that sign calls now, the new one first."""
        self.ensure_one()
        current = [self.webhook_secret or ""]
        if self.webhook_secret_old and self.date_secret_old > fields.Datetime.now():
            current.append(self.webhook_secret_old)
        return current


class MarketplaceLoad(models.Model):
    _inherit = "marketplace.load"

    def _job_load(self):
        return super()._job_load() if self.storefront_id._is_right_shop() else None
