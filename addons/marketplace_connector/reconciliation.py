"""Words and lists of the reconciliation. Causes come from ``engine/reconcile.py``."""

from odoo.tools.translate import LazyTranslate

# Sentences of module constants are translated where they are shown.
# pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

FLOWS = [
    ("order", "Orders"),
    ("capture", "Payments"),
    ("refund", "Refunds"),
    ("commission", "Commissions"),
    ("payout", "Payouts"),
]
GAP_STATES = [("open", "Open"), ("accepted", "Accepted"), ("closed", "Closed")]
# target -> states it may be reached from
GAP_TRANSITIONS = {
    "open": {"accepted", "closed"},
    "accepted": {"open"},
    "closed": {"open", "accepted"},
}
CAUSES = [
    ("order_missing", "Order not here"),
    ("order_quarantine", "Order in quarantine"),
    ("order_waiting", "Order waits to be imported"),
    ("order_ignored", "Order was ignored"),
    ("order_extra", "Order unknown to the shop"),
    ("order_deleted", "Order deleted in the shop"),
    ("order_changed", "Order changed after its import"),
    ("change_quarantine", "Change waits in the inbox"),
    ("order_amount", "Total differs"),
    ("capture_missing", "Payment not here"),
    ("capture_extra", "Payment unknown to the shop"),
    ("capture_amount", "Payment differs"),
    ("capture_unreported", "Payment not in the provider's reports"),
    ("capture_unknown", "Payment known to the provider only"),
    ("capture_amount_provider", "Provider took another amount"),
    ("capture_doubled_provider", "Provider charged twice"),
    ("refund_missing", "Refund not here"),
    ("refund_extra", "Refund unknown to the shop"),
    ("refund_amount", "Refund differs"),
    ("refund_unsent", "Shop not told of the refund"),
    ("refund_doubled", "Refunded twice here"),
    ("refund_doubled_shop", "Refunded twice in the shop"),
    ("refund_unreported", "Refund not in the provider's reports"),
    ("refund_unknown", "Refund known to the provider only"),
    ("refund_amount_provider", "Provider gave back another amount"),
    ("refund_doubled_provider", "Provider refunded twice"),
    ("commission_missing", "No commission on an order"),
    ("commission_ledger", "Commission document and ledger differ"),
    ("commission_untold", "Shop not told of a commission document"),
    ("payout_ledger", "Payout and ledger differ"),
    ("payout_untold", "Shop not told of a payout"),
    ("payout_unreported", "Payout not in the provider's reports"),
    ("payout_unknown", "Payout known to the provider only"),
    ("payout_amount_provider", "Provider paid another amount"),
    ("payout_doubled_provider", "Provider paid out twice"),
]

# cause -> method of the gap that mends it; the others are for a person.
FIXES = {
    "order_missing": "_fix_read_again",
    "order_quarantine": "_fix_replay",
    "order_waiting": "_fix_replay",
    "order_ignored": "_fix_replay",
    "order_deleted": "_fix_read_again",
    "order_changed": "_fix_read_again",
    "change_quarantine": "_fix_replay",
    "capture_missing": "_fix_read_again",
    "refund_missing": "_fix_read_again",
    "refund_doubled_shop": "_fix_read_again",
    "refund_unsent": "_fix_send",
    "commission_missing": "_fix_charge",
    "commission_untold": "_fix_tell",
    "payout_untold": "_fix_tell",
}

_READ = _lt("Read the order again: one click.")
_TELL = _lt("Tell the shop: one click.")
_PROVIDER_ONLY = _lt(
    "Look the reference up at the provider. If the order is in no shop, give the money "
    "back there."
)
_OTHER_AMOUNT = _lt(
    "Compare with the provider's dashboard, then book the difference on the line of "
    "its report."
)
_TWICE = _lt("Have the provider reverse one of them.")
_WAIT = _lt(
    "Its reports went past that day without it. Ask the provider, or import the report "
    "that is missing."
)
ADVICE = {
    "order_missing": _READ,
    "order_quarantine": _lt("Mend what its message says, then replay: one click."),
    "order_waiting": _lt("Import it now: one click. Is the job runner running?"),
    "order_ignored": _lt("Replay it if it is a sale: one click. Otherwise accept."),
    "order_extra": _lt("The shop never told of it: cancel or refund it here."),
    "order_deleted": _lt("Cancel or refund it here if it is no sale; or accept."),
    "order_changed": _READ,
    "change_quarantine": _lt("Decide on its message in the inbox, then replay."),
    "order_amount": _lt(
        "The order was amended here, and the shop does not know: amend it there, or "
        "take the amendment back."
    ),
    "capture_missing": _READ,
    "capture_extra": _lt("Compare with the shop: refund it, or record it there."),
    "capture_amount": _lt("Compare with the provider: one of both is wrong."),
    "capture_unreported": _WAIT,
    "capture_unknown": _PROVIDER_ONLY,
    "capture_amount_provider": _OTHER_AMOUNT,
    "capture_doubled_provider": _TWICE,
    "refund_missing": _READ,
    "refund_extra": _lt("Give the money back in the shop too, or accept."),
    "refund_amount": _lt("Compare with the provider: one of both is wrong."),
    "refund_unsent": _lt("Send it to the shop again: one click."),
    "refund_doubled": _lt(
        "The customer was credited twice here, once in the shop. Ask the accountant "
        "to correct one of them."
    ),
    "refund_doubled_shop": _lt(
        "The shop gave the same amount back twice. Read the order again to record it, "
        "or have the customer pay it back."
    ),
    "refund_unreported": _WAIT,
    "refund_unknown": _PROVIDER_ONLY,
    "refund_amount_provider": _OTHER_AMOUNT,
    "refund_doubled_provider": _TWICE,
    "commission_missing": _lt("Charge it: one click."),
    "commission_ledger": _lt("Open the document and its ledger lines: ask support."),
    "commission_untold": _TELL,
    "payout_ledger": _lt("Open the payout run and its entries: ask support."),
    "payout_untold": _TELL,
    "payout_unreported": _WAIT,
    "payout_unknown": _lt("Somebody paid at the provider by hand: record it here."),
    "payout_amount_provider": _OTHER_AMOUNT,
    "payout_doubled_provider": _TWICE,
}
