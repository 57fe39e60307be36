"""Lists and searches of all addons: filters that run, sums under money."""

from lxml import etree

from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

# Amounts of one piece, one case or one period: their sum says nothing.
UNIT_AMOUNTS = {
    ("marketplace.commission.rule", "amount_fixed"),
    ("marketplace.commission.rule", "amount_max"),
    ("marketplace.commission.rule", "amount_min"),
    ("marketplace.contract", "payout_minimum"),
    ("marketplace.offer.winner", "amount_total"),
    ("marketplace.price.part", "amount"),
    ("marketplace.settlement", "amount_carried"),
    ("marketplace.settlement", "amount_opening"),
    ("marketplace.shipping.method", "free_from"),
}


@tagged("post_install", "-at_install", "marketplace")
class TestSearchViews(TransactionCase):
    def _filters(self):
        """Yield (view, model, filter) of all search views of the suite."""
        data = self.env["ir.model.data"].search(
            [("model", "=", "ir.ui.view"), ("module", "=like", "marketplace_%")]
        )
        views = self.env["ir.ui.view"].browse(data.mapped("res_id"))
        for view in views.filtered(lambda v: v.type == "search" and not v.inherit_id):
            arch = self.env[view.model].get_view(view.id, "search")["arch"]
            for node in etree.fromstring(arch).iter("filter"):
                yield view, self.env[view.model], node

    def test_every_filter_finds_without_an_error(self):
        count = 0
        for view, model, node in self._filters():
            with self.subTest(view=view.name, filter=node.get("name")):
                if domain := node.get("domain"):
                    model.search(safe_eval(domain, {"uid": self.env.uid}), limit=1)
                    count += 1
                if group_by := safe_eval(node.get("context") or "{}").get("group_by"):
                    if model._fields[group_by.split(":")[0]].type.startswith("date"):
                        # What the client adds.
                        group_by = group_by if ":" in group_by else f"{group_by}:month"
                    model.formatted_read_group([], [group_by], ["__count"], limit=1)
                if date := node.get("date"):
                    self.assertIn(date, model._fields)
        self.assertGreater(count, 80)

    def test_a_clerk_finds_orders_by_at_least_ten_filters(self):
        filters = [
            node.get("name")
            for view, model, node in self._filters()
            if model._name == "marketplace.order" and node.get("domain")
        ]
        self.assertGreaterEqual(len(filters), 10, filters)

    def test_lists_of_amounts_have_sums(self):
        """Each column of money of our lists, in its own currency, is summed."""
        missing = []
        data = self.env["ir.model.data"].search(
            [("model", "=", "ir.ui.view"), ("module", "=like", "marketplace_%")]
        )
        for view in self.env["ir.ui.view"].browse(data.mapped("res_id")):
            if view.type != "list" or view.inherit_id:
                continue
            fields_by_name = self.env[view.model]._fields
            arch = etree.fromstring(
                self.env[view.model].get_view(view.id, "list")["arch"]
            )
            for node in arch.findall("field"):
                field = fields_by_name[node.get("name")]
                is_unit = (
                    "price" in field.name or (view.model, field.name) in UNIT_AMOUNTS
                )
                if field.type == "monetary" and not (
                    is_unit or node.get("sum") or node.get("column_invisible")
                ):
                    missing.append(f"{view.model} {view.name}: {field.name}")
        self.assertFalse(missing)
