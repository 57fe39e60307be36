from . import marketplace_recover_order
