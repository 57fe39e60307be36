import logging
from datetime import timedelta

from werkzeug.exceptions import TooManyRequests

from odoo import api, fields, models

from ..exceptions import MarketplaceError

_logger = logging.getLogger(__name__)

TOKEN_PREFIX = "mkp"
KEYS_PER_VENDOR_MAX = 20
KEY_DAYS_MAX = 365
# Calls of one key in one minute of the clock.
CALLS_PER_MINUTE = 120


class MarketplaceVendorApiKey(models.Model):
    """Key of a vendor's program: one vendor, some roles, one user who answers for it.

    Odoo keeps the secret itself (``res.users.apikeys``, hashed), under a scope of this
    key alone: the key opens no other door of Odoo, and no other key opens this one.
    """

    _name = "marketplace.vendor.api.key"
    _description = "Vendor API Key"
    _inherit = "marketplace.vendor.role.mixin"
    _order = "id desc"

    name = fields.Char(
        required=True, help="What uses the key, for example: stock sync."
    )
    vendor_user_id = fields.Many2one(
        "marketplace.vendor.user",
        string="On Behalf Of",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        help="The key never does more than this person may.",
    )
    vendor_id = fields.Many2one(
        related="vendor_user_id.vendor_id", store=True, index=True
    )
    user_id = fields.Many2one(related="vendor_user_id.user_id")
    date_expiry = fields.Datetime(string="Expires On", required=True, readonly=True)
    date_last_use = fields.Datetime(
        string="Last Used",
        readonly=True,
        help="Calls refused for being too many count as well.",
    )
    date_window = fields.Datetime(readonly=True, help="Minute that the calls are of.")
    call_count = fields.Integer(
        string="Calls in That Minute", readonly=True, aggregator=None
    )

    # -- CRUD -----------------------------------------------------------------------

    def unlink(self):
        """Forget the secrets first: a key is revoked at once."""
        # sudo: whoever may delete the key revokes it
        secrets = self.env["res.users.apikeys"].sudo()
        secrets.search([("scope", "in", [key._scope() for key in self])]).unlink()
        return super().unlink()

    @api.model
    def _generate(self, member, name, roles, days):
        """Return a new key of a member, in sudo, and its token, shown this once.

        :param days: after which it expires, at most ``KEY_DAYS_MAX``.
        :raises MarketplaceError: when something of it is missing or too much.
        """
        # sudo: the caller is the member's own page
        keys = self.sudo()
        if not name:
            raise MarketplaceError(self.env._("Say what the key is for."))
        if not roles:
            raise MarketplaceError(self.env._("Choose at least one role."))
        if not 1 <= days <= KEY_DAYS_MAX:
            raise MarketplaceError(
                self.env._("A key lasts from 1 to %(limit)s days.", limit=KEY_DAYS_MAX)
            )
        vendor = member.vendor_id
        if keys.search_count([("vendor_id", "=", vendor.id)]) >= KEYS_PER_VENDOR_MAX:
            raise MarketplaceError(
                self.env._(
                    "%(vendor)s has %(limit)s keys, more are not possible. Revoke "
                    "those that are not used.",
                    vendor=vendor.name,
                    limit=KEYS_PER_VENDOR_MAX,
                )
            )
        expiry = fields.Datetime.now() + timedelta(days=days)
        key = keys.create(
            {
                "name": name,
                "vendor_user_id": member.id,
                "date_expiry": expiry,
                **{f"is_{role}": True for role in roles},
            }
        )
        secret = (
            self.env["res.users.apikeys"]
            .with_user(member.user_id)
            .sudo()
            ._generate(key._scope(), name, expiry)
        )
        return key, f"{TOKEN_PREFIX}_{key.id}_{secret}"

    def _scope(self):
        return f"{self._name}:{self.id}"

    # -- use ------------------------------------------------------------------------

    @api.model
    def _authenticate(self, token):
        """Return the key of a token, in sudo; empty when it is none, or is over.

        :raises TooManyRequests: when the key has made its calls of this minute.
        """
        keys = self.sudo()
        prefix, _sep, rest = token.partition("_")
        number, _sep, secret = rest.partition("_")
        if prefix != TOKEN_PREFIX or not secret:
            return keys.browse()
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            return keys.browse()
        key = keys.browse(int(number)).exists()
        if not key:
            return key
        user_id = self.env["res.users.apikeys"]._check_credentials(
            scope=key._scope(), key=secret
        )
        if user_id != key.user_id.id or key.date_expiry < fields.Datetime.now():
            return keys.browse()
        key._count_call()
        return key

    def _count_call(self):
        """Count a call within the minute of the clock, whatever becomes of the call.

        :raises TooManyRequests: above ``CALLS_PER_MINUTE``.
        """
        now = fields.Datetime.now()
        window = now.replace(second=0)
        # A transaction of its own: refused calls count, and no call holds the row.
        with self.env.registry.cursor() as cr:
            cr.execute(
                "UPDATE marketplace_vendor_api_key SET date_last_use = %s, call_count ="
                " CASE WHEN date_window = %s THEN call_count + 1 ELSE 1 END,"
                " date_window = %s WHERE id = %s RETURNING call_count",
                [now, window, window, self.id],
            )
            [count] = cr.fetchone() or [0]
        if count > CALLS_PER_MINUTE:
            _logger.info("vendor API key %s: too many calls", self.id)
            raise TooManyRequests(
                self.env._(
                    "This key may make %(limit)s calls a minute. Wait, and send "
                    "changes together.",
                    limit=CALLS_PER_MINUTE,
                ),
                retry_after=60 - now.second,
            )

    def action_revoke(self):
        """End the keys at once."""
        self.unlink()
        return {"type": "ir.actions.client", "tag": "soft_reload"}


class MarketplaceVendorUser(models.Model):
    _inherit = "marketplace.vendor.user"

    def unlink(self):
        """Revoke the keys of who leaves."""
        # sudo: whoever may take the access away takes it from the programs too
        keys = self.env["marketplace.vendor.api.key"].sudo()
        keys.search([("vendor_user_id", "in", self.ids)]).unlink()
        return super().unlink()
