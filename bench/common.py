"""What the benchmarks share: people and offers, measuring, the table of results."""

import gc
import statistics
import time

from odoo.fields import Command


def prepare_company(env):
    """Set the company of ``env`` up; return it."""
    company = env.company
    company._marketplace_setup()
    company.marketplace_psp_partner_id = env["res.partner"].create({"name": "PSP"})
    return company


def create_vendors(env, count, plan=None):
    """Return approved vendors; with a contract each when there is a plan."""
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
            for rank in range(count)
        ]
    )
    vendors._vendor_transition("approved")
    if plan:
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
    return vendors


def create_plan(env, rate=0.12):
    """Return a commission plan of one rule."""
    return env["marketplace.commission.plan"].create(
        {
            "name": "Bench",
            "rule_ids": [
                Command.create({"name": "Default", "rate": rate, "is_default": True})
            ],
        }
    )


def measure(env, work):
    """Return (CPU seconds of this process, wall seconds, queries) of one batch."""
    env.flush_all()
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


def medians(runs):
    """Return {name: [median CPU, wall, queries]} of {name: figures of each round}."""
    return {
        name: [statistics.median(column) for column in zip(*figures, strict=True)]
        for name, figures in runs.items()
    }


def print_table(rows, count, unit):
    """Print medians, and how many units were done in a second."""
    print(f"{'':24} {'CPU s':>8} {'wall s':>8} {'queries':>8} {unit + '/s':>12}")
    for name, (cpu, wall, queries) in rows.items():
        print(f"{name:24} {cpu:8.2f} {wall:8.2f} {queries:8.0f} {count / wall:12.1f}")
