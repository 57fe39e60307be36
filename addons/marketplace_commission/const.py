"""Codes of the commission addon. No odoo import."""

FIXED_PER = [("line", "Order Line"), ("unit", "Unit")]
BASE_TAXES = [("included", "VAT Included"), ("excluded", "VAT Excluded")]
LINE_KINDS = [("commission", "Commission"), ("reversal", "Reversal")]

# A change of one of these makes a new version of the rule.
TERM_FIELDS = frozenset(
    {
        "vendor_ids",
        "vendor_category_ids",
        "product_category_ids",
        "product_ids",
        "price_from",
        "price_to",
        "date_from",
        "date_to",
        "rate",
        "amount_fixed",
        "fixed_per",
        "amount_min",
        "amount_max",
        "base_tax",
        "base_shipping",
        "rate_shipping",
    }
)
