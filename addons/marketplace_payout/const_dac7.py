"""Codes, transitions and limits of the yearly DAC7 report. No odoo import."""

DAC7_PROFILES = [("fr", "France (DGFiP)"), ("oecd", "OECD DPI XML 1.0")]
DAC7_TYPES = [("new", "First Report"), ("correction", "Correction"), ("nil", "Nil")]
DAC7_STATES = [
    ("draft", "Draft"),
    ("generated", "File Made"),
    ("filed", "Filed"),
    ("corrected", "Corrected"),
]
# target -> states it may be reached from
DAC7_TRANSITIONS = {
    "generated": {"draft"},
    "draft": {"generated"},
    "filed": {"generated"},
    "corrected": {"filed"},
}
# MessageTypeIndic of each type.
DAC7_MESSAGE_TYPES = {"new": "DPI401", "correction": "DPI402", "nil": "DPI403"}

DAC7_DECISIONS = [("reported", "Reported"), ("excluded", "Not Reported")]
DAC7_REASONS = [
    ("no_activity", "No sale in the year"),
    ("public", "Public body"),
    ("listed", "Listed company or affiliate of one"),
    ("not_resident", "Not resident in the European Union"),
    ("small", "Fewer than 30 sales and not more than 2,000 EUR"),
]
# Directive 2011/16, annex V, section I B 4 d: both, in one year.
DAC7_SMALL_SALES = 30
DAC7_SMALL_EUR = 2000

# What a correction does to what was filed about a seller.
DAC7_CHANGES = [
    ("new", "New"),
    ("corrected", "Corrected"),
    ("deleted", "Deleted"),
    ("same", "Unchanged"),
]

# Relation of the operator to the country it reports to (element Nexus).
DAC7_NEXUS = [
    ("RPONEX1", "Resident for tax"),
    ("RPONEX2", "Incorporated there"),
    ("RPONEX3", "Managed from there"),
    ("RPONEX4", "Permanent establishment"),
    ("RPONEX5", "Facilitates rentals there, not established in the EU"),
]

DAC7_BLOCKS = [
    ("off", "Do not remind"),
    ("none", "Only remind"),
    ("payout", "Hold payouts"),
    ("sale", "Suspend the vendor"),
]
DAC7_REMINDERS = [("first", "First Reminder"), ("second", "Second Reminder")]
# Annex V, section IV A 2: after two reminders, and not before 60 days.
DAC7_BLOCK_DAYS = 60
DAC7_REMINDER_DAYS = 30
# Vendors reminded, and statements mailed, by one transaction of a job.
DAC7_BATCH = 100

# (first year, EUR with VAT) above which commissions to one payee are declared on the
# French form DAS2: CGI article 240, BOFiP of 12 February 2025.
DAS2_THRESHOLDS = [(2024, 2400), (2014, 1200)]
