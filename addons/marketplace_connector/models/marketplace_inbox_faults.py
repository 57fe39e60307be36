import logging

from psycopg2 import OperationalError

from odoo import models
from odoo.exceptions import ConcurrencyError, LockError

from ..adapters.errors import TransientError

_logger = logging.getLogger(__name__)

# Others are at work, or the database is not: the whole job is done again.
NO_FAULT_OF_A_MESSAGE = (ConcurrencyError, LockError, OperationalError)


class MarketplaceInbox(models.Model):
    """Say in words what is wrong with a message, and keep it from the others."""

    _inherit = "marketplace.inbox"

    def _together_or_apart(self, act):
        """Act on messages at once; when that breaks, on each by itself.

        Of a break nobody foresaw, nothing is left but the reason on the message that
        causes it, which is tried again a number of times.

        :param act: method of messages; returns messages, or None.
        :return: what the method returned, in one set.
        """
        if not self:
            return self
        try:
            with self.env.cr.savepoint():
                return act(self) or self.browse()
        except NO_FAULT_OF_A_MESSAGE:
            raise
        except Exception as error:
            if len(self) == 1:
                self._postpone_unforeseen(error)
                return self.browse()
        return self.browse().union(
            *(message._together_or_apart(act) for message in self)
        )

    def _postpone_unforeseen(self, error):
        _logger.exception("%s cannot be processed", self.display_name)
        reason = self.env._(
            "Unforeseen problem, see the log of the server. %(kind)s: %(text)s",
            kind=type(error).__name__,
            text=error,
        )
        self._postpone(TransientError(reason))

    def _quarantine_faults(self, faults):
        self.ensure_one()
        sentences = [self._describe_fault(fault) for fault in faults]
        self._close("quarantine", "\n".join(dict.fromkeys(sentences)))

    def _describe_fault(self, fault):
        """Say in words what is wrong, and what to do about it."""
        sentences = {
            "no_line": self.env._("The order has no line."),
            "line_twice": self.env._("Line %(ref)s comes twice."),
            "line_negative": self.env._("%(sku)s has a negative quantity or price."),
            "discount_above_line": self.env._(
                "%(sku)s is discounted by more than its price."
            ),
            "line_without_sku": self.env._("“%(name)s” is no product: it has no SKU."),
            "shipping_of_nothing": self.env._(
                "The delivery “%(name)s” carries no line."
            ),
            "total_gap": self.env._(
                "The total does not add up: the customer was charged %(claimed)s, the "
                "lines make %(computed)s."
            ),
            "refund_without_payment": self.env._(
                "Money was given back on payment %(ref)s, which the shop never "
                "captured."
            ),
            "refund_above_payment": self.env._(
                "More was given back on payment %(ref)s than it had brought."
            ),
            "other_currency": self.env._(
                "The order is in %(currency)s; the storefront sells in %(expected)s."
            ),
            "unknown_sku": self.env._(
                "No offer has the SKU %(sku)s (%(name)s). Create the offer, or correct "
                "its SKU, then replay."
            ),
            "sku_of_several": self.env._(
                "Several vendors sell under the SKU %(sku)s (%(name)s), and the shop's "
                "article is not one we pushed. Push the catalogue, then replay."
            ),
            "unknown_tax": self.env._(
                "The storefront maps no tax to “%(code)s” at %(rate)s %% "
                "(%(subject)s). Add it to the taxes of the storefront, then replay."
            ),
            "unknown_tax_rate": self.env._(
                "The storefront maps no tax, or several, to a rate of %(rate)s %% "
                "(%(subject)s), and the shop does not name the tax. Look at the taxes "
                "of the storefront, then replay."
            ),
            "fee_negative": self.env._("The fee “%(name)s” is negative."),
            "fee_without_product": self.env._(
                "The shop charges the fee “%(name)s”. Choose the product of fees on "
                "the storefront, then replay."
            ),
            "unknown_discount": self.env._(
                "Nobody is said to pay for the promotion “%(code)s”. Add it to the "
                "promotions of the storefront, then replay."
            ),
        }
        return sentences[fault.code] % self._format_fault_values(fault)

    def _format_fault_values(self, fault):
        currency = self.storefront_id.currency_id
        values = dict(fault.values)
        for name in {"claimed", "computed", "gap"} & values.keys():
            values[name] = currency.format(currency._marketplace_amount(values[name]))
        if "rate" in values:
            values["rate"] = f"{(values['rate'] * 100).normalize():f}"
        return values
