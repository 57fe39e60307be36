from . import portal_vendor_documents
from . import portal_self_bills
