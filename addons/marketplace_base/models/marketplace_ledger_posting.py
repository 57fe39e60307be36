"""Post ledger lines as journal entries: the general ledger is their projection."""

from collections import defaultdict

from odoo import api, fields, models

from ..const import POSTING_BATCH_LINES, ROLES, TAX_BASE_ROLES, TAX_ROLES

MOVE_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    def _journal_field_by_event(self):
        """Return the company field that holds the journal of each event."""
        order, correction = (
            "marketplace_journal_order_id",
            "marketplace_journal_correction_id",
        )
        return {
            "capture": order,
            "on_account": order,
            "collection": order,
            "collection_loss": correction,
            "discount_funding": order,
            "shipping_funding": order,
            "entitlement": order,
            "vendor_cash": order,
            "refund": order,
            "rounding": order,
            "goodwill": order,
            "dispute_opened": correction,
            "dispute_fee": correction,
            "dispute_won": correction,
            "dispute_recovered": correction,
            "dispute_relieved": correction,
            "dispute_fee_back": correction,
            "dispute_lost": correction,
            "dispute_borne": correction,
            "psp_settlement": correction,
            "psp_fee": correction,
            "psp_difference": correction,
        }

    def _post(self):
        """Post the lines that are not posted yet, in as few entries as the mode allows.

        Entries balance by construction: each line debits and credits the same
        amount, converted once. A line dated in a locked period is posted on the first
        open day and keeps its event date.

        :return: the journal entries made.
        :raises MarketplaceError: naming the account role or journal that is missing.
        """
        lines = self.filtered(lambda line: not line.debit_move_line_id)
        moves = self.env["account.move"]
        for company, own in lines.grouped("company_id").items():
            moves |= own._post_company(company)
        return moves

    def _post_company(self, company):
        scoped = self.with_company(company)
        accounts = company._marketplace_accounts(
            {code for line in self for code in (line.role_debit, line.role_credit)}
        )
        journal_fields = self._journal_field_by_event()
        journals = {
            event: company._marketplace_journal(journal_fields[event])
            for event in {line.event for line in self}
        }
        dates = {
            date: company._marketplace_open_date(date)
            for date in {line.date_event for line in self}
        }
        groups = defaultdict(list)
        for line in scoped:
            key = scoped._entry_key(line, journals[line.event], dates[line.date_event])
            groups[key].append(line.id)
        # Journals in a fixed order: two workers never wait for each other's numbers.
        keys = sorted(groups, key=lambda key: (key[0], key[1], str(key[2:])))
        drafts = [
            scoped.browse(groups[key])._prepare_move_vals(key, accounts) for key in keys
        ]
        scoped._distribute_drafts(company, drafts)
        moves = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .with_context(**MOVE_CONTEXT)
            .create([vals for vals, _items in drafts])
        )
        # Odoo counts up the rank of every partner posted to, reading them one by one.
        moves.line_ids.partner_id.fetch(
            ["commercial_partner_id", "customer_rank", "supplier_rank"]
        )
        moves._post(soft=False)
        links = []
        for move, (_vals, items) in zip(moves, drafts, strict=True):
            for move_line, item in zip(move.line_ids, items, strict=True):
                links += [
                    (line_id, item["side"], move_line.id) for line_id in item["lines"]
                ]
        scoped._link_move_lines(links, moves)
        return moves

    @api.model
    def _distribute_drafts(self, company, drafts):
        """Give analytic distributions to entries before they are made; to extend.

        :param drafts: [(values, items)] of ``_prepare_move_vals``.
        """

    @api.model
    def _entry_key(self, line, journal, date):
        """Return what the lines of one journal entry have in common."""
        if line.company_id.marketplace_posting_mode == "day_vendor":
            return journal.id, date, line.vendor_id.id or 0, line.currency_id.id
        return journal.id, date, line.event_key

    def _prepare_move_vals(self, key, accounts):
        """Return the entry of a group of lines, and which lines each item carries."""
        journal_id, date = key[0], key[1]
        items = {}
        for line in self:
            balance = line.currency_id._convert(
                line.amount,
                line.company_id.currency_id,
                line.company_id,
                line.date_event,
            )
            for side, role in (
                ("debit", line.role_debit),
                ("credit", line.role_credit),
            ):
                partner = line._role_partner(role)
                taxed = role in TAX_ROLES or role in TAX_BASE_ROLES
                tax = line.tax_id if taxed else line.tax_id.browse()
                item = items.setdefault(
                    (role, partner.id, line.currency_id, side, tax),
                    {"side": side, "lines": [], "minor": 0, "balance_minor": 0},
                )
                item["lines"].append(line.id)
                item["minor"] += line.currency_id._marketplace_minor(line.amount)
                item["balance_minor"] += line.company_id.currency_id._marketplace_minor(
                    balance
                )
        single = {partner_id for (_role, partner_id, _c, _s, _t) in items if partner_id}
        company_currency = self.company_id.currency_id
        label = self._entry_label()
        line_vals = []
        for (role, partner_id, currency, side, tax), item in items.items():
            sign = 1 if side == "debit" else -1
            if ROLES[role].partner == "single":
                partner_id = single.copy().pop() if len(single) == 1 else False
            line_vals.append(
                {
                    "account_id": accounts[role].id,
                    "partner_id": partner_id,
                    "currency_id": currency.id,
                    "amount_currency": sign
                    * currency._marketplace_amount(item["minor"]),
                    "balance": sign
                    * company_currency._marketplace_amount(item["balance_minor"]),
                    "name": label,
                    # Given, or Odoo searches a distribution model for every line.
                    "analytic_distribution": False,
                    **self._prepare_tax_vals(role, side, tax, items),
                }
            )
        vals = {
            "move_type": "entry",
            "journal_id": journal_id,
            "date": date,
            "ref": label,
            "line_ids": [fields.Command.create(line) for line in line_vals],
        }
        return vals, list(items.values())

    @api.model
    def _prepare_tax_vals(self, role, side, tax, items):
        """Return what makes a journal item the VAT of a tax, or its base.

        The VAT is given, never left to Odoo: recomputed from its base it would be a
        cent off for one amount in six, and the cent would fall on a suspense account
        (accounting design, 1.7).

        :param items: all items of the entry; those of its base make the VAT's base.
        """
        if not tax:
            return {}
        is_refund = side == "debit"
        document = "refund" if is_refund else "invoice"
        if role in TAX_BASE_ROLES:
            return {
                "tax_ids": [fields.Command.set(tax.ids)],
                "tax_tag_ids": [
                    fields.Command.set(tax.get_tax_tags(is_refund, "base").ids)
                ],
            }
        [repartition] = tax.repartition_line_ids.filtered(
            lambda line: line.document_type == document
            and line.repartition_type == "tax"
            and line.factor_percent > 0
        )
        base = sum(
            item["balance_minor"]
            for (other, _partner, _currency, other_side, other_tax), item in (
                items.items()
            )
            if other in TAX_BASE_ROLES and (other_side, other_tax) == (side, tax)
        )
        company_currency = tax.company_id.currency_id
        return {
            "tax_repartition_line_id": repartition.id,
            "tax_tag_ids": [fields.Command.set(repartition.tag_ids.ids)],
            "tax_base_amount": company_currency._marketplace_amount(
                base if is_refund else -base
            ),
        }

    def _role_partner(self, role):
        """Return the partner that a role's journal item names for this line."""
        kind = ROLES[role].partner
        if kind == "vendor":
            return self.vendor_id
        if kind == "psp":
            return self.counterparty_id.commercial_partner_id
        if kind == "customer":
            return self.marketplace_order_id.partner_id.commercial_partner_id
        return self.env["res.partner"]

    def _entry_label(self):
        """Return the label of an entry: its events, and where they come from.

        The order group when there is one, else the key under which the ledger has all
        of them: the statutory export wants a reference on every entry.
        """
        names = dict(self._fields["event"]._description_selection(self.env))
        events = ", ".join(dict.fromkeys(names[line.event] for line in self))
        groups = self.marketplace_order_id
        origin = groups.name if len(groups) == 1 else self[:1].event_key
        return f"{events} · {origin}"

    def _link_move_lines(self, links, moves):
        """Write the journal items back on the lines, in two statements for a batch."""
        dates = {move_line.id: move_line.date for move_line in moves.line_ids}
        for side in ("debit", "credit"):
            column = f"{side}_move_line_id"
            self.env.cr.execute_values(
                f"UPDATE marketplace_ledger_line AS line SET {column} = v.item,"  # noqa: S608
                " date = v.date::date FROM (VALUES %s) AS v (id, item, date)"
                f" WHERE line.id = v.id AND line.{column} IS NULL",
                [
                    (line_id, item, dates[item])
                    for line_id, item_side, item in links
                    if item_side == side
                ],
            )
        self.invalidate_recordset(
            ["debit_move_line_id", "credit_move_line_id", "date"], flush=False
        )

    @api.model
    def _cron_post(self):
        """Post what waits, company by company, in batches, and commit each.

        A role that is not mapped stops the company, whose accountants are told, not
        the others: nothing of a company is skipped.
        """
        waiting = fields.Domain("debit_move_line_id", "=", False)
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(waiting))
        for (company,) in self._read_group(waiting, ["company_id"]):
            domain = waiting & fields.Domain("company_id", "=", company.id)
            while True:
                lines = self.search(domain, limit=POSTING_BATCH_LINES, order="id")
                # Rows another worker is posting are his.
                lines = lines._unlocked().try_lock_for_update()
                lines = lines.filtered(lambda line: not line.debit_move_line_id)
                if not lines or not company._marketplace_attempt(
                    self.env._("Posting of the ledger"), lines._post
                ):
                    break
                if not cron._commit_progress(len(lines)):
                    return
