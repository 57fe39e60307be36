"""Codes, transitions and limits of the connector. No odoo import."""

STOREFRONT_STATES = [
    ("draft", "Not Connected"),
    ("connected", "Connected"),
    ("refused", "Access Refused"),
]
# target -> states it may be reached from
STOREFRONT_TRANSITIONS = {
    "draft": {"connected", "refused"},
    "connected": {"draft", "refused"},
    "refused": {"draft", "connected"},
}

INBOX_STATES = [
    ("new", "To Process"),
    ("retry", "To Retry"),
    ("quarantine", "Quarantine"),
    ("done", "Done"),
    ("ignored", "Ignored"),
]
INBOX_TRANSITIONS = {
    "new": {"retry", "quarantine", "done", "ignored"},  # a replay
    "retry": {"new"},
    "quarantine": {"new", "retry"},
    "done": {"new", "retry"},
    "ignored": {"new", "retry", "quarantine"},
}
INBOX_KINDS = [("event", "Webhook"), ("order", "Order")]
INBOX_SOURCES = [("webhook", "Webhook"), ("poll", "Pull")]

OUTBOX_STATES = [
    ("pending", "To Send"),
    ("retry", "To Retry"),
    ("done", "Sent"),
    ("failed", "Refused"),
    ("cancelled", "Cancelled"),
]
OUTBOX_TRANSITIONS = {
    "pending": {"failed", "cancelled"},  # sent again by hand
    "retry": {"pending"},
    "done": {"pending", "retry", "failed"},  # overtaken by a later one
    "failed": {"pending", "retry"},
    "cancelled": {"pending", "retry", "failed"},
}
OUTBOX_KINDS = [
    ("vendor", "Vendor"),
    ("offer", "Offer"),
    ("fulfilment", "Shipment"),
    ("refund", "Refund"),
    ("cancellation", "Cancellation"),
    ("settlement", "Statement"),
]

CATALOGUE_KINDS = ("vendor", "offer")  # sent by the page, the others one by one

BINDING_TYPES = [
    ("vendor", "Vendor"),
    ("offer", "Offer"),
    ("order", "Order"),
    ("customer", "Customer"),
    ("address", "Address"),
    ("statement", "Statement"),
    ("invoice", "Commission Invoice"),
    ("payout", "Payout"),
]

PARCEL_STATES = ("shipped", "delivered")  # of shipments, as the shop is told

PROCESS_BATCH = 100  # messages handled by one transaction
LOAD_OFFERS = 500  # compared and sent by one job of a load
PAGES_PER_JOB = 20  # pages of the shop read by one job; the next job goes on
REREAD_DAYS = 30  # finished orders read again, for refunds that nobody told us of
REREAD_MINUTES = 60  # between two such readings by the scheduled action
LOCK_SECONDS = 5  # before a job looks again for records another one holds
RETRY_SECONDS = 60  # before the second attempt; doubled at each one
RETRY_SECONDS_MAX = 3600
ATTEMPTS_MAX = 12  # about eight hours; then a person decides
WEBHOOK_BYTES_MAX = 256 * 1024
ERROR_CHARS_MAX = 2000
