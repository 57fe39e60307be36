"""The lines of a provider's report, each matched with the fact of ours it tells of."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.psp_report import taken_from_clearing
from ..exceptions import MarketplaceError

LINE_KINDS = [
    ("charge", "Payment"),
    ("refund", "Refund"),
    ("chargeback", "Chargeback"),
    ("chargeback_won", "Chargeback won"),
    ("fee", "Fee"),
    ("transfer", "Transfer to a vendor"),
    ("adjustment", "Adjustment"),
]
# Kinds that have a fact of ours; the others are explained by themselves or by hand.
MATCHED_KINDS = ("charge", "refund", "chargeback", "chargeback_won", "transfer")
BOOKING_ROLES = [("PSP_FEES", "Provider's fees"), ("OPERATOR_COST", "Operator's cost")]
# Lines of reports that the nightly job tries to match in one transaction.
MATCH_BATCH = 5000
FACTS = {
    "settlement_id",
    "identifier",
    "kind",
    "amount_gross",
    "amount_fee",
    "date",
}


class MarketplacePspSettlementLine(models.Model):
    """One movement of the balance at the provider, as its report tells it.

    ``target_key`` names the fact of ours (key of its event in the ledger) that the line
    tells of. What the line takes from the clearing account less what our fact brought
    is its difference: zero, or for a person to explain.
    """

    _name = "marketplace.psp.settlement.line"
    _description = "PSP Report Line"
    _order = "settlement_id desc, id"
    _rec_name = "identifier"

    settlement_id = fields.Many2one(
        "marketplace.psp.settlement",
        string="PSP Settlement",
        required=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, precompute=True
    )
    psp_partner_id = fields.Many2one(
        related="settlement_id.psp_partner_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="settlement_id.currency_id", store=True, precompute=True
    )
    settlement_state = fields.Selection(
        related="settlement_id.state", string="Report State"
    )
    identifier = fields.Char(
        required=True, help="Identifier of the line at the provider; imported once."
    )
    kind = fields.Selection(LINE_KINDS, string="Type", required=True)
    provider_kind = fields.Char(string="Provider's Type")
    date = fields.Date(required=True)
    reference = fields.Char(
        index="btree_not_null",
        help="Reference of our payment, refund, chargeback or transfer. Correct it "
        "while the line is not matched, then match again.",
    )
    other_references = fields.Char(help="Tried as well, separated by spaces.")
    amount_gross = fields.Monetary(string="Gross")
    amount_fee = fields.Monetary(string="Fee")
    amount_net = fields.Monetary(
        string="Net", compute="_compute_amounts", store=True, precompute=True
    )
    amount_clearing = fields.Monetary(
        string="Clearing",
        compute="_compute_amounts",
        store=True,
        precompute=True,
        help="What the line takes from the clearing account: gross, or net for a "
        "chargeback, whose fee is booked with it.",
    )
    target_key = fields.Char(string="Matched with", readonly=True, copy=False)
    problem = fields.Char(string="Not Matched Because", readonly=True, copy=False)
    is_matched = fields.Boolean(
        string="Matched", compute="_compute_is_matched", search="_search_is_matched"
    )
    amount_ours = fields.Monetary(
        string="Ours",
        compute="_compute_amount_ours",
        help="What the ledger has on the clearing account for it.",
    )
    amount_difference = fields.Monetary(
        string="Difference",
        compute="_compute_amount_ours",
        help="Ours and what was booked as a difference, less the line.",
    )

    _identifier_uniq = models.UniqueIndex(
        "(company_id, psp_partner_id, identifier)",
        "This line of the provider's report is already recorded.",
    )
    _target_uniq = models.UniqueIndex(
        "(company_id, target_key) WHERE target_key IS NOT NULL",
        "This movement is already matched with another line of a report.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("kind", "amount_gross", "amount_fee", "currency_id")
    def _compute_amounts(self):
        for line in self:
            currency = line.currency_id or line.company_id.currency_id
            if not currency:
                line.amount_net = line.amount_clearing = 0.0
                continue
            gross = currency._marketplace_minor(line.amount_gross)
            net = gross - currency._marketplace_minor(line.amount_fee)
            line.amount_net = currency._marketplace_amount(net)
            line.amount_clearing = currency._marketplace_amount(
                taken_from_clearing(line.kind, gross, net)
            )

    @api.depends("target_key", "kind")
    def _compute_is_matched(self):
        for line in self:
            line.is_matched = bool(line.target_key) or line.kind == "fee"

    def _search_is_matched(self, operator, value):
        if operator != "in":
            return NotImplemented
        matched = Domain("target_key", "!=", False) | Domain("kind", "=", "fee")
        return matched if True in value else ~matched

    def _compute_amount_ours(self):
        ours = self._ledger_minor()
        for line in self:
            minor = line.currency_id._marketplace_minor
            found = ours.get((line.company_id.id, line.target_key), 0)
            booked = ours.get((line.company_id.id, line._booking_key()), 0)
            line.amount_ours = line.currency_id._marketplace_amount(found)
            line.amount_difference = line.currency_id._marketplace_amount(
                found + booked - minor(line.amount_clearing)
            )

    def _booking_key(self):
        """Return the key of the differences booked for the line."""
        return f"psp_line:{self.id or self._origin.id}"

    def _ledger_minor(self):
        """Return {(company id, key): minor units on clearing} of facts and bookings."""
        keys = set(filter(None, self.mapped("target_key")))
        keys |= {line._booking_key() for line in self}
        if not keys or not self.currency_id:
            return {}
        Ledger = self.env["marketplace.ledger.line"]
        Ledger.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.company_id, %(key)s AS key, line.currency_id,
                       SUM(CASE WHEN line.role_debit = 'PSP_CLEARING'
                                THEN line.amount ELSE -line.amount END)
                  FROM marketplace_ledger_line line
                 WHERE 'PSP_CLEARING' IN (line.role_debit, line.role_credit)
                   AND line.company_id IN %(companies)s AND %(key)s = ANY(%(keys)s)
              GROUP BY 1, 2, 3
                """,
                key=Ledger._clearing_key(),
                companies=tuple(self.company_id.ids),
                keys=list(keys),
            )
        )
        currencies = self.env["res.currency"]
        return {
            (company, key): currencies.browse(currency)._marketplace_minor(amount)
            for company, key, currency, amount in rows
        }

    # -- CRUD -----------------------------------------------------------------------

    def write(self, vals):
        """Keep what a posted report says; only its reference is corrected."""
        posted = self.filtered(lambda line: line.settlement_state == "posted")
        if FACTS & vals.keys() and posted:
            raise MarketplaceError(
                self.env._(
                    "%(lines)s: a line of a posted report is a fact. Book its "
                    "difference with a reason instead.",
                    lines=", ".join(posted[:10].mapped("identifier")),
                )
            )
        if "reference" in vals and any(line.target_key for line in self):
            raise MarketplaceError(
                self.env._("A matched line keeps its reference; undo the match first.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if any(line.settlement_state == "posted" for line in self):
            raise MarketplaceError(
                self.env._("A line of a posted report cannot be deleted.")
            )

    # -- matching -------------------------------------------------------------------

    def action_match(self):
        """Look for our facts of lines that have none; say on each why there is none."""
        self.check_access("write")
        waiting = self.filtered(
            lambda line: line.kind in MATCHED_KINDS and not line.target_key
        )
        for company, lines in waiting.grouped("company_id").items():
            lines._match_company(company)
        return True

    def action_unmatch(self):
        """Undo the match: line and fact both are unexplained again."""
        self.check_access("write")
        self.write({"target_key": False, "problem": False})
        return True

    @api.model
    def _cron_match(self):
        """Match what was not known when its report came; the newest first."""
        waiting = Domain("kind", "in", MATCHED_KINDS) & Domain("target_key", "=", False)
        self.search(waiting, limit=MATCH_BATCH, order="id desc").action_match()

    def _references(self):
        """Return the references of a line, the first one first."""
        self.ensure_one()
        return list(
            dict.fromkeys(
                filter(None, [self.reference, *(self.other_references or "").split()])
            )
        )

    def _match_company(self, company):
        found = self._candidates(company)
        keys = {target for targets in found.values() for target in targets}
        taken = {
            line.target_key: line.identifier
            for line in self.search(
                [("company_id", "=", company.id), ("target_key", "in", list(keys))]
            )
        }
        for line in self:
            targets = found[line]
            free = [key for key in targets if key not in taken]
            if len(free) == 1:
                taken[free[0]] = line.identifier
                line.write({"target_key": free[0], "problem": False})
                continue
            if free:
                problem = self.env._("%(count)s of ours have it.", count=len(free))
            elif targets:
                problem = self.env._(
                    "Matched with line %(line)s already.", line=taken[targets[0]]
                )
            else:
                problem = self.env._("Nothing of ours has its reference.")
            if line.problem != problem:
                line.problem = problem

    def _candidates(self, company):
        """Return {line: keys of facts of ours with one of its references}."""
        by_kind = defaultdict(dict)
        for kind, lines in self.grouped("kind").items():
            refs = {ref for line in lines for ref in line._references()}
            by_kind[kind] = self._targets_by_ref(company, kind, refs)
        result = {}
        for line in self:
            keys = {}
            for ref in line._references():
                for key, currency, partner in by_kind[line.kind].get(ref, ()):
                    same_partner = partner in (
                        False,
                        line.psp_partner_id.commercial_partner_id,
                    )
                    if currency == line.currency_id and same_partner:
                        keys[key] = True
            result[line] = list(keys)
        return result

    @api.model
    def _targets_by_ref(self, company, kind, refs):
        """Return {reference: [(key, currency, provider or False)]} of our facts."""
        targets = defaultdict(list)
        own = Domain("company_id", "=", company.id)
        # sudo: reading what is matched follows from the right to write the lines.
        env = self.sudo().env
        named = Domain("external_ref", "in", list(refs))
        if kind == "charge":
            domain = own & (named | Domain("psp_ref", "in", list(refs)))
            domain &= Domain("state", "=", "captured") & Domain("kind", "=", "psp")
            for payment in env["marketplace.payment"].search(domain):
                provider = payment.psp_partner_id.commercial_partner_id or False
                for ref in {payment.psp_ref, payment.external_ref} & refs:
                    targets[ref].append(
                        (f"capture:{payment.id}", payment.currency_id, provider)
                    )
        elif kind == "refund":
            domain = own & (named | Domain("psp_ref", "in", list(refs)))
            domain &= Domain("state", "=", "done")
            for refund in env["marketplace.refund"].search(domain):
                provider = refund.payment_id.psp_partner_id.commercial_partner_id
                for ref in {refund.psp_ref, refund.external_ref} & refs:
                    targets[ref].append(
                        (f"refund:{refund.id}", refund.currency_id, provider or False)
                    )
        elif kind in ("chargeback", "chargeback_won"):
            step = "open" if kind == "chargeback" else "won"
            domain = own & named & Domain("state", "!=", "draft")
            if step == "won":
                domain &= Domain("state", "=", "won")
            for dispute in env["marketplace.dispute"].search(domain):
                provider = dispute.payment_id.psp_partner_id.commercial_partner_id
                targets[dispute.external_ref].append(
                    (
                        f"dispute:{dispute.id}:{step}",
                        dispute.currency_id,
                        provider or False,
                    )
                )
        return targets

    # -- booking a difference -------------------------------------------------------

    def action_book_difference(self):
        """Ask for the reason under which the difference is booked."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Book the Difference"),
            "res_model": "marketplace.psp.difference",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_id": self.id},
        }

    @api.private
    def _book_difference(self, role, reason):
        """Book what is left of a line as cost, or as less of it; once.

        :param role: account role that bears it: PSP_FEES or OPERATOR_COST.
        :raises MarketplaceError: when the report is not posted, or nothing is left.
        """
        self.ensure_one()
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(
                self.env._("Only accountants book differences of reports.")
            )
        self.lock_for_update()
        self.invalidate_recordset(["amount_difference", "amount_ours"])
        currency = self.currency_id
        minor = currency._marketplace_minor(self.amount_difference)
        if self.settlement_state != "posted" or not minor:
            raise MarketplaceError(
                self.env._(
                    "%(line)s: the report is not posted, or no difference is left.",
                    line=self.identifier,
                )
            )
        key = self._booking_key()
        # Ours above the report: money that will not come, a cost.
        debit, credit = (role, "PSP_CLEARING") if minor > 0 else ("PSP_CLEARING", role)
        Ledger = self.env["marketplace.ledger.line"]
        number = Ledger.sudo().search_count(
            [("company_id", "=", self.company_id.id), ("event_key", "=", key)]
        )
        # sudo: the right to book was checked above; nobody writes the ledger himself.
        Ledger.sudo()._record(
            [
                {
                    "company_id": self.company_id.id,
                    "event": "psp_difference",
                    "event_key": key,
                    "source_key": f"{key}:{number + 1}",
                    "role_debit": debit,
                    "role_credit": credit,
                    "amount": currency._marketplace_amount(abs(minor)),
                    "currency_id": currency.id,
                    "date_event": self.company_id._marketplace_today(),
                    "counterparty_id": self.psp_partner_id.commercial_partner_id.id,
                }
            ]
        )
        self.settlement_id.message_post(
            body=self.env._(
                "%(line)s: difference of %(amount)s booked as %(role)s. %(reason)s",
                line=self.identifier,
                amount=currency.format(currency._marketplace_amount(minor)),
                role=dict(BOOKING_ROLES)[role],
                reason=reason,
            )
        )

    def action_open_target(self):
        """Open the ledger lines that the line is matched with.

        :raises MarketplaceError: when it is not matched.
        """
        self.ensure_one()
        keys = [key for key in (self.target_key, self._booking_key()) if key]
        lines = self.env["marketplace.ledger.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                "|",
                ("event_key", "in", keys),
                ("source_key", "in", keys),
            ]
        )
        if not lines:
            raise MarketplaceError(
                self.env._("%(line)s: nothing in the ledger.", line=self.identifier)
            )
        return lines._get_records_action(name=self.env._("Ledger Lines"))


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    def _clearing_key(self):
        """Return SQL naming the fact of a ledger line, as lines of reports name it."""
        return SQL("line.event_key")
