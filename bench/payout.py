"""Settle, invoice, net, pay and reconcile many vendors, against entries by hand.

Goal: what the suite adds to the entries that any payout run has to make, and that its
cost grows with the lines and not faster. Method: vendors with 100 unpaid ledger lines
each, every line an order line with its commission. First, alternated rounds of 2,000
lines, paid by the run that serves in production and by a script that knows the sums:
one batch of invoices, one netting and one payout entry, one ``_reconcile_plan``. The
script is measured twice, as most would write it, and told what the suite tells Odoo:
the balance and tags of the invoice lines, and to search no entry for taxes due on
payment. The ratio is to the faster one. Then one run of each of two sizes. Seeding is
not measured; each chunk is committed.
"""

import os
import resource
from datetime import datetime

from odoo.fields import Command, Date
from odoo.tests import new_test_user

from . import payout_seed
from .common import measure, medians, print_table

LINES = 100
ROUND_VENDORS = 20
ROUNDS = 2
FULL_ROUNDS = 5
# Vendors of the two runs that are compared.
SIZES = (10, 100)
FULL_SIZES = (100, 1000)
# What the suite promises: CPU of ours for one by hand, and for ten times the lines.
MAX_RATIO, MAX_GROWTH = 1.3, 11
ACCOUNTANT = "marketplace_base.group_accountant"


def people(env):
    """Return who starts the run and who approves it."""
    return [
        new_test_user(env, f"bench_{name}", groups=groups)
        for name, groups in (
            ("preparer", f"marketplace_payout.group_payout_preparer,{ACCOUNTANT}"),
            ("approver", "marketplace_payout.group_payout_approver"),
        )
    ]


def dates():
    """Return days of sale, delivery, cut-off and payout, the last one today."""
    today = Date.today()
    sold, delivered, cutoff = (Date.subtract(today, days=days) for days in (20, 15, 5))
    return datetime.combine(sold, datetime.min.time()), delivered, cutoff, today


def pay(env, users, vendors, cutoff, day):
    """Do a whole run with the code that serves in production; return it."""
    preparer, approver = users
    Run = env["marketplace.payout.run"].with_user(preparer)
    run = Run._start(cutoff, day, env.company, vendors=vendors)
    env.cr.commit()
    work(env, run)
    run.action_check()
    run.with_user(approver).action_approve()
    run.action_send()
    env.cr.commit()
    work(env, run)
    assert run.state == "sent" and not run.excluded_count, run.state
    return run


def work(env, run):
    """Do all chunks of a run."""
    while run.work:
        run._work_chunk()
        env.cr.commit()


def by_hand(env, facts, cutoff, day):
    """Make the same entries and matches with Odoo alone, in batches.

    :param facts: what :func:`vendor_facts` knows.
    """
    company = env.company
    accounts = company._marketplace_accounts(
        ["VENDOR_DUE", "VENDOR_AR", "PAYOUT_TRANSIT", "COMMISSION"]
    )
    Move = env["account.move"].with_context(tracking_disable=True)
    tax = company._marketplace_tax(20.0)
    told = bool(env.context.get("no_cash_basis"))
    tags = tax._marketplace_base_tags(False).ids
    invoices = Move.create(
        [
            {
                "move_type": "out_invoice",
                "journal_id": company.marketplace_journal_commission_id.id,
                "invoice_date": cutoff,
                "invoice_date_due": cutoff,
                "partner_id": vendor.id,
                # puts the receivable on the account of the role
                "marketplace_vendor_id": vendor.id,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Commission",
                            "account_id": accounts["COMMISSION"].id,
                            "quantity": 1,
                            "price_unit": commission,
                            "tax_ids": [Command.set(tax.ids)],
                            "analytic_distribution": False,
                            **(
                                {
                                    "amount_currency": -commission,
                                    "balance": -commission,
                                    "tax_tag_ids": [Command.set(tags)],
                                }
                                if told
                                else {}
                            ),
                        }
                    )
                ],
            }
            for vendor, (_due, commission, _items) in facts.items()
        ]
    )
    invoices._post(soft=False)
    receivable = {
        invoice.partner_id: invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        for invoice in invoices
    }
    netting = entry(
        Move,
        company.marketplace_journal_settlement_id,
        cutoff,
        accounts,
        [
            (role, vendor, sign * item.balance)
            for vendor, item in receivable.items()
            for role, sign in (("VENDOR_DUE", 1), ("VENDOR_AR", -1))
        ],
    )
    payout = entry(
        Move,
        company.marketplace_journal_payout_id,
        day,
        accounts,
        [
            (role, partner, sign * (due - receivable[vendor].balance))
            for vendor, (due, _commission, _items) in facts.items()
            for role, partner, sign in (
                ("VENDOR_DUE", vendor, 1),
                ("PAYOUT_TRANSIT", vendor, -1),
            )
        ],
    )
    made = (netting | payout).line_ids.grouped(
        lambda line: (line.partner_id, line.account_id)
    )
    plan = []
    for vendor, (_due, _commission, items) in facts.items():
        plan.append(receivable[vendor] | made[vendor, accounts["VENDOR_AR"]])
        plan.append(items | made[vendor, accounts["VENDOR_DUE"]])
    env["account.move.line"]._reconcile_plan(plan)
    env.cr.commit()


