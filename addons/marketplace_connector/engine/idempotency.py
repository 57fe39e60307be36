"""Fingerprints: has this been seen, has this been sent."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any


def fingerprint(value: Any, ignore: Collection[str] = ()) -> str:
    """Return the SHA-256 of what ``value`` means, in hexadecimal.

    Key order, spacing and the keys named in ``ignore`` (at any depth) do not count;
    the order of lists does.  Dataclasses, decimals, enums and times are accepted.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    >>> a, b = {"id": 1, "seen": "10:00"}, {"id": 1, "seen": "10:01"}
    >>> fingerprint(a) == fingerprint(b), fingerprint(a, {"seen"}) == fingerprint(
    ...     b, {"seen"}
    ... )
    (False, True)
    >>> fingerprint([1, 2]) == fingerprint([2, 1])
    False
    """
    plain = _plain(value, frozenset(ignore))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any, ignore: frozenset[str]) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {
            str(key): _plain(item, ignore)
            for key, item in value.items()
            if key not in ignore
        }
    if isinstance(value, list | tuple):
        return [_plain(item, ignore) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return value
