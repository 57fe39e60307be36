"""Real processes on a real PostgreSQL: the same orders, imported at the same time."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import psutil
import psycopg2

from odoo.tests import tagged
from odoo.tools import config

from tools import database
from tools.odoo import site as this_site
from tools.steps import free_port

PROGRAM = Path(__file__).with_name("import_workers.py")
ROOT = PROGRAM.parents[2]
WORKERS, ORDERS, KILLED = 8, 200, 2
SECONDS_MAX = 300
SERVER_PORT = 8269


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestParallelImport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = this_site()
        cls.source = os.environ["MKP_SUITE_DATABASE"]

    def _copy(self, suffix):
        """Return a database of this test alone, whose processes commit."""
        name = f"mkp_import_{suffix}"
        database.copy(self.site, self.source, name)
        self.addCleanup(database.drop, self.site, name)
        return name

    def _run(self, name, workers, killed):
        done = subprocess.run(
            [
                *(sys.executable, str(PROGRAM), str(ROOT / ".run" / "odoo.conf")),
                *(name, str(workers), str(ORDERS), str(killed)),
            ],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
            cwd=ROOT,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return done.stdout

    def test_eight_workers_import_each_order_once(self):
        """Two of the workers are killed in the middle of an import."""
        left = json.loads(self._run(self._copy("workers"), WORKERS, KILLED))
        self.assertEqual(left["codes"], [0] * WORKERS)
        self.assertEqual((left["orders"], left["references"]), (ORDERS, ORDERS))
        self.assertEqual(left["messages"], ORDERS)
        self.assertEqual(left["states"], ["done"])
        self.assertEqual(left["vendor_orders"], 2 * ORDERS)
        self.assertEqual(left["payments"], ORDERS)
        self.assertEqual(left["customers"], 1)
        self.assertEqual(left["captured"], left["charged"])
        self.assertEqual(left["differences"], 0)

    def test_job_that_dies_with_its_worker_is_done_again(self):
        """The real job runner; SIGKILL takes the worker in the middle of the import."""
        name = self._copy("runner")
        self._run(name, 0, 0)
        with self._server(name), self._cursor(name) as cursor:
            os.kill(_pid_of(self._wait(cursor, BUSY, [name])), signal.SIGKILL)
            self._wait(cursor, ALL_DONE, [ORDERS])
            cursor.execute(COUNTS)
            self.assertEqual(cursor.fetchone(), (ORDERS, ORDERS, ORDERS, 2 * ORDERS))
            cursor.execute("SELECT DISTINCT state FROM queue_job")
            self.assertEqual(cursor.fetchall(), [("done",)])

    @contextlib.contextmanager
    def _server(self, name):
        """Run Odoo with workers and the job runner; its group is ended afterwards."""
        port = str(free_port(SERVER_PORT))
        server = subprocess.Popen(
            self.site.command(
                *("--workers=2", "--max-cron-threads=0", "--log-level=warn"),
                *("--http-port", port, "--gevent-port", str(free_port(int(port) + 1))),
                database=name,
            ),
            env={**self.site.env(), "ODOO_QUEUE_JOB_PORT": port},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        try:
            yield server
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    @contextlib.contextmanager
    def _cursor(self, name):
        connection = psycopg2.connect(
            host=config["db_host"] or None,
            port=config["db_port"] or None,
            user=config["db_user"] or None,
            password=config["db_password"] or None,
            dbname=name,
        )
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            yield cursor

    def _wait(self, cursor, query, params):
        """Return the first column of a query as soon as it has a row."""
        deadline = time.monotonic() + SECONDS_MAX
        while time.monotonic() < deadline:
            cursor.execute(query, params)
            if row := cursor.fetchone():
                return row[0]
            time.sleep(0.2)
        return self.fail(f"never: {query}")


def _pid_of(port):
    """Return the process at our end of a connection to the database."""
    return next(
        found.pid
        for found in psutil.net_connections("tcp")
        if found.pid and found.laddr.port == port and found.raddr
    )


# Our port of the process that imports: its transaction writes orders.
BUSY = """
SELECT activity.client_port
  FROM pg_stat_activity activity JOIN pg_locks lock ON lock.pid = activity.pid
 WHERE activity.datname = %s AND lock.relation = 'marketplace_order'::regclass
   AND lock.mode = 'RowExclusiveLock'
"""
ALL_DONE = """
SELECT 1
 WHERE (SELECT COUNT(*) FROM marketplace_inbox WHERE state = 'done') = %s
   AND NOT EXISTS (SELECT 1 FROM queue_job WHERE state <> 'done')
"""
COUNTS = """
SELECT (SELECT COUNT(*) FROM marketplace_order WHERE storefront_id IS NOT NULL),
       (SELECT COUNT(DISTINCT external_ref) FROM marketplace_order
         WHERE storefront_id IS NOT NULL),
       (SELECT COUNT(*) FROM marketplace_payment),
       (SELECT COUNT(*) FROM sale_order WHERE vendor_id IS NOT NULL)
"""
