from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ConnectorCommon

PRODUCTS = 1000
# Of one call that changes 1,000 products, the messages for the shops included.
QUERIES_MAX = 60


class Json2Case(ConnectorCommon, HttpCase):
    @classmethod
    def _key(cls, login, group):
        user = new_test_user(cls.env, login, groups=group)
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        until = fields.Datetime.now() + timedelta(days=1)
        return keys._generate("rpc", login, until)

    def _call(self, model, method, **arguments):
        """Call a method as a program does; return (status, answer)."""
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=arguments,
            headers={"Authorization": f"bearer {self.key}"},
            timeout=60,
        )
        self.env.invalidate_all()
        return response.status_code, response.json()


@tagged("post_install", "-at_install", "marketplace")
class TestPim(Json2Case):
    """The worked example of docs/integrations.md: a PIM updates 1,000 products."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls._key("pim", "marketplace_base.group_catalogue")
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"Raw {number}", "barcode": f"40{number:06d}"}
                for number in range(PRODUCTS)
            ]
        )
        cls.category = cls.env["product.category"].create({"name": "Lamps"})
        cls.tile.product_id.default_code = "TILE-1"

    def _items(self):
        return [
            {
                "barcode": product.barcode,
                "name": f"Lamp {number}",
                "description": f"Bright, {number} lumen",
                "weight": 1.5,
                "category": "Lamps",
            }
            for number, product in enumerate(self.products)
        ]

    def test_thousand_products_in_one_call(self):
        self.tile.product_id.barcode = self.products[0].barcode + "9"
        items = [
            *self._items()[1:],
            {"barcode": self.tile.product_id.barcode, "name": "Tile of clay"},
        ]
        waiting = self.env["marketplace.outbox"].search([])
        waiting._close("cancelled")
        status, answer = self._call("product.template", "pim_update", items=items)
        self.assertEqual(status, 200, answer)
        self.assertEqual(len(answer), PRODUCTS)
        self.assertFalse([item for item in answer if item["error"]])
        last = self.products[-1]
        self.assertEqual(
            (last.name, last.description_sale, last.weight, last.categ_id),
            ("Lamp 999", "Bright, 999 lumen", 1.5, self.category),
        )
        message = self.Outbox.search([("state", "=", "pending")])
        self.assertEqual(message.mapped("res_id"), self.tile.ids, "told once")
        # The same call again changes nothing.
        status, answer = self._call("product.template", "pim_update", items=items)
        self.assertFalse([item for item in answer if item["changed"]])
        self.assertEqual(self.Outbox.search([("state", "=", "pending")]), message)

    def test_cost_of_a_batch(self):
        user = self.env["res.users"].search([("login", "=", "pim")])
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self.env["product.template"].with_user(user).pim_update(self._items())
        self.env.flush_all()
        self.assertLessEqual(self.cr.sql_log_count - before, QUERIES_MAX)

    def test_fault_of_one_item_leaves_the_others(self):
        twin = self.env["product.product"].create(
            [{"name": f"Twin {number}", "default_code": "TWIN"} for number in (1, 2)]
        )
        items = [
            {"default_code": "TILE-1", "name": "Tile of clay"},
            {"default_code": "GONE", "name": "x"},
            {"default_code": "TWIN", "name": "x"},
            {"name": "x"},
            {"barcode": self.products[0].barcode, "weight": -1},
            {"barcode": self.products[1].barcode, "category": "No / Such"},
            {"barcode": self.products[2].barcode, "name": " "},
            {"barcode": self.products[3].barcode, "name": 7},
        ]
        status, answer = self._call("product.template", "pim_update", items=items)
        self.assertEqual(status, 200, answer)
        self.assertEqual([bool(item["error"]) for item in answer], [False, *[True] * 7])
        self.assertEqual(answer[0]["changed"], ["name"])
        self.assertEqual(self.tile.product_id.name, "Tile of clay")
        self.assertEqual(self.products[2].name, "Raw 2")
        self.assertEqual(twin.mapped("name"), ["Twin 1", "Twin 2"])

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.json2")
    def test_refused_calls(self):
        item = {"default_code": "TILE-1", "name": "Other"}
        status, answer = self._call(
            "product.template", "pim_update", items=[item] * 1001
        )
        self.assertEqual(status, 422)
        self.assertIn("1000", answer["message"])
        status, answer = self._call(
            "product.template", "pim_update", items=[item], lang="xx_XX"
        )
        self.assertEqual(status, 422)
        self.key = self._key("pim_viewer", "marketplace_base.group_viewer")
        status, answer = self._call("product.template", "pim_update", items=[item])
        self.assertEqual(status, 403)
        self.assertIn("Catalogue", answer["message"])


@tagged("post_install", "-at_install", "marketplace")
class TestCrm(Json2Case):
    """The worked example of docs/integrations.md: a CRM reads vendor turnover."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls._key("crm", "marketplace_base.group_viewer")

    def test_turnover_by_vendor(self):
        self._import(
            self._payload(
                "1", [self._line("11", self.tile, 2), self._line("12", self.linen)]
            )
        )
        group = self._import(self._payload("2", [self._line("21", self.tile)])).order_id
        line = group.sale_order_ids.order_line.filtered("offer_id")
        self.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "line_ids": [Command.create({"sale_line_id": line.id, "quantity": 1})],
            }
        ).action_apply()
        vendors = [self.vendors[0].id, self.vendors[1].id]
        # Goods and delivery: 40.00 + 2.86 of 5.00 shared, then 20.00 + 5.00
        self.assertEqual(
            self._sum(vendors, ["capture"]),
            {vendors[0]: 4286 + 2500, vendors[1]: 3214},
        )
        self.assertEqual(self._sum(vendors, ["refund"]), {vendors[0]: 2000})

    def _sum(self, vendors, events):
        """Return {vendor id: minor units} of a month, as the CRM reads them."""
        status, rows = self._call(
            "marketplace.ledger.line",
            "formatted_read_group",
            domain=[
                ["vendor_id", "in", vendors],
                ["event", "in", events],
                ["date_event", ">=", "2026-01-01"],
                ["date_event", "<=", "2026-12-31"],
            ],
            groupby=["vendor_id"],
            aggregates=["amount:sum"],
        )
        self.assertEqual(status, 200, rows)
        return {row["vendor_id"][0]: self._minor(row["amount:sum"]) for row in rows}

    @mute_logger("odoo.http", "odoo.addons.rpc.controllers.json2")
    def test_reader_writes_nothing(self):
        status, _answer = self._call(
            "res.partner", "write", ids=self.vendors[0].ids, vals={"name": "x"}
        )
        self.assertEqual(status, 403)
        self.assertEqual(self.vendors[0].name, "Tuile")
