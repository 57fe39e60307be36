"""Texts that several platforms write alike: times, and our reference in a reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime


def parse_time(text: str) -> datetime:
    """Read a time of ISO 8601; one without a zone is UTC.

    >>> parse_time("2026-11-23T10:35:21.151Z").isoformat()
    '2026-11-23T10:35:21.151000+00:00'
    >>> parse_time("2026-11-23T10:35:21").isoformat()
    '2026-11-23T10:35:21+00:00'
    >>> parse_time("2026-11-23T12:35:21+02:00").isoformat()
    '2026-11-23T10:35:21+00:00'
    """
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)


def write_reason(reason: str, our_ref: str) -> str:
    """Put our reference into a reason, where a refund has no better place for it."""
    return f"{reason} [{our_ref}]".strip()


def read_reason(text: str) -> tuple[str, str]:
    """Take reason and reference apart; staff write reasons without one.

    >>> read_reason(write_reason("too late", "refund-7"))
    ('too late', 'refund-7')
    >>> read_reason("too late [again]"), read_reason("")
    (('too late [again]', ''), ('', ''))
    """
    found = re.fullmatch(r"(.*?) ?\[(refund-\d+)\]", text, re.DOTALL)
    return (found[1], found[2]) if found else (text, "")
