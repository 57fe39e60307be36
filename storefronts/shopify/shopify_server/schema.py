"""Shopify's published schema."""

import gzip
import json
import os
from functools import cache
from pathlib import Path

from graphql import build_client_schema

NAMES = json.loads(Path(__file__).parents[1].joinpath("schema.json").read_text())


@cache
def load(which="pinned"):
    """Return the schema of the "oldest", the "pinned" or the "newest" version."""
    folder = Path(os.environ["MKP_SHOPIFY_SCHEMAS"])
    content = gzip.decompress((folder / NAMES["files"][which]).read_bytes())
    answer = json.loads(content)
    # Not checked by itself: it uses what the library does not know yet.
    return build_client_schema(answer.get("data", answer), assume_valid=True)
