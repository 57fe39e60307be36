from odoo import models
from odoo.tools import email_normalize

from ..engine.idempotency import fingerprint


class MarketplaceInbox(models.Model):
    """Find or create the customers of a batch of orders and where they live."""

    _inherit = "marketplace.inbox"

    def _import_customers(self, storefront, orders):
        """Return {order ref: (customer, delivery contact)}, creating what is new.

        A customer is found by the shop's own reference; by the e-mail address only
        where the storefront says so: one typed at a checkout proves nothing, and must
        not open somebody's account to another.
        """
        countries = self._find_countries(orders)
        keys = {order.ref: self._customer_key(storefront, order) for order in orders}
        customers = self._import_contacts(
            storefront,
            "customer",
            {
                keys[order.ref]: self._prepare_customer_vals(order, countries)
                for order in orders
            },
            self._find_by_email if storefront.customer_match == "email" else None,
        )
        places = {
            order.ref: self._address_key(order, keys[order.ref]) for order in orders
        }
        addresses = self._import_contacts(
            storefront,
            "address",
            {
                places[order.ref]: self._prepare_address_vals(
                    order, customers[keys[order.ref]], countries
                )
                for order in orders
            },
        )
        return {
            order.ref: (customers[keys[order.ref]], addresses[places[order.ref]])
            for order in orders
        }

    def _customer_key(self, storefront, order):
        """Return what a customer is known by; a guest has no name in the shop."""
        customer = order.customer
        if customer.ref:
            return customer.ref
        if storefront.customer_match == "email" and customer.email:
            return f"guest:{customer.email.strip().lower()}"
        return f"guest:order:{order.ref}"

    def _import_contacts(self, storefront, object_type, vals_by_ref, find=None):
        """Return {ref: partner}: known ones, found ones, and new ones in one batch.

        A contact that was deleted here is made anew.

        :param find: [values] -> [partner or an empty one], for references not known.
        """
        Binding, Partner = self.env["marketplace.binding"], self.env["res.partner"]
        known = Binding._living(
            Binding._by_external(storefront, object_type, vals_by_ref)
        )
        partners = {ref: Partner.browse(found.res_id) for ref, found in known.items()}
        new_refs = [ref for ref in vals_by_ref if ref not in partners]
        vals_list = [vals_by_ref[ref] for ref in new_refs]
        found = find(storefront, vals_list) if find else [Partner] * len(vals_list)
        created = iter(
            Partner.with_context(tracking_disable=True).create(
                [v for v, partner in zip(vals_list, found, strict=True) if not partner]
            )
        )
        fresh = {
            ref: partner or next(created)
            for ref, partner in zip(new_refs, found, strict=True)
        }
        Binding._bind(storefront, object_type, fresh)
        return {**partners, **fresh}

    def _find_by_email(self, storefront, vals_list):
        """Return for each customer the oldest one with the same e-mail address.

        Vendors and people of the house are no customers of this kind.
        """
        emails = {vals["email"]: email_normalize(vals["email"]) for vals in vals_list}
        Partner = self.env["res.partner"]
        found = {}
        for partner in Partner.search(
            [
                ("email_normalized", "in", [mail for mail in emails.values() if mail]),
                ("parent_id", "=", False),
                ("is_marketplace_vendor", "=", False),
                ("partner_share", "=", True),
                *Partner._check_company_domain(storefront.company_id),
            ],
            order="id",
        ):
            found.setdefault(partner.email_normalized, partner)
        return [found.get(emails[vals["email"]], Partner) for vals in vals_list]

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

    def _address_key(self, order, customer_key):
        return fingerprint([customer_key, order.shipping_address])

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
