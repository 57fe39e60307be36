"""Real processes on a real PostgreSQL: the same orders, imported at the same time."""

import contextlib
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import psycopg2

from odoo.tests import tagged
from odoo.tools import config

PROGRAM = Path(__file__).with_name("import_workers.py")
ROOT = PROGRAM.parents[2]
WORKERS, ORDERS, KILLED = 8, 200, 2
SECONDS_MAX = 300


@tagged("post_install", "-at_install", "marketplace", "marketplace_slow")
class TestParallelImport(unittest.TestCase):
    def test_eight_workers_import_each_order_once(self):
        """Two of the workers are killed in the middle of an import."""
        with database_copy() as name:
            done = subprocess.run(
                [
                    *(sys.executable, str(PROGRAM), str(ROOT / ".run" / "odoo.conf")),
                    *(name, str(WORKERS), str(ORDERS), str(KILLED)),
                ],
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
                cwd=ROOT,
            )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        left = json.loads(done.stdout)
        self.assertEqual(left["codes"], [0] * WORKERS)
        self.assertEqual((left["orders"], left["references"]), (ORDERS, ORDERS))
        self.assertEqual(left["messages"], ORDERS)
        self.assertEqual(left["states"], ["done"])
        self.assertEqual(left["vendor_orders"], 2 * ORDERS)
        self.assertEqual(left["payments"], ORDERS)
        self.assertEqual(left["customers"], 1)
        self.assertEqual(left["captured"], left["charged"])
        self.assertEqual(left["differences"], 0)


@contextlib.contextmanager
def database_copy():
    """Copy the suite's database, which nobody is connected to, and drop the copy."""
    name = f"mkp_workers_{os.getpid()}"
    connection = psycopg2.connect(
        host=config["db_host"] or None,
        port=config["db_port"] or None,
        user=config["db_user"] or None,
        password=config["db_password"] or None,
        dbname="postgres",
    )
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'mkp_suite_%' "
            "ORDER BY oid DESC LIMIT 1"
        )
        (source,) = cursor.fetchone()
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        try:
            yield name
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
