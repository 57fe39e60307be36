"""A Shopify shop, as its Admin API shows it, in one process.

The server executes calls on the schema that Shopify publishes, so that a field, a type
or an argument that does not exist fails as it does there.  Around it are the rules that
a schema cannot say: access, cost, idempotency keys, cursors, signatures.
"""
