"""Compare the names of a bank account's holder and of its owner. Pure."""

import re
import unicodedata
from difflib import SequenceMatcher

# Words that say what a company is, not who it is.
LEGAL_WORDS = frozenset(
    re.findall(
        r"\w+",
        "sarl sas sasu sa eurl sci snc gmbh ag kg ug ltd limited llc plc bv nv srl spa "
        "sl oy ab as aps inc co the le la les et and und mr mrs ms m mme monsieur "
        "madame",
    )
)
# Share of common letters from which two names are close, not different.
CLOSE_RATIO = 0.85


def name_words(name: str) -> frozenset[str]:
    """Return the words that tell a name from others: no accents, no legal form.

    >>> sorted(name_words("SARL L'Atelier Éclair"))
    ['atelier', 'eclair', 'l']
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = frozenset(re.findall(r"[^\W_]+", plain))
    return words - LEGAL_WORDS or words


def compare_names(holder: str, owner: str) -> str:
    """Return ``match``, ``close``, ``no_match`` or, without names, ``not_possible``.

    The answers are those of the European payee check (EPC verification of payee
    scheme rulebook, version 1.0).

    >>> compare_names("Atelier Eclair", "Atelier Éclair SARL")
    'match'
    >>> compare_names("Ateliers Eclair", "Atelier Éclair")
    'close'
    >>> compare_names("Zoubrovka", "Atelier Éclair"), compare_names("", "Atelier")
    ('no_match', 'not_possible')
    """
    if not (holder.strip() and owner.strip()):
        return "not_possible"
    left, right = name_words(holder), name_words(owner)
    if left == right:
        return "match"
    ratio = SequenceMatcher(
        None, " ".join(sorted(left)), " ".join(sorted(right))
    ).ratio()
    return "close" if left < right or ratio >= CLOSE_RATIO else "no_match"
