"""What a vendor's program may do: ``POST /json/2/marketplace.vendor.api/<method>``.

An addon adds an action by inheriting ``marketplace.vendor.api``::

    @vendor_action("orders")
    def accept_order(self, member, order_id):
        member._get_owned("sale.order", order_id)._vendor_accept()
        return {"order_id": order_id}

``member`` is how the key's user belongs to the key's vendor (superuser record); the
caller never sends it. Records are loaded through it alone, answers are plain JSON.
"""

import inspect
from functools import wraps

from odoo import models
from odoo.exceptions import AccessError
from odoo.http import request

from ..exceptions import MarketplaceError
from .marketplace_vendor_user import VENDOR_ROLES

API_MODEL = "marketplace.vendor.api"
# Where the authenticated key is kept during a request: no client can set it.
KEY_ATTRIBUTE = "marketplace_vendor_api_key_id"
PAGE_MAX = 200


def vendor_action(role):
    """Make a method of the vendor API public to keys with a role.

    :param role: of ``VENDOR_ROLES``, or "any".
    """

    def decorate(method):
        @wraps(method)
        def call(self, **kwargs):
            member = self._api_member(role)
            # The context of a call is the client's: defaults and flags stay outside.
            member = member.with_env(self.env(su=True, context=self._api_context()))
            return method(self.with_env(member.env(su=False)), member, **kwargs)

        signature = inspect.signature(method)
        # What a client sends: all but the member.
        parameters = list(signature.parameters.values())
        call.__signature__ = signature.replace(
            parameters=[parameters[0], *parameters[2:]]
        )
        call.marketplace_role = role
        return call

    return decorate


def integer(env, name, value, low, high):
    """Return a whole number a client sent.

    :raises MarketplaceError: when it is none from ``low`` to ``high``.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        value = None
    if value is None or not low <= value <= high:
        raise MarketplaceError(
            env._(
                "“%(name)s” is a whole number from %(low)s to %(high)s.",
                name=name,
                low=low,
                high=high,
            )
        )
    return value


class MarketplaceVendorApi(models.AbstractModel):
    """The gate of the vendor API; its actions are in the files beside."""

    _name = API_MODEL
    _description = "Vendor API"

    def _api_context(self):
        return {"lang": self.env.user.lang, "tz": self.env.user.tz}

    def _api_member(self, role):
        """Return how the caller belongs to the vendor of his key, in sudo.

        :raises AccessError: without a vendor API key, or when key or user lack the
            role, or the vendor has no portal any more.
        """
        key = self._api_key()
        if not key.exists() or key.user_id != self.env.user:
            raise AccessError(self.env._("The vendor API needs a vendor API key."))
        member = key.vendor_user_id
        if member not in member._of_user(self.env.user):
            raise AccessError(
                self.env._("This key belongs to a vendor without portal.")
            )
        if role != "any" and not self._api_has_role(member, role):
            raise AccessError(
                self.env._(
                    "This needs the role %(role)s, for the key “%(key)s” and for "
                    "%(user)s.",
                    role=member._fields[f"is_{role}"]._description_string(self.env),
                    key=key.name,
                    user=member.user_id.name,
                )
            )
        return member

    def _api_key(self):
        """Return the key that authenticated this request, in sudo, or an empty set."""
        key_id = getattr(request, KEY_ATTRIBUTE, None) if request else None
        # sudo: a key may look at itself
        return self.env["marketplace.vendor.api.key"].sudo().browse(key_id or [])

    def _api_has_role(self, member, role):
        """Tell whether both the key and its user have a role."""
        return self._api_key()._has_role(role) and member._has_role(role)

    def _api_page(self, member, model_name, domain, order, limit, offset):
        """Return one page of the vendor's records, and how many there are."""
        limit = integer(self.env, "limit", limit, 1, PAGE_MAX)
        offset = integer(self.env, "offset", offset, 0, 2**31 - 1)
        model, domain = member._search_owned(model_name, domain)
        return (
            model.search(domain, order=order, limit=limit, offset=offset),
            model.search_count(domain),
        )

    def _api_get(self, member, model_name, record_id):
        """Return a record of the vendor by the id a client sent; see the gate."""
        record_id = integer(self.env, "id", record_id, 1, 2**31 - 1)
        return member._get_owned(model_name, record_id)

    def _api_amount(self, amount, currency):
        """Return an amount as text with the decimals of its currency."""
        return f"{currency.round(amount):.{currency.decimal_places}f}"

    def _api_date(self, value):
        return value.isoformat() if value else None

    @vendor_action("any")
    def whoami(self, member):
        """Return whom the key acts for."""
        key = self._api_key()
        return {
            "vendor": {
                "code": member.vendor_id.vendor_code,
                "name": member.vendor_id.name,
                "state": member.vendor_id.vendor_state,
            },
            "user": member.login,
            "key": key.name,
            "expires": self._api_date(key.date_expiry),
            "roles": [
                role for role in VENDOR_ROLES if self._api_has_role(member, role)
            ],
        }

    @vendor_action("owner")
    def list_users(self, member):
        """Return who acts for the vendor."""
        model, domain = member._search_owned("marketplace.vendor.user", [])
        return [
            {
                "id": user.id,
                "name": user.user_id.name,
                "login": user.login,
                "roles": [role for role in VENDOR_ROLES if user[f"is_{role}"]],
                "last_seen": self._api_date(user.login_date),
            }
            for user in model.search(domain)
        ]

    @vendor_action("finance")
    def get_balances(self, member):
        """Return the vendor's balances, one row per company and currency."""
        return [
            {
                "company": row["company"].name,
                "currency": row["currency"].name,
                **{
                    name: self._api_amount(row[name], row["currency"])
                    for name in ("pending", "due", "reserved", "in_payment", "paid")
                },
                "next_payout": row["next_payout"]
                and {
                    "date": self._api_date(row["next_payout"]["date"]),
                    "amount": self._api_amount(
                        row["next_payout"]["amount"], row["currency"]
                    ),
                },
            }
            for row in member.vendor_id._vendor_portal_balances()
        ]
