from odoo.tests import tagged

from odoo.addons.marketplace_base.tests.portal_common import PortalCase

from .common import CommissionCommon


@tagged("post_install", "-at_install", "marketplace")
class TestPortalCommission(CommissionCommon, PortalCase):
    """K15: the vendor reads why, in the words of the back office."""

    def test_trace_is_the_same_text(self):
        vendor = self._create_vendor("Atelier Nord")
        self._create_rule("Abroad", 0.02, country_ids=self.env.ref("base.de").ids)
        self.default_rule.write({"base_tax": "excluded", "amount_fixed": 0.5})
        group = self._import_order(
            [(self._create_offer(vendor, 33.33), 3)], discounts=[(5.0, "vendor")]
        )
        self._ship_and_deliver(group, date="2026-03-05")
        order = group.sale_order_ids
        self._refund(group, [(order.order_line[0], 1, None)])
        self._invoice_commission("2026-12-31", vendors=vendor)
        lines = order.commission_line_ids
        self.assertEqual(len(lines), 2)
        self._login(vendor)
        page = self._get(f"/my/marketplace/orders/{order.id}")
        shown = {
            " ".join(element.text_content().split())
            for element in page.xpath("//*[contains(@class, 'o_marketplace_trace')]")
        }
        self.assertEqual(shown, {" ".join(line.trace.split()) for line in lines})
        text = " ".join(shown)
        for words in ("Abroad", "rounded", "VAT"):
            self.assertIn(words, text)
