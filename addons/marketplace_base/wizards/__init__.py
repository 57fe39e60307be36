from . import marketplace_vendor_transition
