"""Exchange with a real Vendure shop on this machine: the catalogue out, orders in.

Goals: what goes over the line is bounded by the page, not by the record, and an order
that comes from a shop costs about what plain Odoo spends on its sale orders alone.

Catalogue: pushed whole, pushed again unchanged, and again after every price moved.
Orders: bought by shoppers in the shop itself, of 6 articles from 3 vendors with a
delivery each, every customer another one. They are read, stored, parsed, mapped, split,
confirmed, captured in the ledger and committed by the methods that the jobs call, a
transaction each. After every batch, plain Odoo creates, confirms and commits the same
sale orders, of customers it has. Requests are counted where they leave the process.
"""

import gc
import os
import random
import time
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

from requests.adapters import HTTPAdapter

from odoo.fields import Command
from odoo.tools import split_every

from odoo.addons.marketplace_connector.const import PROCESS_BATCH

from . import orders, seed, shoppers

FULL = bool(os.environ.get("BENCH_FULL"))
# Vendors, offers, products, orders.
VENDORS, OFFERS, PRODUCTS, ORDERS = (
    (100, 10_000, 5_000, 1_000) if FULL else (20, 500, 250, 300)
)
ROUNDS = ORDERS // PROCESS_BATCH


class Meter:
    """CPU and wall seconds of this process, and its requests, over several parts."""

    def __init__(self):
        self.cpu = self.wall = 0.0
        self.requests = 0
        self.parts = []

    @contextmanager
    def part(self):
        """Add what the block costs."""
        send = HTTPAdapter.send

        def counted(adapter, request, **options):
            self.requests += 1
            return send(adapter, request, **options)

        gc.collect()
        cpu, wall = time.process_time(), time.monotonic()
        with patch.object(HTTPAdapter, "send", counted):
            yield
        self.parts.append(time.process_time() - cpu)
        self.cpu += self.parts[-1]
        self.wall += time.monotonic() - wall


def create_storefront(env, url):
    """Return a connected storefront, set up in the shop."""
    tax = env.company._marketplace_tax(20.0)
    storefront = env["marketplace.storefront"].create(
        {
            "name": "Bench",
            "code": "bench",
            "url": url,
            "username": "operator",
            "password": "operator-pass",
            "country_ids": [Command.set(env.ref("base.fr").ids)],
            "shipping_ids": [
                Command.create({"name": "Parcel", "amount": 4.90, "tax_id": tax.id})
            ],
        }
    )
    storefront.action_test_connection()
    return storefront


def commit(env):
    """End a transaction, as the job runner does after a job."""
    env.cr.commit()
    env.invalidate_all()


def push(storefront):
    """Push the catalogue as the button does: job after job; return the meter."""
    env, meter = storefront.env, Meter()
    with meter.part():
        storefront._start_load("catalogue")
        load = storefront.load_running_ids
        commit(env)
        while load.state == "running":
            load._job_load()
            commit(env)
    assert load.state == "done" and not load.refused_count, load.reason
    return meter, load.sent_count


def send_waiting(storefront):
    """Send what waits in the outbox, job after job; return the meter."""
    env, meter = storefront.env, Meter()
    with meter.part():
        while storefront.outbox_waiting_count:
            storefront._job_send_outbox()
            commit(env)
    return meter


def import_orders(storefront, twins):
    """Import what the shop has, a round of plain Odoo after each batch.

    :param twins: as of :func:`plain_vals`.
    :return: meters of reading from the shop, importing, and plain Odoo.
    """
    env = storefront.env
    reading, importing, plain = Meter(), Meter(), Meter()
    complete = False
    with reading.part():
        while not complete:
            complete = storefront._pull_orders(reread=False)
            commit(env)
    handled, last = PROCESS_BATCH, 0
    while handled == PROCESS_BATCH:
        with importing.part():
            handled = env["marketplace.inbox"]._process_waiting(storefront)
            commit(env)
        groups = env["marketplace.order"].search([("id", ">", last)], order="id")
        if groups:
            last = groups[-1].id
            vals_list = plain_vals(groups.sale_order_ids, twins)
            env.invalidate_all()
            with plain.part():
                plain_orders(env, vals_list)
                commit(env)
    return reading, importing, plain


