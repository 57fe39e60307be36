from .common import MarketplaceCommon


class OrderImportCommon(MarketplaceCommon):
    """The cart of scenario S3: three vendors, five offers, two rates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendors = [cls._create_vendor(name) for name in ("Alma", "Bora", "Cima")]
        a, b, c = cls.vendors
        cls.offers = [
            cls._create_offer(a, 19.99),
            cls._create_offer(a, 7.45, tax_rate=5.5),
            cls._create_offer(b, 4.33, tax_rate=5.5),
            cls._create_offer(b, 33.33),
            cls._create_offer(c, 0.99),
        ]
        # Scenario S3 of the accounting design.
        cls.cart = list(zip(cls.offers, (2, 1, 3, 1, 1), strict=True))
        cls.Order = cls.env["marketplace.order"]

    def _import_s3(self, funder="vendor", **options):
        return self._import_order(
            self.cart,
            shippings=[(6.90, None)],
            discounts=[(9.47, funder)],
            date="2026-03-02",
            **options,
        )

    def _problems(self, *payloads):
        """Import and return the problems; assert that bad payloads leave nothing."""
        before = self.Order.search_count([])
        groups, problems = self.Order._import_batch(list(payloads))
        self.assertEqual(self.Order.search_count([]) - before, len(groups))
        self.assertEqual(len(groups) + len(problems), len(payloads))
        return groups, problems

    def _by_vendor(self, group):
        orders = {order.vendor_id: order for order in group.sale_order_ids}
        return [orders[vendor] for vendor in self.vendors]

    # -- the split, to the cent ----------------------------------------------------
