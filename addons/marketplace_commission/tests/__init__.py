from . import test_commission_invoice
from . import test_commission_line
from . import test_commission_plan
from . import test_commission_terms
from . import test_refund_policy
from . import test_commission_tools
from . import test_fee
from . import test_commission_override
