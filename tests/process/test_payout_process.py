"""A payout run as a process: killed by the system, and beside the import of orders."""

import json
import os
import unittest

from odoo.tests import tagged

from bench.payout_crash import Crash
from tools import database
from tools.odoo import site as this_site

VENDORS, BATCH = 12, 3
# What the importing process does while another one holds its transaction open.
IMPORT = """
from datetime import datetime
from bench import payout_seed
env.cr.execute("SET lock_timeout = '2s'")
offers = env["marketplace.offer"].search([("vendor_sku", "=like", "C-%")])
tax = env.company._marketplace_tax(20.0)
customer = env["res.partner"].create({"name": "Later"})
payload = payout_seed.purchase(env, STAGE, offers, customer, tax, datetime.now())
_groups, problems = env["marketplace.order"]._import_batch([payload])
assert not problems, problems
env.cr.commit()
print("imported", STAGE)
"""
# What the process of the run does: each stage waits, uncommitted, for an import.
HOLD = """
import sys
from bench import payout, payout_crash
users = env["res.users"]
preparer, approver = (
    users.search([("login", "=", f"bench_{name}")]) for name in ("preparer", "approver")
)
_sold, _delivered, cutoff, today = payout.dates()
Run = env["marketplace.payout.run"].with_user(preparer)
run = Run.with_context(marketplace_work_batch=6)._start(cutoff, today, env.company)
env.cr.commit()

def hold(stage):
    env.flush_all()
    crash.script(name, f"STAGE = {stage!r}\\n" + importing, "imported")
    env.cr.commit()

run._work_chunk()
hold("settling")
payout.work(env, run)
run.action_check()
run.with_user(approver).action_approve()
env.cr.commit()
run.action_send()
hold("sending")
run._work_chunk()
hold("reconciling")
payout.work(env, run)
late = env["marketplace.ledger.line"].search(
    [
        (
            "marketplace_order_id.external_ref",
            "in",
            ("settling", "sending", "reconciling"),
        )
    ]
)
print("held", json.dumps([run.state, run.work, len(late), len(late.settlement_id)]))
"""
HEAD = """
import json
from bench.payout_crash import Crash
from tools.odoo import site
crash = Crash.__new__(Crash)
crash.site = site()
name = env.cr.dbname
importing = {importing!r}
"""


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestPayoutProcess(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        site = this_site()
        cls.crash = Crash(site, os.environ["MKP_SUITE_DATABASE"], VENDORS, BATCH)
        cls.addClassCleanup(cls.crash.close)

    def test_killed_and_started_again_equals_one_run(self):
        """Z2: SIGKILL while settling and reconciling loses and doubles nothing."""
        alone, killed = self.crash.alone(), self.crash.killed()
        for part, expected in alone.items():
            with self.subTest(part=part):
                self.assertTrue(expected)
                self.assertEqual(killed[part], expected)
        self.assertEqual(len(alone["payouts"]), VENDORS)
        [run] = alone["run"]
        self.assertEqual(run[1:4], ["sent", "False", str(VENDORS)])

    def test_orders_are_imported_beside_every_stage(self):
        """Z3: an import for the same vendors waits for no part of an open run."""
        name = "mkp_crash_import"
        database.copy(self.crash.site, self.crash.seeded, name)
        self.addCleanup(database.drop, self.crash.site, name)
        answer = self.crash.script(name, HEAD.format(importing=IMPORT) + HOLD, "held")
        state, work, late, settled = json.loads(answer)
        self.assertEqual((state, work), ("sent", False))
        self.assertEqual(late, 3 * VENDORS)
        self.assertEqual(settled, 0, "the cut-off is frozen")
