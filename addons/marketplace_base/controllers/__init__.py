from . import portal
from . import portal_documents
from . import portal_offers
from . import portal_orders
from . import portal_terms
from . import signup
from . import portal_returns
from . import portal_incidents
