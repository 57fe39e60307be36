"""Many mutations in few requests.

A document may hold any number of mutations; the shop does them one after the other,
and stops at the first that fails.  What was done before stays done, so whatever comes
here must be safe to send again.

Vendure 3.7 reads the ids of all arguments of one name by the type that it saw last
(``IdInterceptor``): an update beside another mutation with an ``input`` would make a
second record instead.  So a document has one type for each argument name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...engine.contract import Result
from ..errors import InvalidError
from .transport import Transport

# The HTTP server beneath Vendure refuses a body of more than 100 KiB with an error that
# says nothing, unless the shop's configuration says otherwise.
BODY_BYTES = 90_000
# Written within the time that we wait for an answer: 30 ms for a new article.
ROWS = 400


@dataclass(frozen=True, slots=True)
class Call:
    """One mutation; ``$input`` in ``text`` stands for a value of the type ``kind``.

    Where ``kind`` is a list, ``value`` is one, and is cut where a request is full.
    """

    text: str
    kind: str
    value: Any

    @property
    def argument(self) -> str:
        """Return the name of the argument that takes the value.

        >>> Call('add(group: "1", product: $input) { id }', "ID!", "2").argument
        'product'
        """
        return self.text.partition("$input")[0].split()[-1].split("(")[-1].rstrip(":")

    @property
    def is_list(self) -> bool:
        return self.kind.startswith("[")

    @property
    def rows(self) -> Sequence[Any]:
        return self.value if self.is_list else [self.value]


def send(transport: Transport, calls: Sequence[Call]) -> list[Any]:
    """Send calls in their order; return the answer of each, lists as a whole."""
    answers: list[list[Any]] = [[] for _call in calls]
    for request in _requests(calls):
        heads, bodies, variables = [], [], {}
        for rank, rows in request.items():
            call, name = calls[rank], f"i{rank}"
            heads.append(f"${name}: {call.kind}")
            bodies.append(f"{name}: {call.text.replace('$input', f'${name}')}")
            variables[name] = rows if call.is_list else rows[0]
        document = "mutation({}) {{\n{}\n}}".format(", ".join(heads), "\n".join(bodies))
        answer = transport.mutate(document, **variables)
        for rank in request:
            found = answer[f"i{rank}"]
            answers[rank] += found if calls[rank].is_list else [found]
    return [
        found if call.is_list else found[0]
        for call, found in zip(calls, answers, strict=True)
    ]


def _requests(calls: Sequence[Call]) -> Iterator[dict[int, list[Any]]]:
    """Yield {rank of a call: its rows} of one request after the other.

    >>> call = Call("a(input: $input) { id }", "[A!]!", [0] * 500)
    >>> [len(request[0]) for request in _requests([call])]
    [400, 100]
    >>> other = Call("b(input: $input) { id }", "B!", 0)
    >>> [sorted(request) for request in _requests([call, other])]
    [[0], [0], [1]]
    """
    request: dict[int, list[Any]] = defaultdict(list)
    count = size = 0
    kinds: dict[str, str] = {}
    for rank, call in enumerate(calls):
        frame = len(call.text) + 2 * len(call.kind)
        for row in call.rows:
            length = len(json.dumps(row)) + frame
            full = count == ROWS or size + length > BODY_BYTES
            if request and (full or kinds.get(call.argument, call.kind) != call.kind):
                yield request
                request, kinds = defaultdict(list), {}
                count = size = 0
            request[rank].append(row)
            kinds[call.argument] = call.kind
            count += 1
            size += length if len(request[rank]) == 1 else length - frame
    if request:
        yield request


def together_or_halves(
    act: Callable[[Sequence[Any]], list[Result]], items: Sequence[Any]
) -> list[Result]:
    """Act on items with a ``ref``; return a result for each, in order.

    The shop refuses a list as a whole.  Then it is cut in halves until the faulty
    items stand alone, and the others are done.
    """
    if not items:
        return []
    try:
        return act(items)
    except InvalidError as error:
        if len(items) == 1:
            return [Result(items[0].ref, error=str(error))]
        half = len(items) // 2
        return [
            *together_or_halves(act, items[:half]),
            *together_or_halves(act, items[half:]),
        ]
