from . import marketplace_recover_order
from . import marketplace_reconcile
from . import marketplace_inbox_repair
