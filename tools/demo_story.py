"""Play the first month of a marketplace, through the code that serves in production.

Runs inside Odoo as superuser. Every step commits and is skipped when it has been done,
so a story that was cut short goes on where it stopped.
"""

import base64
import sys
import time
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.fields import Command
from odoo.service.model import retrying

from .demo_data import BASKETS, BUYERS, COUPON, GIFT, PRODUCTS, STAFF, VENDORS

sys.path.insert(0, str(Path(__file__).parent.parent / "storefronts" / "vendure"))
from shopper import Buyer, Operator, Shopper  # noqa: E402

CODE = "vendure"
PASSWORD = "demo-demo"  # noqa: S105 - printed on the screen of whoever runs the demo
WAIT_SECONDS = 90
SHOP_STEPS = ("open_shop", "sell", "refund_one_line")  # the shop would do them twice
DELIVERED = 8  # the first orders arrive; the others wait for their vendors


def main(env, shop_url, odoo_url, webhook_secret):
    """Play the story and return what to print.

    :return: {"logins": [(role, login, password)], "look_at": [five sentences]}.
    """
    story = Story(env, shop_url, odoo_url, webhook_secret)
    for step in (
        story.set_up_company,
        story.hire_staff,
        story.sign_vendors,
        story.list_products,
        story.open_shop,
        story.sell,
        story.deliver,
        story.pay_vendors,
        story.refund_one_line,
    ):
        story.play(step)
    return story.closing_words()


