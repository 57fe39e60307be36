from . import (
    test_amendment,
    test_four_eyes,
    test_order_payout,
    test_payout_run,
    test_portal_statement,
    test_scenarios,
    test_settlement,
    test_statement,
    test_vendor_closing,
    test_vendor_suspension,
)
from . import test_frozen_line
from . import test_portal_home
from . import test_portal_downloads
from . import test_settlement_fee
