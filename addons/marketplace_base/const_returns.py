"""Codes, transitions and limits of returns, incidents and refunds. No odoo import."""

RETURN_STATES = [
    ("requested", "Requested"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
    ("in_transit", "In Transit"),
    ("received", "Received"),
    ("compliant", "Compliant"),
    ("non_compliant", "Not Compliant"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
# target -> states it may be reached from; a refusal and a bad check can be overruled
RETURN_TRANSITIONS = {
    "accepted": {"requested", "refused"},
    "refused": {"requested"},
    "in_transit": {"accepted"},
    "received": {"accepted", "in_transit"},
    "compliant": {"received", "non_compliant"},
    "non_compliant": {"received"},
    "closed": {"compliant", "non_compliant"},
    "cancelled": {"requested", "accepted", "in_transit"},
}
# States in which units of a return may still be refunded through it.
RETURN_LIVE_STATES = ("requested", "accepted", "in_transit", "received", "compliant")
# States whose units never were, or no longer are, in a return.
RETURN_VOID_STATES = ("refused", "cancelled")
# From which step on the customer is refunded -> states that allow the refund.
RETURN_REFUND_FROM = [
    ("in_transit", "Once it is sent back"),
    ("received", "Once it is received"),
    ("compliant", "Once it is checked"),
]
RETURN_REFUND_STATES = {
    "in_transit": ("in_transit", "received", "compliant"),
    "received": ("received", "compliant"),
    "compliant": ("compliant",),
}
RETURN_REASONS = [
    ("withdrawal", "Customer withdrew"),
    ("defective", "Defective or damaged"),
    ("wrong_item", "Wrong or not as described"),
    ("other", "Other"),
]
PARTIES = [("vendor", "Vendor"), ("customer", "Customer"), ("operator", "Operator")]
RETURN_DISPOSALS = [("restock", "Back on sale"), ("destroy", "Destroyed")]

# Who is answerable for what a refund or a return is about.
REASON_FAULTS = {
    "withdrawal": "customer",
    "defective": "vendor",
    "wrong_item": "vendor",
    "not_received": "vendor",
    "out_of_stock": "vendor",
    "goodwill": "operator",
}
DEFAULT_FAULT = "customer"

# Days to withdraw after delivery: directive 2011/83/EU, article 9.
WITHDRAWAL_DAYS = 14

INCIDENT_STATES = [
    ("open", "Open"),
    ("released", "Released"),
    ("refunded", "Refunded"),
]
INCIDENT_TRANSITIONS = {"released": {"open"}, "refunded": {"open"}}
INCIDENT_REASONS = [
    ("not_received", "Not received"),
    ("defective", "Defective or damaged"),
    ("wrong_item", "Wrong or not as described"),
    ("incomplete", "Incomplete"),
    ("fraud", "Suspected fraud"),
    ("other", "Other"),
]
INCIDENT_DAYS = 7
# (last day of the band, code, label) of the list of frozen money
FROZEN_AGES = [
    ("0", "Up to 7 days"),
    ("1", "8 to 30 days"),
    ("2", "31 to 60 days"),
    ("3", "Over 60 days"),
]
