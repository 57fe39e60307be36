"""What can go wrong between us and a shop.  The class says what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ShopError(Exception):
    """Base of everything an adapter raises; its text is fit for a person."""


class AuthError(ShopError):
    """The shop refuses our credentials or rights: stop and tell somebody."""


class ThrottledError(ShopError):
    """The shop asks for patience: try again after ``wait_seconds``."""

    def __init__(self, message: str, wait_seconds: int):
        super().__init__(message)
        self.wait_seconds = wait_seconds


class TransientError(ShopError):
    """Nothing was done and it may work later: try again."""


class UnknownOutcomeError(ShopError):
    """A write may or may not have been done: read back before trying again."""


class InvalidError(ShopError):
    """The shop understood and refuses: trying again is useless."""


class SignatureError(ShopError):
    """A webhook is not from the shop, or is too old."""


class DocumentError(ShopError):
    """A document of the shop is not in the form we know."""


@contextmanager
def reading_order() -> Iterator[None]:
    """Say what an order lacks or has of the wrong form.

    :raises DocumentError: for whatever a reader stumbles over.
    """
    try:
        yield
    except KeyError as error:
        raise DocumentError(f"The order says nothing we know of {error}.") from error
    except (
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
        IndexError,
    ) as error:
        raise DocumentError(f"The order cannot be read: {error}.") from error
