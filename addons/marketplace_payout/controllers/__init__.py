from . import portal
from . import psp_webhook
