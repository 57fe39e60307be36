"""Categories in Vendure: values of one facet, which shoppers filter by.

Collections can be built on them by the shop's staff; facets of their own on a product
are left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from .transport import Transport

FACET_CODE = "marketplace-category"
FACET_NAME = "Category"

READ = """
query($facet: String!, $codes: [String!]!) {
  facets(options: {filter: {code: {eq: $facet}}}) { items { id } }
  facetValues(options: {take: 1000, filter: {code: {in: $codes}}}) {
    items { id code facet { code } }
  }
}"""

CREATE_FACET = """
mutation($input: CreateFacetInput!) { created: createFacet(input: $input) { id } }"""

CREATE_VALUES = """
mutation($input: [CreateFacetValueInput!]!) {
  values: createFacetValues(input: $input) { id code }
}"""


def category_code(path: Sequence[str]) -> str:
    """Return the code of a category, unique in the shop.

    >>> category_code(["Home", "Kitchen"]) == category_code(("Home", "Kitchen"))
    True
    """
    digest = hashlib.sha256("\n".join(path).encode()).hexdigest()
    return f"{FACET_CODE}-{digest[:16]}"


def ensure_categories(
    transport: Transport, paths: Iterable[tuple[str, ...]], language: str
) -> dict[tuple[str, ...], str]:
    """Return the shop's id of each category, creating what is missing."""
    by_code = {category_code(path): path for path in paths if path}
    if not by_code:
        return {}
    shop = transport.query(READ, facet=FACET_CODE, codes=sorted(by_code))
    found = {
        item["code"]: item["id"]
        for item in shop["facetValues"]["items"]
        if item["facet"]["code"] == FACET_CODE
    }
    missing = [code for code in by_code if code not in found]
    if missing:
        facets = shop["facets"]["items"]
        facet = facets[0]["id"] if facets else _create_facet(transport, language)
        values = [
            {
                "facetId": facet,
                "code": code,
                "translations": [
                    {"languageCode": language, "name": " / ".join(by_code[code])}
                ],
            }
            for code in missing
        ]
        created = transport.mutate(CREATE_VALUES, input=values)["values"]
        found.update((item["code"], item["id"]) for item in created)
    return {path: found[code] for code, path in by_code.items()}


def _create_facet(transport: Transport, language: str) -> str:
    values = {
        "code": FACET_CODE,
        "isPrivate": False,
        "translations": [{"languageCode": language, "name": FACET_NAME}],
    }
    return transport.mutate(CREATE_FACET, input=values)["created"]["id"]
