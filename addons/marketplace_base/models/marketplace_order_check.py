"""Say, in words, what is wrong with the purchases of a storefront."""

from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import NamedTuple

from odoo import fields, models

from ..engine.share import KEYS, share_weights
from ..engine.split import (
    OPERATOR,
    SHARED,
    SHARING,
    Discount,
    Line,
    Shipping,
    Split,
    SplitError,
    split,
)
from .marketplace_order_tax_mode import TaxModeChecker


class Purchase(NamedTuple):
    """A payload that can be written: its split and the terms of its sellers."""

    payload: dict
    split: Split
    terms: dict  # {seller: values frozen from the contract}


def discount_terms(item):
    """Return (funder, fraction that vendors pay or None) of a discount's payload.

    :raises InvalidOperation: when the share is no number.
    """
    share = item.get("vendor_share")
    if share is None:
        return item["funder"], None
    return SHARING, Decimal(str(share))


class PurchaseChecker(TaxModeChecker):
    """Check payloads against what the database knows, loaded once for the batch."""

    def __init__(self, env, payloads):
        self.env = env
        self.companies = self._existing("res.company", payloads, "company_id")
        self.currencies = self._existing("res.currency", payloads, "currency_id")
        self.partners = self._existing(
            "res.partner", payloads, "partner_id", "partner_shipping_id"
        )
        lines = [line for payload in payloads for line in payload["lines"]]
        charges = [
            item for payload in payloads for item in payload.get("shippings") or ()
        ]
        self.offers = self._existing("marketplace.offer", lines, "offer_id")
        self.products = self._existing("product.product", lines, "product_id")
        tax_ids = {tax_id for item in lines + charges for tax_id in item["tax_ids"]}
        self.taxes = {
            tax.id: tax for tax in env["account.tax"].browse(sorted(tax_ids)).exists()
        }
        self.contracts = self._load_contracts(payloads)
        # The products of the lines that are no goods.
        self.shipping = env.ref("marketplace_base.product_shipping")
        self.discount = env.ref("marketplace_base.product_discount")

    def _existing(self, model, items, *keys):
        ids = {item.get(key) for item in items for key in keys} - {None, False}
        return {record.id: record for record in self.env[model].browse(ids).exists()}

    def _load_contracts(self, payloads):
        """Return {(company id, date): {vendor id: contract in force}}."""
        vendors = self.env["res.partner"].union(
            *(offer.vendor_id for offer in self.offers.values())
        )
        vendors.fetch(["vendor_state"])  # once for the batch, read per vendor below
        days = {self._day(p) for p in payloads if p["company_id"] in self.companies}
        return {
            (company_id, day): vendors._marketplace_contracts(
                day, self.companies[company_id]
            )
            for company_id, day in days
        }

    def _day(self, payload):
        """Return (company id, day of the order where the company is)."""
        company = self.companies[payload["company_id"]]
        return company.id, company._marketplace_day(payload["date_order"])

    def check(self, payload):
        """Return (problems, None) or ([], purchase)."""
        problems = self._parties(payload)
        if problems:
            return problems, None
        for line in payload["lines"]:
            problems += self._line(payload, line)
        for shipping in payload.get("shippings") or ():
            problems += self._taxes(payload, shipping)
        problems += self._shares(payload)
        terms = {}
        for seller in dict.fromkeys(self._seller(line) for line in payload["lines"]):
            problem, terms[seller] = self._terms(payload, seller)
            problems += problem
        if problems:
            return problems, None
        problems, payload = self._included(payload)
        if problems:
            return problems, None
        try:
            result = self._split(payload, terms)
        except SplitError as error:
            names = {line["ref"]: line["name"] for line in payload["lines"]}
            return self.env["marketplace.order"]._split_messages(
                error.problems, self.currencies[payload["currency_id"]], names
            ), None
        if any(share.seller == OPERATOR for share in result.shippings):
            terms.setdefault(OPERATOR, {})
        problems = self._own_taxes(payload, terms)
        problems += self._total(payload, result)
        problems += self._told_taxes(payload, result)
        return problems, None if problems else Purchase(payload, result, terms)

    # -- each kind of problem -------------------------------------------------------

    def _parties(self, payload):
        """Check that company, customer and currency exist and that there are lines."""
        problems = []
        if payload["company_id"] not in self.companies:
            problems.append(self.env._("The company does not exist."))
        if payload["partner_id"] not in self.partners:
            problems.append(self.env._("The customer does not exist."))
        currency = self.currencies.get(payload["currency_id"])
        if not currency or not currency.active:
            problems.append(self.env._("The currency does not exist or is not active."))
        if not payload["lines"]:
            problems.append(self.env._("The order has no lines."))
        problems += [
            self.env._(
                "Amounts cannot be shared by “%(key)s”: by %(known)s only.",
                key=item["allocation_key"],
                known=", ".join(KEYS),
            )
            for item in (
                payload,
                *(payload.get("shippings") or ()),
                *(payload.get("discounts") or ()),
            )
            if item.get("allocation_key") not in (None, *KEYS)
        ]
        if payload.get("on_account") and (
            not payload.get("date_due")
            or fields.Date.to_date(payload["date_due"]) < payload["date_order"].date()
        ):
            problems.append(
                self.env._(
                    "The order is on account: it needs a due date, and not before it "
                    "was ordered."
                )
            )
        refs = [line["ref"] for line in payload["lines"]]
        problems += [
            self.env._("Line %(line)s is there twice.", line=ref)
            for ref in sorted({ref for ref in refs if refs.count(ref) > 1})
        ]
        return problems

    def _line(self, payload, line):
        problems = []
        if line.get("offer_id"):
            offer = self.offers.get(line["offer_id"])
            if not offer or offer.company_id.id != payload["company_id"]:
                problems.append(
                    self.env._(
                        "Line %(line)s, %(name)s: unknown offer. Create the vendor's "
                        "offer, then replay the order.",
                        line=line["ref"],
                        name=line["name"],
                    )
                )
        elif line.get("product_id") not in self.products:
            problems.append(
                self.env._(
                    "Line %(line)s, %(name)s: unknown product.",
                    line=line["ref"],
                    name=line["name"],
                )
            )
        if line["quantity"] <= 0:
            problems.append(
                self.env._(
                    "Line %(line)s, %(name)s: the quantity must be positive.",
                    line=line["ref"],
                    name=line["name"],
                )
            )
        return problems + self._taxes(payload, line)

    def _taxes(self, payload, item):
        """Check the taxes of a line or a delivery: known, ours, in the price."""
        problems = []
        for tax_id in item["tax_ids"]:
            tax = self.taxes.get(tax_id)
            if (
                not tax
                or tax.company_id.id != payload["company_id"]
                or tax.type_tax_use != "sale"
            ):
                problems.append(
                    self.env._(
                        "Line %(line)s, %(name)s: unknown tax. Map the storefront's "
                        "tax to a sale tax of the company.",
                        line=item["ref"],
                        name=item["name"],
                    )
                )
            elif tax.amount and not tax.price_include:
                problems.append(
                    self.env._(
                        "Line %(line)s, %(name)s: tax %(tax)s is not included in the "
                        "price. Map the tax that is.",
                        line=item["ref"],
                        name=item["name"],
                        tax=tax.name,
                    )
                )
        return problems

    def _shares(self, payload):
        """Check that the share of a discount that vendors pay is a fraction."""
        items = [*(payload.get("discounts") or ())]
        for line in payload["lines"]:
            items += line.get("discounts") or ()
        problems = []
        for item in items:
            try:
                share = discount_terms(item)[1]
                fits = share is None or 0 <= share <= 1
            except InvalidOperation:
                fits = False
            if not fits:
                problems.append(
                    self.env._(
                        "Discount %(name)s: vendors pay a share of it between 0 and "
                        "1, not “%(share)s”.",
                        name=item.get("name") or item.get("ref") or "",
                        share=item["vendor_share"],
                    )
                )
        return problems

    def _own_taxes(self, payload, terms):
        """Check that what the operator owes the VAT of has one tax: he declares it."""
        items = [
            line
            for line in payload["lines"]
            if terms[self._seller(line)].get("vat_debtor") == "operator"
        ]
        items += [
            item
            for item in payload.get("shippings") or ()
            if self._operator_sells(payload, item)
            or any(vals.get("vat_debtor") == "operator" for vals in terms.values())
        ]
        return [
            self.env._(
                "Line %(line)s, %(name)s: the operator owes its VAT and needs exactly "
                "one tax on it.",
                line=item["ref"],
                name=item["name"],
            )
            for item in items
            if len(item["tax_ids"]) != 1
            or self.taxes[item["tax_ids"][0]].amount_type != "percent"
        ]

    def _operator_sells(self, payload, shipping):
        """Return the sellers whose delivery the operator sells instead of them.

        The storefront's word on the method wins over the contracts.
        """
        vendors = {self._seller(line) for line in payload["lines"]} - {OPERATOR}
        if recipient := shipping.get("recipient"):
            return frozenset(vendors if recipient == "operator" else ())
        contracts = self.contracts[self._day(payload)]
        return frozenset(
            vendor
            for vendor in vendors
            if contracts[vendor].shipping_recipient == "operator"
        )

    def _seller(self, line):
        offer = self.offers.get(line.get("offer_id"))
        return offer.vendor_id.id if offer else OPERATOR

    def _terms(self, payload, seller):
        """Return (problems, values) of a seller's contract at the date of the order."""
        Order = self.env["sale.order"]
        vendor = self.env["res.partner"].browse(seller or ())
        contracts = self.contracts[self._day(payload)]
        date = payload["date_order"]
        if problem := Order._marketplace_contract_problem(vendor, contracts, date):
            return [problem], {}
        currency = self.currencies[payload["currency_id"]]
        if problem := Order._marketplace_currency_problem(vendor, contracts, currency):
            return [problem], {}
        terms = Order._marketplace_contract_vals(vendor, contracts, date)
        values = payload.get("values") or {}
        if not vendor or not values.get("cash_on_delivery"):
            return [], terms
        problem, terms = Order._marketplace_cash_terms(
            terms,
            contracts[vendor.id],
            self._cash_blocked,
            values.get("cash_collector"),
        )
        return [problem] if problem else [], terms

    @cached_property
    def _cash_blocked(self):
        """Return the contracts whose vendors keep no more cash, and their debt."""
        return (
            self.env["marketplace.contract"]
            .union(*(c for own in self.contracts.values() for c in own.values()))
            ._cash_blocked()
        )

    def _split(self, payload, terms):
        """Return the engine's split of a purchase.

        :raises SplitError: with every problem of its amounts.
        """
        lines = []
        for item in payload["lines"]:
            seller = self._seller(item)
            line = Line(
                item["ref"],
                seller,
                item.get("gross_minor") or 0,
                item.get("bundle_ref"),
                own=terms[seller].get("posture") != "agent",
                **self._share_weights(item),
            )
            for discount in item.get("discounts") or ():
                line.discount(discount["amount_minor"], *discount_terms(discount))
            lines.append(line)
        return split(
            lines,
            [
                Shipping(
                    item["ref"],
                    item["amount_minor"],
                    item["vendor_id"] or SHARED,
                    item.get("paid_by") == "marketplace",
                    self._operator_sells(payload, item),
                    self._share_key(payload, item),
                )
                for item in payload.get("shippings") or ()
            ],
            [
                Discount(
                    item["ref"],
                    item["amount_minor"],
                    funder,
                    item["line_refs"] and frozenset(item["line_refs"]),
                    vendor_share=share,
                    key=self._share_key(payload, item),
                )
                for item in payload.get("discounts") or ()
                for funder, share in [discount_terms(item)]
            ],
            {
                item["ref"]: item["amount_minor"]
                for item in payload.get("bundles") or ()
            },
        )

    def _share_key(self, payload, item):
        """Return what an amount is shared by: as it says, the order, the company."""
        return (
            item.get("allocation_key")
            or payload.get("allocation_key")
            or self.companies[payload["company_id"]].marketplace_allocation_key
        )

    def _share_weights(self, item):
        """Return the quantity and the weight of a line, for the engine."""
        offer = self.offers.get(item.get("offer_id"))
        product = offer.product_id if offer else self.products[item["product_id"]]
        return share_weights(item["quantity"], product.weight)

    def _total(self, payload, result):
        """Check that lines and payments fit what the customer was charged."""
        currency = self.currencies[payload["currency_id"]]

        def money(minor):
            return currency.format(currency._marketplace_amount(minor))

        charged = payload["amount_charged_minor"]
        problems = []
        gap = result.charged - charged
        if charged < 0 or abs(gap) > payload.get("tolerance_minor", 0):
            problems.append(
                self.env._(
                    "The total does not add up: lines, delivery and discounts make "
                    "%(lines)s, the customer was charged %(charged)s.",
                    lines=money(result.charged),
                    charged=money(charged),
                )
            )
        paid = sum(
            payment["amount_minor"]
            for payment in payload.get("payments") or ()
            if payment["state"] == "captured"
        )
        if paid > charged:
            problems.append(
                self.env._(
                    "Payments of %(paid)s exceed the %(charged)s charged to the "
                    "customer.",
                    paid=money(paid),
                    charged=money(charged),
                )
            )
        return problems


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _split_messages(self, problems, currency, names):
        """Return the words for what the engine refused.

        :param names: {reference: name of the line} when they are known.
        """
        words = {
            "unknown_bundle": self.env._("The bundle is not in the order."),
            "empty_bundle": self.env._("The bundle has no lines."),
            "unknown_line": self.env._(
                "A discount is about a line that is not in the order."
            ),
            "negative_line": self.env._(
                "The line costs less than nothing after its discounts."
            ),
            "discount_too_large": self.env._(
                "The discount is negative, or more than what it lowers costs."
            ),
            "bad_share": self.env._(
                "The share of the discount that vendors pay is not between 0 and 1."
            ),
            "negative_shipping": self.env._("The delivery costs less than nothing."),
            "shipping_without_goods": self.env._(
                "The delivery is of a vendor who sells nothing in this order."
            ),
        }
        return [
            self.env._(
                "%(name)s (%(amount)s): %(problem)s",
                name=names.get(problem.ref, problem.ref),
                amount=currency.format(currency._marketplace_amount(problem.amount)),
                problem=words[problem.code],
            )
            for problem in problems
        ]
