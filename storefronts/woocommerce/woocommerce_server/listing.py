"""Collections: filters, order and pages that all resources share."""

import math
from datetime import UTC, datetime

from .errors import ApiError

PER_PAGE_MAX = 100
TRUE = {"1", "true", "yes", True}


def is_true(value):
    return value in TRUE


def ids_of(value):
    """Read "1,2" or a list."""
    if value is None or value == "":
        return []
    items = value if isinstance(value, list) else str(value).split(",")
    return [int(item) for item in items]


def words_of(value):
    items = value if isinstance(value, list) else str(value).split(",")
    return [item for item in items if item]


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=UTC)


def in_span(args, rows):
    """Keep what lies within the four bounds; none of them belongs to the span."""
    spans = (
        ("after", "before", "date_created_gmt"),
        ("modified_after", "modified_before", "date_modified_gmt"),
    )
    for after, before, key in spans:
        if args.get(after):
            bound = time_of(args[after])
            rows = [row for row in rows if time_of(row[key]) > bound]
        if args.get(before):
            bound = time_of(args[before])
            rows = [row for row in rows if time_of(row[key]) < bound]
    return rows


def page(args, rows, keys=None, default=("date", "desc")):
    """Return (rows of the page, headers).

    :param keys: {orderby: function of a row}.
    """
    if include := ids_of(args.get("include")):
        rows = [row for row in rows if row["id"] in include]
    if exclude := ids_of(args.get("exclude")):
        rows = [row for row in rows if row["id"] not in exclude]
    per_page = int(args.get("per_page", 10))
    if not 1 <= per_page <= PER_PAGE_MAX:
        raise ApiError("rest_invalid_param", "Invalid parameter(s): per_page", 400)
    orderby = args.get("orderby", default[0])
    descending = args.get("order", default[1]) == "desc"
    if orderby == "include":
        rows = sorted(rows, key=lambda row: include.index(row["id"]))
    elif keys and orderby in keys:
        rows = sorted(rows, key=keys[orderby], reverse=descending)
    elif orderby == "id" or not keys:
        rows = sorted(rows, key=lambda row: row["id"], reverse=descending)
    else:
        raise ApiError("rest_invalid_param", "Invalid parameter(s): orderby", 400)
    total = len(rows)
    number = int(args.get("page", 1))
    start = int(args["offset"]) if "offset" in args else (number - 1) * per_page
    headers = {
        "X-WP-Total": str(total),
        "X-WP-TotalPages": str(math.ceil(total / per_page)),
    }
    return rows[start : start + per_page], headers
