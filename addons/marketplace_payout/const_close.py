"""Codes, transitions and limits of the period close. No odoo import."""

CLOSE_STATES = [("open", "Open"), ("closed", "Closed"), ("reopened", "Reopened")]
# target -> states it may be reached from
CLOSE_TRANSITIONS = {"closed": {"open", "reopened"}, "reopened": {"closed"}}

CLOSE_EVENTS = [
    ("closed", "Closed"),
    ("reopened", "Reopened"),
    ("waived", "Check waived"),
    ("waiver_void", "Waiver void"),
]
CHECK_STATES = [("ok", "In order"), ("open", "Open"), ("waived", "Waived")]

CLOSE_LOCKS = [
    ("none", "No lock date"),
    ("sale", "Sales lock date"),
    ("fiscalyear", "Sales and global lock dates"),
]
# Lock dates of Odoo that each choice moves to the last day of the period.
LOCK_FIELDS = {
    "none": (),
    "sale": ("sale_lock_date",),
    "fiscalyear": ("sale_lock_date", "fiscalyear_lock_date"),
}

# Day of the next month until which the period should be closed.
CLOSE_DAY = 10
# Records that a check names in words.
CHECK_NAMES = 10
# Days before the period from which paid orders are looked at.
CLOSE_LOOKBACK_DAYS = 60
