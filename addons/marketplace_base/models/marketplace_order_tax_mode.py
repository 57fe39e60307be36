"""Purchases told without VAT, and VAT that must agree with the prices."""

from collections.abc import Mapping
from decimal import Decimal

from ..engine.tax_mode import tax_total, to_gross

TAX_MODES = ("included", "excluded")


class TaxModeChecker:
    """Mix into the checker of purchases; it has ``env``, ``taxes``, ``currencies``."""

    def _rate(self, item):
        """Return the rate of a line or a delivery as a fraction."""
        return sum(
            (Decimal(str(self.taxes[tax_id].amount)) for tax_id in item["tax_ids"]),
            Decimal(0),
        ) / Decimal(100)

    def _included(self, payload):
        """Return (problems, the payload with amounts that include VAT)."""
        mode = payload.get("tax_mode") or "included"
        if mode == "included":
            return [], payload
        if mode not in TAX_MODES:
            return [self.env._("Unknown tax mode “%(mode)s”.", mode=mode)], payload
        if payload.get("discounts") or payload.get("bundles"):
            return [
                self.env._(
                    "An order without VAT in its prices tells discounts and prices "
                    "line by line."
                )
            ], payload
        shippings = payload.get("shippings") or ()
        silent = [
            item["name"]
            for item in [*payload["lines"], *shippings]
            if item.get("tax_minor") is None
        ]
        if silent:
            return [
                self.env._(
                    "The prices have no VAT in them and these say none beside: "
                    "%(names)s.",
                    names=", ".join(silent),
                )
            ], payload
        return [], {
            **payload,
            "tax_mode": "included",
            "lines": [self._included_line(line) for line in payload["lines"]],
            "shippings": [
                {**item, "amount_minor": item["amount_minor"] + item["tax_minor"]}
                for item in shippings
            ],
        }

    def _included_line(self, line: Mapping):
        discounts = line.get("discounts") or ()
        gross, parts = to_gross(
            line["gross_minor"],
            [discount["amount_minor"] for discount in discounts],
            line["tax_minor"],
            self._rate(line),
        )
        return {
            **line,
            "gross_minor": gross,
            "discounts": [
                {**discount, "amount_minor": part}
                for discount, part in zip(discounts, parts, strict=True)
            ],
        }

    def _told_taxes(self, payload, result):
        """Check that VAT told by the storefront is what the prices contain.

        Extracted once per seller and rate from what the customer pays.
        """
        shippings = payload.get("shippings") or ()
        items = [*payload["lines"], *shippings]
        told = [item.get("tax_minor") for item in items]
        if None in told or not told:
            return []
        by_ref = {item["ref"]: item for item in shippings}
        found = tax_total(
            [
                (line.seller, self._rate(item), line.charged)
                for item, line in zip(payload["lines"], result.lines, strict=True)
            ]
            + [
                (share.seller, self._rate(by_ref[share.ref]), share.amount)
                for share in result.shippings
                if not share.funded
            ]
        )
        gap = sum(told) - found
        tolerance = payload.get("tolerance_minor", 0)
        if abs(gap) <= tolerance + payload.get("tax_tolerance_minor", 0):
            return []
        currency = self.currencies[payload["currency_id"]]

        def money(minor):
            return currency.format(currency._marketplace_amount(minor))

        return [
            self.env._(
                "The VAT does not agree: the storefront says %(told)s, the prices "
                "contain %(found)s, a difference of %(gap)s.",
                told=money(sum(told)),
                found=money(found),
                gap=money(gap),
            )
        ]
