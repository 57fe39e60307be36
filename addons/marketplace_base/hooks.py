from odoo.exceptions import UserError


def pre_init_hook(env):
    """Create the PostgreSQL extension that forbids overlapping contracts.

    :raises UserError: when the database role may not create it.
    """
    env.cr.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'")
    if not env.cr.fetchone():
        raise UserError(
            env._(
                "PostgreSQL lacks the extension btree_gist, which guards contracts "
                "against overlapping dates. Install the PostgreSQL contrib package "
                "on the database server, then install this addon again."
            )
        )
    env.cr.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
