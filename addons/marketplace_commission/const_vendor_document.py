"""Codes and limits of the documents in a vendor's name. No odoo import."""

DOCUMENT_KINDS = [("invoice", "Invoice"), ("credit_note", "Credit Note")]
NATURES = [
    ("goods", "Goods"),
    ("services", "Services"),
    ("mixed", "Goods and services"),
]
# UNCL 5305, those that a marketplace meets.
VAT_CATEGORIES = [
    ("S", "Standard or reduced rate"),
    ("Z", "Zero rate"),
    ("E", "Exempt"),
    ("AE", "Reverse charge"),
    ("K", "Intra-Community supply"),
    ("G", "Export"),
]
# When the invoice of a vendor order is issued.
DOCUMENT_TRIGGERS = [
    ("capture", "Once the customer has paid"),
    ("shipment", "Once all is shipped"),
    ("delivery", "Once all is delivered"),
    ("manual", "By hand only"),
]
PRIVATE_DOCUMENTS = [("none", "No document"), ("receipt", "Receipt without VAT")]
# What a vendor says of a document made under his mandate.
ACCEPTANCES = [
    ("open", "May Be Contested"),
    ("accepted", "Accepted"),
    ("tacit", "Accepted by Silence"),
    ("contested", "Contested"),
    ("answered", "Objection Answered"),
]
# What becomes of a bill that its vendor contests.
CONTEST_OUTCOMES = [
    ("stands", "The Bill Stands"),
    ("credited", "Credit the Bill: the Vendor Bills Himself"),
]
# Where a vendor order stands with its document.
ORDER_DOCUMENT_STATES = [
    ("issued", "Issued"),
    ("blocked", "Blocked"),
    ("none", "No Document"),
]

# Orders or refunds whose documents are issued by one transaction of the job.
ISSUE_BATCH = 100
# Documents printed by one transaction of the job: a third of a second each.
PRINT_BATCH = 20
# Days a vendor has to contest a document, unless the mandate says else.
CONTEST_DAYS = 30
# Characters of a vendor's reason.
CONTEST_REASON_MAX = 1000
