"""Import the same orders with several processes at once, on a database of one's own.

Run as a program: ``import_workers.py CONFIG DATABASE WORKERS ORDERS KILLED``.  It
prepares a storefront, commits, forks the workers, kills some of them with SIGKILL in
the middle of their work, starts others in their place, and writes what is left as JSON.
Without workers it stores the orders, queues the job that imports them, and ends.

The orders come from memory: what is tested is the storing and the importing.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
BATCH = 10  # orders of one transaction, so that all workers get some
PULL = 40  # documents stored by one transaction
TRIES = 200
KILL_AFTER = 15  # orders that must be there before somebody is killed
SECONDS_MAX = 150


def main(config, database, workers, orders, killed):
    """Print {"orders", "payments", ...} of what the workers left."""
    sys.path.insert(0, str(ROOT))
    import odoo.tools.config
    from odoo.modules.registry import Registry
    from odoo.sql_db import close_all

    import conftest  # noqa: F401  our addons, importable

    odoo.tools.config.parse_config(["-c", config, "-d", database, "--no-http"])
    registry = Registry(database)
    storefront, payloads = prepare(registry, orders)
    if not workers:
        act(registry, storefront, lambda shop: queue(shop, payloads))
        return
    close_all()  # a connection belongs to one process
    started = time.monotonic()
    running = [fork(registry, storefront, payloads, seed) for seed in range(workers)]
    for seed in range(killed):
        wait_for_orders(registry, storefront, KILL_AFTER * (seed + 1))
        victim = running.pop()
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        close_all()
        running.append(fork(registry, storefront, payloads, workers + seed))
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in running]
    result = count(registry, storefront)
    result.update(codes=codes, seconds=round(time.monotonic() - started, 1))
    sys.stdout.write(json.dumps(result))


def prepare(registry, orders):
    """Commit a storefront and return (its id, order documents of its shop)."""
    from odoo import SUPERUSER_ID, api

    from odoo.addons.base.tests.common import BaseCommon
    from odoo.addons.marketplace_connector.tests.common import ConnectorCommon

    class Factory(ConnectorCommon):
        pass

    with registry.cursor() as cr:
        Factory.env = api.Environment(cr, SUPERUSER_ID, {})
        with patch.object(BaseCommon, "setUpClass", classmethod(lambda _cls: None)):
            Factory.setUpClass()
        documents = [
            Factory._document(
                Factory._payload(
                    f"w{number}",
                    [
                        Factory._line(f"w{number}-1", Factory.tile, 1 + number % 3),
                        Factory._line(f"w{number}-2", Factory.linen),
                    ],
                )
            )
            for number in range(orders)
        ]
        return Factory.storefront.id, documents


def queue(shop, documents):
    """Leave the import to the job runner."""
    shop.env["marketplace.inbox"]._store_documents(shop, documents, "poll")
    shop._delay()._job_process_inbox()
    return 1


def fork(registry, storefront, documents, seed):
    """Start a worker; it ends with code 0 when nothing is left to do."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work(registry, storefront, documents, random.Random(seed))
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def work(registry, storefront, documents, chance):
    """Store all documents in an order of its own, then import what waits."""
    documents = list(documents)
    chance.shuffle(documents)
    for start in range(0, len(documents), PULL):
        part = documents[start : start + PULL]
        act(
            registry,
            storefront,
            lambda shop, part=part: shop.env["marketplace.inbox"]._store_documents(
                shop, part, "poll"
            ),
        )
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        if act(registry, storefront, process):
            continue
        if not act(registry, storefront, waiting):
            return
        time.sleep(0.2)  # others hold the rest
    raise AssertionError("there is no end to it")


def process(shop):
    return shop.env["marketplace.inbox"]._process_waiting(shop, limit=BATCH)


def waiting(shop):
    return shop.env["marketplace.inbox"].search_count(
        [("storefront_id", "=", shop.id), ("state", "in", ["new", "retry"])]
    )


def act(registry, storefront, method):
    """Do something in a transaction of its own; again when others were faster.

    As the job runner does: what is concurrent is no error of the job.
    """
    from psycopg2 import OperationalError

    from odoo import SUPERUSER_ID, api
    from odoo.exceptions import ConcurrencyError, LockError

    for attempt in range(TRIES):
        try:
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                shop = env["marketplace.storefront"].browse(storefront)
                shop = shop.with_company(shop.company_id)
                result = method(shop)
                return len(result) if hasattr(result, "_name") else result
        except (ConcurrencyError, LockError, OperationalError):
            time.sleep(min(0.02 * (attempt + 1), 0.5) * random.random())
    raise AssertionError("too many conflicts")


def wait_for_orders(registry, storefront, wanted):
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        with registry.cursor() as cr:
            cr.execute(
                "SELECT COUNT(*) FROM marketplace_order WHERE storefront_id = %s",
                [storefront],
            )
            if cr.fetchone()[0] >= wanted:
                return
        time.sleep(0.05)
    raise AssertionError("no order came")


def count(registry, storefront):
    from odoo import SUPERUSER_ID, api

    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        shop = env["marketplace.storefront"].browse(storefront)
        groups = env["marketplace.order"].search([("storefront_id", "=", shop.id)])
        messages = env["marketplace.inbox"].search([("storefront_id", "=", shop.id)])
        captures = env["marketplace.ledger.line"].search(
            [
                ("marketplace_order_id", "in", groups.ids),
                ("event", "=", "capture"),
                ("role_debit", "=", "PSP_CLEARING"),
            ]
        )
        minor = shop.currency_id._marketplace_minor
        return {
            "orders": len(groups),
            "references": len(set(groups.mapped("external_ref"))),
            "vendor_orders": len(groups.sale_order_ids),
            "payments": len(groups.payment_ids),
            "customers": len(groups.partner_id),
            "states": sorted(set(messages.mapped("state"))),
            "messages": len(messages),
            "charged": sum(minor(group.amount_charged) for group in groups),
            "captured": sum(minor(line.amount) for line in captures),
            "differences": len(
                env["marketplace.tie.out"]._differences(shop.company_id)
            ),
        }


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
