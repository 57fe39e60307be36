"""Is a translated document made of what the contract says?

Adapters copy much as the shop wrote it.  A shop that suddenly writes a text for an
amount is found here, for every platform alike, before anything counts with it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any


def find_misfit(value: Any) -> str:
    """Return the path of the first part of another type than declared, or "".

    >>> from decimal import Decimal
    >>> from .contract import Discount, Line, Tax
    >>> line = Line("1", "CUP", "", "Cup", 2, 999, 1998)
    >>> find_misfit(line)
    ''
    >>> find_misfit(dataclasses.replace(line, unit_price="9.99"))
    'unit_price'
    >>> nothing = Tax("VAT", Decimal("0.2"), None)
    >>> find_misfit(dataclasses.replace(line, taxes=(nothing,)))
    'taxes.0.amount'
    >>> find_misfit(dataclasses.replace(line, quantity=True))
    'quantity'
    """
    for name, look in _looks(type(value)):
        if (path := look(getattr(value, name))) is not None:
            return f"{name}.{path}" if path else name
    return ""


# A look returns None for what fits, else the path to what does not within it.
_Look = Callable[[Any], str | None]


@cache
def _looks(kind: type) -> tuple[tuple[str, _Look], ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        (field.name, _look_for(hints[field.name])) for field in dataclasses.fields(kind)
    )


def _look_for(hint: Any) -> _Look:
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _look_at_items(_look_for(typing.get_args(hint)[0]))
    if origin in (types.UnionType, typing.Union):
        looks = [_look_for(option) for option in typing.get_args(hint)]
        return lambda value: None if any(look(value) is None for look in looks) else ""
    if dataclasses.is_dataclass(hint):
        return lambda value: (
            find_misfit(value) or None if isinstance(value, hint) else ""
        )
    # A truth value is an int to Python, and no number to anybody else.
    return lambda value: (
        None
        if isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
        else ""
    )


def _look_at_items(look: _Look) -> _Look:
    def look_at_all(value: Any) -> str | None:
        if not isinstance(value, tuple):
            return ""
        for rank, item in enumerate(value):
            if (path := look(item)) is not None:
                return f"{rank}.{path}" if path else str(rank)
        return None

    return look_at_all
