from collections import defaultdict
from decimal import Decimal

from markupsafe import Markup

from odoo import models
from odoo.tools import split_every

from odoo.addons.marketplace_base.engine.tax_mode import included_tax

from ..const import PARCEL_STATES, PROCESS_BATCH
from ..engine import contract
from ..engine.idempotency import fingerprint


class MarketplaceStorefront(models.Model):
    """To the shop: set-up, vendors, offers. What has not changed is not sent."""

    _inherit = "marketplace.storefront"

    def _push_catalogue(self):
        """Make the shop's set-up and catalogue as they are here.

        :return: {"sent": number of vendors and offers, "refused": {record: reason}}.
        """
        self.ensure_one()
        report = {"sent": 0, "refused": {}}
        with self._problems_reported():
            self._push_settings()
            report = self._push_offers(self._get_catalogue())
            self._report_refused(report["refused"])
        return report

    def _get_catalogue(self):
        """Return the offers that the shop is to have, and those it has."""
        offers = self.env["marketplace.offer"].search(
            [("company_id", "=", self.company_id.id), ("is_sellable", "=", True)]
        )
        return offers | self._get_bound_offers()

    def _get_bound_offers(self):
        """Return the offers the shop has, archived ones too: they must leave it."""
        bindings = self.env["marketplace.binding"].search(
            [("storefront_id", "=", self.id), ("object_type", "=", "offer")]
        )
        return self.env["marketplace.offer"].browse(bindings.mapped("res_id")).exists()

    def _report_refused(self, refused):
        self._report_list(
            self.env._("Not sent to the shop:"),
            [f"{record.display_name}: {why}" for record, why in refused.items()],
        )

    def _report_list(self, title, sentences):
        """Note sentences on the storefront, when there are some."""
        if sentences:
            items = Markup().join(Markup("<li>%s</li>") % words for words in sentences)
            self.message_post(body=Markup("%s<ul>%s</ul>") % (title, items))

    def _job_send_outbox(self):
        self.ensure_one()
        if self.state != "connected":
            return
        batch = self._outbox_batch()
        if self.env["marketplace.outbox"]._send_waiting(self, batch) >= batch:
            self._delay()._job_send_outbox()

    def _outbox_batch(self):
        """Return how many messages are sent by one transaction."""
        return PROCESS_BATCH

    def _send_outbox(self):
        """Send everything that waits, in this transaction."""
        self.ensure_one()
        batch = self._outbox_batch()
        while self.env["marketplace.outbox"]._send_waiting(self, batch) >= batch:
            batch = self._outbox_batch()

    # -- set-up ---------------------------------------------------------------------

    def _push_settings(self):
        """Send currency, countries, taxes and deliveries; Odoo is the reference."""
        self._propose_taxes()
        differences = self._get_adapter().push_settings(
            contract.ShopSettings(
                currency=self.currency_id.name,
                language=self.language_code,
                countries=tuple((c.code, c.name) for c in self._get_countries()),
                tax_mode=contract.TaxMode(self.tax_mode),
                tax_classes=tuple(
                    contract.TaxClass(tax.code, tax._get_rate()) for tax in self.tax_ids
                ),
                payment_method=self.payment_method,
                shared_shipping=self._prepare_shippings(True),
            )
        )
        self._report_list(self.env._("To set in the shop itself:"), differences)

    def _get_countries(self):
        return self.country_ids.with_context(lang=self._get_lang())

    def _propose_taxes(self):
        """Add the taxes of offers and deliveries that the storefront does not map."""
        offers = self.env["marketplace.offer"].search(
            [("company_id", "=", self.company_id.id), ("is_sellable", "=", True)]
        )
        by_offer = offers._get_sale_taxes_by_offer()
        # Sets of one tax or of none: goods without tax have a line of their own.
        wanted = {*by_offer.values(), *(s.tax_id for s in self.shipping_ids)}
        missing = wanted - {line.tax_id for line in self.tax_ids}
        used = {line.code for line in self.tax_ids}
        vals_list = []
        for tax in missing:
            if len(tax) > 1:
                continue  # refused when the offer is sent
            code = f"VAT {tax.amount:g}"
            if code in used:  # two taxes of one rate
                code = f"{code} #{tax.id}"
            used.add(code)
            vals_list.append(
                {
                    "storefront_id": self.id,
                    "code": code,
                    "rate": tax.amount / 100,
                    "tax_id": tax.id,
                }
            )
        self.env["marketplace.storefront.tax"].create(vals_list)

    def _prepare_shippings(self, is_shared, vendor=None):
        """Return the deliveries for whole orders, or those of one vendor."""
        suffix = f"-{vendor.id}" if vendor else ""
        return tuple(
            contract.ShippingMethod(
                ref=f"delivery-{shipping.id}{suffix}",
                name=f"{shipping.name}, {vendor.name}" if vendor else shipping.name,
                amount=self.currency_id._marketplace_minor(shipping.amount),
                rate=Decimal(f"{shipping.tax_id.amount:.3f}") / 100,
            )
            for shipping in self.shipping_ids
            if shipping.is_shared == is_shared
        )

    # -- vendors --------------------------------------------------------------------

    def _push_vendors(self, vendors):
        """Send vendors that changed; return {"sent", "refused"}."""
        adapter = self._get_adapter()
        specs = {
            vendor: contract.Vendor(
                ref=f"vendor-{vendor.id}",
                name=vendor.name,
                shippings=self._prepare_shippings(False, vendor),
            )
            for vendor in vendors
        }
        return self._push_changed(
            "vendor",
            specs,
            adapter.upsert_vendors,
            adapter.capabilities.vendor_batch_max,
        )

    # -- offers ---------------------------------------------------------------------

    def _push_offers(self, offers):
        """Send offers that changed, after their vendors; return {"sent", "refused"}.

        An offer that cannot be sold is sent only to a shop that has it, to leave the
        shelf.
        """
        self.ensure_one()
        Binding = self.env["marketplace.binding"]
        offers = offers.with_context(lang=self._get_lang())
        known = Binding._by_record(self, "offer", offers)
        offers = offers.filtered(lambda offer: offer.is_sellable or offer.id in known)
        vendors = self._push_vendors(offers.vendor_id)
        specs, refused = self._prepare_offers(offers, known)
        refused.update(vendors["refused"])
        adapter = self._get_adapter()
        batch = adapter.capabilities.offer_batch_max
        report = self._push_changed("offer", specs, adapter.upsert_offers, batch)
        return {
            "sent": report["sent"] + vendors["sent"],
            "refused": {**refused, **report["refused"]},
        }

    def _get_lang(self):
        """Return the installed language whose texts the shop gets."""
        installed = self.env["res.lang"].get_installed()
        codes = [code for code, _name in installed]
        prefix = self.language_code
        return next((code for code in codes if code.split("_")[0] == prefix), "en_US")

    def _prepare_offers(self, offers, known):
        """Return ({offer: value to send}, {offer: why it cannot be sent})."""
        code_by_tax = {tax.tax_id: tax.code for tax in self.tax_ids}
        taxes_by_offer = offers._get_sale_taxes_by_offer()
        prices = offers._prices_for(self.code, self.currency_id)
        held = self._get_held_quantities(offers)
        eco = self._get_eco_contributions(offers)
        conditions = dict(
            offers._fields["condition"]._description_selection(offers.env)
        )
        specs, refused = {}, {}
        for offer in offers:
            taxes = taxes_by_offer[offer.id]
            if len(taxes) > 1:
                refused[offer] = self.env._("The shop takes one tax per product.")
            elif taxes not in code_by_tax:
                refused[offer] = self.env._(
                    "The storefront does not map the tax “%(tax)s”. Push the "
                    "catalogue, or add it to the taxes of the storefront, then send "
                    "again.",
                    tax=taxes.display_name or self.env._("no tax"),
                )
            elif prices[offer.id] is None:
                refused[offer] = self.env._(
                    "The shop sells in %(currency)s, and the offer has no price in it.",
                    currency=self.currency_id.name,
                )
            else:
                label = offer.vendor_id.name
                if offer.condition != "new":
                    label = f"{label}, {conditions[offer.condition]}"
                binding = known.get(offer.id)
                is_stock_new = not binding or binding.stock_hash != hash_stock(offer)
                specs[offer] = contract.Offer(
                    ref=f"offer-{offer.id}",
                    product_ref=f"product-{offer.product_id.id}",
                    product_name=offer.product_id.display_name,
                    product_description=offer.product_id.description_sale or "",
                    vendor_ref=f"vendor-{offer.vendor_id.id}",
                    label=label,
                    sku=offer.vendor_sku,
                    price=self._get_shown_price(prices[offer.id], taxes),
                    tax_code=code_by_tax[taxes],
                    stock_available=int(offer.quantity) if is_stock_new else None,
                    stock_held=int(held[offer.id]),
                    active=offer.is_sellable,
                    category=offer._get_category_path(),
                    barcode=offer.product_id.barcode or "",
                    eco_contribution=eco.get(offer, 0),
                )
        return specs, refused

    def _get_shown_price(self, price, tax):
        """Return a price in minor units, as the shop writes prices.

        :param tax: the sale tax in the price, or none.
        """
        minor = self.currency_id._marketplace_minor(price)
        if self.tax_mode == contract.TaxMode.EXCLUDED.value:
            minor -= included_tax(minor, Decimal(f"{tax.amount:.3f}") / 100)
        return minor

    def _get_held_quantities(self, offers):
        """Return {offer id: units this shop sold, and knows of no parcel with them}.

        The vendor says what he can ship now. The shop takes off itself what it has
        sold and what has not left: to it, these units are still on the shelf. A parcel
        takes them off the shelf when the shop hears of it. What others sold, the shop
        never had.
        """
        own = [
            ("offer_id", "in", offers.ids),
            ("state", "=", "sale"),
            ("order_id.marketplace_order_id.storefront_id", "=", self.id),
        ]
        sold = self.env["sale.order.line"]._read_group(
            own, ["offer_id"], ["product_uom_qty:sum"]
        )
        told = self.env["marketplace.shipment.line"]._read_group(
            [
                ("sale_line_id", "any", own),
                ("shipment_id.state", "in", PARCEL_STATES),
                ("shipment_id.external_ref", "!=", False),
            ],
            ["sale_line_id.offer_id"],
            ["quantity:sum"],
        )
        held = defaultdict(float)
        held.update({offer.id: quantity for offer, quantity in sold})
        for offer, quantity in told:
            held[offer.id] -= quantity
        return held

    # -- all ------------------------------------------------------------------------

    def _push_changed(self, object_type, specs, upsert, batch):
        """Send what differs from what was sent last, and remember what was sent.

        :param specs: {record: value of the contract}.
        :param upsert: method of the adapter for a list of such values.
        """
        if not specs:
            return {"sent": 0, "refused": {}}
        Binding = self.env["marketplace.binding"]
        records = next(iter(specs)).union(*specs)
        known = Binding._by_record(self, object_type, records)
        hashes = {record: hash_content(spec) for record, spec in specs.items()}
        changed = [
            record
            for record, spec in specs.items()
            if record.id not in known
            or known[record.id].content_hash != hashes[record]
            or getattr(spec, "stock_available", None) is not None
        ]
        changed = self._hand_over(object_type, changed, hashes)
        sent, refused, fresh = {}, {}, {}
        for part in split_every(batch, changed):
            results = upsert([specs[record] for record in part])
            for record, result in zip(part, results, strict=True):
                if not result.ok:
                    refused[record] = result.error
                    continue
                sent[record] = result
                if record.id not in known:
                    fresh[result.external_id] = record
        created = Binding._bind(self, object_type, fresh)
        known.update({binding.res_id: binding for binding in created})
        Binding._write_hashes(
            "content_hash", {known[record.id]: hashes[record] for record in sent}
        )
        if object_type == "offer":
            Binding._write_hashes(
                "stock_hash",
                {known[record.id]: hash_stock(record) for record in sent},
            )
        return {"sent": len(sent), "refused": refused}

    def _hand_over(self, _object_type, changed, _hashes):
        """Return what is to be sent now, of the records that changed.

        :param hashes: {record: fingerprint of what is to be sent}.
        """
        return changed


def hash_content(spec):
    """Fingerprint what the shop shows; the stock is compared by itself."""
    return fingerprint(spec, ignore={"stock_available", "stock_held"})


def hash_stock(offer):
    return fingerprint(f"{offer.quantity:.6f}")
