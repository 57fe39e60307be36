"""Say why the day on which a line is paid has moved."""

# Why a day moved, and what the vendor is told.
MOVE_CAUSES = [
    ("shipped", "The parcel was shipped"),
    ("delivered", "The delivery is known"),
    ("incident", "An incident was opened"),
    ("incident_closed", "The incident was closed"),
    ("blocked", "Your payouts were put on hold"),
    ("released", "Your payouts go on"),
    ("carried", "The statement paid nothing and carried its balance forward"),
    ("settled", "A statement took it up"),
    ("paid", "The transfer was ordered"),
    ("came_back", "The transfer did not arrive"),
    ("nothing", "Refunded or cancelled: nothing is left to pay"),
    ("manual", "Your statements are made by hand now"),
    ("terms", "The calendar or the delays of your contract changed"),
    ("late", "The day went by without a payout"),
]
_BEFORE = {"incident": "incident_closed", "blocked": "released", "paid": "came_back"}
_NOW = {
    "incident": "incident",
    "blocked": "blocked",
    "carried": "carried",
    "statement": "settled",
    "paid": "paid",
    "nothing": "nothing",
    "manual": "manual",
    "way": "shipped",
    "delay": "delivered",
    "delivery": "shipped",
    "due": "delivered",
}


def move_cause(before: str, now: str, is_over: bool = False) -> str:
    """Return why an expected day moved, from the reasons of the old and the new one.

    What begins weighs more than what ended: an incident opened while payouts were on
    hold is the incident.

    :param before: reason of the old day, ``now`` of the new one.
    :param is_over: whether the old day has gone by.

    >>> move_cause("way", "due"), move_cause("due", "incident")
    ('delivered', 'incident')
    >>> move_cause("incident", "due"), move_cause("due", "due")
    ('incident_closed', 'terms')
    >>> move_cause("statement", "statement", is_over=True)
    'late'
    """
    if before == now:
        return "late" if is_over else "terms"
    if now in ("incident", "blocked", "nothing", "paid"):
        return _NOW[now]
    if before in _BEFORE:
        return _BEFORE[before]
    return _NOW.get(now, "terms")
