"""Pages of rows in order of a time, where the shop can only compare times.

Numbering pages misses rows: one that changes leaves its place and those behind move up.
So each page starts at the time of the last row of the page before, less one unit: some
rows come twice, which costs nothing, since they have the same digest.  Only when a
whole page falls into one instant are its rows counted, and then pages overlap by half.

A row may become visible later than the time it bears: when all is read, the next
reading starts ``overlap`` before the last row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..engine.contract import Document, Page


@dataclass(frozen=True, slots=True)
class Span:
    """Rows wanted: those between two times that do not belong to it.

    ``within`` tells that the rows are of one instant, in order of their ids, of which
    ``skip`` are read already; else they are in order of their time.
    """

    after: datetime | None
    before: datetime | None
    take: int
    skip: int = 0
    within: bool = False


@dataclass(frozen=True, slots=True)
class TimePages:
    """``unit`` is the step of the shop's times, ``overlap`` how late rows appear."""

    read: Callable[[Span], list[Document]]
    time_of: Callable[[Document], datetime]
    unit: timedelta
    overlap: timedelta

    def page(
        self,
        cursor: str,
        limit: int,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> Page:
        """Return the page that ``cursor`` stands before.

        :param after: where to start when the cursor is empty.
        :param before: where to end.
        """
        since, done = read_cursor(cursor)
        since = since or after
        if since and done is not None:
            return self._page_of_instant(since, done, limit, before)
        found = self.read(Span(since, before, limit))
        last = self.time_of(found[-1]) if found else since
        if len(found) < limit:
            following = last - self.overlap if last else None
            return Page(tuple(found), write_cursor(following), complete=True)
        step = last - self.unit
        if since is None or step > since:
            following = write_cursor(step)
        else:
            following = write_cursor(since, 0)
        return Page(tuple(found), following, complete=False)

    def _page_of_instant(
        self, since: datetime, done: int, limit: int, before: datetime | None
    ) -> Page:
        """Read a page of the rows of the two units that follow ``since``."""
        until = since + 2 * self.unit
        end = until + self.unit
        found = self.read(
            Span(since, min(end, before) if before else end, limit, done, within=True)
        )
        if len(found) == limit:
            following = write_cursor(since, done + max(1, limit // 2))
        else:
            following = write_cursor(until)
        return Page(tuple(found), following, complete=False)


def read_cursor(cursor: str) -> tuple[datetime | None, int | None]:
    """Read "time|rows read of the instant that follows", the rows only within one.

    >>> read_cursor(""), read_cursor("2026-01-05T10:00:00+00:00|20")[1]
    ((None, None), 20)
    >>> read_cursor("2026-01-05T10:00:00+00:00|")[1]
    """
    time, _bar, done = cursor.partition("|")
    return (datetime.fromisoformat(time) if time else None), int(done) if done else None


def write_cursor(since: datetime | None, done: int | None = None) -> str:
    time = since.astimezone(UTC).isoformat() if since else ""
    return f"{time}|{'' if done is None else done}"
