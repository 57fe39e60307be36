"""Random purchases through the real models: the sums hold to the minor unit."""

from collections import Counter
from fractions import Fraction

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import MarketplaceCommon

# The same purchases on every machine: a failure here is a failure everywhere.
PROFILE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    # No shrinking: each try is a purchase in the database.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
VENDORS = 20
RATES = (20.0, 10.0, 5.5)
FUNDERS = ("vendor", "marketplace")
amounts = st.integers(1, 250_000)


@st.composite
def purchases(draw):
    """Return a basket in plain numbers: minor units, vendor ranks, rate ranks."""
    vendor_count = draw(st.integers(1, VENDORS))
    ranks = draw(st.permutations(range(VENDORS)))[:vendor_count]
    extra = draw(st.lists(st.sampled_from(ranks), max_size=4))
    lines = [
        {
            "vendor": vendor,
            "rate": draw(st.integers(0, len(RATES) - 1)),
            "quantity": draw(st.integers(1, 7)),
            "gross": draw(amounts),
            "bundled": draw(st.booleans()) and draw(st.booleans()),
            "cut": draw(st.integers(0, 30)),
            "funder": draw(st.sampled_from(FUNDERS)),
        }
        for vendor in [*ranks, *extra]
    ]
    shippings = [
        (draw(amounts), draw(st.sampled_from([None, *ranks])))
        for _n in range(draw(st.integers(0, 3)))
    ]
    return {
        "lines": lines,
        "bundle": draw(st.integers(len(lines), 400_000)),
        "shippings": shippings,
        "cuts": [
            (draw(st.integers(0, 40)), draw(st.sampled_from(FUNDERS)))
            for _n in range(draw(st.integers(0, 2)))
        ],
        "gap": draw(st.integers(-2, 2)),
        "payments": draw(st.integers(1, 3)),
        # How many of the payments are gift cards.
        "cards": draw(st.integers(0, 2)),
    }


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestOrderProperties(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = [
            cls._create_vendor(f"Vendor {n:02d}", iban=None) for n in range(VENDORS)
        ]
        cls.offers = [cls._create_offer(vendor, 10.0) for vendor in cls.vendors]
        cls.taxes = [cls.company._marketplace_tax(rate) for rate in RATES]
        cls.taxes_excluded = [
            cls.company._marketplace_tax(rate, included=False) for rate in RATES
        ]
        cls.currencies = cls.env["res.currency"]
        for code, rate in (("EUR", 1.0), ("JPY", 163.27), ("KWD", 0.3317)):
            currency = cls.env.ref(f"base.{code}")
            currency.active = True
            cls.currencies |= currency
            for vendor in cls.vendors:
                vendor.vendor_contract_ids.other_currency_ids |= currency
            if currency != cls.currency:
                cls.env["res.currency.rate"].create(
                    {
                        "name": "2026-01-01",
                        "currency_id": currency.id,
                        "company_id": cls.company.id,
                        "rate": rate,
                    }
                )

    def _for_all(self, strategy, max_examples, check):
        """Run a check on random baskets, each undone before the next."""

        def once(basket):
            savepoint = self.cr.savepoint()
            try:
                check(basket)
                self.env.flush_all()
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all()

        settings(PROFILE, max_examples=max_examples)(given(strategy)(once))()

    # -- storefront: prices that include VAT ----------------------------------------

    def _payload(self, basket, currency):
        """Return the payload of a basket, and what it must add up to by kind."""
        ref = f"PROP-{self._next()}"
        lines, totals, by_tax = [], Counter(), Counter()
        bundled = [line for line in basket["lines"] if line["bundled"]]
        shared_bundle, rest = divmod(basket["bundle"], len(bundled) or 1)
        for number, item in enumerate(basket["lines"], 1):
            line = {
                "ref": f"{ref}-{number}",
                "offer_id": self.offers[item["vendor"]].id,
                "name": "Goods",
                "quantity": item["quantity"],
                "tax_ids": self.taxes[item["rate"]].ids,
                "discounts": [],
            }
            if item["bundled"]:
                line["bundle_ref"] = f"{ref}-B"
                # Equal shares, the left-over units to the first lines.
                gross = shared_bundle + (bundled.index(item) < rest)
            else:
                gross = line["gross_minor"] = item["gross"]
                cut = gross * item["cut"] // 100
                line["discounts"].append(
                    {"funder": item["funder"], "amount_minor": cut, "name": "Sale"}
                )
                totals[item["funder"]] += cut
            lines.append(line)
            totals["goods"] += gross
            by_tax[item["rate"]] += gross
        discounts = []
        left = totals["goods"] - totals["vendor"] - totals["marketplace"]
        for number, (percent, funder) in enumerate(basket["cuts"], 1):
            amount = left * percent // 100
            left -= amount
            totals[funder] += amount
            discounts.append(
                {
                    "ref": f"{ref}-D{number}",
                    "name": "Code",
                    "amount_minor": amount,
                    "funder": funder,
                    "line_refs": None,
                }
            )
        totals["shipping"] = sum(amount for amount, _v in basket["shippings"])
        by_tax[0] += totals["shipping"]
        totals["sum"] = left + totals["shipping"]
        totals["charged"] = max(totals["sum"] + basket["gap"], 0)
        when = fields.Datetime.to_datetime("2026-03-02 10:00:00")
        parts = [totals["charged"] // basket["payments"]] * basket["payments"]
        parts[0] += totals["charged"] - sum(parts)
        payload = {
            "company_id": self.company.id,
            "channel": "prop",
            "external_ref": ref,
            "number": ref,
            "date_order": when,
            "partner_id": self.customer.id,
            "partner_shipping_id": self.customer.id,
            "currency_id": currency.id,
            "amount_charged_minor": totals["charged"],
            "tolerance_minor": 2,
            "lines": lines,
            "shippings": [
                {
                    "ref": f"{ref}-S{number}",
                    "name": "Delivery",
                    "amount_minor": amount,
                    "vendor_id": None if rank is None else self.vendors[rank].id,
                    "tax_ids": self.taxes[0].ids,
                }
                for number, (amount, rank) in enumerate(basket["shippings"], 1)
            ],
            "discounts": discounts,
            "bundles": [{"ref": f"{ref}-B", "amount_minor": basket["bundle"]}]
            if bundled
            else [],
            "payments": [
                {
                    "ref": f"{ref}-P{number}",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": amount,
                    "date": when,
                    "kind": "gift_card" if number <= basket["cards"] else "psp",
                }
                for number, amount in enumerate(parts, 1)
                if amount
            ],
            "values": {},
        }
        return payload, totals, by_tax

    def _sums(self, lines, field):
        """Return {kind: minor units} and {rate rank: minor units} of order lines."""
        by_kind, by_tax = Counter(), Counter()
        for line in lines:
            minor = line.currency_id._marketplace_minor(line[field])
            by_kind[line.marketplace_kind] += minor
            by_tax[line.tax_ids] += minor
        return by_kind, by_tax

    def _ledger(self, group, **criteria):
        """Return {kind: minor units} of ledger lines that meet the criteria."""
        totals = Counter()
        for line in group.ledger_line_ids:
            if all(line[name] == value for name, value in criteria.items()):
                kind = line.sale_line_id.marketplace_kind
                totals[kind] += group.currency_id._marketplace_minor(line.amount)
        return totals

    def _check_import(self, basket, currency):
        minor = currency._marketplace_minor
        payload, totals, by_tax = self._payload(basket, currency)
        group, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        orders = group.sale_order_ids
        lines = orders.order_line

        # Orders: every kind and every tax adds up to what the customer saw.
        kinds, taxes = self._sums(lines, "amount_vendor")
        self.assertEqual(kinds["goods"], totals["goods"] - totals["vendor"])
        self.assertEqual(kinds["shipping"], totals["shipping"])
        cuts, cuts_by_tax = self._sums(lines, "amount_discount_vendor")
        self.assertEqual(cuts.total(), totals["vendor"])
        funded, _by_tax = self._sums(lines, "amount_discount_marketplace")
        self.assertEqual(funded.total(), totals["marketplace"])
        for rank, tax in enumerate(self.taxes):
            self.assertEqual(taxes[tax], by_tax[rank] - cuts_by_tax[tax], tax.name)
        self.assertEqual(
            sum(minor(order.amount_total) for order in orders),
            totals["sum"] + totals["marketplace"],
        )
        for order in orders:
            self._check_document(order)

        # Ledger: charged + funded + rounding is what the vendors are credited.
        captured = self._ledger(group, event="capture")
        funded = self._ledger(group, event="discount_funding")
        borne = self._ledger(group, event="rounding", role_debit="OPERATOR_COST")
        kept = self._ledger(group, event="rounding", role_credit="OPERATOR_COST")
        # A gift card is a payment: it lowers what it costs nobody but its issuer.
        for role, kind in (("PSP_CLEARING", "psp"), ("GIFT_CARDS", "gift_card")):
            paid = group.payment_ids.filtered(lambda p, kind=kind: p.kind == kind)
            self.assertEqual(
                self._ledger(group, role_debit=role).total(),
                sum(minor(payment.amount) for payment in paid),
            )
        self.assertEqual(captured.total() + kept.total(), totals["charged"])
        self.assertEqual(funded.total(), totals["marketplace"])
        self.assertEqual(
            kept.total() - borne.total(), totals["charged"] - totals["sum"]
        )
        for kind, expected in (
            ("goods", totals["goods"] - totals["vendor"]),
            ("shipping", totals["shipping"]),
        ):
            self.assertEqual(captured[kind] + funded[kind] + borne[kind], expected)
        owed = {order.vendor_id: minor(order.amount_total) for order in orders}
        self._check_balances(owed, currency, "pending")
        self._ship_and_deliver(group, date="2026-03-05")
        self._check_balances(owed, currency, "due")
        self._check_tie_out()

        # Everything given back, in two amounts: nobody owes anything.
        if totals["charged"] > 1:
            self._refund_all(group)
            self._check_balances(dict.fromkeys(owed, 0), currency, "due")
            self._check_tie_out()

    def _refund_all(self, group):
        amount = group.currency_id._marketplace_amount
        Refund = self.env["marketplace.refund"]
        for payment in group.payment_ids.sorted("id"):
            part = group.currency_id._marketplace_minor(payment.amount)
            for minor in filter(None, (part // 3, part - part // 3)):
                refund = Refund.create(
                    {
                        "order_id": group.id,
                        "payment_id": payment.id,
                        "date": "2026-03-20",
                        "amount": amount(minor),
                    }
                )
                refund._apply()

    def _check_document(self, order):
        """Check a vendor's document tax by tax.

        Base and VAT make what his lines cost, exactly; VAT is within half a unit of
        the exact extraction.
        """
        minor = order.currency_id._marketplace_minor
        _kinds, gross = self._sums(order.order_line, "amount_vendor")
        groups = [
            group
            for subtotal in order.tax_totals["subtotals"]
            for group in subtotal["tax_groups"]
        ]
        for group in groups:
            tax = self.env["account.tax"].browse(group["involved_tax_ids"])
            base = minor(group["base_amount_currency"])
            vat = minor(group["tax_amount_currency"])
            self.assertEqual(base + vat, gross[tax], tax.name)
            rate = Fraction(str(tax.amount))
            exact = gross[tax] * rate / (100 + rate)
            self.assertLessEqual(abs(vat - exact), Fraction(1, 2), tax.name)
        self.assertEqual(sum(gross.values()), minor(order.amount_total))
        self.assertEqual(
            minor(order.amount_untaxed) + minor(order.amount_tax),
            minor(order.amount_total),
        )

    def _check_balances(self, owed, currency, bucket):
        vendors = self.env["res.partner"].union(*owed)
        balances = self.Ledger._vendor_balances(vendors, self.company, currency)
        for vendor, minor in owed.items():
            buckets = balances.get((vendor.id, currency.id), {})
            found = {
                name: currency._marketplace_minor(amount)
                for name, amount in buckets.items()
                if amount
            }
            self.assertEqual(found, {bucket: minor} if minor else {}, vendor.name)

    def _check_tie_out(self):
        self.assertTiedOut()
        unposted = self.Ledger.search_count([("is_posted", "=", False)])
        self.assertEqual(unposted, 0)

    def test_storefront_purchases_add_up_in_euro(self):
        """O2, design 3: goods, shipping, discounts and each tax, to the cent."""
        self._for_all(
            purchases(), 8, lambda basket: self._check_import(basket, self.currency)
        )

    def test_storefront_purchases_add_up_in_yen(self):
        yen = self.env.ref("base.JPY")
        self._for_all(purchases(), 5, lambda basket: self._check_import(basket, yen))

    def test_storefront_purchases_add_up_in_dinars(self):
        dinar = self.env.ref("base.KWD")
        self._for_all(purchases(), 5, lambda basket: self._check_import(basket, dinar))

    # -- back office: prices without VAT --------------------------------------------

    def _check_quotation(self, basket, currency):
        """Split a quotation typed without VAT: its parts add up to what was typed."""
        amount, minor = currency._marketplace_amount, currency._marketplace_minor
        pricelist = self.env["product.pricelist"].create(
            {"name": currency.name, "currency_id": currency.id}
        )
        Line = self.env["sale.order.line"]
        typed, by_tax, vals_list = Counter(), Counter(), []
        for item in basket["lines"]:
            offer = self.offers[item["vendor"]]
            tax = self.taxes_excluded[item["rate"]]
            vals_list.append(
                {
                    **Line._marketplace_line_vals(
                        offer.product_id, 1.0, amount(item["gross"]), tax.ids
                    ),
                    "offer_id": offer.id,
                }
            )
            typed["goods"] += item["gross"]
            by_tax[tax] += item["gross"]
        tax = self.taxes_excluded[0]
        for shipping, _vendor in basket["shippings"]:
            product = self.env.ref("marketplace_base.product_shipping")
            vals_list.append(
                Line._marketplace_line_vals(product, 1.0, amount(shipping), tax.ids)
            )
            typed["shipping"] += shipping
            by_tax[tax] += shipping
        discounted = sum(item["gross"] for item in basket["lines"] if not item["rate"])
        for percent, _funder in basket["cuts"][:1]:
            cut = discounted * percent // 100
            if cut:
                product = self.env.ref("marketplace_base.product_discount")
                vals_list.append(
                    Line._marketplace_line_vals(product, 1.0, -amount(cut), tax.ids)
                )
                typed["discount"] -= cut
                by_tax[tax] -= cut
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "pricelist_id": pricelist.id,
                "order_line": [Command.create(vals) for vals in vals_list],
            }
        )
        order.action_confirm()
        group = order.marketplace_order_id
        orders = group.sale_order_ids
        kinds, taxes = self._sums(orders.order_line, "price_subtotal")
        for kind in ("goods", "shipping", "discount"):
            self.assertEqual(kinds[kind], typed[kind], kind)
        for tax, expected in by_tax.items():
            self.assertEqual(taxes[tax], expected, tax.name)
        self.assertEqual(
            sum(minor(part.amount_total) for part in orders),
            minor(group.amount_charged),
        )
        self.env["marketplace.payment"]._record_batch(
            group,
            [
                {
                    "ref": f"{order.name}-P",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": minor(group.amount_charged),
                    "date": fields.Datetime.to_datetime("2026-03-02 10:00:00"),
                }
            ],
        )
        owed = {part.vendor_id: minor(part.amount_total) for part in orders}
        self._check_balances(owed, currency, "pending")
        self._check_tie_out()

    def test_quotations_without_vat_add_up(self):
        """Prices without VAT: the total is the sum of the vendors' documents."""
        for currency in self.currencies:
            with self.subTest(currency=currency.name):
                self._for_all(
                    purchases(),
                    3,
                    lambda basket, currency=currency: self._check_quotation(
                        basket, currency
                    ),
                )
