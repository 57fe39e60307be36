"""Settle, pay and reconcile every vendor with one command, from a terminal.

This file is loaded by its path, outside of the addon's package.
"""
# A command owns its transaction: each chunk of a run is committed.
# pylint: disable=invalid-commit

import sys
import time

from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, api, fields
from odoo.cli import Command
from odoo.exceptions import LockError, UserError
from odoo.modules.registry import Registry
from odoo.tools import config

# Seconds before a run that somebody else works on, or has to approve, is looked at.
PAUSE = 2


class MarketplacePayout(Command):
    """Settle vendors up to a day, and pay them.

    The run is done in chunks that are committed one by one. Give the same command again
    after it was cut off, at any point: it goes on where it stopped, and pays nothing
    twice. Between listing and sending, two people check and approve the run in Odoo.
    """

    name = "marketplace_payout"

    def run(self, args):
        self.parser.add_argument(
            "--cutoff",
            required=True,
            type=fields.Date.to_date,
            help="last day whose movements are settled, such as 2026-03-10",
        )
        self.parser.add_argument(
            "--user",
            required=True,
            help="login of the person who starts it: accountant and payout preparer",
        )
        self.parser.add_argument(
            "--date",
            type=fields.Date.to_date,
            help="date of the payout in the books; today when not given",
        )
        self.parser.add_argument(
            "--batch",
            type=int,
            help="vendors in one transaction: fewer need less memory; 100 by default",
        )
        self.parser.add_argument(
            "--wait",
            action="store_true",
            help="wait for the approval, then send; else give the command again",
        )
        options, rest = self.parser.parse_known_args(args)
        config.parse_config(rest, setup_logging=True)
        names = config["db_name"]
        if len(names) != 1:
            self.parser.error("name one database with -d")
        with Registry(names[0]).cursor() as cr:
            try:
                return self._pay(cr, options)
            except UserError as error:
                cr.rollback()
                sys.exit(str(error))

    def _pay(self, cr, options):
        """Bring the run as far as it gets; return the exit code."""
        user = api.Environment(cr, SUPERUSER_ID, {})["res.users"].search(
            [("login", "=", options.user)]
        )
        if not user:
            self.parser.error(f"there is no user {options.user}")
        context = {
            "allowed_company_ids": user.company_id.ids,
            "marketplace_work_batch": options.batch,
        }
        env = api.Environment(cr, user.id, context)
        Run = env["marketplace.payout.run"]
        date = options.date or env.company._marketplace_today()
        run = Run._continue_or_start(options.cutoff, date, env.company)
        cr.commit()
        self._work(run)
        while run.state in ("draft", "checked", "approved"):
            if run.state == "approved":
                problem = run.action_send()
                cr.commit()
                if problem is not True:
                    self._say(run, problem["params"]["message"])
                    return 1
                self._work(run)
            elif options.wait:
                self._pause(cr)
            else:
                self._say(run, "waits for its check and approval; then start me again")
                return 0
        self._say(run, "is done")
        return 0

    def _work(self, run):
        """Do the chunks of a run and show how far it is."""
        cr = run.env.cr
        labels = dict(run._fields["work"]._description_selection(run.env))
        while run.work:
            try:
                run._work_chunk()
                cr.commit()
            except (LockError, TransactionRollbackError):
                # Another process works on it, or did until it was killed.
                self._pause(cr)
                continue
            if run.work:
                self._say(
                    run, f"{labels[run.work]}: {run.work_done} of {run.work_total}"
                )

    def _pause(self, cr):
        cr.rollback()
        time.sleep(PAUSE)

    def _say(self, run, text):
        clock = fields.Datetime.context_timestamp(run, fields.Datetime.now())
        money = run.currency_id.format(run.amount_total)
        paid = f", {run.payout_count} payouts, {money}" if run.payout_count else ""
        sys.stdout.write(f"{clock:%H:%M:%S} {run.name}{paid}: {text}\n")
        sys.stdout.flush()
