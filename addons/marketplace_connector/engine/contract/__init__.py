"""What adapters and the connector say to each other.

Every platform is translated into these values, and nothing behind the adapter
knows which platform they came from.  Conventions, for the whole module:

* money is an ``int`` in minor units of the order's currency;
* a rate is a ``Decimal`` fraction (20 % is ``Decimal("0.2")``);
* a time is an aware ``datetime`` in UTC;
* a reference (``ref``) is a ``str``: the shop's own identifier in what comes from the
  shop, ours in what goes there, except for ``order_ref``, ``line_ref`` and
  ``payment_ref`` of commands, which say what in the shop they are about;
* ``amount`` follows the order's :class:`TaxMode`, ``taxes`` stand beside it;
* a discount is positive and lowers the price;
* an order is one purchase of one customer: a platform that splits purchases by vendor
  gives the whole, with the payments that cover it.
"""

from .command import (
    CancelCommand,
    FulfilmentCommand,
    Offer,
    RefundCommand,
    ShippingMethod,
    ShopSettings,
    TaxClass,
    Vendor,
    VendorRecord,
)
from .order import (
    Address,
    Customer,
    Discount,
    Fee,
    Hold,
    Incident,
    Line,
    LineQuantity,
    Message,
    Order,
    Payment,
    Refund,
    Return,
    Shipping,
    Tax,
)
from .shop import (
    Bulk,
    Capabilities,
    Document,
    Event,
    Page,
    Result,
    ShopInfo,
)
from .shown import ShownOffer
from .states import (
    FulfilmentState,
    OrderState,
    PaymentKind,
    PaymentState,
    RecordKind,
    RefundModel,
    RefundState,
    TaxMode,
)

__all__ = [
    "Address",
    "Bulk",
    "CancelCommand",
    "Capabilities",
    "Customer",
    "Discount",
    "Document",
    "Event",
    "Fee",
    "FulfilmentCommand",
    "FulfilmentState",
    "Hold",
    "Incident",
    "Line",
    "LineQuantity",
    "Message",
    "Offer",
    "Order",
    "OrderState",
    "Page",
    "Payment",
    "PaymentKind",
    "PaymentState",
    "RecordKind",
    "Refund",
    "RefundCommand",
    "RefundModel",
    "RefundState",
    "Result",
    "Return",
    "Shipping",
    "ShippingMethod",
    "ShopInfo",
    "ShopSettings",
    "ShownOffer",
    "Tax",
    "TaxClass",
    "TaxMode",
    "Vendor",
    "VendorRecord",
]
