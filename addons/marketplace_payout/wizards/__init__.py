from . import (
    marketplace_payout_wizard,
    marketplace_settlement_wizard,
    marketplace_vendor_transition,
)
from . import marketplace_debt_wizard
