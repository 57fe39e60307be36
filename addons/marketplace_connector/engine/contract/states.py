"""The words that documents and commands share."""

from __future__ import annotations

from enum import Enum


class TaxMode(str, Enum):
    """Whether the shop's amounts contain the tax."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class OrderState(str, Enum):
    OPEN = "open"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class PaymentState(str, Enum):
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"


class PaymentKind(str, Enum):
    PROVIDER = "psp"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    CASH_ON_DELIVERY = "cash_on_delivery"


class RefundState(str, Enum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class FulfilmentState(str, Enum):
    SHIPPED = "shipped"
    DELIVERED = "delivered"


class RefundModel(str, Enum):
    """What a refund ordered by us tells the shop."""

    LINES = "lines"  # pieces and amount
    AMOUNT = "amount"  # the amount alone


class RecordKind(str, Enum):
    """What a vendor finds in the back office and the shop may link to."""

    INVOICE = "invoice"  # of the commission
    CREDIT_NOTE = "credit_note"
    STATEMENT = "statement"
    PAYOUT = "payout"
