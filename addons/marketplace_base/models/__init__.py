from . import res_currency
from . import res_company
from . import res_config_settings
from . import marketplace_account_role
from . import marketplace_ledger_line
from . import marketplace_ledger_posting
from . import marketplace_psp_settlement
from . import marketplace_tie_out
