"""Take purchases over from a storefront: all of a batch, or words why not."""

from collections import defaultdict

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from .marketplace_order_check import PurchaseChecker

# Imports are facts: nobody is notified and nothing is looked up again.
IMPORT_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "sale_no_log_for_new_lines": True,
    "marketplace_keep_date_order": True,
}

# Given, or Odoo computes each of them for each order.
ORDER_DEFAULTS = {
    "fiscal_position_id": False,
    "payment_term_id": False,
    "preferred_payment_method_line_id": False,
    "sale_order_template_id": False,
    "journal_id": False,
    "user_id": False,
    "team_id": False,
    "note": False,
    "validity_date": False,
    "require_signature": False,
    "require_payment": False,
    "prepayment_percent": 1.0,
}


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    @api.model
    @api.private
    def _import_batch(self, payloads):
        """Create and confirm the orders of purchases made in a storefront.

        One transaction, one ``create`` per model. A purchase known by (company,
        channel, reference) is returned as it is and nothing is written. One with
        problems is not written; the others are.

        Amounts are minor units with VAT, or without when ``tax_mode`` is "excluded":
        then every line and delivery says its VAT after its own discounts, and all
        discounts are by line. VAT that is told must agree with the prices. What the
        customer was charged is never recomputed: up to the tolerance the operator
        bears the difference.

        :param payloads: [{company_id, channel, external_ref, number, date_order,
            partner_id, partner_shipping_id, currency_id, amount_charged_minor,
            tolerance_minor, tax_mode: "included" (None) or "excluded",
            tax_tolerance_minor (optional: how far the VAT told may be off, for the
                storefront rounds it where we do not),
            on_account and date_due (optional: the customer pays at the due date),
            lines: [{ref, offer_id or product_id (the operator's own goods), name,
                quantity, gross_minor or bundle_ref, tax_ids, tax_minor,
                service_date (optional: when a service is performed),
                discounts: [{funder, amount_minor, name, vendor_share, promised_by}]}],
            shippings: [{ref, name, amount_minor, vendor_id or None (shared), tax_ids,
                tax_minor,
                recipient: "vendor" or "operator" (None: by the contracts),
                paid_by: "marketplace" (None: the customer)}],
            discounts: [{ref, name, amount_minor, funder, line_refs or None (all),
                vendor_share: fraction that vendors pay when both do (no funder then),
                promised_by: who announced it, "vendor" or "marketplace"}],
            bundles: [{ref, amount_minor}],
            payments: as of ``marketplace.payment._record_batch``,
            hold: {reason_code, note} to keep the orders from their vendors (optional),
            allocation_key (optional: "net", "quantity" or "weight", of the order or of
                one of its shippings or discounts; the company's when not given),
            values: {extra fields of the group}}].
        :return: (order groups, {index of a payload: its problems, in words}).
        """
        known = self._import_known(payloads)
        fresh = {}
        for index, payload in enumerate(payloads):
            key = self._import_key(payload)
            if key not in known:
                fresh.setdefault(key, (index, payload))
        checker = PurchaseChecker(self.env, [payload for _i, payload in fresh.values()])
        purchases, problems = {}, {}
        for key, (index, payload) in fresh.items():
            messages, purchase = checker.check(payload)
            if messages:
                problems[index] = messages
            else:
                purchases[key] = purchase
        created = self.with_context(**IMPORT_CONTEXT)._import_purchases(
            list(purchases.values()), checker
        )
        known.update(zip(purchases, created.with_env(self.env), strict=True))
        keys = dict.fromkeys(self._import_key(payload) for payload in payloads)
        return self.browse(known[key].id for key in keys if key in known), problems

    @api.model
    def _import_key(self, payload):
        return payload["company_id"], payload["channel"], payload["external_ref"]

    @api.model
    def _import_known(self, payloads):
        """Return {key: order group} of the payloads imported before."""
        found = self.search(
            [("external_ref", "in", [p["external_ref"] for p in payloads])]
        )
        return {
            (group.company_id.id, group.channel, group.external_ref): group
            for group in found
        }

    @api.model
    def _import_purchases(self, purchases, checker):
        """Create, confirm and account for checked purchases; return their groups."""
        groups = self.create(
            [self._prepare_import_vals(purchase, checker) for purchase in purchases]
        )
        vals_list = self._prepare_sale_orders(groups, purchases, checker)
        orders = self.env["sale.order"].create(vals_list)
        self._import_before_confirm(groups, purchases)
        orders.action_confirm()
        self._check_import_totals(groups, purchases)
        self.env["marketplace.payment"]._record_for_orders(
            [
                (group, purchase.payload.get("payments") or [])
                for group, purchase in zip(groups, purchases, strict=True)
            ]
        )
        return groups

    @api.model
    def _import_before_confirm(self, groups, purchases):
        """Act on purchases whose orders exist but are not confirmed; to extend."""

    @api.model
    def _prepare_import_vals(self, purchase, checker):
        """Return the values of one order group."""
        payload = purchase.payload
        currency = checker.currencies[payload["currency_id"]]
        return {
            "company_id": payload["company_id"],
            "channel": payload["channel"],
            "external_ref": payload["external_ref"],
            "external_number": payload.get("number"),
            "partner_id": payload["partner_id"],
            "currency_id": currency.id,
            "date_order": payload["date_order"],
            "allocations": self._prepare_allocations(purchase.split, currency),
            "on_account": bool(payload.get("on_account")),
            "date_due": payload.get("date_due") if payload.get("on_account") else None,
            "amount_charged": currency._marketplace_amount(
                payload["amount_charged_minor"]
            ),
            **(payload.get("values") or {}),
        }

    @api.model
    def _prepare_sale_orders(self, groups, purchases, checker):
        """Return the values of every seller's order of these purchases."""
        by_company = defaultdict(list)
        defaults = {}
        for group, purchase in zip(groups, purchases, strict=True):
            setting = (group.company_id, group.currency_id)
            if setting not in defaults:
                defaults[setting] = self._import_defaults(*setting)
            for seller in purchase.terms:
                by_company[group.company_id].append(
                    {
                        **ORDER_DEFAULTS,
                        **defaults[setting],
                        **self._prepare_sale_order_vals(group, purchase, seller),
                        "order_line": [
                            Command.create(vals)
                            for vals in self._prepare_lines(purchase, seller, checker)
                        ],
                    }
                )
        for company, vals_list in by_company.items():
            names = self.env["ir.sequence"]._marketplace_next_many(
                "sale.order", company, len(vals_list)
            )
            for vals, name in zip(vals_list, names, strict=True):
                vals["name"] = name
        return [vals for vals_list in by_company.values() for vals in vals_list]

    @api.model
    def _import_defaults(self, company, currency):
        """Return what the orders of a company and currency have in common.

        An order takes its currency from its pricelist: one is made for a currency that
        has none yet.
        """
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        pricelist = self.env["product.pricelist"]
        if currency != company.currency_id:
            pricelist = pricelist.search(
                [
                    *pricelist._check_company_domain(company),
                    ("currency_id", "=", currency.id),
                ],
                limit=1,
            ) or pricelist.create(
                {
                    "name": self.env._("Marketplace %(code)s", code=currency.name),
                    "currency_id": currency.id,
                    "company_id": company.id,
                }
            )
        return {"warehouse_id": warehouse.id, "pricelist_id": pricelist.id}

    @api.model
    def _prepare_sale_order_vals(self, group, purchase, seller):
        """Return the values of one seller's order, without its lines."""
        payload = purchase.payload
        return {
            "company_id": group.company_id.id,
            "marketplace_order_id": group.id,
            "vendor_id": seller or False,
            "partner_id": payload["partner_id"],
            "partner_invoice_id": payload["partner_id"],
            "partner_shipping_id": payload.get("partner_shipping_id")
            or payload["partner_id"],
            "client_order_ref": payload.get("number"),
            "origin": group.name,
            "date_order": payload["date_order"],
            **purchase.terms[seller],
        }

    @api.model
    def _prepare_lines(self, purchase, seller, checker):
        """Return the values of one seller's lines: goods, discounts, shipping."""
        Line = self.env["sale.order.line"]
        payload = purchase.payload
        amount = checker.currencies[payload["currency_id"]]._marketplace_amount
        vals_list, discounts = [], defaultdict(int)
        for item, line in zip(payload["lines"], purchase.split.lines, strict=True):
            if line.seller != seller:
                continue
            offer = checker.offers.get(item.get("offer_id"))
            product = (
                offer.product_id if offer else checker.products[item["product_id"]]
            )
            taxes = tuple(item["tax_ids"])
            discounts[taxes] -= line.vendor_discount
            vals_list.append(
                Line._marketplace_line_vals(
                    product,
                    item["quantity"],
                    amount(line.gross),
                    taxes,
                    name=item["name"],
                    offer_id=offer.id if offer else False,
                    external_ref=item["ref"],
                    customer_lead=offer.lead_time_days if offer else 0.0,
                    date_service=item.get("service_date"),
                    amount_discount_vendor=amount(line.vendor_discount),
                    amount_discount_marketplace=amount(line.marketplace_discount),
                    amount_discount_operator=amount(line.given),
                )
            )
        name = self._import_discount_name(payload)
        vals_list += [
            Line._marketplace_line_vals(
                checker.discount,
                1.0,
                amount(minor),
                taxes,
                name=name,
                customer_lead=0.0,
            )
            for taxes, minor in discounts.items()
            if minor
        ]
        charges = {item["ref"]: item for item in payload.get("shippings") or ()}
        vals_list += [
            Line._marketplace_line_vals(
                checker.shipping,
                1.0,
                amount(share.amount),
                tuple(charges[share.ref]["tax_ids"]),
                name=charges[share.ref]["name"],
                external_ref=share.ref,
                customer_lead=0.0,
                shipping_vendor_id=(
                    share.shipper if share.shipper != seller else False
                ),
                amount_discount_marketplace=amount(share.amount if share.funded else 0),
                amount_discount_operator=amount(share.given),
            )
            for share in purchase.split.shippings
            if share.seller == seller
        ]
        for rank, vals in enumerate(vals_list, 1):
            vals["sequence"] = rank
        return vals_list

    @api.model
    def _import_discount_name(self, payload):
        """Return the names of the order's discounts, for the lines that deduct them."""
        items = [*(payload.get("discounts") or ())]
        for line in payload["lines"]:
            items += line.get("discounts") or ()
        names = dict.fromkeys(item["name"] for item in items if item.get("name"))
        return ", ".join(names) or self.env._("Discount")

    @api.model
    def _check_import_totals(self, groups, purchases):
        """Check that Odoo's totals are the engine's, to the minor unit.

        Taxes included in the price cannot break this; an addon that changes prices or
        taxes of orders can.
        """
        for group, purchase in zip(groups, purchases, strict=True):
            currency = group.currency_id
            found = sum(
                currency._marketplace_minor(order.amount_total)
                for order in group.sale_order_ids
            )
            if found != purchase.split.credit:
                raise ValidationError(
                    self.env._(
                        "%(order)s: its vendor orders make %(found)s instead of "
                        "%(expected)s.",
                        order=group.display_name,
                        found=currency.format(currency._marketplace_amount(found)),
                        expected=currency.format(
                            currency._marketplace_amount(purchase.split.credit)
                        ),
                    )
                )
