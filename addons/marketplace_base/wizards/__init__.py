from . import marketplace_cancel_units
from . import marketplace_vendor_import
from . import marketplace_vendor_simulation
from . import marketplace_vendor_transition
