from . import portal
from . import portal_documents
from . import portal_offers
from . import portal_orders
from . import portal_services
from . import portal_terms
from . import signup
