from . import (
    test_amendment,
    test_four_eyes,
    test_payout_run,
    test_portal_statement,
    test_scenarios,
    test_settlement,
    test_statement,
    test_vendor_closing,
    test_vendor_suspension,
)
