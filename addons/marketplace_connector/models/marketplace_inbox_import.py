import json
from collections import defaultdict

from odoo import models
from odoo.exceptions import LockError, UserError

from ..adapters.errors import DocumentError
from ..engine.contract import OrderState
from ..engine.idempotency import fingerprint
from ..engine.mapping import (
    OfferKey,
    Tables,
    agreed,
    map_order,
    map_payments,
    map_refunds,
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
        bindings = self.env["marketplace.binding"]._by_external(
            storefront, "order", [order.ref for order in parsed.values()]
        )
        fresh = {m: o for m, o in parsed.items() if o.ref not in bindings}
        known = {m: o for m, o in parsed.items() if o.ref in bindings}
        imported = self._import_fresh(storefront, fresh)
        imported.update(self._match_known(known, bindings))
        self._import_money(storefront, imported)

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
        adapter = storefront._get_adapter()
        tolerance = storefront.currency_id._marketplace_minor(storefront.tolerance)
        parsed = {}
        for message in self:
            try:
                order = adapter.parse_order(json.loads(message.payload))
            except DocumentError as error:
                message._close("quarantine", str(error))
                continue
            if path := find_misfit(order):
                message._close(
                    "quarantine",
                    self.env._("“%(path)s” of the order is unreadable.", path=path),
                )
                continue
            faults = check_order(order, tolerance)
            if faults:
                message._quarantine_faults(faults)
            else:
                parsed[message] = order
        return parsed

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
            "values": {"storefront_id": storefront.id},
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
            hashes={orders[m].ref: agreed(orders[m]) for m in done},
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
                discount.code.upper(): discount.funder
                for discount in storefront.discount_ids
            },
            default_funder=storefront.default_funder or "",
            currency=storefront.currency_id.name,
            fee_product_id=storefront.fee_product_id.id,
        )

    # -- customers ------------------------------------------------------------------

    def _import_customers(self, storefront, orders):
        """Return {order ref: (customer, delivery contact)}, creating what is new.

        A customer is found by the shop's own reference only: an e-mail typed at a
        checkout proves nothing, and must not open somebody's account to another.
        """
        countries = self._find_countries(orders)
        customers = self._import_contacts(
            storefront,
            "customer",
            {
                order.customer.ref: self._prepare_customer_vals(order, countries)
                for order in orders
            },
        )
        keys = {order.ref: self._address_key(order) for order in orders}
        addresses = self._import_contacts(
            storefront,
            "address",
            {
                keys[order.ref]: self._prepare_address_vals(
                    order, customers[order.customer.ref], countries
                )
                for order in orders
            },
        )
        return {
            order.ref: (customers[order.customer.ref], addresses[keys[order.ref]])
            for order in orders
        }

    def _import_contacts(self, storefront, object_type, vals_by_ref):
        """Return {ref: partner}: the known ones, and new ones made in one batch."""
        Binding, Partner = self.env["marketplace.binding"], self.env["res.partner"]
        known = Binding._by_external(storefront, object_type, vals_by_ref)
        partners = {ref: Partner.browse(found.res_id) for ref, found in known.items()}
        new_refs = [ref for ref in vals_by_ref if ref not in known]
        created = Partner.with_context(tracking_disable=True).create(
            [vals_by_ref[ref] for ref in new_refs]
        )
        fresh = dict(zip(new_refs, created, strict=True))
        Binding._bind(storefront, object_type, fresh)
        return {**partners, **fresh}

    def _find_countries(self, orders):
        """Return {code: country} of all addresses of the batch."""
        addresses = [
            address
            for order in orders
            for address in (order.billing_address, order.shipping_address)
        ]
        countries = self.env["res.country"].search_fetch(
            [("code", "in", list({address.country_code for address in addresses}))],
            ["code"],
        )
        return {country.code: country for country in countries}

    def _address_key(self, order):
        return fingerprint([order.customer.ref, order.shipping_address])

    def _prepare_customer_vals(self, order, countries):
        return {
            **self._prepare_location_vals(order.billing_address, countries),
            "name": order.customer.name,
            "email": order.customer.email,
            "phone": order.customer.phone or order.billing_address.phone,
        }

    def _prepare_address_vals(self, order, customer, countries):
        address = order.shipping_address
        return {
            **self._prepare_location_vals(address, countries),
            "type": "delivery",
            "parent_id": customer.id,
            "name": address.name or order.customer.name,
            "phone": address.phone,
        }

    def _prepare_location_vals(self, address, countries):
        country = countries.get(address.country_code)
        return {
            "company_name": address.company or False,
            "street": address.street,
            "street2": address.street2,
            "city": address.city,
            "zip": address.zip,
            "country_id": country.id if country else False,
        }

    # -- known orders ---------------------------------------------------------------

    def _match_known(self, orders, bindings):
        """Return {message: (group, order)} of orders that are still as imported."""
        Group = self.env["marketplace.order"]
        matched = {}
        for message, order in orders.items():
            binding = bindings[order.ref]
            if order.state is OrderState.CANCELLED:
                message._close(
                    "quarantine",
                    self.env._(
                        "The order was cancelled in the shop after its import: refund "
                        "it here, then ignore this message."
                    ),
                )
            elif binding.content_hash != agreed(order):
                message._close(
                    "quarantine",
                    self.env._(
                        "The order was changed in the shop after its import: correct "
                        "it here, then ignore this message."
                    ),
                )
            else:
                matched[message] = (Group.browse(binding.res_id), order)
        return matched

    # -- payments and refunds -------------------------------------------------------

    def _import_money(self, storefront, imported):
        """Record payments and refunds of imported orders, and close their messages."""
        failed = self._import_payments(imported)
        failed.update(
            self._import_refunds(
                storefront, {m: o for m, o in imported.items() if m not in failed}
            )
        )
        for message, sentences in failed.items():
            message._close("quarantine", "\n".join(sentences))
        done = self.browse()
        for message, (group, _order) in imported.items():
            message.order_id = group
            if message not in failed:
                done |= message
        done._close("done")

    def _import_payments(self, imported):
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
        items = []
        for message, (_group, order) in imported.items():
            by_ref = {refund.ref: refund for refund in order.refunds}
            for payload in map_refunds(order):
                at = by_ref[payload["ref"]].at.replace(tzinfo=None)
                payload.update(
                    company_id=storefront.company_id.id,
                    channel=storefront.code,
                    date=storefront.company_id._marketplace_day(at),
                )
                items.append((message, payload))
        return self._batch_or_alone(
            self.env["marketplace.refund"]._import_batch, items
        )[1]

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