def plain_vals(sales, twins):
    """Return the values of the same sale orders, as one would import them.

    :param twins: {product: one like it that no vendor offers}, or our addons would
        split these orders too.
    """
    return [
        {
            "partner_id": order.partner_id.id,
            "order_line": [
                Command.create(
                    {
                        "product_id": twins.get(line.product_id, line.product_id).id,
                        "name": line.name,
                        "product_uom_qty": line.product_uom_qty,
                        "price_unit": line.price_unit,
                        "tax_ids": [Command.set(line.tax_ids.ids)],
                    }
                )
                for line in order.order_line
            ],
        }
        for order in sales
    ]


def plain_orders(env, vals_list):
    """Create and confirm sale orders with Odoo alone, in one batch."""
    quiet = {"tracking_disable": True, "mail_create_nolog": True}
    env["sale.order"].with_context(**quiet).create(vals_list).action_confirm()


def main(env, url):
    """Print what pushing and importing cost; what is written is committed."""
    offers = seed.marketplace(env, VENDORS, OFFERS, PRODUCTS, "shop")
    twins = orders.make_twins(env, offers.product_id)
    storefront = create_storefront(env, url)
    commit(env)
    compare_pushes(storefront, offers)
    articles = read_articles(storefront)
    baskets = orders.draw_baskets(offers.ids, VENDORS, ORDERS, random.Random("shop"))
    begun = time.monotonic()
    shoppers.place_orders(
        url,
        [[articles[offer_id] for offer_id in basket] for basket in baskets],
        storefront.payment_method,
    )
    print(f"{ORDERS} orders placed in the shop in {time.monotonic() - begun:.0f} s\n")
    compare_imports(storefront, twins)


def compare_pushes(storefront, offers):
    """Print a first push, one of nothing new, and one of all prices."""
    env = storefront.env
    print(f"{OFFERS} offers of {VENDORS} vendors, {PRODUCTS} products\n")
    print(f"{'':24} {'requests':>8} {'offers each':>12} {'CPU s':>8} {'wall s':>8}")
    first, sent = push(storefront)
    assert sent == OFFERS + VENDORS, sent
    print_push("first push", first)
    again, sent = push(storefront)
    assert not sent, sent
    print_push("second push, unchanged", again)
    for part in split_every(1000, offers.ids, offers.browse):
        for offer in part:
            offer.price += 1
        commit(env)
    print_push("all prices changed", send_waiting(storefront))
    print()


def print_push(name, meter):
    per_request = OFFERS / meter.requests
    print(
        f"{name:24} {meter.requests:8} {per_request:12.1f} {meter.cpu:8.2f} "
        f"{meter.wall:8.2f}"
    )


def read_articles(storefront):
    """Return {offer id: article of the shop}."""
    bindings = storefront.env["marketplace.binding"].search_fetch(
        [("storefront_id", "=", storefront.id), ("object_type", "=", "offer")],
        ["res_id", "external_id"],
    )
    return {binding.res_id: binding.external_id for binding in bindings}


def compare_imports(storefront, twins):
    """Print what an order costs on the way from the shop to the ledger."""
    reading, importing, plain = import_orders(storefront, twins)
    env = storefront.env
    groups = env["marketplace.order"].search([("storefront_id", "=", storefront.id)])
    assert len(groups) == ORDERS, len(groups)
    captured = env["marketplace.ledger.line"]._read_group(
        [("marketplace_order_id", "in", groups.ids), ("event", "=", "capture")],
        [],
        ["marketplace_order_id:count_distinct"],
    )
    assert captured == [(ORDERS,)], captured
    cpu, wall = reading.cpu + importing.cpu, reading.wall + importing.wall
    print(f"{ORDERS} orders of {orders.LINES} lines from {orders.VENDORS} vendors")
    for name, meter in (
        ("read and store", reading),
        ("import", importing),
        ("plain Odoo", plain),
    ):
        print(f"{name:24} {meter.cpu:8.2f} s CPU {meter.wall:8.2f} s wall")
    requests = reading.requests + importing.requests
    print(f"requests: {requests}, {ORDERS / requests:.0f} orders each")
    print(f"orders per second of CPU: {ORDERS / cpu:.1f}, of wall: {ORDERS / wall:.1f}")
    # The first batch warms the caches of both; each has its share of the reading.
    share = reading.cpu * PROCESS_BATCH / ORDERS
    ratio = (median(importing.parts[1:ROUNDS]) + share) / median(plain.parts[1:ROUNDS])
    print(f"CPU ratio, import / plain Odoo: {ratio:.2f}")
    return ratio
