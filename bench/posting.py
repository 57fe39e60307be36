"""Post capture events against entries written by hand with the same journal items.

Goal: what the ledger's posting adds to Odoo's own work, and what the recap per day and
vendor saves. Method: five rounds of 2,000 capture events, 10,000 in all, of 50 vendors
on two days. Each round posts as many events three ways, in turn: one entry per event;
one recap per day and vendor; and one ``create`` and ``_post`` of the entries of the
first way, written by hand with all that Odoo would otherwise look up. The events are in
the ledger before the clock starts. Figures are ratios of the median CPU times.
"""

from odoo.fields import Command, Date

from odoo.addons.marketplace_base.models.marketplace_ledger_posting import MOVE_CONTEXT

from .common import create_vendors, measure, medians, prepare_company, print_table

EVENTS = 2000
VENDORS = 50
DAYS = 2
ROUNDS = 5
# What the suite promises: CPU of ours for one of Odoo's.
MAX_EVENT, MAX_DAY = 1.2, 0.25


def facts(env, vendors, prefix):
    """Return the ledger entries of one round."""
    company = env.company
    today = Date.today()
    return [
        {
            "company_id": company.id,
            "vendor_id": vendors[number % VENDORS].id,
            "event": "capture",
            "event_key": f"{prefix}:{number}",
            "source_key": f"{prefix}:{number}",
            "role_debit": "PSP_CLEARING",
            "role_credit": "VENDOR_PENDING",
            "amount": 10 + number % 90,
            "currency_id": company.currency_id.id,
            "date_event": Date.subtract(today, days=number % DAYS),
        }
        for number in range(EVENTS)
    ]


def record(env, vendors, prefix, mode):
    """Put one round into the ledger, not posted; return its lines."""
    env.company.marketplace_posting_mode = mode
    lines = env["marketplace.ledger.line"]._record(
        facts(env, vendors, prefix), post=False
    )
    env.flush_all()
    return lines


def post(env, lines):
    """Post with the code that serves in production."""
    lines.sudo()._post()
    env.flush_all()


def by_hand(env, entries):
    """Create and post the entries of these facts, as somebody would who knows how."""
    company = env.company
    accounts = company._marketplace_accounts(["PSP_CLEARING", "VENDOR_PENDING"])
    journal = company.marketplace_journal_order_id
    psp = company.marketplace_psp_partner_id
    moves = (
        env["account.move"]
        .with_context(**MOVE_CONTEXT)
        .create(
            [
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "date": entry["date_event"],
                    "ref": entry["event_key"],
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": accounts[role].id,
                                "partner_id": partner,
                                "currency_id": entry["currency_id"],
                                "amount_currency": sign * entry["amount"],
                                "balance": sign * entry["amount"],
                                "name": entry["event_key"],
                                "analytic_distribution": False,
                            }
                        )
                        for role, partner, sign in (
                            ("PSP_CLEARING", psp.id, 1),
                            ("VENDOR_PENDING", entry["vendor_id"], -1),
                        )
                    ],
                }
                for entry in entries
            ]
        )
    )
    moves._post(soft=False)
    env.flush_all()


def main(env):
    prepare_company(env)
    vendors = create_vendors(env, VENDORS)
    runs = {"per event": [], "per day and vendor": [], "by hand": []}
    for number in range(ROUNDS + 1):
        event = record(env, vendors, f"E{number}", "event")
        figures = [measure(env, lambda lines=event: post(env, lines))]
        day = record(env, vendors, f"D{number}", "day_vendor")
        figures.append(measure(env, lambda lines=day: post(env, lines)))
        entries = facts(env, vendors, f"H{number}")
        figures.append(measure(env, lambda entries=entries: by_hand(env, entries)))
        if number:  # the first round warms caches on all sides
            for name, figure in zip(runs, figures, strict=True):
                runs[name].append(figure)
    rows = medians(runs)
    print(f"{ROUNDS} alternated rounds of {EVENTS} capture events, {VENDORS} vendors,")
    print(f"{DAYS} days; medians of a round\n")
    print_table(rows, EVENTS, "events")
    hand = rows["by hand"][0]
    ratios = {name: rows[name][0] / hand for name in runs if name != "by hand"}
    for (name, ratio), limit in zip(ratios.items(), (MAX_EVENT, MAX_DAY), strict=True):
        print(f"\nCPU ratio, {name} / by hand: {ratio:.2f} (at most {limit})", end="")
    print()
    return ratios
