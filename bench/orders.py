"""Import multi-vendor orders against plain Odoo selling the same lines.

Goal: what the split, the frozen terms, the commission and the vendor ledger add to the
work Odoo does anyway. Method: batches of 100 purchases of 6 lines from 3 vendors,
alternately imported by us and created and confirmed as 3 plain sale orders each, in one
run on one database; the figure is the ratio of the median CPU times.
"""

import gc
import statistics
import time

from odoo.fields import Command, Datetime

PURCHASES = 100
VENDORS = 3
LINES_PER_VENDOR = 2
ROUNDS = 5


def prepare(env):
    """Return offers by vendor and plain products of the same prices."""
    company = env.company
    company._marketplace_setup()
    company.marketplace_psp_partner_id = env["res.partner"].create({"name": "PSP"})
    tax = company._marketplace_tax(20.0)
    plan = env["marketplace.commission.plan"].create(
        {
            "name": "Bench",
            "rule_ids": [
                Command.create({"name": "Default", "rate": 0.12, "is_default": True})
            ],
        }
    )
    vendors = env["res.partner"].create(
        [
            {
                "name": f"Bench vendor {rank}",
                "is_company": True,
                "is_marketplace_vendor": True,
                "kyc_state": "approved",
                "country_id": env.ref("base.fr").id,
                "email": f"bench{rank}@example.test",
            }
            for rank in range(VENDORS)
        ]
    )
    vendors._vendor_transition("approved")
    env["marketplace.contract"].create(
        [
            {
                "vendor_id": vendor.id,
                "date_start": "2025-01-01",
                "commission_plan_id": plan.id,
            }
            for vendor in vendors
        ]
    )._transition("active")
    products = env["product.product"].create(
        [
            {
                "name": f"Bench product {rank}",
                "type": "service",
                "taxes_id": [Command.set(tax.ids)],
                "invoice_policy": "order",
            }
            for rank in range(VENDORS * LINES_PER_VENDOR)
        ]
    )
    offers = env["marketplace.offer"].create(
        [
            {
                "vendor_id": vendors[rank % VENDORS].id,
                "product_id": product.id,
                "vendor_sku": f"BENCH-{rank}",
                "price": 10 + rank,
                "quantity": 10**6,
            }
            for rank, product in enumerate(products)
        ]
    )
    customer = env["res.partner"].create({"name": "Bench customer"})
    return offers, customer, tax


def payloads(env, offers, customer, tax, prefix):
    """Return the import payloads of one batch."""
    now = Datetime.now()
    batch = []
    for number in range(PURCHASES):
        ref = f"{prefix}-{number}"
        lines = [
            {
                "ref": f"{ref}-{rank}",
                "offer_id": offer.id,
                "name": offer.product_id.name,
                "quantity": 1,
                "gross_minor": 1000 + 100 * rank,
                "tax_ids": tax.ids,
            }
            for rank, offer in enumerate(offers)
        ]
        charged = sum(line["gross_minor"] for line in lines)
        batch.append(
            {
                "company_id": env.company.id,
                "channel": "bench",
                "external_ref": ref,
                "number": ref,
                "date_order": now,
                "partner_id": customer.id,
                "partner_shipping_id": customer.id,
                "currency_id": env.company.currency_id.id,
                "amount_charged_minor": charged,
                "tolerance_minor": 0,
                "lines": lines,
                "shippings": [],
                "discounts": [],
                "bundles": [],
                "payments": [
                    {
                        "ref": f"{ref}-P",
                        "provider": "bench",
                        "state": "captured",
                        "amount_minor": charged,
                        "date": now,
                    }
                ],
                "values": {},
            }
        )
    return batch


def import_batch(env, batch):
    """Import one batch with the code that serves in production."""
    _groups, problems = env["marketplace.order"]._import_batch(batch)
    assert not problems, problems
    env.flush_all()


def plain_batch(env, offers, customer, tax):
    """Create and confirm the same sale orders with Odoo alone, in one batch."""
    orders = (
        env["sale.order"]
        .with_context(tracking_disable=True, mail_create_nolog=True)
        .create(
            [
                {
                    "partner_id": customer.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": offer.product_id.id,
                                "name": offer.product_id.name,
                                "product_uom_qty": 1,
                                "price_unit": 10 + rank,
                                "tax_ids": [Command.set(tax.ids)],
                            }
                        )
                        for rank, offer in enumerate(offers)
                        if offer.vendor_id == vendor
                    ],
                }
                for _number in range(PURCHASES)
                for vendor in offers.vendor_id
            ]
        )
    )
    orders.action_confirm()
    env.flush_all()


def measure(env, work):
    """Return (CPU seconds of this process, wall seconds, queries) of one batch."""
    env.invalidate_all()
    gc.collect()
    queries = env.cr.sql_log_count
    cpu, wall = time.process_time(), time.monotonic()
    work()
    return (
        time.process_time() - cpu,
        time.monotonic() - wall,
        env.cr.sql_log_count - queries,
    )


def main(env):
    offers, customer, tax = prepare(env)
    ours, plain = [], []
    for number in range(ROUNDS + 1):
        batch = payloads(env, offers, customer, tax, f"B{number}")
        mine = measure(env, lambda batch=batch: import_batch(env, batch))
        theirs = measure(env, lambda: plain_batch(env, offers, customer, tax))
        if number:  # the first round warms caches on both sides
            ours.append(mine)
            plain.append(theirs)
    rows = {
        name: [statistics.median(figures) for figures in zip(*runs, strict=True)]
        for name, runs in (("marketplace import", ours), ("plain Odoo", plain))
    }
    print(f"{PURCHASES} purchases of {len(offers)} lines from {VENDORS} vendors,")
    print(f"median of {ROUNDS} alternated rounds\n")
    print(f"{'':20} {'CPU s':>8} {'wall s':>8} {'queries':>8} {'purchases/s':>12}")
    for name, (cpu, wall, queries) in rows.items():
        speed = PURCHASES / wall
        print(f"{name:20} {cpu:8.2f} {wall:8.2f} {queries:8.0f} {speed:12.1f}")
    ratio = rows["marketplace import"][0] / rows["plain Odoo"][0]
    print(f"\nCPU ratio, marketplace import / plain Odoo: {ratio:.2f}")
    return ratio
