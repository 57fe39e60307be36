"""Codes and limits of prices and taxes of offers. No odoo import."""

# Where a change of price comes from; the first one when nobody says.
PRICE_CAUSES = [
    ("manual", "Back office"),
    ("portal", "Vendor portal"),
    ("api", "Vendor API"),
    ("import", "Import"),
    ("approval", "Approved change"),
    ("schedule", "Period started or ended"),
    ("tax", "Taxes changed"),
]
PRICE_CHANGE_STATES = [
    ("pending", "Waiting"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("replaced", "Replaced"),
]
# target -> states it may be reached from
PRICE_CHANGE_TRANSITIONS = {
    "approved": {"pending"},
    "refused": {"pending"},
    "replaced": {"pending"},
}
PRICE_LIMIT_POLICIES = [
    ("company", "As the company"),
    ("own", "Own limit"),
    ("none", "No limit"),
]
PRICE_LINE_STATES = [
    ("pending", "To Approve"),
    ("planned", "Planned"),
    ("running", "Running"),
    ("over", "Over"),
    ("refused", "Refused"),
]
PRICE_LINE_TRANSITIONS = {
    "pending": {"planned", "running", "over", "refused"},
    "planned": {"pending", "running", "over", "refused"},
    "running": {"pending", "planned", "over", "refused"},
    "over": {"pending", "planned", "running", "refused"},
    "refused": {"pending"},
}
# Offers whose prices one transaction of the schedule refreshes.
PRICE_BATCH = 500
