"""Import multi-vendor orders against plain Odoo selling the same lines.

Goal: what the split, the frozen terms, the commission and the vendor ledger add to the
work Odoo does anyway. Method: batches of 100 purchases of 6 lines from 3 vendors,
alternately imported by us and created and confirmed as 3 plain sale orders each, in one
run on one database; the figure is the ratio of the median CPU times.
"""

from odoo.fields import Command, Datetime

from .common import (
    create_plan,
    create_vendors,
    measure,
    medians,
    prepare_company,
    print_table,
)

PURCHASES = 100
VENDORS = 3
LINES_PER_VENDOR = 2
ROUNDS = 5


def prepare(env):
    """Return offers by vendor and plain products of the same prices."""
    company = prepare_company(env)
    tax = company._marketplace_tax(20.0)
    vendors = create_vendors(env, VENDORS, create_plan(env))
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
    rows = medians({"marketplace import": ours, "plain Odoo": plain})
    print(f"{PURCHASES} purchases of {len(offers)} lines from {VENDORS} vendors,")
    print(f"median of {ROUNDS} alternated rounds\n")
    print_table(rows, PURCHASES, "purchases")
    ratio = rows["marketplace import"][0] / rows["plain Odoo"][0]
    print(f"\nCPU ratio, marketplace import / plain Odoo: {ratio:.2f}")
    return ratio
