"""Ways money leaves, what banks and providers answer, limits. No odoo import."""

RAILS = [
    ("sepa", "Bank transfer (SEPA file)"),
    ("foreign", "Bank transfer outside SEPA (list)"),
    ("psp", "Payment provider"),
]

PAIN_SCHEMAS = [
    ("pain.001.001.09", "pain.001.001.09"),
    ("pain.001.001.03", "pain.001.001.03, of banks not on 2019's version yet"),
]

# States in which a payout waits for an answer.
WAITING_STATES = ("sent", "unresolved")

MESSAGE_KINDS = [
    ("pain.002", "Status report (pain.002)"),
    ("camt.053", "Account statement (camt.053)"),
    ("camt.054", "Debit and credit notice (camt.054)"),
    ("psp", "Webhook of the payment provider"),
]
ANSWER_KINDS = [
    ("accepted", "Accepted"),
    ("booked", "Paid"),
    ("rejected", "Refused"),
    ("returned", "Returned"),
]
OUTCOMES = [
    ("applied", "Applied"),
    ("known", "Nothing new"),
    ("other", "Not a payout"),
    ("problem", "Problem"),
]

# Bytes of one bank message, and of one call of a provider.
MESSAGE_BYTES_MAX = 20_000_000
WEBHOOK_BYTES_MAX = 256_000
# Seconds between a call's own clock and ours, either way.
WEBHOOK_TOLERANCE_SECONDS = 300
# Transfers ordered at a provider by one run of the job.
TRANSFER_BATCH = 200
# Failures in a row after which a vendor's payouts are held.
ATTEMPTS_MAX = 3

NAME_POLICIES = [("pay", "Pay"), ("warn", "Pay and warn"), ("exclude", "Do not pay")]
