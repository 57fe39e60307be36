from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.base.tests.common import BaseCommon


@tagged("post_install", "-at_install", "marketplace")
class MarketplaceCommon(BaseCommon):
    """Set up one operator on the French chart, a customer and a PSP.

    The main company is used as it is: building a company and its chart costs eight
    seconds a class and proves nothing more.
    """

    _counter = 0

    @classmethod
    def setup_main_company(cls, currency_code="EUR"):
        """Keep the euro: Odoo's own test base would switch the company to dollars."""
        return super().setup_main_company(currency_code)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.env = cls.env(
            context=dict(cls.env.context, allowed_company_ids=cls.company.ids)
        )
        cls.company = cls.company.with_env(cls.env)
        if not cls.company.chart_template:
            cls.env["account.chart.template"].try_loading("fr", cls.company)
        cls.company._marketplace_setup()
        cls.company.marketplace_posting_mode = "event"
        cls.currency = cls.company.currency_id
        cls.france = cls.env.ref("base.fr")
        cls.psp, cls.customer = cls.env["res.partner"].create(
            [
                {"name": "PayFlow", "is_company": True},
                {
                    "name": "Camille Martin",
                    "street": "3 rue des Lilas",
                    "zip": "69003",
                    "city": "Lyon",
                    "country_id": cls.france.id,
                    "email": "camille@example.com",
                },
            ]
        )
        cls.company.marketplace_psp_partner_id = cls.psp
        cls.Ledger = cls.env["marketplace.ledger.line"]

    # -- factories ------------------------------------------------------------------

    @classmethod
    def _next(cls):
        MarketplaceCommon._counter += 1
        return MarketplaceCommon._counter

    @classmethod
    def _prepare_contract_vals(cls, vendor, company=None):
        """Return the contract of a test vendor; later addons add their terms."""
        company = company or cls.company
        vals = {
            "vendor_id": vendor.id,
            "company_id": company.id,
            "date_start": "2025-01-01",
            "posture": "agent",
        }
        # The commission addon refuses a contract without plan, and these tests also
        # run where it is installed.
        if "commission_plan_id" in cls.env["marketplace.contract"]._fields:
            vals["commission_plan_id"] = cls._commission_plan(company).id
        return vals

    @classmethod
    def _commission_plan(cls, company):
        """Return the plan of a company's test vendors: 10 % of everything."""
        plans = cls.env["marketplace.commission.plan"]
        name = f"Test {company.id}"
        return plans.search([("name", "=", name)], limit=1) or plans.create(
            {
                "name": name,
                "company_id": company.id,
                "rule_ids": [
                    Command.create({"name": "Default", "rate": 0.1, "is_default": True})
                ],
            }
        )

    @classmethod
    def _create_vendor(cls, name, iban="FR7630006000011234567890189", **contract_vals):
        """Return an approved vendor with an active contract and a trusted account."""
        vendor = cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "is_marketplace_vendor": True,
                "street": "1 rue du Port",
                "zip": "13002",
                "city": "Marseille",
                "country_id": cls.france.id,
                "email": f"vendor{cls._next()}@example.com",
                "kyc_state": "approved",
            }
        )
        if iban:
            bank = cls.env["res.partner.bank"].create(
                {"partner_id": vendor.id, "acc_number": iban}
            )
            # Trusting an account is the accountant's act, outside of this test.
            bank.sudo().allow_out_payment = True
            vendor.payout_bank_account_id = bank
        vendor._vendor_transition("approved")
        contract = cls.env["marketplace.contract"].create(
            {**cls._prepare_contract_vals(vendor), **contract_vals}
        )
        contract._transition("active")
        return vendor

    @classmethod
    def _prepare_suspension_vals(cls, vendors, reason):
        """Return the decision to suspend vendors; payouts go on, where they exist."""
        vals = {
            "vendor_ids": vendors.ids,
            "target": "suspended",
            "reason_code": "late",
            "reason": reason,
        }
        # The payout addon asks, and these tests also run where it is installed.
        if "payouts" in cls.env["marketplace.vendor.transition"]._fields:
            vals["payouts"] = "continue"
        return vals

    @classmethod
    def _create_offer(
        cls, vendor, price, tax_rate=20.0, sku=None, product=None, **vals
    ):
        """Return an offer in stock on a product taxed at a rate, price included."""
        number = cls._next()
        product = product or cls.env["product.product"].create(
            {
                "name": f"Product {number}",
                "is_storable": True,
                "taxes_id": [Command.set(cls.company._marketplace_tax(tax_rate).ids)],
            }
        )
        return cls.env["marketplace.offer"].create(
            {
                "vendor_id": vendor.id,
                "company_id": cls.company.id,
                "product_id": product.id,
                "vendor_sku": sku or f"SKU-{number}",
                "price": price,
                "quantity": 1000,
                **vals,
            }
        )

    @classmethod
    def _minor(cls, amount):
        return cls.currency._marketplace_minor(amount)

    @classmethod
    def _prepare_payload(
        cls,
        lines,
        shippings=(),
        discounts=(),
        captured=True,
        ref=None,
        date=None,
        **vals,
    ):
        """Return the import payload of a purchase.

        :param lines: [(offer, quantity)] or [(offer, quantity, gross amount)].
        :param shippings: [(amount, vendor or None when shared)].
        :param discounts: [(amount, funder)], on the whole order.
        """
        ref = ref or f"TEST-{cls._next()}"
        date = fields.Datetime.to_datetime(date) or fields.Datetime.now()
        payload_lines = []
        for number, (offer, quantity, *gross) in enumerate(lines, 1):
            payload_lines.append(
                {
                    "ref": f"{ref}-{number}",
                    "offer_id": offer.id,
                    "name": offer.product_id.display_name,
                    "quantity": quantity,
                    "gross_minor": cls._minor(gross[0] if gross else offer.price)
                    * (1 if gross else quantity),
                    "tax_ids": offer._get_sale_taxes().ids,
                }
            )
        tax20 = cls.company._marketplace_tax(20.0)
        payload = {
            "company_id": cls.company.id,
            "channel": "test",
            "external_ref": ref,
            "number": ref,
            "date_order": date,
            "partner_id": cls.customer.id,
            "partner_shipping_id": cls.customer.id,
            "currency_id": cls.currency.id,
            "tolerance_minor": 0,
            "lines": payload_lines,
            "shippings": [
                {
                    "ref": f"{ref}-S{number}",
                    "name": "Delivery",
                    "amount_minor": cls._minor(amount),
                    "vendor_id": vendor.id if vendor else None,
                    "tax_ids": tax20.ids,
                }
                for number, (amount, vendor) in enumerate(shippings, 1)
            ],
            "discounts": [
                {
                    "ref": f"{ref}-D{number}",
                    "name": "Discount",
                    "amount_minor": cls._minor(amount),
                    "funder": funder,
                    "line_refs": None,
                }
                for number, (amount, funder) in enumerate(discounts, 1)
            ],
            "bundles": [],
            "payments": [],
            "values": {},
        }
        charged = (
            sum(line["gross_minor"] for line in payload_lines)
            + sum(shipping["amount_minor"] for shipping in payload["shippings"])
            - sum(discount["amount_minor"] for discount in payload["discounts"])
        )
        payload["amount_charged_minor"] = charged
        if captured:
            payload["payments"] = [
                {
                    "ref": f"{ref}-P",
                    "provider": "payflow",
                    "state": "captured",
                    "amount_minor": charged,
                    "date": date,
                }
            ]
        payload.update(vals)
        return payload

    @classmethod
    def _import_order(cls, lines, **options):
        """Import one purchase and return its group; see :meth:`_prepare_payload`."""
        groups, problems = cls.env["marketplace.order"]._import_batch(
            [cls._prepare_payload(lines, **options)]
        )
        assert not problems, problems
        return groups

    @classmethod
    def _ship_and_deliver(cls, orders, date=None):
        """Ship and deliver whole vendor orders, in one batch."""
        if orders._name == "marketplace.order":
            orders = orders.sale_order_ids
        shipments = cls.env["marketplace.shipment"]
        for order in orders:
            shipments |= shipments._create_for_order(
                order, carrier_name="Colissimo", tracking_ref=f"6A{cls._next():08d}"
            )
        shipments.action_ship()
        shipments.action_deliver(date=fields.Date.to_date(date))
        return shipments

    @classmethod
    def _refund(cls, group, lines, date=None, ref=None):
        """Refund order lines: [(sale line, quantity, amount or None)]."""
        refund = cls.env["marketplace.refund"].create(
            {
                "order_id": group.id,
                "external_ref": ref or f"RF-{cls._next()}",
                "date": fields.Date.to_date(date) or fields.Date.today(),
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": line.id,
                            "quantity": quantity,
                            **({} if amount is None else {"amount": amount}),
                        }
                    )
                    for line, quantity, amount in lines
                ],
            }
        )
        refund._apply()
        return refund

    # -- assertions -----------------------------------------------------------------

    def assertTiedOut(self):
        """Assert that ledger and general ledger agree on every role and partner."""
        differences = self.env["marketplace.tie.out"]._differences(self.company)
        self.assertFalse(
            differences,
            [
                (row.role, row.partner_id.name, row.amount_ledger, row.amount_books)
                for row in differences
            ],
        )
        # Where Odoo silently puts the cent that a recomputed tax is off by.
        suspense = self.company.account_journal_suspense_account_id
        self.assertTrue(suspense)
        self.assertFalse(
            self.Ledger.search([]).move_id.line_ids.filtered(
                lambda item: item.account_id == suspense
            ),
            "an entry of the ledger touches the suspense account",
        )

    def _item_tuples(self, moves):
        """Return [(role or account code, partner name, debit, credit)], sorted."""
        codes = {
            role.account_id: role.code
            for role in self.env["marketplace.account.role"].search(
                [("company_id", "=", self.company.id)]
            )
        }
        return sorted(
            (
                codes.get(line.account_id, line.account_id.code),
                line.partner_id.name or "",
                f"{line.debit:.2f}",
                f"{line.credit:.2f}",
            )
            for line in moves.line_ids
        )

    def assertMove(self, move, expected):
        """Assert the items of an entry: (role, partner, debit, credit), any order."""
        self.assertEqual(len(move), 1, "one journal entry expected")
        self.assertEqual(move.state, "posted")
        self.assertEqual(
            self._item_tuples(move),
            sorted(
                (role, partner.name if partner else "", f"{debit:.2f}", f"{credit:.2f}")
                for role, partner, debit, credit in expected
            ),
        )

    def assertBalances(self, vendor, **buckets):
        """Assert the buckets of a vendor in the company currency; others are zero."""
        balances = self.Ledger._vendor_balances(vendor, self.company).get(
            (vendor.id, self.currency.id), {}
        )
        found = {key: f"{value:.2f}" for key, value in balances.items() if value}
        wanted = {key: f"{value:.2f}" for key, value in buckets.items() if value}
        self.assertEqual(found, wanted)
