"""Random refunds through the real models: what is shown is what is posted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon
from .test_order_properties import PROFILE

RATES = (20.0, 10.0, 5.5)
amounts = st.integers(1, 50_000)


@st.composite
def refunds(draw):
    """Return a purchase and what is refunded of it, one after the other."""
    lines = draw(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(1, 5), amounts),
            min_size=1,
            max_size=4,
            unique_by=lambda line: line[0],
        )
    )
    goods = sum(gross for _offer, _quantity, gross in lines)
    steps = draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("lines"), st.integers(0, 3), st.integers(0, 3)),
                st.tuples(st.just("amount"), st.integers(1, 60), st.booleans()),
                st.tuples(st.just("goodwill"), st.integers(1, 20), st.none()),
            ),
            min_size=1,
            max_size=4,
        )
    )
    return {
        "lines": lines,
        "shipping": draw(st.integers(0, 2000)),
        "discount": draw(st.integers(0, goods // 3)),
        "funder": draw(st.sampled_from(("vendor", "marketplace"))),
        "delivered": draw(st.booleans()),
        "steps": steps,
    }


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestRefundPlanProperties(MarketplaceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = [cls._create_vendor(f"Vendor {n}", iban=None) for n in range(3)]
        cls.offers = [
            cls._create_offer(cls.vendors[n % 3], 10.0, tax_rate=RATES[n % 3])
            for n in range(6)
        ]
        cls.Refund = cls.env["marketplace.refund"]

        cls.applied = cls.refused = 0

    def test_what_is_shown_is_what_is_posted(self):
        """Balances, VAT and refusals; R1: parts add up; R2: no amount is lost."""

        def once(case):
            savepoint = self.cr.savepoint()
            try:
                self._check(case)
            finally:
                savepoint.close(rollback=True)
                self.env.invalidate_all()

        settings(PROFILE, max_examples=80)(given(refunds())(once))()
        # Most cases must reach the ledger, or nothing is proved.
        self.assertGreater(self.applied, 80)
        self.assertGreater(self.refused, 5)

    def _check(self, case):
        money = self.currency._marketplace_amount
        group = self._import_order(
            [
                (self.offers[offer], quantity, money(gross))
                for offer, quantity, gross in case["lines"]
            ],
            shippings=[(money(case["shipping"]), None)] if case["shipping"] else (),
            discounts=[(money(case["discount"]), case["funder"])]
            if case["discount"]
            else (),
        )
        if case["delivered"]:
            self._ship_and_deliver(group)
        for step in case["steps"]:
            refund = self._draft(group, step)
            if refund:
                self._compare(refund)
        for line in group.sale_order_ids.order_line.filtered("amount_vendor"):
            self._check_parts(line)

    def _draft(self, group, step):
        kind, number, choice = step
        vals = {"order_id": group.id}
        if kind == "lines":
            lines = group.sale_order_ids.order_line.filtered("amount_vendor")
            line = lines[number % len(lines)]
            vals["line_ids"] = [
                Command.create({"sale_line_id": line.id, "quantity": choice})
            ]
            if line.marketplace_kind == "shipping":
                vals["line_ids"][0][2].update(quantity=0, amount=line.amount_vendor / 2)
        else:
            charged = self._minor(group.amount_charged)
            vals["amount"] = self.currency._marketplace_amount(
                max(charged * number // 100, 1)
            )
            if kind == "goodwill":
                vals["borne_by"] = "operator"
            elif choice:
                vals["vendor_id"] = group.sale_order_ids.vendor_id[:1].id
        try:
            with self.cr.savepoint():
                return self.Refund.create(vals)
        except MarketplaceError:
            return None

    def _balances(self):
        vendors = self.env["res.partner"].union(*self.vendors)
        result = dict.fromkeys(vendors.ids, 0)
        balances = self.Ledger._vendor_balances(vendors, self.company)
        for (vendor_id, _currency_id), buckets in balances.items():
            result[vendor_id] = sum(
                self._minor(buckets[name]) for name in ("pending", "due", "reserved")
            )
        return result

    def _compare(self, refund):
        """Compare what a draft shows with what its application does."""
        effect = refund._effect()
        before = self._balances()
        commission = self._commission()
        try:
            with self.cr.savepoint():
                refund._apply()
                self.env.flush_all()
        except MarketplaceError:
            self.assertTrue(effect["problem"])
            type(self).refused += 1
            refund.invalidate_recordset()
            return
        self.assertFalse(effect["problem"])
        type(self).applied += 1
        after = self._balances()
        rows = {row["vendor"].id: row for row in effect["vendors"]}
        for vendor_id, was in before.items():
            change = after[vendor_id] - was
            shown = rows.get(vendor_id, {"change": 0, "before": was, "commission": 0})
            self.assertEqual((was, change), (shown["before"], shown["change"]))
            self.assertEqual(
                self._commission().get(vendor_id, 0) - commission.get(vendor_id, 0),
                shown["commission"],
            )
        lines = refund.line_ids
        self.assertEqual(effect["tax"], self._sum(lines, "amount_tax"))
        # R2: the vendors lose what the customer gets and what we had paid for him,
        # but for the part that the operator bears.
        moved = sum(before.values()) - sum(after.values())
        amount = self._minor(refund.amount)
        self.assertEqual(moved, amount - effect["operator"])
        if refund.borne_by == "vendor":
            self.assertEqual(moved, self._sum(lines, "amount_vendor"))
            self.assertGreaterEqual(moved, amount)
            self.assertGreater(moved, 0)

    def _commission(self):
        """Return {vendor id: commission charged, minor units}; none without it."""
        if "marketplace.commission.line" not in self.env:
            return {}
        groups = self.env["marketplace.commission.line"]._read_group(
            [], ["vendor_id"], ["amount:sum"]
        )
        return {vendor.id: self._minor(amount) for vendor, amount in groups}

    def _sum(self, records, name):
        return sum(self._minor(record[name]) for record in records)

    def _check_parts(self, line):
        """R1: VAT and net of a line's refunds add up, and end on the document's."""
        items = line.marketplace_refund_line_ids.filtered(
            lambda item: item.state == "done"
        )
        self.assertEqual(
            self._sum(items, "amount_tax") + self._sum(items, "amount_untaxed"),
            self._sum(items, "amount"),
        )
        state = line._marketplace_ledger_state()[line].state
        whole = self._minor(line.amount_vendor)
        if items and not state.left and state.charged == whole:
            self.assertEqual(
                self._sum(items, "amount_tax"), line._marketplace_tax_minor()
            )
