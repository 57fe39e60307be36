from unittest.mock import patch

from odoo.addons.base.models.ir_cron import IrCron

from .common import MarketplaceCommon

NOON = "2026-03-02 12:00:00"


class AcceptanceCommon(MarketplaceCommon):
    """A vendor who accepts each line within 24 hours, and one who need not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor(
            "Alma", acceptance_required=True, acceptance_hours=24
        )
        cls.other_vendor = cls._create_vendor("Bora")
        cls.offer = cls._create_offer(cls.vendor, 10.0)
        cls.offer_two = cls._create_offer(cls.vendor, 4.0)
        cls.offer_other = cls._create_offer(cls.other_vendor, 20.0)

    def _sell(self, lines=None, **options):
        """Return (group, the vendor's order, its two lines of goods)."""
        options.setdefault("shippings", [(3.0, self.vendor)])
        group = self._import_order(
            lines or [(self.offer, 3), (self.offer_two, 1), (self.offer_other, 1)],
            **options,
        )
        order = group.sale_order_ids.filtered(lambda o: o.vendor_id == self.vendor)
        goods = order.order_line.filtered(lambda x: x.marketplace_kind == "goods")
        return group, order, goods[0], goods[1:2]

    def _run_cron(self):
        with patch.object(IrCron, "_commit_progress", return_value=10.0):
            self.env["sale.order"]._cron_acceptance()
