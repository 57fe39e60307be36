"""Fill a database with sold, delivered and unpaid order lines, many and fast.

One order line of each vendor is imported and delivered with the code that serves in
production; what it left in the tables is then multiplied with plain SQL, journal
entries included. Amounts of the copies are those of the first line.
"""

import random

from . import seed

# Vendors in one purchase.
BASKET = 10
BANK_IBAN = "FR1420041010050500013M02606"
GROSS_MINOR = 4990
# Tables whose rows are copied, in the order of their foreign keys: which rows, and
# columns that name a copied row of another table.
LINES_OF = (
    "sale_line_id IN (SELECT id FROM sale_order_line WHERE order_id = ANY(%(orders)s))"
)
ENTRIES_OF = (
    "IN (SELECT item.move_id FROM account_move_line item"
    " JOIN marketplace_ledger_line line ON line.debit_move_line_id = item.id"
    f" WHERE line.{LINES_OF})"
)
COPIED = {
    "sale_order_line": ("order_id = ANY(%(orders)s)", {}),
    "account_move": (f"id {ENTRIES_OF}", {}),
    "account_move_line": (f"move_id {ENTRIES_OF}", {"move_id": "account_move"}),
    "marketplace_commission_line": (LINES_OF, {"sale_line_id": "sale_order_line"}),
    "marketplace_ledger_line": (
        LINES_OF,
        {
            "sale_line_id": "sale_order_line",
            "debit_move_line_id": "account_move_line",
            "credit_move_line_id": "account_move_line",
        },
    ),
}
# What a copy has of its own beside: SQL of "old", the row, and "turn", which copy.
OWN = {
    "account_move": {
        "sequence_number": "sequence_number + 1000000 * map.turn",
        "name": "sequence_prefix || (sequence_number + 1000000 * map.turn)",
    },
    "marketplace_ledger_line": {
        "source_key": "source_key || '/' || map.turn",
        "event_key": "event_key || '/' || map.turn",
    },
}


def iban(number):
    """Return a valid French IBAN of an invented account."""
    bban = f"20041010050{number:010d}M02606"[:21] + "06"
    digits = "".join(str(int(char, 36)) for char in bban + "FR00")
    return f"FR{98 - int(digits) % 97:02d}{bban}"


def vendors_with_lines(env, count, lines, prefix, sold, delivered):
    """Return new vendors with so many unpaid ledger lines each.

    :param sold: datetime of the purchases.
    :param delivered: day of the deliveries, from which on vendors are owed.
    """
    company = prepare_company(env)
    vendors = seed.create_vendors(env, count, prefix)
    give_accounts(env, vendors)
    product = seed.create_products(env, 1, prefix)
    product.type = "consu"  # a vendor ships it
    offers = seed.create_offers(env, vendors, product, count, prefix)
    # Customers buy of any vendors together.
    offers = offers.browse(random.Random(count).sample(offers.ids, len(offers)))
    tax = company._marketplace_tax(20.0)
    customer = env["res.partner"].create({"name": f"{prefix} customer"})
    groups, problems = env["marketplace.order"]._import_batch(
        [
            purchase(
                env,
                f"{prefix}-{first}",
                offers[first : first + BASKET],
                customer,
                tax,
                sold,
            )
            for first in range(0, count, BASKET)
        ]
    )
    assert not problems, problems
    orders = groups.sale_order_ids
    shipments = env["marketplace.shipment"]
    for order in orders:
        shipments |= shipments._create_for_order(
            order, carrier_name="Bench", tracking_ref=order.name
        )
    shipments.action_ship()
    shipments.action_deliver(date=delivered)
    env.flush_all()
    multiply(env, orders, lines - 1)
    env.invalidate_all()
    env.cr.execute("ANALYZE")
    return vendors


def prepare_company(env):
    """Set up the company of ``env`` and its bank; return it."""
    company = env.company
    company._marketplace_setup()
    company.marketplace_bank_cooling_hours = 0
    if not company.marketplace_psp_partner_id:
        company.marketplace_psp_partner_id = env["res.partner"].create({"name": "PSP"})
    bank = company._marketplace_bank_journal()
    if not bank.bank_account_id:
        bank.bank_account_id = env["res.partner.bank"].create(
            {"partner_id": company.partner_id.id, "acc_number": BANK_IBAN}
        )
    return company


def give_accounts(env, vendors):
    """Give each vendor an address, and an account that may be paid."""
    vendors.write({"street": "1 rue du Banc", "city": "Lyon", "zip": "69001"})
    accounts = env["res.partner.bank"].create(
        [{"partner_id": vendor.id, "acc_number": iban(vendor.id)} for vendor in vendors]
    )
    accounts.allow_out_payment = True
    for account in accounts:
        account.partner_id.payout_bank_account_id = account


def purchase(env, ref, offers, customer, tax, sold):
    """Return the import payload of one purchase: a line of each offer."""
    charged = GROSS_MINOR * len(offers)
    return {
        "company_id": env.company.id,
        "channel": "bench",
        "external_ref": ref,
        "number": ref,
        "date_order": sold,
        "partner_id": customer.id,
        "partner_shipping_id": customer.id,
        "currency_id": env.company.currency_id.id,
        "amount_charged_minor": charged,
        "tolerance_minor": 0,
        "lines": [
            {
                "ref": f"{ref}-{rank}",
                "offer_id": offer.id,
                "name": f"Article {rank}",
                "quantity": 1,
                "gross_minor": GROSS_MINOR,
                "tax_ids": tax.ids,
            }
            for rank, offer in enumerate(offers)
        ],
        "shippings": [],
        "discounts": [],
        "bundles": [],
        "payments": [
            {
                "ref": f"{ref}-P",
                "provider": "bench",
                "state": "captured",
                "amount_minor": charged,
                "date": sold,
            }
        ],
        "values": {},
    }


def multiply(env, orders, copies):
    """Copy the lines of orders, with commission, ledger and entries, so many times."""
    if not copies:
        return
    cr = env.cr
    # Rows are found before any is copied.
    for table, (condition, _links) in COPIED.items():
        cr.execute(
            f"CREATE TEMP TABLE copied_{table} ON COMMIT DROP AS"  # noqa: S608
            f" SELECT id AS old, turn, nextval('{table}_id_seq')::int AS new"
            f" FROM {table}, generate_series(1, %(copies)s) AS turn WHERE {condition}",
            {"orders": orders.ids, "copies": copies},
        )
        cr.execute(f"CREATE UNIQUE INDEX ON copied_{table} (old, turn)")
        cr.execute(f"ANALYZE copied_{table}")
    for table, (_condition, links) in COPIED.items():
        cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND table_schema = 'public'",
            [table],
        )
        values = {f'"{name}"': f'old."{name}"' for (name,) in cr.fetchall()}
        values['"id"'] = "map.new"
        joins = []
        for column, target in links.items():
            values[f'"{column}"'] = f"{column}_copy.new"
            joins.append(
                f" LEFT JOIN copied_{target} {column}_copy"
                f" ON {column}_copy.old = old.{column}"
                f" AND {column}_copy.turn = map.turn"
            )
        values |= {f'"{name}"': sql for name, sql in OWN.get(table, {}).items()}
        cr.execute(
            f"INSERT INTO {table} ({', '.join(values)})"  # noqa: S608
            f" SELECT {', '.join(values.values())}"
            f" FROM copied_{table} map JOIN {table} old ON old.id = map.old"
            + "".join(joins)
        )
    for table in COPIED:
        cr.execute(f"DROP TABLE copied_{table}")
