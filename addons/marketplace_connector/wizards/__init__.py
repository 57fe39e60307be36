from . import marketplace_recover_order
from . import marketplace_reconcile
