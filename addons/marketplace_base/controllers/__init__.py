from . import portal
from . import portal_api_keys
from . import portal_documents
from . import portal_offers
from . import portal_orders
from . import portal_terms
from . import portal_users
from . import signup
