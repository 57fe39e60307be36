from . import portal
from . import portal_documents
from . import portal_offer_import
from . import portal_offers
from . import portal_orders
from . import portal_proposals
from . import portal_terms
from . import signup
