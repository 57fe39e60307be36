from . import test_inbox
from . import test_inbox_breaks
from . import test_outbox
from . import test_storefront
from . import test_tracking
from . import test_webhook
from . import test_push_price
from . import test_close
