from . import (
    marketplace_bank_message_wizard,
    marketplace_payout_answer_wizard,
    marketplace_payout_wizard,
    marketplace_settlement_wizard,
    marketplace_vendor_transition,
)
from . import marketplace_close_reason
from . import payout_wizard_dry_run
from . import payout_wizard_settle
from . import marketplace_client_money
from . import marketplace_debt_wizard
