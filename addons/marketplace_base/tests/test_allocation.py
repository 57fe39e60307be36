from odoo.fields import Command

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


class TestAllocation(MarketplaceCommon):
    """Shared amounts follow the declared key, and the parts can be read afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a = cls._create_vendor("Alma")
        cls.b = cls._create_vendor("Bora")
        cls.light = cls._create_offer(cls.a, 30.0)
        cls.heavy = cls._create_offer(cls.b, 10.0)
        cls.light.product_id.weight = 1.0
        cls.heavy.product_id.weight = 5.0

    def _import(self, currency="EUR", **vals):
        """Import 1 × 30 and 2 × 10 with 7 of shared delivery, 6 of discount."""
        currency = self.env.ref(f"base.{currency}")
        currency.active = True
        if currency != self.company.currency_id:
            contracts = (self.a | self.b).vendor_contract_ids
            contracts.other_currency_ids = currency
        payload = self._prepare_payload(
            [(self.light, 1), (self.heavy, 2)],
            shippings=[(7.0, None)],
            discounts=[(6.0, "vendor")],
            captured=False,
            currency_id=currency.id,
            **vals,
        )
        # the same figures, in minor units of any currency
        [group], problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertFalse(problems)
        return group

    def _parts(self, group, kind):
        [item] = [item for item in group.allocations if item["kind"] == kind]
        return item["key"], [portion[2] for portion in item["portions"]]

    def test_each_key(self):
        """7.00 of delivery: by net 3:2, by quantity 1:2, by weight 1:10."""
        for key, discount, shipping in (
            ("net", [360, 240], [420, 280]),
            ("quantity", [200, 400], [233, 467]),
            ("weight", [55, 545], [64, 636]),
        ):
            with self.subTest(key=key):
                group = self._import(allocation_key=key)
                self.assertEqual(self._parts(group, "discount"), (key, discount))
                self.assertEqual(self._parts(group, "shipping"), (key, shipping))
                shares = {
                    line.vendor_id: self._minor(line.amount_vendor)
                    for line in group.sale_order_ids.order_line
                    if line.marketplace_kind == "shipping"
                }
                self.assertEqual(shares, {self.a: shipping[0], self.b: shipping[1]})
                self.assertEqual(
                    sum(map(self._minor, group.sale_order_ids.mapped("amount_total"))),
                    self._minor(group.amount_charged),
                )

    def test_currencies_without_and_with_three_decimals(self):
        """700 yen, or 0.700 dinar, are shared as 7.00 euro are: to the unit."""
        for currency in ("JPY", "KWD"):
            with self.subTest(currency=currency):
                group = self._import(currency, allocation_key="weight")
                self.assertEqual(self._parts(group, "shipping"), ("weight", [64, 636]))
                minor = group.currency_id._marketplace_minor
                self.assertEqual(
                    sum(map(minor, group.sale_order_ids.mapped("amount_total"))),
                    minor(group.amount_charged),
                )

    def test_the_nearest_declaration_wins(self):
        """The item's own key, else the order's, else the company's."""
        self.company.marketplace_allocation_key = "weight"
        self.assertEqual(self._parts(self._import(), "shipping")[0], "weight")
        payload = self._prepare_payload(
            [(self.light, 1), (self.heavy, 2)],
            shippings=[(7.0, None)],
            discounts=[(6.0, "vendor")],
            allocation_key="quantity",
        )
        payload["shippings"][0]["allocation_key"] = "net"
        [group], _problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertEqual(self._parts(group, "shipping")[0], "net")
        self.assertEqual(self._parts(group, "discount")[0], "quantity")
        payload = self._prepare_payload([(self.light, 1)], allocation_key="volume")
        _groups, problems = self.env["marketplace.order"]._import_batch([payload])
        self.assertIn("volume", problems[0][0])

    def test_a_person_reads_who_got_the_cent(self):
        """The page names vendor, share and the unit left over; nobody edits it."""
        group = self._import(allocation_key="quantity")
        text = str(group.allocation_text).replace("\N{NO-BREAK SPACE}", " ")
        for words in ("Delivery", "Quantity", "Bora", "66.67%", "4.67", "0.01"):
            self.assertIn(words, text)
        with self.assertRaisesRegex(MarketplaceError, "cannot change"):
            group.allocations = []

    def test_quotation_uses_the_key_of_the_company(self):
        """A delivery typed on a quotation of two vendors is shared by weight."""
        self.company.marketplace_allocation_key = "weight"
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create({"product_id": self.light.product_id.id}),
                    Command.create(
                        {
                            "product_id": self.heavy.product_id.id,
                            "product_uom_qty": 2,
                        }
                    ),
                    Command.create(
                        {
                            "product_id": self.env.ref(
                                "marketplace_base.product_shipping"
                            ).id,
                            "price_unit": 7.0,
                            "tax_ids": [
                                Command.set(self.company._marketplace_tax(20.0).ids)
                            ],
                        }
                    ),
                ],
            }
        )
        order.action_confirm()
        group = order.marketplace_order_id
        self.assertEqual(self._parts(group, "shipping"), ("weight", [64, 636]))
        self.assertIn("Alma", group.allocation_text)
