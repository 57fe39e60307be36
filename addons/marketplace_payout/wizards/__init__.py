from . import (
    marketplace_bank_message_wizard,
    marketplace_payout_answer_wizard,
    marketplace_payout_wizard,
    marketplace_settlement_wizard,
    marketplace_vendor_transition,
)
