"""Codes and limits of the controls of payout runs. No odoo import."""

# What differs from the run before, the gravest first.
DIFFERENCE_KINDS = [
    ("account", "Other account than last time"),
    ("first", "Never paid before"),
    ("amount", "Much more than last time"),
    ("back", "Not in the last run"),
    ("gone", "No longer paid"),
]
# An amount above so many times the one before stands out.
DIFFERENCE_FACTOR = 3

CLIENT_MONEY_CONTROLS = [
    ("none", "No control"),
    ("warn", "Warn"),
    ("block", "Refuse the run"),
]
# Payouts in one of these states have left, or were ordered.
PAID_STATES = ("sent", "confirmed")
