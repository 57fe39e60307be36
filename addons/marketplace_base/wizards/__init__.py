from . import marketplace_hold_wizard
from . import marketplace_line_refusal
from . import marketplace_message_compose
from . import marketplace_vendor_import
from . import marketplace_vendor_simulation
from . import marketplace_vendor_transition
