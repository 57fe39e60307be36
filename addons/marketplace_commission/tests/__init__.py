from . import test_commission_parcels
from . import test_commission_plan
from . import test_commission_line
from . import test_commission_invoice
from . import test_price_parts
from . import test_commission_refusal
from . import test_vendor_document
