"""Codes, transitions and limits of settlements and payouts. No odoo import."""

PAYOUT_CALENDARS = [
    ("daily", "Every day"),
    ("weekly", "Every week, from Monday"),
    ("dekad", "On the 1st, 11th and 21st"),
    ("half_month", "On the 1st and 16th"),
    ("monthly", "Once a month"),
    ("manual", "By hand only"),
]

SETTLEMENT_STATES = [
    ("confirmed", "To Pay"),
    ("netted", "Taken Back"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
# target -> states it may be reached from
SETTLEMENT_TRANSITIONS = {
    "confirmed": {"netted", "closed"},
    "netted": {"confirmed"},
    "closed": {"confirmed"},
    "cancelled": {"confirmed", "netted", "closed"},
}

RUN_STATES = [
    ("draft", "Draft"),
    ("checked", "Checked"),
    ("approved", "Approved"),
    ("sent", "Sent"),
    ("confirmed", "Confirmed"),
    ("partly_failed", "Partly Failed"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
RUN_TRANSITIONS = {
    "draft": {"checked", "approved"},
    "checked": {"draft"},
    "approved": {"checked"},
    "sent": {"approved"},
    "confirmed": {"sent"},
    "partly_failed": {"sent", "confirmed"},
    "closed": {"sent", "confirmed", "partly_failed"},
    "cancelled": {"draft", "checked", "approved"},
}

PAYOUT_STATES = [
    ("excluded", "Not Paid"),
    ("draft", "To Pay"),
    ("sent", "Sent"),
    ("unresolved", "Unresolved"),
    ("confirmed", "Paid"),
    ("failed", "Failed"),
    ("returned", "Returned"),
    ("cancelled", "Cancelled"),
]

PAYOUT_TRANSITIONS = {
    "sent": {"draft"},
    "unresolved": {"sent"},
    "confirmed": {"sent", "unresolved"},
    "failed": {"sent", "unresolved"},
    "returned": {"confirmed"},
    "cancelled": {"draft"},
}

# Why a closing balance is carried forward instead of paid.
CARRY_REASONS = [
    ("threshold", "Below the payout minimum"),
    ("negative", "Negative balance"),
]
# Why a vendor of a run is not paid by it.
EXCLUSION_REASONS = [
    ("hold", "Payouts on hold"),
    ("incomplete_kyc", "Identity not verified"),
    ("dac7", "Tax data missing"),
    ("no_mandate", "Billing mandate missing"),
    ("no_iban", "No bank account"),
    ("untrusted_iban", "Bank account not approved, or changed lately"),
    ("payee_data", "Payee data refused by banks"),
    ("payee_name", "Name of the payee not confirmed by his bank"),
    ("no_psp_account", "No account at the payment provider"),
    *CARRY_REASONS,
]

# What happens to the payouts of a vendor while he is suspended.
SUSPENSION_PAYOUTS = [("continue", "Continue"), ("hold", "Hold")]

PAYOUT_POSTINGS = [
    ("transit", "Through the transit account"),
    ("bank", "Straight to the bank account"),
]

# Vendors settled by one transaction of the nightly job.
SETTLE_BATCH_VENDORS = 100
# Vendors settled, or payouts reconciled, by one transaction of a payout run.
WORK_BATCH = 200
# Statements notified by one transaction of the mailing job.
NOTIFY_BATCH_SETTLEMENTS = 100
