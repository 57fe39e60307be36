"""Import multi-vendor orders against plain Odoo selling the same lines.

Goal: what the split, the frozen terms, the commission and the vendor ledger add to the
work Odoo does anyway, and that it does not grow with the catalogue. Method: batches of
100 purchases of 6 lines from 3 vendors, drawn from the whole catalogue, alternately
imported by us and created and confirmed as 3 plain sale orders each, in one run on one
database; the figure is the ratio of the median CPU times. First on a catalogue of a few
vendors, then on one of 5,000 vendors and 200,000 offers.
"""

import random

from odoo.fields import Command, Datetime

from . import seed
from .common import measure, medians

PURCHASES = 100
VENDORS = 3
LINES_PER_VENDOR = 2
LINES = VENDORS * LINES_PER_VENDOR
ROUNDS = 5
# Name of a catalogue: vendors, offers, products.
CATALOGUES = {
    "small": (10, 200, 40),
    "large": (seed.VENDORS, seed.OFFERS, seed.PRODUCTS),
}


def draw_baskets(offer_ids, vendors, count, rng):
    """Return baskets of offer ids: 3 vendors with 2 lines each.

    Offers were made vendor by vendor in turn, so an id's rank tells its vendor.
    """
    turns = len(offer_ids) // vendors
    return [
        [
            offer_ids[turn * vendors + vendor]
            for vendor in rng.sample(range(vendors), VENDORS)
            for turn in rng.sample(range(turns), LINES_PER_VENDOR)
        ]
        for _number in range(count)
    ]


def payloads(env, baskets, customer, tax, prefix):
    """Return the import payloads of one batch, as an adapter gives them."""
    now = Datetime.now()
    batch = []
    for number, basket in enumerate(baskets):
        ref = f"{prefix}-{number}"
        lines = [
            {
                "ref": f"{ref}-{rank}",
                "offer_id": offer_id,
                "name": f"Article {rank}",
                "quantity": 1,
                "gross_minor": 1000 + 100 * rank,
                "tax_ids": tax.ids,
            }
            for rank, offer_id in enumerate(basket)
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


def plain_batch(env, baskets, products, customer, tax):
    """Create and confirm the same sale orders with Odoo alone, in one batch.

    :param products: {offer id: id of a product that no vendor offers}, or our addons
        would find the vendors and split these orders too.
    """
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
                                "product_id": products[offer_id],
                                "name": f"Article {rank}",
                                "product_uom_qty": 1,
                                "price_unit": 10 + rank,
                                "tax_ids": [Command.set(tax.ids)],
                            }
                        )
                        for rank, offer_id in enumerate(basket)
                        if rank // LINES_PER_VENDOR == part
                    ],
                }
                for basket in baskets
                for part in range(VENDORS)
            ]
        )
    )
    orders.action_confirm()
    env.flush_all()


def make_twins(env, products):
    """Return {product: one like it that no vendor offers}."""
    twins = seed.create_products(env, len(products), "twin")
    return dict(zip(products, twins, strict=True))


def compare(env, name, offers, vendors):
    """Measure alternated rounds on one catalogue; return {side: medians}."""
    customer = env["res.partner"].create({"name": "Bench customer"})
    tax = env.company._marketplace_tax(20.0)
    offer_ids = offers.ids
    twins = make_twins(env, offers.product_id)
    rng = random.Random(name)
    ours, plain = [], []
    for number in range(ROUNDS + 1):
        baskets = draw_baskets(offer_ids, vendors, PURCHASES, rng)
        drawn = offers.browse({offer_id for basket in baskets for offer_id in basket})
        products = {offer.id: twins[offer.product_id].id for offer in drawn}
        batch = payloads(env, baskets, customer, tax, f"{name}-{number}")
        mine = measure(env, lambda batch=batch: import_batch(env, batch))
        theirs = measure(
            env,
            lambda b=baskets, p=products: plain_batch(env, b, p, customer, tax),
        )
        if number:  # the first round warms caches on both sides
            ours.append(mine)
            plain.append(theirs)
    return medians({"marketplace import": ours, "plain Odoo": plain})


def main(env):
    """Print both catalogues' figures; return {catalogue: CPU ratio}."""
    print(f"{PURCHASES} purchases of {LINES} lines from {VENDORS} vendors,")
    print(f"median of {ROUNDS} alternated rounds\n")
    head = f"{'CPU s':>8} {'wall s':>8} {'queries':>8} {'purchases/s':>12}"
    ratios = {}
    for name, (vendors, offers, products) in CATALOGUES.items():
        catalogue = seed.marketplace(env, vendors, offers, products, name)
        rows = compare(env, name, catalogue, vendors)
        print(f"{f'{vendors} vendors, {offers} offers':30} {head}")
        for side, (cpu, wall, queries) in rows.items():
            speed = PURCHASES / wall
            print(f"{side:30} {cpu:8.2f} {wall:8.2f} {queries:8.0f} {speed:12.1f}")
        ratios[name] = rows["marketplace import"][0] / rows["plain Odoo"][0]
        print(f"CPU ratio, marketplace import / plain Odoo: {ratios[name]:.2f}\n")
    return ratios
