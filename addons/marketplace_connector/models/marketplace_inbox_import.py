import json
from collections import defaultdict

from odoo import models
from odoo.exceptions import LockError, UserError

from ..adapters.errors import DocumentError
from ..engine.contract import OrderState
from ..engine.mapping import (
    OfferKey,
    Tables,
    agreed,
    map_order,
    taxes_told,
)
from ..engine.validate import check_order
from ..engine.wellformed import find_misfit


class MarketplaceInbox(models.Model):
    """Import a batch of order documents.

    Every look-up is one query for the whole batch; the base importer is called once
    with all new orders, and payments and refunds once with all orders.
    """

    _inherit = "marketplace.inbox"

    def _import_orders(self):
        """Import locked order messages of one storefront, oldest first."""
        self._skip_superseded()._together_or_apart(MarketplaceInbox._import_current)

    def _import_current(self):
        """Import messages about different orders."""
        storefront = self.storefront_id
        parsed = self._parse_orders()
        Binding = self.env["marketplace.binding"]
        bindings = Binding._living(
            Binding._by_external(
                storefront, "order", [order.ref for order in parsed.values()]
            )
        )
        fresh = {m: o for m, o in parsed.items() if o.ref not in bindings}
        known = {m: o for m, o in parsed.items() if o.ref in bindings}
        imported = self._import_fresh(storefront, fresh)
        imported.update(self._follow_known(storefront, known, bindings))
        self._import_facts(storefront, imported)

    def _skip_superseded(self):
        """Close all but the newest message about each order.

        One that was tried again later may come after a newer one.
        """
        newest = {message.external_ref: message for message in self.sorted("id")}
        taken = dict(
            self._read_group(
                [
                    ("storefront_id", "=", self.storefront_id.id),
                    ("kind", "=", "order"),
                    ("external_ref", "in", list(newest)),
                    ("state", "=", "done"),
                ],
                ["external_ref"],
                ["id:max"],
            )
        )
        current = self.browse().union(
            *(m for ref, m in newest.items() if m.id > taken.get(ref, 0))
        )
        (self - current)._close(
            "done", self.env._("A newer message about this order was taken instead.")
        )
        return current

    def _parse_orders(self):
        """Return {message: order} of those that can be read and make sense."""
        storefront = self.storefront_id
        tolerance = storefront.currency_id._marketplace_minor(storefront.tolerance)
        parsed = {}
        for message in self:
            try:
                order = message._parse_order()
            except DocumentError as error:
                message._close("quarantine", str(error))
                continue
            faults = check_order(order, tolerance)
            if faults:
                message._quarantine_faults(faults)
            else:
                parsed[message] = order
        return parsed

    def _parse_order(self):
        """Return the order of one message.

        :raises DocumentError: naming the part that is not as expected.
        """
        self.ensure_one()
        adapter = self.storefront_id._get_adapter()
        order = adapter.parse_order(json.loads(self.payload))
        if path := find_misfit(order):
            raise DocumentError(
                self.env._("“%(path)s” of the order is unreadable.", path=path)
            )
        return self.storefront_id._with_payment_kinds(order)

    # -- new orders -----------------------------------------------------------------

    def _import_fresh(self, storefront, orders):
        """Import orders that are not known yet; return {message: (group, order)}."""
        cancelled = [m for m, o in orders.items() if o.state is OrderState.CANCELLED]
        self.browse().union(*cancelled)._close(
            "ignored",
            self.env._("The order was cancelled in the shop before its import."),
        )
        orders = {m: o for m, o in orders.items() if m not in cancelled}
        if not orders:
            return {}
        if storefront.adds_taxes:
            storefront._add_taxes(taxes_told(orders.values()))
        tables = self._gather_tables(storefront, orders.values())
        payloads = {}
        for message, order in orders.items():
            payload, faults = map_order(order, tables)
            if faults:
                message._quarantine_faults(faults)
            else:
                payloads[message] = payload
        customers = self._import_customers(
            storefront, [orders[message] for message in payloads]
        )
        for message, payload in payloads.items():
            order = orders[message]
            partners = customers[order.ref]
            payload.update(self._prepare_header(storefront, order, partners))
        return self._import_payloads(storefront, payloads, orders)

    def _prepare_header(self, storefront, order, partners):
        """Return the part of an import payload that comes from the storefront."""
        customer, delivery = partners
        return {
            "company_id": storefront.company_id.id,
            "channel": storefront.code,
            "date_order": order.placed_at.replace(tzinfo=None),
            "partner_id": customer.id,
            "partner_shipping_id": delivery.id,
            "currency_id": storefront.currency_id.id,
            "tolerance_minor": storefront.currency_id._marketplace_minor(
                storefront.tolerance
            ),
            "allocation_key": storefront.allocation_key or None,
            "values": {
                "storefront_id": storefront.id,
                "is_held_by_shop": bool(order.hold),
                **storefront._prepare_cash_values(order),
            },
        }

    def _import_payloads(self, storefront, payloads, orders):
        if not payloads:
            return {}
        groups, problems = self._batch_or_alone(
            self.env["marketplace.order"]._import_batch, list(payloads.items())
        )
        for message, sentences in problems.items():
            message._close("quarantine", "\n".join(sentences))
        group_by_ref = {group.external_ref: group for group in groups}
        done = [message for message in payloads if message not in problems]
        self.env["marketplace.binding"]._bind(
            storefront,
            "order",
            {orders[m].ref: group_by_ref[orders[m].ref] for m in done},
            {
                orders[m].ref: {
                    "content_hash": agreed(orders[m]),
                    "inbox_id": m.id,
                    "revision": orders[m].revision,
                }
                for m in done
            },
        )
        return {m: (group_by_ref[orders[m].ref], orders[m]) for m in done}

    def _gather_tables(self, storefront, orders):
        """Read the storefront's mappings for the lines of a batch."""
        lines = [line for order in orders for line in order.lines]
        bindings = self.env["marketplace.binding"]._by_external(
            storefront, "offer", {line.offer_ref for line in lines}
        )
        Offer = self.env["marketplace.offer"].with_context(active_test=False)
        bound = Offer.browse(binding.res_id for binding in bindings.values())
        loose = {line.sku for line in lines if line.offer_ref not in bindings}
        by_sku = defaultdict(list)
        if loose:
            for offer in Offer.search(
                [
                    ("company_id", "=", storefront.company_id.id),
                    ("vendor_sku", "in", list(loose)),
                ]
            ):
                by_sku[offer.vendor_sku].append(OfferKey(offer.id, offer.vendor_id.id))
        keys = {
            offer.id: OfferKey(offer.id, offer.vendor_id.id) for offer in bound.exists()
        }
        return Tables(
            offers={
                ref: keys[binding.res_id]
                for ref, binding in bindings.items()
                if binding.res_id in keys
            },
            offers_by_sku=by_sku,
            taxes={
                (tax.code, tax._get_rate()): tuple(tax.tax_id.ids)
                for tax in storefront.tax_ids
            },
            funders={
                discount.code.upper(): discount._get_funding()
                for discount in storefront.discount_ids
            },
            default_funder=storefront._get_default_funding(),
            currency=storefront.currency_id.name,
            fee_product_id=storefront.fee_product_id.id,
        )

    # -- in one go, or one by one ---------------------------------------------------

    def _batch_or_alone(self, act, items):
        """Act on [(message, payload)] at once, or on each alone if one is refused.

        :param act: takes payloads; returns (records, {index: problems in words}).
        :return: (records, {message: problems in words}).
        """
        if not items:
            return [], {}
        try:
            with self.env.cr.savepoint():
                records, problems = act([payload for _message, payload in items])
        except LockError:
            raise  # somebody is at it: no fault of the message
        except UserError as error:
            # The whole batch is undone. One by one, the fault finds its message.
            if len(items) == 1:
                return [], {items[0][0]: [str(error)]}
            records, problems = [], {}
            for item in items:
                found, refused = self._batch_or_alone(act, [item])
                records.extend(found)
                for message, sentences in refused.items():
                    problems.setdefault(message, []).extend(sentences)
            return records, problems
        by_message = {}
        for rank, sentences in problems.items():
            by_message.setdefault(items[rank][0], []).extend(sentences)
        return list(records), by_message
