from . import portal
from . import psp_webhook
from . import portal_payout_request
from . import portal_question
from . import portal_accounting
