"""Codes, transitions and limits of the catalogue. No odoo import."""

# Rows of one import, by file or by API, and size of its file in bytes.
OFFER_IMPORT_ROWS = 5000
OFFER_IMPORT_BYTES = 5 * 1024 * 1024

IMPORT_ORIGINS = [
    ("back_office", "Back office"),
    ("portal", "Vendor portal"),
    ("api", "API"),
]
IMPORT_STATES = [
    ("done", "Done"),
    ("partial", "Done, some lines refused"),
    ("refused", "Every line refused"),
]
ROW_RESULTS = [
    ("created", "Created"),
    ("updated", "Updated"),
    ("proposed", "Product proposed"),
    ("unchanged", "Unchanged"),
    ("refused", "Refused"),
]

PROPOSAL_KINDS = [("new", "New product"), ("change", "Change of a product")]
PROPOSAL_STATES = [
    ("draft", "Incomplete"),
    ("submitted", "To Review"),
    ("changes_requested", "Changes Requested"),
    ("confirmed", "Confirmed"),
    ("declined", "Declined"),
]
# target -> states it may be reached from
PROPOSAL_TRANSITIONS = {
    "submitted": {"draft", "changes_requested"},
    "changes_requested": {"submitted"},
    "confirmed": {"submitted"},
    "declined": {"draft", "submitted", "changes_requested"},
}
PROPOSAL_OPEN_STATES = ("draft", "submitted", "changes_requested")
# States in which the vendor may change what he proposed.
PROPOSAL_EDITABLE_STATES = ("draft", "changes_requested")

ASSORTMENT_MODES = [("allow", "May sell only"), ("deny", "May not sell")]

REVIEW_DECISIONS = [
    ("confirm", "Approve"),
    ("changes", "Ask for changes"),
    ("decline", "Refuse"),
]
# Decisions that nobody takes without a reason: the vendor reads it.
REVIEW_EXPLAINED = ("changes", "decline")

COMPLIANCE_KINDS = [
    ("eco", "Eco-contribution"),
    ("epr", "Producer number (EPR)"),
    ("gpsr", "Responsible person in the EU (GPSR)"),
    ("battery", "Battery document"),
    ("reach", "Chemical safety document (REACH)"),
    ("other", "Other document"),
]
# Kinds that are a paper; of the others, one is an amount and the rest are a text.
COMPLIANCE_PAPERS = ("battery", "reach", "other")
COMPLIANCE_EFFECTS = [("block", "Not sold without it"), ("warn", "Warning only")]
COMPLIANCE_STATES = [
    ("to_review", "To Review"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
]
# target -> states it may be reached from
COMPLIANCE_TRANSITIONS = {
    "accepted": {"to_review", "refused"},
    "refused": {"to_review", "accepted"},
}
