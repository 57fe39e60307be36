from datetime import timedelta

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import InvalidError
from ..engine.contract import TaxMode

# Webhooks are refused five minutes from our time; before that somebody should know.
CLOCK_SKEW = timedelta(seconds=60)


class MarketplaceStorefront(models.Model):
    """Be sure that it is the right shop, and that it calls us."""

    _inherit = "marketplace.storefront"

    shop_ref = fields.Char(
        string="Identity of the Shop",
        readonly=True,
        copy=False,
        help="What no other shop has. Once orders were exchanged, only this shop is "
        "connected here.",
    )

    def action_test_connection(self):
        """Log in to the shop and say what it is, and what is not as it should be."""
        self.ensure_one()
        info = None
        with self._problems_reported():
            info = self._get_adapter().check()
            self._check_identity(info)
            self._transition("connected", {"shop_ref": info.ref})
            self._ensure_webhooks()
        if info is None or self.error:
            return self._notify(self.error, "danger")
        answers = self.env._("%(storefront)s answers.", storefront=self.name)
        warnings = self._get_warnings(info)
        return self._notify(
            " ".join([answers, *warnings]), "warning" if warnings else "success"
        )

    def _check_identity(self, info):
        """Refuse another shop than that of the orders, and the wrong kind of shop.

        :raises InvalidError: in words.
        """
        bound = self.env["marketplace.binding"].search_count(
            [("storefront_id", "=", self.id)], limit=1
        )
        if self.shop_ref and bound and info.ref != self.shop_ref:
            raise InvalidError(
                self.env._(
                    "This is another shop than the one whose orders are here: make a "
                    "storefront of its own for it."
                )
            )
        if info.is_production is False and not self.is_sandbox:
            raise InvalidError(
                self.env._(
                    "This is a test shop: mark it as one, or enter the address of the "
                    "real shop."
                )
            )
        if info.is_production and self.is_sandbox:
            raise InvalidError(
                self.env._("This is a real shop, and it is marked as a test shop.")
            )

    def _get_warnings(self, info):
        """Return, in words, what of a shop that answers is not as it should be."""
        warnings = []
        if info.is_set_up and info.currency != self.currency_id.name:
            warnings.append(
                self.env._(
                    "The shop sells in %(shop)s and the company keeps its books in "
                    "%(company)s: push the set-up before anything else.",
                    shop=info.currency,
                    company=self.currency_id.name,
                )
            )
        if info.is_set_up and info.tax_mode is not TaxMode(self.tax_mode):
            modes = dict(self._fields["tax_mode"]._description_selection(self.env))
            warnings.append(
                self.env._(
                    "Prices in the shop: “%(shop)s”, here: “%(ours)s”. Push the "
                    "set-up, or change it here.",
                    shop=modes[info.tax_mode.value],
                    ours=modes[self.tax_mode],
                )
            )
        if abs(info.clock_skew) > CLOCK_SKEW:
            warnings.append(
                self.env._(
                    "The clocks differ by %(seconds)s seconds: webhooks will be "
                    "refused. Set the clock that is wrong.",
                    seconds=int(abs(info.clock_skew).total_seconds()),
                )
            )
        # sudo: whether there is a secret is no secret
        if not self.sudo().webhook_secret:
            warnings.append(
                self.env._(
                    "There is no webhook secret: only pulling brings orders, later."
                )
            )
        return warnings

    def _ensure_webhooks(self):
        """Have the shop call us, where it takes registrations from outside.

        Shops drop registrations that failed for a while: called from time to time.
        """
        self.ensure_one()
        adapter = self._get_adapter()
        # sudo: the credentials are the administrator's
        secret = self.sudo()
        if adapter.capabilities.registers_webhooks and secret.webhook_secret:
            adapter.ensure_webhooks(secret.webhook_url, secret.webhook_secret)

    def write(self, vals):
        """Keep real sales and tests apart: the kind of a shop with orders is fixed."""
        if "is_sandbox" in vals:
            changed = self.filtered(lambda shop: shop.is_sandbox != vals["is_sandbox"])
            for storefront in changed:
                if storefront._has_orders():
                    raise MarketplaceError(
                        self.env._(
                            "%(storefront)s has orders: whether they are real sales "
                            "cannot be changed any more.",
                            storefront=storefront.name,
                        )
                    )
        return super().write(vals)
