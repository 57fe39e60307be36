from . import portal_vendor_documents
