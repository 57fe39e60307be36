"""Direct debits: schemes, states, what their reason codes say. No odoo import."""

DEBIT_SCHEMES = [("CORE", "SEPA core"), ("B2B", "SEPA business to business")]
MANDATE_STATES = [("active", "In force"), ("revoked", "Revoked")]
MANDATE_TRANSITIONS = {"revoked": {"active"}}
DEBIT_RUN_STATES = [
    ("draft", "Draft"),
    ("approved", "Approved"),
    ("sent", "Sent to the Bank"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
DEBIT_RUN_TRANSITIONS = {
    "draft": {"approved"},
    "approved": {"draft"},
    "sent": {"approved"},
    "closed": {"sent"},
    "cancelled": {"draft", "approved"},
}
DEBIT_STATES = [
    ("draft", "Draft"),
    ("sent", "Sent to the Bank"),
    ("collected", "Collected"),
    ("failed", "Refused"),
    ("returned", "Returned"),
    ("cancelled", "Cancelled"),
]
DEBIT_TRANSITIONS = {
    "sent": {"draft"},
    "collected": {"sent", "failed"},
    "failed": {"sent"},
    "returned": {"collected"},
    "cancelled": {"draft"},
}
# A debit in one of these is on its way: its debt and its mandate have no other.
LIVE_STATES = ("draft", "sent")
# Days between the announcement to the vendor and the collection, unless agreed.
NOTICE_DAYS = 14
# Reasons after which a mandate is of no use: its account, or the mandate itself.
MANDATE_ENDING_CODES = {
    "AC01",
    "AC04",
    "AC06",
    "AC13",
    "AG01",
    "MD01",
    "MD02",
    "MD07",
    "SL01",
}
