"""Charge and invoice commission against plain Odoo and the OCA commission addon.

Goal: what commission costs where Odoo works anyway. Method: 2,000 purchases of 5 order
lines, 10,000 lines in all, of 500 vendors under one plan of 200 rules, in alternated
rounds in one process; figures are ratios of median CPU times.

- Charging: each round imports a fifth of the purchases with commission held back, then
  computes and freezes it, against plain Odoo creating sale orders of the same lines.
- Matching: the decisions of one round's lines under 50, 200 and 800 rules.
- Invoicing: one run over all 500 vendors, from the search for what is due to the
  posted documents and the vendor ledger, against one batched ``create`` and ``_post``
  of the same invoices written by hand, and against settling and invoicing as many
  lines of as many agents with the OCA addon. Each round is undone.
"""

import random
from contextlib import contextmanager
from unittest.mock import patch

from odoo.fields import Command, Date

from odoo.addons.marketplace_base.models.marketplace_ledger_posting import MOVE_CONTEXT
from odoo.addons.marketplace_commission.engine.rules import RuleIndex, decide_order

from . import orders, seed
from .commission_oca import Peer
from .common import create_vendors, measure, medians, prepare_company, print_table

VENDORS = 500
PRODUCTS = 1_000
CATEGORIES = 40
BRANDS = 40
ROUNDS = 5
INVOICE_ROUNDS = 3
PURCHASES = 400
LINES_PER_PURCHASE = 5
LINES = PURCHASES * LINES_PER_PURCHASE
RULES = 200
# What the suite promises: CPU of ours for one of the other's.
MAX_CHARGE, MAX_INVOICE, MIN_OCA = 0.15, 1.2, 5


@contextmanager
def undone(env):
    """Undo in the database and in the cache what the block does."""
    savepoint = env.cr.savepoint()
    yield
    savepoint.close(rollback=True)


# -- a marketplace with many rules ------------------------------------------------


