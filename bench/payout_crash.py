"""Kill a payout run with SIGKILL, again and again, and compare it with one left alone.

Two copies of one seeded database. In the first, the command runs from end to end. In
the second it is killed while it settles and while it reconciles, and given again each
time. What both leave must be equal, but for numbers of rows and times. Run outside of
Odoo: each part is a process of its own, as in production.
"""

import json
import signal
import subprocess

from tools import database, paths

PREFIX = "mkp_crash"
LINES = 10
USER = "bench_preparer"
# Lines of progress after which the command is killed, before and after the approval.
KILLS = ((2, 1), (1, 2))
SEED = """
from bench import payout, payout_seed
sold, delivered, cutoff, _day = payout.dates()
payout_seed.vendors_with_lines(env, {vendors}, {lines}, "C", sold, delivered)
payout.people(env)
env.cr.commit()
print("cutoff", cutoff)
"""
APPROVE = """
from bench import payout_crash
payout_crash.approve(env)
"""
OUTCOME = """
import json
from bench import payout_crash
print("outcome", json.dumps(payout_crash.outcome(env), default=str))
"""


class Crash:
    """Drive the processes of one comparison.

    :param source: database with the addons, which is only copied.
    :param batch: vendors in one transaction of the run.
    """

    def __init__(self, site, source, vendors, batch):
        self.site, self.batch = site, batch
        self.seeded = f"{PREFIX}_seeded"
        database.copy(site, source, self.seeded)
        code = SEED.format(vendors=vendors, lines=LINES)
        self.cutoff = self.script(self.seeded, code, "cutoff")

    def script(self, name, code, answer=None):
        """Run Python in an Odoo shell; return what it printed after a word."""
        head = f"import sys\nsys.path.insert(0, {str(paths.ROOT)!r})\n"
        done = subprocess.run(
            self.site.command(
                *("shell", "--no-http", "--shell-interface=python"),
                "--log-level=error",
                database=name,
            ),
            input=head + code,
            text=True,
            capture_output=True,
            env=self.site.env(PYTHONWARNINGS="ignore"),
            cwd=paths.ROOT,
            check=False,
        )
        for line in done.stdout.splitlines():
            if answer and line.startswith(f"{answer} "):
                return line.removeprefix(f"{answer} ")
        if answer or done.returncode:
            raise RuntimeError(f"{name}: {done.stdout}\n{done.stderr}")
        return None

    def start(self, name):
        """Start the command as a process."""
        addons = ",".join(map(str, [paths.ADDONS_DIR, *self.site.odoo.addons_paths]))
        command = self.site.command(
            *("marketplace_payout", "--log-level=error"),
            *("--cutoff", self.cutoff, "--user", USER, "--batch", str(self.batch)),
            database=name,
        )
        # Odoo finds the commands of addons in the path given first.
        command.insert(2, f"--addons-path={addons}")
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.site.env(PYTHONWARNINGS="ignore"),
            cwd=paths.ROOT,
        )

    def run(self, name):
        """Let the command come to its end; return what it printed."""
        process = self.start(name)
        printed, _errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{name}: {printed}")
        return printed

    def kill(self, name, progress):
        """Kill the command after so many lines of progress."""
        process = self.start(name)
        seen = [process.stdout.readline() for _number in range(progress)]
        process.send_signal(signal.SIGKILL)
        rest, _errors = process.communicate()
        if process.returncode != -signal.SIGKILL:
            raise RuntimeError(f"{name} ended before it was killed: {seen}{rest}")
        return seen

    def alone(self):
        """Return what a run that nobody kills leaves."""
        name = f"{PREFIX}_alone"
        database.copy(self.site, self.seeded, name)
        self.run(name)
        self.script(name, APPROVE)
        self.run(name)
        return self.result(name)

    def killed(self):
        """Return what a run that is killed in every stage leaves."""
        name = f"{PREFIX}_killed"
        database.copy(self.site, self.seeded, name)
        before, after = KILLS
        for progress in before:
            self.kill(name, progress)
        self.run(name)
        self.script(name, APPROVE)
        for progress in after:
            self.kill(name, progress)
        self.run(name)
        # Once more, when all is done: nothing happens.
        self.run(name)
        return self.result(name)

    def result(self, name):
        """Return the outcome of a database, and drop it."""
        outcome = json.loads(self.script(name, OUTCOME, "outcome"))
        database.drop(self.site, name)
        return outcome

    def close(self):
        """Drop the seeded database."""
        database.drop(self.site, self.seeded)


def approve(env):
    """Check and approve the run, by two people."""
    users = env["res.users"]
    run = env["marketplace.payout.run"].search([("state", "=", "draft")])
    for login, action in (
        (USER, "action_check"),
        ("bench_approver", "action_approve"),
    ):
        user = users.search([("login", "=", login)])
        getattr(run.with_user(user), action)()
    assert run.state == "approved", run.state
    env.cr.commit()


def outcome(env):
    """Return all that a run leaves, in words that are the same in every database."""
    run = env["marketplace.payout.run"].search([("date_cutoff", "!=", False)])
    file = run.file_id.raw.decode()
    head, _created, tail = file.partition("<CreDtTm>")
    settlements = env["marketplace.settlement"].search([], order="name")
    moves = env["account.move"].search([], order="name, journal_id")
    return {
        "run": read(run, "name state work payout_count excluded_count amount_total"),
        "settlements": read(
            settlements,
            "name vendor_id state amount_opening amount_movements amount_reserved"
            " amount_payout amount_carried carry_reason invoice_count",
        ),
        "lines": sorted(
            read(
                env["marketplace.ledger.line"].search([]),
                "event vendor_id settlement_id role_debit role_credit amount"
                " date_event date is_posted",
            )
        ),
        "payouts": sorted(
            read(
                run.payout_ids,
                "vendor_id settlement_id amount iban end_to_end_id state",
            )
        ),
        "moves": read(moves, "name date move_type payment_state amount_total state"),
        "items": sorted(
            read(
                moves.line_ids,
                "move_id account_id partner_id balance amount_residual reconciled",
            )
        ),
        "commission": sorted(
            read(
                env["marketplace.commission.line"].search([]),
                "vendor_id move_id amount",
            )
        ),
        "file": head + tail.partition("</CreDtTm>")[2],
    }


def read(records, names):
    """Return the values of fields as texts, records by their names."""
    return [
        [
            str(value.display_name if hasattr(value, "_name") else value)
            for value in (record[name] for name in names.split())
        ]
        for record in records
    ]


def main(site, source, vendors=100, batch=20):
    """Print whether both ways left the same; return the number of differences."""
    crash = Crash(site, source, vendors, batch)
    try:
        alone, killed = crash.alone(), crash.killed()
    finally:
        crash.close()
    different = [key for key in alone if alone[key] != killed[key]]
    print(f"{vendors} vendors with {LINES} ledger lines each, {batch} in a chunk:")
    print(f"killed {sum(map(len, KILLS))} times and started again, left", end=" ")
    print("the same as one run" if not different else f"other {different}")
    return len(different)
