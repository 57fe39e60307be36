"""Codes of the commission addon. No odoo import."""

FIXED_PER = [("line", "Order Line"), ("unit", "Unit"), ("order", "Vendor Order")]
BASE_TAXES = [("included", "VAT Included"), ("excluded", "VAT Excluded")]
TIER_MODES = [
    ("none", "No tiers"),
    ("whole", "Whole amount at the tier reached"),
    ("slice", "Each slice at its own rate"),
]
CURRENCY_FALLBACKS = [
    ("percentage", "Charge the percentage alone"),
    ("skip", "Leave the line to the next rule"),
]
ABOVE_NET = [
    ("allow", "Allow and flag"),
    ("cap", "Lower it to the credit"),
    ("block", "Refuse the order"),
]
REFUND_FIXED = [
    ("proportional", "Give it back in proportion"),
    ("last", "Give it back once nothing is left"),
    ("kept", "Keep it"),
]
CRITERION_DIMENSIONS = [
    ("condition", "Offer Condition"),
    ("channel", "Channel"),
    ("order_type", "Order Type"),
]
ORDER_TYPES = [("consumer", "Consumer"), ("business", "Business")]
LINE_KINDS = [
    ("commission", "Commission"),
    ("reversal", "Reversal"),
    ("override", "Correction"),
    ("restored", "Charged Again"),
]

# A change of one of these makes a new version of the rule.
TERM_FIELDS = frozenset(
    {
        "vendor_ids",
        "vendor_category_ids",
        "product_category_ids",
        "product_ids",
        "brand_ids",
        "condition_ids",
        "channel_ids",
        "order_type_ids",
        "order_currency_ids",
        "country_ids",
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
        "amount_ids",
        "currency_fallback",
        "tier_mode",
        "tier_ids",
        "base_before_vendor_discount",
        "base_after_marketplace_discount",
        "base_not_commissionable",
        "above_net",
        "refund_fixed",
    }
)
