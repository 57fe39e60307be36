from . import portal
from . import portal_documents
from . import portal_offers
from . import portal_orders
from . import portal_acceptance
from . import portal_messages
from . import portal_terms
from . import signup
