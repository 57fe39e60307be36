from . import (
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
from . import marketplace_reserve_terms
from . import marketplace_reserve
from . import marketplace_debt
from . import marketplace_debt_instalment
from . import marketplace_debt_posting
from . import settlement_carry
from . import payout_request
from . import expected_payout
from . import statement_question
from . import vendor_accounting_export
from . import payout_advice
