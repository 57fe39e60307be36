from odoo import models


class MarketplaceInbox(models.Model):
    """Say in words what is wrong with a document of a shop."""

    _inherit = "marketplace.inbox"

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
            "tax_excluded": self.env._(
                "Prices of the shop do not include taxes; push the set-up to the shop."
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