def create_catalogue(env):
    """Return products in a tree of categories, each with a brand."""
    Category = env["product.category"]
    roots = Category.create(
        [{"name": f"Bench root {rank}"} for rank in range(CATEGORIES // 8)]
    )
    leaves = Category.create(
        [
            {"name": f"Bench {rank}", "parent_id": roots[rank % len(roots)].id}
            for rank in range(CATEGORIES)
        ]
    )
    brands = env["product.tag"].create(
        [{"name": f"Bench brand {rank}"} for rank in range(BRANDS)]
    )
    products = seed.create_products(env, PRODUCTS, "commission")
    for rank, leaf in enumerate(leaves):
        products[rank :: len(leaves)].categ_id = leaf
    for rank, brand in enumerate(brands):
        products[rank::7][: PRODUCTS // BRANDS].product_tag_ids = brand
    return products


def create_plan(env, count, vendors, products):
    """Return a plan of so many rules, criteria of every sort in turn, default last."""
    rng = random.Random(count)
    categories = products.categ_id
    brands = products.product_tag_ids
    country = env.ref("base.de")
    criteria = (
        lambda: {"vendor_ids": rng.sample(vendors.ids, 2)},
        lambda: {"product_ids": rng.sample(products.ids, 3)},
        lambda: {
            "product_category_ids": rng.sample(categories.ids, 1),
            "brand_ids": rng.sample(brands.ids, 1),
        },
        lambda: {
            "product_category_ids": rng.sample(categories.ids, 1),
            "price_from": 10 + rng.randrange(4),
            "price_to": 15,
        },
        lambda: {"country_ids": country.ids, "date_from": "2025-01-01"},
    )
    rules = [
        {
            "name": f"Rule {rank}",
            "sequence": rank,
            "rate": 0.05 + rank % 20 / 100,
            "amount_min": rank % 3 / 10,
            **criteria[rank % len(criteria)](),
        }
        for rank in range(count - 1)
    ]
    for rule in rules:
        for name in rule.keys() & env["marketplace.commission.rule"]._fields.keys():
            if name.endswith("_ids"):
                rule[name] = [Command.set(rule[name])]
    rules.append({"name": "Default", "rate": 0.12, "is_default": True})
    return env["marketplace.commission.plan"].create(
        {"name": f"Bench {count}", "rule_ids": [Command.create(vals) for vals in rules]}
    )


def import_held_back(env, batch):
    """Import purchases without computing their commission; return their lines."""
    Line = env["marketplace.commission.line"]
    with patch.object(type(Line), "_charge", lambda self, sale_lines: self):
        orders.import_batch(env, batch)
    groups = env["marketplace.order"].search(
        [("external_ref", "in", [purchase["external_ref"] for purchase in batch])]
    )
    return groups.sale_order_ids.order_line


def perform(env, lines):
    """Perform services sold: their commission is due."""
    env["marketplace.shipment"]._perform(lines, Date.today())
    env.flush_all()


# -- charging ---------------------------------------------------------------------


def charge(env, lines):
    """Compute and freeze with the code that serves in production."""
    env["marketplace.commission.line"]._charge(lines)
    env.flush_all()


def plain_orders(env, lines):
    """Create sale orders of the same lines with Odoo alone, in one batch."""
    vals_list = [
        {
            "partner_id": order.partner_id.id,
            "order_line": [
                Command.create(
                    {
                        "product_id": line.product_id.id,
                        "name": line.name,
                        "product_uom_qty": line.product_uom_qty,
                        "price_unit": line.price_unit,
                        "tax_ids": [Command.set(line.tax_ids.ids)],
                    }
                )
                for line in own
            ],
        }
        for order, own in lines.grouped("order_id").items()
    ]

    def work():
        env["sale.order"].with_context(
            tracking_disable=True, mail_create_nolog=True
        ).create(vals_list)
        env.flush_all()

    return work


def compare_charging(env, offers, customer):
    """Measure rounds of charging; return the table and all lines."""
    tax = env.company._marketplace_tax(20.0)
    offer_ids = offers.ids
    turns = len(offer_ids) // VENDORS
    rng = random.Random("commission")
    runs = {"commission": [], "plain Odoo": []}
    charged = env["sale.order.line"]
    for number in range(ROUNDS):
        baskets = [
            [
                offer_ids[turn * VENDORS + (number * PURCHASES + purchase) % VENDORS]
                for turn in rng.sample(range(turns), LINES_PER_PURCHASE)
            ]
            for purchase in range(PURCHASES)
        ]
        batch = orders.payloads(env, baskets, customer, tax, f"commission-{number}")
        lines = import_held_back(env, batch)
        plain = plain_orders(env, lines)
        if not number:  # warms caches on both sides
            with undone(env):
                charge(env, lines)
                plain()
        with undone(env):
            runs["plain Odoo"].append(measure(env, plain))
        runs["commission"].append(measure(env, lambda own=lines: charge(env, own)))
        charged |= lines
    return medians(runs), charged


# -- matching ---------------------------------------------------------------------


def compare_matching(env, lines, plans):
    """Measure decisions of the same lines; return {number of rules: table row}."""
    Line = env["marketplace.commission.line"]
    facts = [
        Line._sale_facts(order, own) for order, own in lines.grouped("order_id").items()
    ]

    def match(rules):
        for own in facts:
            decide_order(rules, own)

    ruled = {count: RuleIndex(plan._engine_rules()) for count, plan in plans.items()}
    runs = {count: [] for count in ruled}
    for number in range(ROUNDS + 1):
        for count, rules in ruled.items():
            figure = measure(env, lambda rules=rules: match(rules))
            if number:
                runs[count].append(figure)
    return medians(runs)


# -- invoicing --------------------------------------------------------------------


def invoice(env):
    """Invoice all that is due with the code that serves in production."""
    Line = env["marketplace.commission.line"]
    moves = Line._invoiceable(env.company)._invoice(Date.today())
    env.flush_all()
    return moves


def by_hand(env, vals_list):
    """Create and post invoices, as somebody would who knows how."""
    moves = env["account.move"].with_context(**MOVE_CONTEXT).create(vals_list)
    moves._post(soft=False)
    env.flush_all()


def invoice_vals(moves):
    """Return the values of the same invoices, with all Odoo would look up.

    Amounts of the journal items and tags too: Odoo would write them afterwards, one
    document at a time.
    """
    return [
        {
            "move_type": move.move_type,
            "journal_id": move.journal_id.id,
            "company_id": move.company_id.id,
            "partner_id": move.partner_id.id,
            "currency_id": move.currency_id.id,
            "invoice_date": move.invoice_date,
            "invoice_date_due": move.invoice_date_due,
            "invoice_payment_term_id": False,
            "fiscal_position_id": move.fiscal_position_id.id,
            "invoice_user_id": False,
            "invoice_line_ids": [
                Command.create(
                    {
                        "product_id": line.product_id.id,
                        "name": line.name,
                        "account_id": line.account_id.id,
                        "tax_ids": [Command.set(line.tax_ids.ids)],
                        "quantity": line.quantity,
                        "price_unit": line.price_unit,
                        "amount_currency": line.amount_currency,
                        "balance": line.balance,
                        "tax_tag_ids": [Command.set(line.tax_tag_ids.ids)],
                        "analytic_distribution": False,
                        "sequence": line.sequence,
                    }
                )
                for line in move.invoice_line_ids
            ],
        }
        for move in moves
    ]


def compare_invoicing(env, peer):
    """Measure rounds of invoicing; return the table."""
    with undone(env):
        moves = invoice(env)
        assert len(moves) == VENDORS, len(moves)
        vals_list = invoice_vals(moves)
    with undone(env):
        by_hand(env, vals_list)
    with undone(peer.env):
        peer.invoice()
    runs = {"commission": [], "by hand": [], "OCA, drafts": [], "OCA, posted": []}
    for _number in range(INVOICE_ROUNDS):
        with undone(env):
            runs["commission"].append(measure(env, lambda: invoice(env)))
        with undone(env):
            runs["by hand"].append(measure(env, lambda: by_hand(env, vals_list)))
        with undone(peer.env):
            drafts = measure(peer.env, peer.invoice)
            posting = measure(peer.env, peer.post)
        runs["OCA, drafts"].append(drafts)
        runs["OCA, posted"].append(
            [sum(pair) for pair in zip(drafts, posting, strict=True)]
        )
    return medians(runs)


# -- all --------------------------------------------------------------------------


def main(env, peer_database):
    """Print all figures; return {name: ratio}.

    :param peer_database: a database with the OCA addon, on the same server.
    """
    company = prepare_company(env)
    company.marketplace_posting_mode = "day_vendor"
    products = create_catalogue(env)
    vendors = create_vendors(env, VENDORS)
    plans = {
        count: create_plan(env, count, vendors, products)
        for count in (RULES // 4, RULES, RULES * 4)
    }
    env["marketplace.contract"].create(
        [
            {
                "vendor_id": vendor.id,
                "date_start": "2025-01-01",
                "commission_plan_id": plans[RULES].id,
            }
            for vendor in vendors
        ]
    )._transition("active")
    offers = seed.create_offers(env, vendors, products, VENDORS * 10, "commission")
    customer = env["res.partner"].create({"name": "Bench customer"})

    charging, lines = compare_charging(env, offers, customer)
    print(f"{ROUNDS} rounds of {LINES} order lines under {RULES} rules; medians\n")
    print_table(charging, LINES, "lines")
    ratios = {"charging": charging["commission"][0] / charging["plain Odoo"][0]}
    print(
        f"\nCPU of commission for 1 of plain Odoo's creation: {ratios['charging']:.3f} "
        f"(at most {MAX_CHARGE})\n"
    )

    matching = compare_matching(env, lines[:LINES], plans)
    print_table(
        {f"{count} rules": row for count, row in matching.items()}, LINES, "lines"
    )
    few, _some, many = matching.values()
    ratios["matching"] = many[0] / few[0]
    print(
        f"\nCPU ratio for 16 times the rules: {ratios['matching']:.2f} (at most 16)\n"
    )

    perform(env, lines)
    with Peer(peer_database, VENDORS, len(lines) // VENDORS) as peer:
        invoicing = compare_invoicing(env, peer)
    print(
        f"{len(lines)} lines of {VENDORS} vendors, {INVOICE_ROUNDS} rounds; medians\n"
    )
    print_table(invoicing, len(lines), "lines")
    ours = invoicing["commission"][0]
    ratios["invoicing"] = ours / invoicing["by hand"][0]
    print(
        f"\nCPU ratio, commission / by hand: {ratios['invoicing']:.2f} "
        f"(at most {MAX_INVOICE})"
    )
    for name in ("OCA, drafts", "OCA, posted"):
        ratios[name] = invoicing[name][0] / ours
        print(f"CPU ratio, {name} / ours: {ratios[name]:.1f} (at least {MIN_OCA})")
    documents = invoicing["by hand"][0]
    ratios["beyond"] = (invoicing["OCA, posted"][0] - documents) / (ours - documents)
    print(f"the same, beyond Odoo's own documents: {ratios['beyond']:.1f}")
    return ratios
