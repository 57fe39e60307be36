"""Run every benchmark on the database of ``env``; nothing is committed."""

from . import orders, posting


def main(env):
    for bench in (orders, posting):
        bench.main(env)
        env.cr.rollback()
        print()
