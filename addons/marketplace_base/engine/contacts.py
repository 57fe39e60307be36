"""Find and mask the e-mail addresses and phone numbers of a message. Pure."""

import re

import phonenumbers

# What stands where a contact was.
MASK = "•••"
# An "at" and a "dot" as people write them to get past a filter.
_AT = r"(?:@|\s*[\[({]\s*(?:at|a|arobase|chez)\s*[\])}]\s*|\s+(?:at|arobase)\s+)"
_DOT = r"(?:\.|\s*[\[({]\s*(?:dot|point|punkt)\s*[\])}]\s*|\s+(?:dot|point)\s+)"
_EMAIL = re.compile(
    rf"[\w.+-]+{_AT}[\w-]+(?:{_DOT}[\w-]+)*{_DOT}[a-z]{{2,24}}\b", re.IGNORECASE
)


def find_contacts(text: str, region: str | None = None) -> list[tuple[int, int]]:
    """Return where contacts are: (start, end) of each, in order, not overlapping.

    :param region: country (ISO 3166 alpha-2) that national numbers are of; without it
        only international numbers are found.

    >>> find_contacts("Write to a.b@shop.fr, or 06 12 34 56 78!", "FR")
    [(9, 20), (25, 39)]
    >>> find_contacts("Order 2026-000123 of 45.90 came in 2 parcels", "FR")
    []
    """
    spans = [match.span() for match in _EMAIL.finditer(text)]
    spans += [
        (match.start, match.end)
        for match in phonenumbers.PhoneNumberMatcher(
            text, region, leniency=phonenumbers.Leniency.VALID
        )
    ]
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def mask_contacts(text: str, region: str | None = None) -> str:
    """Return the text with every contact masked.

    >>> mask_contacts("me (at) home dot org or +33 6 12 34 56 78")
    '••• or •••'
    >>> mask_contacts("no contact here")
    'no contact here'
    """
    parts, position = [], 0
    for start, end in find_contacts(text, region):
        parts += [text[position:start], MASK]
        position = end
    return "".join([*parts, text[position:]])
