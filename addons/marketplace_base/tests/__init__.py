from . import test_ledger
from . import test_vendor
from . import test_contract
from . import test_offer
from . import test_portal
from . import test_order_import
