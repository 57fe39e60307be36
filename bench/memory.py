"""Peak memory of a job that imports 10,000 purchases, in chunks that it commits.

Run in a process of its own: the peak of a process never falls. What it writes stays in
the benchmark's database.
"""

import random
import resource

from . import orders, seed

PURCHASES = 10_000
CHUNK = 100
CATALOGUE = (200, 8_000, 400)


def peak_mib():
    """Return the peak resident memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(env):
    """Import chunk by chunk and print the peak at both ends."""
    vendors, count, products = CATALOGUE
    offers = seed.marketplace(env, vendors, count, products, "memory")
    customer = env["res.partner"].create({"name": "Bench customer"})
    tax = env.company._marketplace_tax(20.0)
    env.cr.commit()
    offer_ids = offers.ids
    rng = random.Random("memory")
    peaks = []
    for number in range(PURCHASES // CHUNK):
        baskets = orders.draw_baskets(offer_ids, vendors, CHUNK, rng)
        batch = orders.payloads(env, baskets, customer, tax, f"M-{number}")
        orders.import_batch(env, batch)
        # What a worker does between two jobs.
        env.cr.commit()
        env.invalidate_all()
        peaks.append(peak_mib())
    print(f"{PURCHASES} purchases in chunks of {CHUNK}: peak {peaks[-1]:.0f} MiB,")
    print(f"{peaks[0]:.0f} MiB after the first chunk")
    return peaks[-1]
