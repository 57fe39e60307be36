"""What a payment method of the shop is, where the storefront says so.

Shops know their methods by codes of their own; which of them is paid at the door is
for the storefront's mapping to say, not for an adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .contract import Order, PaymentKind

# Why a shop keeps an order back that waits for its money.
UNPAID = "payment"


def method_key(code: str) -> str:
    """Return a method's code as it is compared: shops change capitals and blanks.

    >>> method_key(" Cash on Delivery (COD)") == method_key("cash on delivery (cod)")
    True
    """
    return " ".join(code.split()).casefold()


def with_kinds(order: Order, kinds: Mapping[str, PaymentKind]) -> Order:
    """Return the order with the kind of each payment, as the storefront maps it.

    One that is paid at the door waits for no payment: a hold for that is dropped. What
    an adapter knows by itself stays.

    :param kinds: by :func:`method_key` of the method.
    """
    payments = tuple(
        replace(payment, kind=kinds[method_key(payment.method)])
        if payment.kind is PaymentKind.PROVIDER and method_key(payment.method) in kinds
        else payment
        for payment in order.payments
    )
    order = replace(order, payments=payments)
    if order.hold and order.hold.reason == UNPAID and order.is_cash_on_delivery:
        return replace(order, hold=None)
    return order
