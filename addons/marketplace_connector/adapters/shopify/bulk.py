"""Bulk operations: one mutation, run by the shop for each line of a file.

The file is put aside first, then an operation takes it and runs by itself. Its results
are a file again: a line for each that was run, with the number of what it answers, in
any order. What ends early leaves the results so far (shopify.dev, "Bulk import data").
Since version 2026-01 a shop works on five of them at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidError, ThrottledError, TransientError
from ..http import THROTTLE_SECONDS
from .transport import Transport, user_errors

AT_ONCE = 5
FILE_BYTES_MAX = 20 * 2**20  # the least that was ever the most the storage takes
BUSY = {"LIMIT_REACHED", "OPERATION_IN_PROGRESS"}
PASSING = {"INTERNAL_FILE_SERVER_ERROR", "NO_SUCH_FILE"}
OVER = {"COMPLETED", "FAILED", "CANCELED", "EXPIRED"}

STAGE = """
mutation($input: [StagedUploadInput!]!) {
  stagedUploadsCreate(input: $input) {
    stagedTargets { url parameters { name value } } userErrors { field message }
  }
}"""

RUN = """
mutation($mutation: String!, $path: String!) {
  bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path) {
    bulkOperation { id } userErrors { field message code }
  }
}"""

# The newest come first.
RECENT = """
query {
  bulkOperations(first: 50, query: "operation_type:mutation") { nodes { id query } }
}"""

READ = """
query($id: ID!) {
  bulkOperation(id: $id) { id status errorCode url partialDataUrl }
}"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended: answers by the number of their line."""

    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    error: str = ""


def write_lines(rows: Iterable[dict[str, Any]]) -> list[bytes]:
    """Return the lines of a file of variables, as many rows as the storage takes."""
    lines, size = [], 0
    for row in rows:
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        size += len(line)
        if lines and size > FILE_BYTES_MAX:
            break
        lines.append(line)
    return lines


def upload(transport: Transport, lines: Iterable[bytes]) -> str:
    """Put a file aside; return the path by which an operation finds it."""
    made = transport.mutate(
        STAGE,
        input=[
            {
                "resource": "BULK_MUTATION_VARIABLES",
                "filename": "rows.jsonl",
                "mimeType": "text/jsonl",
                "httpMethod": "POST",
            }
        ],
    )
    (target,) = made["stagedUploadsCreate"]["stagedTargets"]
    form = {item["name"]: item["value"] for item in target["parameters"]}
    transport.upload(target["url"], form, b"".join(lines))
    return form["key"]


def run(transport: Transport, call: str, parameters: str, path: str) -> str:
    """Run a mutation for each line of a file, once; return the operation.

    The mutation is named after the file, and the shop tells the mutations of its
    operations: one that was started, and of which no answer came, is known again. Were
    it not found it would run twice, and the second time change nothing.

    :param call: the field, with the variables of ``parameters``.
    :raises ThrottledError: the shop works on as many as it can.
    """
    name = f"bulk_{hashlib.sha256(path.encode()).hexdigest()[:16]}"
    for node in transport.query(RECENT)["bulkOperations"]["nodes"]:
        if name in node["query"]:
            return node["id"]
    (payload,) = transport.write(
        RUN, mutation=f"mutation {name}({parameters}) {{ {call} }}", path=path
    ).values()
    codes = {error["code"] for error in payload["userErrors"]}
    message = user_errors(payload)
    if codes & BUSY:
        raise ThrottledError(message, THROTTLE_SECONDS)
    if codes & PASSING:
        raise TransientError(message)
    if message:
        raise InvalidError(message)
    return payload["bulkOperation"]["id"]


def read(transport: Transport, operation: str) -> Outcome | None:
    """Return how an operation ended, None while it runs."""
    node = transport.query(READ, id=operation)["bulkOperation"]
    if not node:
        return Outcome(error="The shop does not know its operation any more.")
    if node["status"] not in OVER:
        return None
    url = node["url"] or node["partialDataUrl"]
    content = transport.download(url) if url else b""
    error = ""
    if node["status"] != "COMPLETED":
        words = [node["status"].lower(), (node["errorCode"] or "").lower()]
        error = f"The shop ended it early ({', '.join(filter(None, words))})."
    elif content is None:
        error = "The shop does not keep the results any more."
    return Outcome(_read_lines(content or b""), error)


def _read_lines(content: bytes) -> dict[int, dict[str, Any]]:
    """Read results; the last line of a broken file may be half a line.

    >>> _read_lines(b'{"data": {"productSet": null}, "__lineNumber": 3}\\n{"da')
    {3: {'data': {'productSet': None}, '__lineNumber': 3}}
    """
    found = {}
    for line in content.splitlines():
        try:
            answer = json.loads(line)
            found[answer["__lineNumber"]] = answer
        except (ValueError, KeyError, TypeError):
            continue
    return found


def payload_of(answer: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Return (payload, error) of one line; neither: it is worth another try.

    >>> payload_of({"data": None, "errors": [{"message": "No", "extensions": {}}]})
    (None, 'No')
    """
    data = answer.get("data") or {}
    payload = next(iter(data.values()), None)
    if payload:
        return payload, user_errors(payload)
    errors = answer.get("errors") or ()
    codes = {(error.get("extensions") or {}).get("code") for error in errors}
    if codes & {"THROTTLED", "INTERNAL_SERVER_ERROR"}:
        return None, ""
    return None, "; ".join(str(error.get("message")) for error in errors)
