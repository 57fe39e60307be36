"""Fill a database with the catalogue of a large marketplace, the same every time."""

from odoo.fields import Command

VENDORS = 5_000
OFFERS = 200_000
PRODUCTS = 20_000
# Rows made by one ``create``: more costs memory and gains nothing.
BATCH = 5_000
# Steps coprime to the number of products: a vendor never offers one twice.
VENDOR_STEP = 37
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
}


def create_vendors(env, count, prefix):
    """Return approved vendors, each with his portal user and a contract in force."""
    vendors = env["res.partner"].with_context(**QUIET)
    for first in range(0, count, BATCH):
        vendors |= vendors.create(
            [
                {
                    "name": f"{prefix} vendor {rank}",
                    "is_company": True,
                    "is_marketplace_vendor": True,
                    "kyc_state": "approved",
                    "country_id": env.ref("base.fr").id,
                    "email": f"{prefix}{rank}@example.test",
                }
                for rank in range(first, min(first + BATCH, count))
            ]
        )
    vendors._vendor_transition("approved")
    plan = env["marketplace.commission.plan"].create(
        {
            "name": prefix,
            "rule_ids": [
                Command.create({"name": "Default", "rate": 0.12, "is_default": True})
            ],
        }
    )
    env["marketplace.contract"].with_context(**QUIET).create(
        [
            {
                "vendor_id": vendor.id,
                "date_start": "2025-01-01",
                "commission_plan_id": plan.id,
            }
            for vendor in vendors
        ]
    )._transition("active")
    return vendors


def create_products(env, count, prefix):
    """Return services, which plain Odoo sells without pickings either."""
    tax = env.company._marketplace_tax(20.0)
    products = env["product.product"].with_context(**QUIET)
    for first in range(0, count, BATCH):
        products |= products.create(
            [
                {
                    "name": f"{prefix} product {rank}",
                    "type": "service",
                    "taxes_id": [Command.set(tax.ids)],
                    "invoice_policy": "order",
                }
                for rank in range(first, min(first + BATCH, count))
            ]
        )
    return products


def create_offers(env, vendors, products, count, prefix):
    """Return offers spread evenly, several vendors on each product."""
    vendor_ids, product_ids = vendors.ids, products.ids
    offers = env["marketplace.offer"].with_context(**QUIET)
    ids = []
    for first in range(0, count, BATCH):
        batch = offers.create(
            [
                _offer_vals(rank, vendor_ids, product_ids, prefix)
                for rank in range(first, min(first + BATCH, count))
            ]
        )
        env.flush_all()
        ids += batch.ids
        env.invalidate_all()
    return env["marketplace.offer"].browse(ids)


def _offer_vals(rank, vendor_ids, product_ids, prefix):
    turn, vendor = divmod(rank, len(vendor_ids))
    product = (vendor * VENDOR_STEP + turn) % len(product_ids)
    return {
        "vendor_id": vendor_ids[vendor],
        "product_id": product_ids[product],
        "vendor_sku": f"{prefix}-{rank}",
        "price": 10 + product % 90,
        "quantity": 10**6,
    }


def marketplace(env, vendors, offers, products, prefix):
    """Return the offers of a marketplace of that size."""
    company = env.company
    company._marketplace_setup()
    if not company.marketplace_psp_partner_id:
        company.marketplace_psp_partner_id = env["res.partner"].create({"name": "PSP"})
    return create_offers(
        env,
        create_vendors(env, vendors, prefix),
        create_products(env, products, prefix),
        offers,
        prefix,
    )
