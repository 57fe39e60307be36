"""Run every benchmark on the database of ``env``; nothing is committed."""

from . import orders


def main(env):
    orders.main(env)
    env.cr.rollback()
