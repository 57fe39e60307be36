from . import (
    test_payout_run,
    test_portal_statement,
    test_scenarios,
    test_settlement,
    test_statement,
)
