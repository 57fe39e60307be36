from . import (
    cash_commission,
    marketplace_contract,
    marketplace_ledger_line,
    marketplace_payout,
    marketplace_payout_run,
    marketplace_payout_send,
    marketplace_settlement,
    marketplace_settlement_cron,
    marketplace_settlement_run,
    marketplace_settlement_statement,
    marketplace_settlement_unpaid,
    marketplace_vendor_history,
    payout_block,
    res_company,
    res_config_settings,
    res_groups,
    res_partner,
    res_users,
    sale_order,
    vendor_closing,
)
from . import marketplace_settlement_hold
from . import marketplace_vendor_user
from . import vendor_next_payout
from . import ledger_yearly_figures
from . import marketplace_dac7_line
from . import marketplace_dac7_report
from . import marketplace_dac7_prepare
from . import marketplace_dac7_file
from . import res_company_dac7
from . import dac7_seller
from . import marketplace_dac7_reminder
from . import dac7_statement
from . import payout_answer
from . import payout_failure
from . import payout_rail
from . import payee_name_check
from . import marketplace_bank_message
from . import marketplace_payout_provider
from . import psp_report_fetch
from . import payout_psp
from . import bank_line_match
from . import marketplace_cutoff
from . import res_company_close
from . import marketplace_close
from . import marketplace_close_check
from . import marketplace_close_registry
from . import marketplace_close_trace
from . import close_unresolved
from . import marketplace_settlement_tie_out
from . import res_company_control
from . import payout_run_control
from . import payout_run_work
from . import marketplace_payout_reveal
from . import marketplace_duty_conflict
from . import marketplace_posting_catalogue
from . import marketplace_cash_forecast
from . import marketplace_alert
from . import marketplace_reserve_terms
from . import marketplace_reserve
from . import marketplace_debt
from . import marketplace_debt_instalment
from . import marketplace_debt_posting
from . import dispute_written_off
from . import debit_mandate
from . import debit_run
from . import debit
from . import debit_debt
from . import debit_ledger
from . import settlement_carry
from . import payout_request
from . import expected_payout
from . import payout_date_move
from . import statement_question
from . import vendor_accounting_export
from . import payout_advice
from . import psp_transfer_match
from . import psp_bank_line
from . import close_psp_clearing
from . import psp_fee_accrual
from . import payout_charge
from . import das2
from . import dac7_operator
from . import dac7_test_file
from . import payout_foreign
from . import bank_file_log
from . import debit_bank_message
