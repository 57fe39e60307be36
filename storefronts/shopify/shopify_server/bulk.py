"""Bulk mutations: files put aside, operations that run by themselves, results.

The rules are those of shopify.dev, "Bulk import data": one field that is no bulk
operation itself, at most one connection in it, five at a time, one answer for each line
with the number of the line, and what was answered so far when it ends early.

An operation goes on when somebody looks: created, running, over.
"""

import json
import uuid
from dataclasses import dataclass, field

from graphql import GraphQLError, execute_sync, get_named_type, parse, validate

FILE_BYTES_MAX = 20 * 2**20
FIELDS = {
    "stagedUploadsCreate",
    "bulkOperationRunMutation",
    "bulkOperation",
    "bulkOperations",
}
UNDER_WAY = ("CREATED", "RUNNING")


@dataclass
class Fault:
    """How one operation ends early, after so many lines."""

    status: str = "FAILED"
    after: int = 0
    code: str | None = None


@dataclass
class Operation:
    id: str
    query: str
    lines: list
    at: str
    status: str = "CREATED"
    answers: list = field(default_factory=list)
    code: str | None = None


class Bulks:
    def __init__(self, app):
        self.app = app
        self.files = {}  # {key: content}; None until it is put there
        self.operations = {}
        self.faults = []  # of the operations to come
        self.at_once = 5
        self.is_held = False  # operations stay as they are

    # ---- the storage ---------------------------------------------------------------

    def take_file(self, request):
        """Return the status for a file that is put aside."""
        key = request.form.get("key")
        if key not in self.files or "X-Shopify-Access-Token" in request.headers:
            return 403
        content = request.files["file"].read()
        if len(content) > FILE_BYTES_MAX:
            return 400
        self.files[key] = content
        return 201

    def give_file(self, name):
        """Return (status, content) of results."""
        operation = self.operations.get(f"gid://shopify/BulkOperation/{name}")
        if not operation or operation.status == "EXPIRED":
            return 403, b""
        return 200, b"".join(
            json.dumps(answer).encode() + b"\n" for answer in operation.answers
        )

    # ---- the API -------------------------------------------------------------------

    def stagedUploadsCreate(self, _info, input):  # noqa: N802, A002
        targets = []
        for item in input:
            key = f"tmp/1/bulk/{uuid.uuid4()}/{item['filename']}"
            self.files[key] = None
            targets.append(
                {
                    "url": f"{self.app.url}/storage",
                    "resourceUrl": None,
                    "parameters": [
                        {"name": "key", "value": key},
                        {"name": "Content-Type", "value": item["mimeType"]},
                    ],
                }
            )
        return {"stagedTargets": targets, "userErrors": []}

    def bulkOperationRunMutation(self, _info, mutation, stagedUploadPath, **_args):  # noqa: N802, N803
        content = self.files.get(stagedUploadPath)
        if content is None:
            return _refuse("NO_SUCH_FILE", "The JSONL file could not be found.")
        if why := self._find_fault(mutation):
            return _refuse("INVALID_MUTATION", why)
        try:
            lines = [json.loads(line) for line in content.splitlines()]
        except ValueError:
            return _refuse("INVALID_STAGED_UPLOAD_FILE", "Expected JSONL.")
        if self.count_under_way() >= self.at_once:
            return _refuse("LIMIT_REACHED", "Bulk operations limit reached.")
        made = Operation(
            self.app.shop.new_id("BulkOperation"), mutation, lines, self.app.shop.now()
        )
        self.operations[made.id] = made
        return {"bulkOperation": self._shown(made), "userErrors": []}

    def bulkOperations(self, _info, query="", **_args):  # noqa: N802
        if query != "operation_type:mutation":
            raise GraphQLError(f"The filter {query} is not served here.")
        return [self._shown(made) for made in reversed(self.operations.values())]

    def bulkOperation(self, _info, id):  # noqa: N802, A002
        made = self.operations.get(id)
        if not made:
            return None
        if made.status == "RUNNING" and not self.is_held:
            self._work_off(made)
        elif made.status == "CREATED" and not self.is_held:
            made.status = "RUNNING"
        return self._shown(made)

    def count_under_way(self):
        return sum(made.status in UNDER_WAY for made in self.operations.values())

    def _find_fault(self, mutation):
        try:
            document = parse(mutation)
        except GraphQLError as error:
            return error.message
        if errors := validate(self.app.schema, document):
            return errors[0].message
        (operation,) = document.definitions
        selections = operation.selection_set.selections
        if operation.operation.value != "mutation" or len(selections) != 1:
            return "Only one mutation can be run in bulk."
        name = selections[0].name.value
        if name.startswith("bulkOperation"):
            return "Bulk operations cannot be run in bulk."
        kind = get_named_type(self.app.schema.mutation_type.fields[name].type)
        if self._count_connections(kind, selections[0].selection_set) > 1:
            return "Only one connection is possible in bulk."
        return ""

    def _count_connections(self, kind, selection_set):
        count = 0
        for node in selection_set.selections if selection_set else ():
            known = getattr(kind, "fields", {}).get(node.name.value)
            if known:
                inner = get_named_type(known.type)
                count += inner.name.endswith("Connection")
                count += self._count_connections(inner, node.selection_set)
        return count

    def _work_off(self, made):
        fault = self.faults.pop(0) if self.faults else None
        wanted = made.lines[: fault.after] if fault else made.lines
        document = parse(made.query)
        for number, variables in enumerate(wanted):
            result = execute_sync(
                self.app.schema,
                document,
                root_value=self.app,
                variable_values=variables,
                field_resolver=self.app.resolve,
            )
            answer = {"data": result.data, "__lineNumber": number}
            if result.errors:
                answer["errors"] = [error.formatted for error in result.errors]
            made.answers.insert(0, answer)  # in no order
        made.status = fault.status if fault else "COMPLETED"
        made.code = fault.code if fault else None

    def _shown(self, made):
        name = made.id.rpartition("/")[2]
        url = f"{self.app.url}/storage/{name}.jsonl"
        is_partial = made.status in ("FAILED", "CANCELED") and made.answers
        return {
            "id": made.id,
            "query": made.query,
            "status": made.status,
            "type": "MUTATION",
            "errorCode": made.code,
            "createdAt": made.at,
            "objectCount": len(made.answers),
            "url": url if made.status in ("COMPLETED", "EXPIRED") else None,
            "partialDataUrl": url if is_partial else None,
        }


def _refuse(code, message):
    error = {"field": None, "message": message, "code": code}
    return {"bulkOperation": None, "userErrors": [error]}
