from . import portal
from . import portal_offers
from . import portal_orders
