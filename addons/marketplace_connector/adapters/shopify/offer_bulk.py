"""Many offers at once: set, given their stock, put on sale, each by its own step.

A step may be taken again after any error: products are known by their handle, stocks
are told as they are then, and what is on sale stays on sale.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...engine.contract import Bulk, Offer, Result
from . import bulk
from .offers import PUBLISH, PUBLISHED_PER_CALL, SET, Offers, numbered
from .transport import Transport, tail

SET_PARAMETERS = (
    "$identifier: ProductSetIdentifiers, $input: ProductSetInput!, $publication: ID!"
)
SET_CALL = numbered(SET, "identifier", "input", "publication")
PUBLISH_PARAMETERS = "$id: ID!, $input: [PublicationInput!]!"
PUBLISH_CALL = numbered(PUBLISH, "id", "input")

# Below this a bulk takes more calls than it saves: about fifteen, and the looks at it.
OFFERS_MIN = 250
OFFERS_MAX = 2000


class OfferBulks:
    """The steps: ``set``, ``stock``, ``publish``; a state tells which is next.

    ``refs`` are our references by the line of the file that is under way, ``made`` is
    {reference: [variant, inventory item, product that is not on sale yet]}, ``shop``
    what was read of the shop.
    """

    def __init__(self, transport: Transport, offers: Offers):
        self.transport = transport
        self.offers = offers

    def begin(self, offers: Sequence[Offer]) -> Bulk:
        """See :meth:`Adapter.begin_bulk`."""
        failed = self.offers.find_errors(offers)
        good = [offer for offer in offers if offer.ref not in failed]
        lines = bulk.write_lines(
            {
                "identifier": {"handle": offer.ref},
                "input": self.offers.values(offer),
                "publication": self.offers.publication,
            }
            for offer in good
        )
        state = {"step": "set", "refs": [], "failed": failed, "made": {}, "error": ""}
        if not lines:
            return _complete(state)
        state["shop"] = self.offers.shop
        state["refs"] = [offer.ref for offer in good[: len(lines)]]
        state["path"] = bulk.upload(self.transport, lines)
        return _going_on(state)

    def follow(
        self,
        text: str,
        stock_of: Callable[[Sequence[str]], Mapping[str, int | None]],
    ) -> Bulk:
        """See :meth:`Adapter.follow_bulk`."""
        state = json.loads(text)
        self.offers.shop = state["shop"]
        if state["step"] == "set":
            return self._set(state)
        if state["step"] == "stock":
            return self._stock(state, stock_of)
        return self._publish(state)

    def _run(
        self, state: dict[str, Any], call: str, parameters: str
    ) -> bulk.Outcome | None:
        """Start the operation of a state or look at it; None: it is not over."""
        if "operation" not in state:
            state["operation"] = bulk.run(
                self.transport, call, parameters, state["path"]
            )
            return None
        outcome = bulk.read(self.transport, state["operation"])
        if outcome:
            del state["operation"], state["path"]
            state["error"] = state["error"] or outcome.error
        return outcome

    def _set(self, state: dict[str, Any]) -> Bulk:
        outcome = self._run(state, SET_CALL, SET_PARAMETERS)
        if not outcome:
            return _going_on(state)
        for number, answer in outcome.answers.items():
            payload, error = bulk.payload_of(answer)
            ref = state["refs"][number]
            if error:
                state["failed"][ref] = error
            elif payload:
                product = payload["product"]
                variant = product["variants"]["nodes"][0]
                state["made"][ref] = [
                    variant["id"],
                    variant["inventoryItem"]["id"],
                    "" if product["publishedOnPublication"] else product["id"],
                ]
        state["step"] = "stock"
        return _going_on(state)

    def _stock(
        self,
        state: dict[str, Any],
        stock_of: Callable[[Sequence[str]], Mapping[str, int | None]],
    ) -> Bulk:
        stocks = stock_of(list(state["made"]))
        self.offers.set_stock(
            [
                (item, stocks[ref])
                for ref, (_variant, item, _product) in state["made"].items()
                if stocks.get(ref) is not None
            ]
        )
        state["step"] = "publish"
        return _going_on(state)

    def _publish(self, state: dict[str, Any]) -> Bulk:
        """Put on sale what is not; a few directly, many by an operation again."""
        missing = {
            ref: product
            for ref, (_variant, _item, product) in state["made"].items()
            if product
        }
        if len(missing) <= PUBLISHED_PER_CALL:
            state["failed"].update(self.offers.publish(missing))
            return _complete(state)
        if "path" not in state:
            state["refs"] = list(missing)
            lines = bulk.write_lines(
                {"id": missing[ref], "input": self.offers.channel}
                for ref in state["refs"]
            )
            state["path"] = bulk.upload(self.transport, lines)
            return _going_on(state)
        outcome = self._run(state, PUBLISH_CALL, PUBLISH_PARAMETERS)
        if not outcome:
            return _going_on(state)
        left = set(state["refs"])
        for number, answer in outcome.answers.items():
            payload, error = bulk.payload_of(answer)
            ref = state["refs"][number]
            if error:
                state["failed"][ref] = error
            elif payload:
                left.discard(ref)
        for ref in left:  # set, but not on sale: to be sent again, or refused
            del state["made"][ref]
        return _complete(state)


def _going_on(state: dict[str, Any]) -> Bulk:
    return Bulk(json.dumps(state))


def _complete(state: dict[str, Any]) -> Bulk:
    results = [Result(ref, error=error) for ref, error in state["failed"].items()]
    results += [
        Result(ref, tail(variant))
        for ref, (variant, _item, _product) in state["made"].items()
        if ref not in state["failed"]
    ]
    return Bulk("", True, tuple(results), state["error"])
