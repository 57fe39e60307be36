from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..const import EVENTS, ROLES
from ..exceptions import MarketplaceError

# A caller can send any context value over RPC, but never this very object.
_LEDGER_TOKEN = object()

ROLE_SELECTION = [(code, role.label) for code, role in ROLES.items()]
BALANCE_ROLES = {
    "VENDOR_PENDING": "pending",
    "VENDOR_DUE": "due",
    "VENDOR_RESERVE": "reserved",
    # What he holds already is not to be paid to him any more.
    "VENDOR_CASH": "pending",
}


def keep_facts(_lines):
    """Leave the ledger as it is when an addon goes: posted entries rest on it.

    For ``ondelete`` of the events that addons add to the selection.
    """


class MarketplaceLedgerLine(models.Model):
    """Record one movement of money between two account roles.

    Lines are facts: inserted once, never edited nor deleted. A correction is a line
    the other way round that points to the one it reverses.
    """

    _name = "marketplace.ledger.line"
    _description = "Marketplace Ledger Line"
    _order = "date_event desc, id desc"
    _rec_name = "source_key"

    company_id = fields.Many2one("res.company", required=True, index=True)
    vendor_id = fields.Many2one("res.partner", index="btree_not_null")
    marketplace_order_id = fields.Many2one(
        "marketplace.order", string="Order Group", index="btree_not_null"
    )
    sale_order_id = fields.Many2one(
        "sale.order", string="Vendor Order", index="btree_not_null"
    )
    sale_line_id = fields.Many2one(
        "sale.order.line", string="Order Line", index="btree_not_null"
    )
    event = fields.Selection(EVENTS, required=True)
    event_key = fields.Char(
        required=True, help="Lines of one event share this key and one journal entry."
    )
    source_key = fields.Char(
        required=True, help="Names the fact: the same fact recorded twice is one line."
    )
    role_debit = fields.Selection(ROLE_SELECTION, string="Debit", required=True)
    role_credit = fields.Selection(ROLE_SELECTION, string="Credit", required=True)
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one("res.currency", required=True)
    date_event = fields.Date(string="Event Date", required=True, index=True)
    date = fields.Date(
        string="Accounting Date",
        help="Date of the journal entry: the event date, or the first open day when a "
        "lock date covers it.",
    )
    date_available = fields.Date(
        help="First day on which the money may be paid to the vendor."
    )
    tax_id = fields.Many2one(
        "account.tax",
        string="VAT",
        ondelete="restrict",
        help="VAT that the operator owes himself: on what he sells, or as deemed "
        "supplier. The line is its base, or the VAT where its role is one of VAT.",
    )
    counterparty_id = fields.Many2one(
        "res.partner",
        help="Payment service provider on the other side, when there is one.",
    )
    reversed_line_id = fields.Many2one(
        "marketplace.ledger.line", index="btree_not_null"
    )
    debit_move_line_id = fields.Many2one(
        "account.move.line", index="btree_not_null", ondelete="restrict"
    )
    credit_move_line_id = fields.Many2one(
        "account.move.line", index="btree_not_null", ondelete="restrict"
    )
    move_id = fields.Many2one(
        related="debit_move_line_id.move_id", string="Journal Entry"
    )
    is_posted = fields.Boolean(compute="_compute_is_posted", search="_search_is_posted")

    _source_uniq = models.UniqueIndex(
        "(company_id, source_key)", "This fact is already in the ledger."
    )
    _unposted_idx = models.Index("(company_id, id) WHERE debit_move_line_id IS NULL")
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)",
        "A ledger line moves a positive amount; swap its roles for the other way.",
    )
    _two_roles = models.Constraint(
        "CHECK (role_debit <> role_credit)", "A ledger line needs two different roles."
    )

    @api.depends("debit_move_line_id")
    def _compute_is_posted(self):
        for line in self:
            line.is_posted = bool(line.debit_move_line_id)

    def _search_is_posted(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("debit_move_line_id", "!=" if True in value else "=", False)]

    # -- insert only ----------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._check_ledger_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_ledger_token()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_ledger_token()

    def _check_ledger_token(self):
        if self.env.context.get("marketplace_ledger_token") is not _LEDGER_TOKEN:
            raise AccessError(
                self.env._(
                    "The ledger only grows: its lines are written by the events of "
                    "orders, settlements and payouts. Record a correction instead."
                )
            )

    def _unlocked(self):
        """Return self able to write; only the ledger's own code may call it."""
        return self.sudo().with_context(marketplace_ledger_token=_LEDGER_TOKEN)

    # -- recording ------------------------------------------------------------------

    @api.model
    @api.private
    def _record(self, entries, post=True):
        """Insert the facts that are new and post them; return the new lines.

        An entry whose ``source_key`` is known is skipped, one of zero is dropped.
        ``amount`` is in currency units, positive. Posting happens at once when the
        company posts per event, otherwise by the nightly job.

        :raises MarketplaceError: on a negative amount or an account role not mapped.
        """
        new = self._insert(entries)
        if post:
            new.filtered(
                lambda line: line.company_id.marketplace_posting_mode == "event"
            )._post()
        return new.with_env(self.env)

    @api.model
    @api.private
    def _record_posted(self, entries):
        """Insert facts that a journal entry already holds, such as an invoice's.

        Each entry names its ``debit_move_line_id`` and ``credit_move_line_id``.
        """
        return self._insert(entries).with_env(self.env)

    def _insert(self, entries):
        currencies = self.env["res.currency"].browse(
            {entry["currency_id"] for entry in entries}
        )
        currency_by_id = {currency.id: currency for currency in currencies}
        wanted = []
        for entry in entries:
            currency = currency_by_id[entry["currency_id"]]
            sign = currency.compare_amounts(entry["amount"], 0.0)
            if sign < 0:
                raise MarketplaceError(
                    self.env._(
                        "Ledger fact %(key)s has a negative amount; its roles must be "
                        "swapped instead.",
                        key=entry["source_key"],
                    )
                )
            if sign > 0:
                wanted.append(
                    {
                        **self._with_provider(entry),
                        "amount": currency.round(entry["amount"]),
                    }
                )
        if not wanted:
            return self.browse()
        known = self._known_keys(wanted)
        return self._unlocked().create(
            [
                entry
                for entry in wanted
                if (entry["company_id"], entry["source_key"]) not in known
            ]
        )

    @api.model
    def _with_provider(self, entry):
        """Name on the line the provider that its journal item names.

        The company's provider may be another one some day.
        """
        codes = (entry["role_debit"], entry["role_credit"])
        if not any(ROLES[code].partner == "psp" for code in codes):
            return entry
        # sudo: whose money it is must not depend on who records it
        env = self.sudo().env
        company = env["res.company"].browse(entry["company_id"])
        provider = (
            env["res.partner"].browse(entry.get("counterparty_id") or ())
            or company.marketplace_psp_partner_id
        )
        return {**entry, "counterparty_id": provider.commercial_partner_id.id}

    def _known_keys(self, entries):
        self.flush_model(["company_id", "source_key"])
        return set(
            self.env.execute_query(
                SQL(
                    "SELECT company_id, source_key FROM marketplace_ledger_line"
                    " WHERE company_id IN %s AND source_key = ANY(%s)",
                    tuple({entry["company_id"] for entry in entries}),
                    [entry["source_key"] for entry in entries],
                )
            )
        )

    # -- balances -------------------------------------------------------------------

    @api.model
    def _vendor_balances(self, vendors, company=None, currency=None, date_to=None):
        """Return what each vendor is owed, by bucket; the one place that adds it up.

        :param date_to: count events up to that day included, all when not given.
        :return: {(vendor id, currency id): {"pending", "due", "reserved",
            "in_payment", "paid"}} in currency units, positive = owed to the vendor
            (paid: already sent). Vendors without lines are absent.
        """
        company = company or self.env.company
        domain = fields.Domain("company_id", "=", company.id)
        domain &= fields.Domain("vendor_id", "in", vendors.ids)
        if currency:
            domain &= fields.Domain("currency_id", "=", currency.id)
        if date_to:
            domain &= fields.Domain("date_event", "<=", date_to)
        totals = defaultdict(lambda: defaultdict(int))
        for side, sign in (("role_credit", 1), ("role_debit", -1)):
            groups = self._read_group(
                domain & fields.Domain(side, "in", self._balance_roles()),
                ["vendor_id", "currency_id", side, "event"],
                ["amount:sum"],
            )
            for vendor, money, role, event, amount in groups:
                minor = sign * money._marketplace_minor(amount)
                totals[vendor, money][role, event] += minor
        return {
            (vendor.id, money.id): {
                bucket: money._marketplace_amount(minor)
                for bucket, minor in self._buckets(by_role).items()
            }
            for (vendor, money), by_role in totals.items()
        }

    @api.model
    def _balance_roles(self):
        """Return the roles that make up a vendor's balance."""
        return list(BALANCE_ROLES)

    @api.model
    def _buckets(self, by_role):
        """Return the minor units of each bucket from {(role, event): minor units}.

        Addons that move money out extend it with ``in_payment`` and ``paid``.
        """
        buckets = dict.fromkeys(("pending", "due", "reserved", "in_payment", "paid"), 0)
        for (role, _event), minor in by_role.items():
            if bucket := BALANCE_ROLES.get(role):
                buckets[bucket] += minor
        return buckets

    @api.model
    def _line_balances(self, sale_lines, role):
        """Return the credit balance of a role on each order line.

        :return: {sale line id: minor units}, positive = owed to the vendor; lines
            without any movement are absent.
        """
        totals = defaultdict(int)
        for side, sign in (("role_credit", 1), ("role_debit", -1)):
            for line, money, amount in self._read_group(
                [("sale_line_id", "in", sale_lines.ids), (side, "=", role)],
                ["sale_line_id", "currency_id"],
                ["amount:sum"],
            ):
                totals[line.id] += sign * money._marketplace_minor(amount)
        return dict(totals)

    def action_open_move(self):
        """Open the journal entry that carries the line."""
        self.ensure_one()
        return self.move_id._get_records_action()