def entry(Move, journal, day, accounts, items):
    """Return one posted entry of (role, partner, balance)."""
    move = Move.create(
        {
            "move_type": "entry",
            "journal_id": journal.id,
            "date": day,
            "line_ids": [
                Command.create(
                    {
                        "account_id": accounts[role].id,
                        "partner_id": partner.id,
                        "balance": balance,
                        "analytic_distribution": False,
                    }
                )
                for role, partner, balance in items
            ],
        }
    )
    move._post(soft=False)
    return move


def vendor_facts(env, vendors):
    """Return {vendor: (due, commission, open items)}: what the script is given."""
    due = env.company._marketplace_account("VENDOR_DUE")
    commission = dict(
        env["marketplace.commission.line"]._read_group(
            [("vendor_id", "in", vendors.ids)], ["vendor_id"], ["amount:sum"]
        )
    )
    items = env["account.move.line"].search(
        [("partner_id", "in", vendors.ids), ("account_id", "=", due.id)]
    )
    return {
        vendor: (-sum(own.mapped("balance")), commission[vendor], own)
        for vendor, own in items.grouped("partner_id").items()
    }


def compare(env, users, rounds):
    """Measure alternated rounds; return {side: medians}."""
    sold, delivered, cutoff, day = dates()
    runs = {"payout run": [], "by hand": [], "by hand, told": []}
    everyone = payout_seed.vendors_with_lines(
        env, 3 * (rounds + 1) * ROUND_VENDORS, LINES, "R", sold, delivered
    ).ids
    told = env(context={**env.context, "no_cash_basis": True})
    for number in range(rounds + 1):
        sets = [
            env["res.partner"].browse(everyone[first : first + ROUND_VENDORS])
            for first in range(
                3 * number * ROUND_VENDORS,
                3 * (number + 1) * ROUND_VENDORS,
                ROUND_VENDORS,
            )
        ]
        facts = [vendor_facts(env, vendors) for vendors in sets[1:]]
        env.cr.commit()
        figures = [
            measure(env, lambda own=sets[0]: pay(env, users, own, cutoff, day)),
            measure(env, lambda own=facts[0]: by_hand(env, own, cutoff, day)),
            measure(told, lambda own=facts[1]: by_hand(told, own, cutoff, day)),
        ]
        if number:  # the first round warms caches on all sides
            for name, figure in zip(runs, figures, strict=True):
                runs[name].append(figure)
    return medians(runs)


def grow(env, users, sizes):
    """Measure one run of each size; return {lines: (CPU, wall, queries)}."""
    sold, delivered, cutoff, day = dates()
    rows = {}
    for count in sizes:
        vendors = payout_seed.vendors_with_lines(
            env, count, LINES, f"G{count}", sold, delivered
        )
        env.cr.commit()
        rows[count * LINES] = measure(
            env, lambda own=vendors: pay(env, users, own, cutoff, day)
        )
    return rows


def main(env):
    """Print both comparisons; return (ratio to by hand, growth)."""
    full = bool(os.environ.get("BENCH_FULL"))
    payout_seed.prepare_company(env)
    users = people(env)
    env.cr.commit()
    rounds = FULL_ROUNDS if full else ROUNDS
    rows = compare(env, users, rounds)
    lines = ROUND_VENDORS * LINES
    print(f"{rounds} alternated rounds of {lines} ledger lines, {ROUND_VENDORS}")
    print("vendors; medians of a round\n")
    print_table(rows, lines, "lines")
    ratio = rows["payout run"][0] / rows["by hand, told"][0]
    print(f"\nCPU ratio, payout run / by hand, told: {ratio:.2f} (at most {MAX_RATIO})")
    rows = grow(env, users, FULL_SIZES if full else SIZES)
    print(f"\nOne run each, {LINES} lines of each vendor\n")
    for count, (cpu, wall, queries) in rows.items():
        print(f"{count:8} lines {cpu:8.2f} CPU s {wall:8.2f} s {queries:8} queries")
    small, large = (cpu for cpu, _wall, _queries in rows.values())
    print(f"CPU of ten times the lines: {large / small:.1f} (at most {MAX_GROWTH})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of this process, seeding included: {peak:.0f} MiB")
    return ratio, large / small
