from . import (
    test_amendment,
    test_four_eyes,
    test_order_payout,
    test_payout_run,
    test_payout_run_work,
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
from . import test_dac7_figures
from . import test_annual_statement
from . import test_dac7_chase
from . import test_dac7_report
from . import test_direct_debit
from . import test_dispute_statement
from . import test_settlement_fee
from . import test_payout_answer
from . import test_payout_psp
from . import test_psp_report_fetch
from . import test_close, test_cutoff, test_roles, test_run_control
from . import test_alert, test_posting_catalogue
from . import test_reserve
from . import test_debt
from . import test_payout_request
from . import test_settlement_concurrency
from . import test_statement_histories
from . import test_worked_ledger
from . import test_close_unresolved
from . import test_payout_date_move
from . import test_accounting_import
from . import test_statement_service
from . import test_psp_clearing
from . import test_psp_fee_accrual
from . import test_payout_charge
from . import test_payout_foreign
from . import test_bank_file_log
from . import test_cash_vendor
from . import test_dac7_operator
from . import test_das2
