from odoo.tests import tagged

from .order_import_common import OrderImportCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOrderImportLimits(OrderImportCommon):
    """Tolerances, repeats, refusals and the query budget of the import."""

    def test_difference_within_tolerance_is_rounding(self):
        """Two cents less than the lines: the operator bears them, by name."""
        payload = self._prepare_payload(self.cart, tolerance_minor=2)
        charged = payload["amount_charged_minor"] - 2
        payload["amount_charged_minor"] = charged
        payload["payments"][0]["amount_minor"] = charged
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        self.assertEqual(self._minor(groups.amount_rounding), 2)
        rounding = groups.ledger_line_ids.filtered(lambda x: x.event == "rounding")
        self.assertEqual(set(rounding.mapped("role_debit")), {"OPERATOR_COST"})
        self.assertEqual(sum(self._minor(line.amount) for line in rounding), 2)
        credited = sum(self._minor(line.amount) for line in groups.ledger_line_ids)
        self.assertEqual(credited, charged + 2)
        self.assertTiedOut()

    def test_difference_paid_above_the_lines_is_kept(self):
        """One cent more than the lines: the operator keeps it, vendors do not."""
        payload = self._prepare_payload(self.cart, tolerance_minor=2)
        charged = payload["amount_charged_minor"] + 1
        payload["amount_charged_minor"] = charged
        payload["payments"][0]["amount_minor"] = charged
        groups, problems = self._problems(payload)
        self.assertFalse(problems)
        [rounding] = groups.ledger_line_ids.filtered(lambda x: x.event == "rounding")
        self.assertRecordValues(
            rounding,
            [
                {
                    "role_debit": "PSP_CLEARING",
                    "role_credit": "OPERATOR_COST",
                    "amount": 0.01,
                }
            ],
        )
        self.assertTiedOut()

    # -- twice ---------------------------------------------------------------------

    def test_second_import_writes_nothing(self):
        """The same purchase again: the same record, no line, no entry, no payment."""
        payload = self._prepare_payload(self.cart)
        first, _problems = self.Order._import_batch([payload])
        models = [
            "marketplace.order",
            "sale.order",
            "sale.order.line",
            "marketplace.payment",
            "marketplace.ledger.line",
            "account.move",
        ]
        before = [self.env[name].search_count([]) for name in models]
        again, problems = self.Order._import_batch([payload, payload])
        self.assertEqual(again, first)
        self.assertFalse(problems)
        self.assertEqual([self.env[name].search_count([]) for name in models], before)

    def test_same_purchase_twice_in_a_batch(self):
        """One of two equal payloads of a batch is written."""
        payload = self._prepare_payload(self.cart)
        groups, problems = self.Order._import_batch([payload, dict(payload)])
        self.assertEqual(len(groups), 1)
        self.assertFalse(problems)

    # -- bad input: words, and nothing written -------------------------------------

    def test_bad_purchases_do_not_stop_the_others(self):
        """Each bad purchase says what is wrong; the good ones of the batch pass."""
        good = self._prepare_payload(self.cart)
        unknown_offer = self._prepare_payload(self.cart)
        unknown_offer["lines"][1]["offer_id"] = 999999999
        unknown_tax = self._prepare_payload(self.cart)
        unknown_tax["lines"][0]["tax_ids"] = [999999999]
        wrong_total = self._prepare_payload(self.cart)
        wrong_total["amount_charged_minor"] += 1
        groups, problems = self._problems(unknown_offer, good, unknown_tax, wrong_total)
        self.assertEqual(groups.external_ref, good["external_ref"])
        self.assertEqual(set(problems), {0, 2, 3})
        self.assertIn("unknown offer", problems[0][0])
        self.assertIn(self.offers[1].product_id.display_name, problems[0][0])
        self.assertIn("unknown tax", problems[2][0])
        self.assertIn("does not add up", problems[3][0])

    def test_all_problems_of_a_purchase_are_told(self):
        """The person who repairs sees everything at once."""
        payload = self._prepare_payload(self.cart)
        payload["lines"][0]["offer_id"] = 999999999
        payload["lines"][1]["tax_ids"] = [999999999]
        payload["lines"][2]["quantity"] = 0
        _groups, problems = self._problems(payload)
        self.assertEqual(len(problems[0]), 3)

    def test_excluded_tax_is_refused(self):
        """Prices come with VAT: a tax on top of them would charge it twice."""
        payload = self._prepare_payload(self.cart)
        tax = self.company._marketplace_tax(20.0, included=False)
        payload["lines"][0]["tax_ids"] = tax.ids
        _groups, problems = self._problems(payload)
        self.assertIn("not included in the price", problems[0][0])

    def test_vendor_without_contract_is_refused(self):
        """The date of the order decides, not today."""
        early = self._prepare_payload(self.cart[:1], date="2024-06-01")
        _groups, problems = self._problems(early)
        self.assertIn("Alma has no contract in force", problems[0][0])

    def test_amounts_that_cannot_be_shared_are_refused(self):
        """Discounts above the goods, deliveries of absent vendors, empty bundles."""
        stranger = self._create_vendor("Stranger")
        discount = self._prepare_payload(self.cart, discounts=[(1000.0, "vendor")])
        discount["amount_charged_minor"] = 0
        delivery = self._prepare_payload(self.cart, shippings=[(5.0, stranger)])
        bundle = self._prepare_payload(self.cart)
        bundle["bundles"] = [{"ref": "set", "amount_minor": 500}]
        _groups, problems = self._problems(discount, delivery, bundle)
        self.assertIn("more than what it lowers", problems[0][0])
        self.assertIn("sells nothing in this order", problems[1][0])
        self.assertIn("no lines", problems[2][0])

    def test_payments_above_the_charge_are_refused(self):
        """A purchase whose payments exceed its total is not written."""
        payload = self._prepare_payload(self.cart)
        payload["payments"][0]["amount_minor"] += 1
        _groups, problems = self._problems(payload)
        self.assertIn("exceed", problems[0][0])

    def test_missing_customer_currency_and_lines(self):
        """A purchase without parties says which are missing."""
        payload = self._prepare_payload([], captured=False)
        payload.update(partner_id=999999999, currency_id=999999999)
        _groups, problems = self._problems(payload)
        self.assertEqual(len(problems[0]), 3)

    # -- speed ---------------------------------------------------------------------

    def _batch(self, count):
        """Return payloads of 6 lines over 3 vendors, in different cities of one day."""
        extra = self._extra_offer
        return [
            self._prepare_payload(
                [*self.cart, (extra, 1)], shippings=[(6.90, None)], date="2026-03-02"
            )
            for _rank in range(count)
        ]

    def _import_queries(self, size):
        batch = self._batch(size)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        _groups, problems = self.Order._import_batch(batch)
        self.env.flush_all()
        self.assertFalse(problems)
        return self.env.cr.sql_log_count - before

    def test_import_budget(self):
        """Queries belong to the batch; an order adds only the number of its entry."""
        self._extra_offer = self._create_offer(self.vendors[2], 12.5)
        self._import_queries(1)
        few, many = self._import_queries(10), self._import_queries(20)
        self.assertLessEqual(few, 170)
        # One journal entry per capture: what Odoo spends on posting and numbering it.
        self.assertLessEqual(many - few, 10 * 5)
        self.company.marketplace_posting_mode = "day_vendor"
        few, many = self._import_queries(10), self._import_queries(20)
        self.assertLessEqual(few, 95)
        self.assertLessEqual(many - few, 5)

    def test_import_costs_the_same_queries_for_more_vendors(self):
        """What a purchase costs does not depend on how many vendors there are."""
        offers = [
            self._create_offer(self._create_vendor(f"Many {rank}"), 10.0)
            for rank in range(12)
        ]

        def cost(sellers):
            payloads = [
                self._prepare_payload([(offers[number % sellers], 1)])
                for number in range(12)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            groups, problems = self.Order._import_batch(payloads)
            self.env.flush_all()
            self.assertEqual((len(groups), problems), (12, {}))
            return self.env.cr.sql_log_count - before

        cost(1)
        self.assertLessEqual(cost(12), cost(2) + 2)
