from .common import CommissionCommon
from .trace_evaluator import evaluate

DAY = "2026-03-02 10:00:00"


class CommissionTermsCommon(CommissionCommon):
    """Sell one offer of 100.00 under rules, each trace replayed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Nord")
        cls.offer = cls._create_offer(cls.vendor, 100.00)
        cls.usd = cls.env.ref("base.USD")
        cls.usd.active = True
        cls.chf = cls.env.ref("base.CHF")
        cls.chf.active = True
        cls.vendor.vendor_contract_ids.other_currency_ids = cls.usd | cls.chf
        cls.tag = cls.env["product.tag"].create({"name": "Opinel"})
        cls.germany = cls.env.ref("base.de")

    def _criterion(self, dimension, code):
        criteria = self.env["marketplace.commission.criterion"]
        found = criteria.search([("dimension", "=", dimension), ("code", "=", code)])
        return found or criteria.create({"dimension": dimension, "name": code})

    def _sell(self, lines=None, **options):
        """Import one purchase; return its commission lines, their traces replayed."""
        options.setdefault("date", DAY)
        group = self._import_order(lines or [(self.offer, 1)], **options)
        lines = self.Line.search([("marketplace_order_id", "=", group.id)], order="id")
        self._assert_replayed(lines)
        return lines

    def _assert_replayed(self, lines):
        for line in lines:
            self.assertEqual(
                evaluate(line.trace_steps),
                line.currency_id._marketplace_minor(line.amount),
                line.trace,
            )
