from . import marketplace_catalogue_review
from . import marketplace_offer_import_wizard
from . import marketplace_vendor_import
from . import marketplace_vendor_simulation
from . import marketplace_vendor_transition
from . import marketplace_mass_action
from . import marketplace_vendor_account
