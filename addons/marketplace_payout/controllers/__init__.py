from . import portal
from . import portal_payout_request
