from odoo import models
from odoo.exceptions import UserError

from ..engine.mapping import (
    map_incidents,
    map_payments,
    map_refunds,
    map_returns,
)


class MarketplaceInbox(models.Model):
    """Take over what became of imported orders: money, returns, words, holds."""

    _inherit = "marketplace.inbox"

    def _import_facts(self, storefront, imported):
        """Record what is new about orders, and close their messages.

        What is wrong with one fact keeps the later ones of its order back.

        :param imported: {message: (group, order)}.
        """
        failed = {}
        for act in (
            self._import_payments,
            self._import_refunds,
            self._import_returns,
            self._import_incidents,
            self._import_messages,
            self._import_holds,
        ):
            left = {m: found for m, found in imported.items() if m not in failed}
            failed.update(act(storefront, left))
        for message, sentences in failed.items():
            message._close("quarantine", "\n".join(sentences))
        done = self.browse()
        for message, (group, _order) in imported.items():
            message.order_id = group
            if message not in failed:
                done |= message
        done._close("done")
        done._close_overtaken(storefront)

    def _close_overtaken(self, storefront):
        """Put older messages in quarantine aside: what they were about is done."""
        taken = {message.external_ref: message.id for message in self}
        self.search(
            [
                ("storefront_id", "=", storefront.id),
                ("kind", "=", "order"),
                ("state", "=", "quarantine"),
                ("external_ref", "in", list(taken)),
            ]
        ).filtered(lambda message: message.id < taken[message.external_ref])._close(
            "ignored",
            self.env._("A newer message about this order was taken instead."),
        )

    def _import_payments(self, _storefront, imported):
        """Record payments and what became of known ones; return {message: problems}."""

        def record(batches):
            Payment = self.env["marketplace.payment"]
            return Payment._record_for_orders(batches), {}

        return self._batch_or_alone(
            record,
            [
                (message, (group, map_payments(order.payments)))
                for message, (group, order) in imported.items()
            ],
        )[1]

    def _import_refunds(self, storefront, imported):
        """Record refunds that are not known yet; return {message: problems}."""
        return self._import_dated(
            storefront, imported, "marketplace.refund", "_import_batch", map_refunds
        )

    def _import_returns(self, storefront, imported):
        """Record what customers want to send back; return {message: problems}."""
        return self._import_dated(
            storefront, imported, "marketplace.return", "_request_batch", map_returns
        )

    def _import_incidents(self, storefront, imported):
        """Record what customers complain about; return {message: problems}."""
        return self._import_dated(
            storefront, imported, "marketplace.incident", "_open_batch", map_incidents
        )

    def _import_dated(self, storefront, imported, model, method, mapped):
        """Give facts of orders to a batch method of the base.

        :param mapped: (order) -> [payload with the time ``at``].
        """
        items = []
        for message, (_group, order) in imported.items():
            for payload in mapped(order):
                at = payload.pop("at").replace(tzinfo=None)
                payload.update(
                    company_id=storefront.company_id.id,
                    channel=storefront.code,
                    date=storefront.company_id._marketplace_day(at),
                )
                items.append((message, payload))
        act = getattr(self.env[model], method)
        return self._batch_or_alone(act, items)[1]

    def _import_messages(self, _storefront, imported):
        """Put customers' words before their vendors; return {message: problems}."""
        failed = {}
        for message, (group, order) in imported.items():
            for words in order.messages:
                try:
                    with self.env.cr.savepoint():
                        group._post_customer_words(words)
                except UserError as error:
                    failed.setdefault(message, []).append(str(error))
        return failed

    def _import_holds(self, _storefront, imported):
        """Hold and release orders as the shop does; return {message: problems}."""
        failed = {}
        for message, (group, order) in imported.items():
            if bool(order.hold) == group.is_held_by_shop:
                continue
            try:
                with self.env.cr.savepoint():
                    group._follow_hold(order.hold)
            except UserError as error:
                failed[message] = [str(error)]
        return failed