class Story:
    def __init__(self, env, shop_url, odoo_url, webhook_secret):
        self.company = env.ref("base.main_company")
        self.env = env(
            context={
                **env.context,
                "allowed_company_ids": self.company.ids,
                "lang": "en_US",
            }
        )
        self.company = self.company.with_env(self.env)
        self.shop_url, self.odoo_url = shop_url, odoo_url
        self.webhook_secret = webhook_secret

    def play(self, step):
        """Run one step once, and commit it with the mark that it is done."""
        parameters = self.env["ir.config_parameter"].sudo()
        key = f"marketplace.demo.{step.__name__}"
        if parameters.get_param(key):
            return

        def act():
            step()
            parameters.set_param(key, "done")

        if step.__name__ in SHOP_STEPS:
            act()
        else:
            # The server's own jobs run meanwhile, and may write the same record.
            retrying(act, self.env)
        self.env.cr.commit()

    # -- who ------------------------------------------------------------------------

    def set_up_company(self):
        logo = Path(__file__).parent / "demo_logo.png"
        self.company.write(
            {
                "name": "Place du Port",
                "logo": base64.b64encode(logo.read_bytes()),
                "street": "1 place du Port",
                "zip": "13002",
                "city": "Marseille",
                "country_id": self.env.ref("base.fr").id,
            }
        )
        self.company._marketplace_setup()
        self.company.marketplace_psp_partner_id = self.env["res.partner"].create(
            {"name": "PayFlow", "is_company": True}
        )
        bank = self.env["res.partner.bank"].create(
            {
                "partner_id": self.company.partner_id.id,
                "acc_number": "FR7610107001011234567890129",
                "bank_id": self.env["res.bank"]
                .create({"name": "Banque du Port", "bic": "BREDFRPPXXX"})
                .id,
            }
        )
        self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")], limit=1
        ).bank_account_id = bank

    def hire_staff(self):
        self.env.ref("base.user_admin").write(
            {
                "group_ids": [
                    Command.link(self.env.ref(group).id)
                    for group in (
                        "marketplace_base.group_manager",
                        "marketplace_commission.group_commission_manager",
                        "marketplace_payout.group_payout_approver",
                        "marketplace_connector.group_connector_admin",
                    )
                ]
            }
        )
        self.env["res.users"].with_context(no_reset_password=True).create(
            [
                {
                    "name": name,
                    "login": login,
                    "password": PASSWORD,
                    "email": f"{login}@placeduport.example.com",
                    "group_ids": [
                        Command.set([self.env.ref(group).id for group in groups])
                    ],
                }
                for login, name, groups in STAFF
            ]
        )

    def sign_vendors(self):
        plan = self.env["marketplace.commission.plan"].create(
            {
                "name": "Standard 2026",
                "rule_ids": [
                    Command.create(
                        {
                            "name": "Groceries 8 %",
                            "sequence": 10,
                            "rate": 0.08,
                            "product_category_ids": [
                                Command.set(self.category("Groceries").ids)
                            ],
                        }
                    ),
                    Command.create(
                        {
                            "name": "Everything else 12.5 %",
                            "sequence": 100,
                            "rate": 0.125,
                            "is_default": True,
                        }
                    ),
                ],
            }
        )
        for code, vals in VENDORS.items():
            email = f"{code.lower()}@example.com"
            vendor = self.env["res.partner"].create(
                {
                    "is_company": True,
                    "is_marketplace_vendor": True,
                    "vendor_code": code,
                    "kyc_state": "approved",
                    "country_id": self.env.ref("base.fr").id,
                    "email": email,
                    **{
                        key: vals[key]
                        for key in ("name", "street", "zip", "city", "vat")
                    },
                }
            )
            account = self.env["res.partner.bank"].create(
                {"partner_id": vendor.id, "acc_number": vals["iban"]}
            )
            account.allow_out_payment = True
            vendor.payout_bank_account_id = account
            self.env["marketplace.contract"].create(
                {
                    "vendor_id": vendor.id,
                    "date_start": fields.Date.today() - timedelta(days=60),
                    "commission_plan_id": plan.id,
                    "payout_calendar": "dekad",
                    # One vendor stays below his minimum: carried, not lost.
                    "payout_minimum": 250.0 if code == "BRUME" else 20.0,
                }
            )._transition("active")
            vendor._vendor_transition("approved")
            self.env["res.users"].search([("login", "=", email)]).password = PASSWORD

    # -- what -----------------------------------------------------------------------

    def category(self, name):
        categories = self.env["product.category"]
        return categories.search([("name", "=", name)], limit=1) or categories.create(
            {"name": name}
        )

    def vendor(self, code):
        return self.env["res.partner"].search([("vendor_code", "=", code)])

    def list_products(self):
        for name, rate, category, offers in PRODUCTS:
            product = self.env["product.product"].create(
                {
                    "name": name,
                    "is_storable": True,
                    "categ_id": self.category(category).id,
                    "taxes_id": [Command.set(self.company._marketplace_tax(rate).ids)],
                }
            )
            self.env["marketplace.offer"].create(
                [
                    {
                        "vendor_id": self.vendor(code).id,
                        "product_id": product.id,
                        "vendor_sku": sku,
                        "price": price,
                        "quantity": stock,
                        "lead_time_days": 2,
                    }
                    for code, sku, price, stock in offers
                ]
            )

    # -- the shop -------------------------------------------------------------------

    def open_shop(self):
        """Connect the shop and push set-up, vendors and offers to it."""
        standard = self.company._marketplace_tax(20.0)
        reduced = self.company._marketplace_tax(5.5)
        shop = self.env["marketplace.storefront"].create(
            {
                "name": "Place du Port",
                "code": CODE,
                "is_sandbox": True,
                "url": self.shop_url,
                "username": "operator",
                "password": "operator-pass",
                "webhook_key": CODE,
                "webhook_secret": self.webhook_secret,
                "default_funder": "marketplace",
                "tax_ids": [
                    Command.create(
                        {"code": "TVA 20", "rate": 0.2, "tax_id": standard.id}
                    ),
                    Command.create(
                        {"code": "TVA 5,5", "rate": 0.055, "tax_id": reduced.id}
                    ),
                ],
                "shipping_ids": [
                    Command.create(
                        {"name": "Colissimo", "amount": 4.90, "tax_id": standard.id}
                    ),
                    Command.create(
                        {
                            "name": "Grouped delivery",
                            "amount": 6.90,
                            "is_shared": True,
                            "tax_id": standard.id,
                        }
                    ),
                ],
                "discount_ids": [
                    Command.create({"code": COUPON, "funder": "vendor"}),
                    Command.create({"code": GIFT, "funder": "marketplace"}),
                ],
            }
        )
        shop.action_test_connection()
        if shop.error:
            raise RuntimeError(shop.error)
        self.env.cr.commit()
        refused = shop._push_catalogue()["refused"]
        if refused:
            raise RuntimeError(refused)

    def sell(self):
        """Let shoppers fill their carts in the shop itself, then fetch the orders."""
        operator = Operator(self.shop_url)
        operator.create_coupon(COUPON, percent=10)
        operator.create_coupon(GIFT, amount=500)
        for rank, (basket, coupon) in enumerate(BASKETS):
            Shopper(self.shop_url, Buyer(*BUYERS[rank % len(BUYERS)])).order(
                basket, coupon=coupon
            )
        self.fetch_orders(lambda: len(self.groups()) == len(BASKETS))

    def fetch_orders(self, arrived):
        """Ask the running Odoo to read the shop, and wait until a thing arrived.

        The shop's webhooks bring the same orders at the same time: whoever is first,
        each order is imported once.
        """
        self.storefront().action_pull_orders()
        end = time.monotonic() + WAIT_SECONDS
        while not arrived():
            self.env.cr.commit()
            self.env.invalidate_all()
            held = self.env["marketplace.inbox"].search(
                [("state", "=", "quarantine")], limit=1
            )
            if held or time.monotonic() > end:
                raise RuntimeError(
                    held.reason or f"nothing arrived in {WAIT_SECONDS} seconds"
                )
            time.sleep(0.5)

    def storefront(self):
        return self.env["marketplace.storefront"].search([("code", "=", CODE)])

    def groups(self):
        return self.env["marketplace.order"].search(
            [("channel", "=", CODE)], order="date_order, id"
        )

    # -- the money ------------------------------------------------------------------

    def deliver(self):
        shipments = self.env["marketplace.shipment"]
        for number, order in enumerate(self.groups()[:DELIVERED].sale_order_ids):
            shipments |= shipments._create_for_order(
                order, carrier_name="Colissimo", tracking_ref=f"6A{number:011d}"
            )
        shipments.action_ship()
        shipments.action_deliver()

    def pay_vendors(self):
        today = fields.Date.today()
        self.env["marketplace.settlement"]._run(today, self.company)
        accountant = self.env["res.users"].search([("login", "=", "accountant")])
        run = self.env["marketplace.payout.run"]._prepare(today, self.company)
        run.with_user(accountant).action_check()
        run.with_user(self.env.ref("base.user_admin")).action_approve()
        run.with_user(accountant).action_send()

    def refund_one_line(self):
        """Refund, in the shop, a candle that was delivered and already paid out."""
        candle = self.env["sale.order.line"].search(
            [
                ("offer_id.vendor_sku", "=", "LUM-CANDLE"),
                ("order_id.marketplace_shipping_state", "=", "delivered"),
            ],
            order="id",
            limit=1,
        )
        group = candle.order_id.marketplace_order_id
        Operator(self.shop_url).refund(
            group.external_ref, {"LUM-CANDLE": 1}, "Arrived broken"
        )
        self.fetch_orders(
            lambda: group.refund_ids.filtered(lambda r: r.state == "done")
        )

    def closing_words(self):
        run = self.env["marketplace.payout.run"].search([], limit=1)
        group = self.groups()[:1]
        lumen = self.vendor("LUMEN")
        return {
            "logins": [
                ("Administrator", "admin", "admin"),
                ("Accountant", "accountant", PASSWORD),
                ("Back-office clerk", "clerk", PASSWORD),
                ("Vendor Atelier Lumen", "lumen@example.com", PASSWORD),
                ("Vendor Café Tortue", "tortue@example.com", PASSWORD),
            ],
            "look_at": [
                f"Clerk: Marketplace › Orders › {group.name}, one purchase and its "
                "vendor orders",
                f"Accountant: Marketplace › Payouts › {run.name}, who is paid, who is "
                "not and why, and the bank file",
                "Accountant: Marketplace › Accounting › Tie-out, the ledger and the "
                "books side by side",
                f"Vendor {lumen.name}: My Account › Marketplace, ship a waiting order",
                "Vendor: the same page, the statement and its PDF",
            ],
        }
