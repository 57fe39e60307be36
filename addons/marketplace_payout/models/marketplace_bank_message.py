import base64
import hashlib

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_rails import ANSWER_KINDS, MESSAGE_BYTES_MAX, MESSAGE_KINDS, OUTCOMES
from ..engine import bank_message, pain001
from ..engine.answers import RANK
from .res_users import APPROVER, GROUPS_PAYOUT, PREPARER


class MarketplaceBankMessage(models.Model):
    """Keep what a bank or a provider said of our payouts, and what came of it.

    A message is applied once, when it arrives: its file is known by its digest.
    """

    _name = "marketplace.bank.message"
    _description = "Bank Message"
    _order = "id desc"

    name = fields.Char(string="File", required=True, readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    kind = fields.Selection(MESSAGE_KINDS, required=True, readonly=True)
    identifier = fields.Char(
        string="Sender's Number", readonly=True, help="Number the sender gave it."
    )
    file = fields.Binary(
        string="Content", attachment=True, readonly=True, groups=GROUPS_PAYOUT
    )
    file_hash = fields.Char(string="Digest", required=True, readonly=True)
    line_ids = fields.One2many(
        "marketplace.bank.message.line", "message_id", readonly=True
    )
    applied_count = fields.Integer(
        string="Applied", compute="_compute_counts", store=True
    )
    problem_count = fields.Integer(
        string="Problems", compute="_compute_counts", store=True
    )

    is_seen = fields.Boolean(
        string="Problems Seen",
        readonly=True,
        help="Somebody looked into the problems; the work queue leaves it out.",
    )

    _hash_uniq = models.UniqueIndex(
        "(company_id, file_hash)", "This message was imported already."
    )

    @api.depends("line_ids.outcome")
    def _compute_counts(self):
        for message in self:
            outcomes = message.line_ids.mapped("outcome")
            message.applied_count = outcomes.count("applied")
            message.problem_count = outcomes.count("problem")

    @api.model
    @api.private
    def _import_file(self, content, name, company):
        """Read a file of the bank and apply what it says to payouts.

        :param content: bytes.
        :raises MarketplaceError: for a file that is known, too large or no message.
        """
        self.env["marketplace.payout.run"]._check_role(
            PREPARER, APPROVER, "marketplace_base.group_accountant"
        )
        if len(content) > MESSAGE_BYTES_MAX:
            raise MarketplaceError(
                self.env._(
                    "%(file)s is larger than %(size)s MB. Ask the bank for one file a "
                    "day.",
                    file=name,
                    size=MESSAGE_BYTES_MAX // 1_000_000,
                )
            )
        try:
            message = bank_message.read_message(content)
        except bank_message.MessageError as error:
            raise MarketplaceError(
                self.env._(
                    "%(file)s cannot be used: %(why)s. Choose a status report "
                    "(pain.002), a statement (camt.053) or a notice (camt.054).",
                    file=name,
                    why=str(error),
                )
            ) from error
        # sudo: the right to import was checked; messages are written by no other way
        return self.sudo()._store(company, message, name, content).with_env(self.env)

    def _store(self, company, message, name, content):
        """Keep the message of a file and apply its lines.

        :raises MarketplaceError: naming the earlier import of the same message.
        """
        digest = hashlib.sha256(content).hexdigest()
        if known := self.search(
            [("company_id", "=", company.id), ("file_hash", "=", digest)]
        ):
            raise MarketplaceError(
                self.env._(
                    "%(file)s was imported already on %(date)s, as %(known)s.",
                    file=name,
                    date=fields.Date.to_string(known.create_date),
                    known=known.name,
                )
            )
        return self._keep(company, message, name, content, digest)

    def _keep(self, company, message, name, content, digest):
        """Write a message that is new, and apply its lines."""
        names = {line.currency for line in message.lines if line.currency}
        currencies = self.env["res.currency"].search([("name", "in", list(names))])
        currency_by_name = {currency.name: currency for currency in currencies}
        record = self.create(
            {
                "name": name,
                "company_id": company.id,
                "kind": message.kind,
                "identifier": message.identifier,
                "file": base64.b64encode(content),
                "file_hash": digest,
                "line_ids": [
                    fields.Command.create(
                        self._prepare_line_vals(
                            line,
                            currency_by_name.get(line.currency, company.currency_id),
                        )
                    )
                    for line in message.lines
                ],
            }
        )
        record._apply(message.lines)
        return record

    @api.model
    def _prepare_line_vals(self, line, currency):
        answer = line.answer
        return {
            "reference": line.reference or line.batch,
            "kind": answer.kind,
            "date": answer.date,
            "amount": currency._marketplace_amount(answer.amount or 0),
            "currency_id": currency.id,
            "code": answer.code,
            "text": answer.text,
        }

    @api.model
    @api.private
    def _receive_event(self, account, event, body):
        """Keep and apply a verified call of a provider, once.

        :return: False for one that is known, or is about nothing of ours.
        """
        if not event.lines:
            return False
        digest = hashlib.sha256(f"{account.id}:{event.identifier}".encode()).hexdigest()
        if self.search_count(
            [("company_id", "=", account.company_id.id), ("file_hash", "=", digest)]
        ):
            return False
        message = bank_message.Message("psp", event.identifier, event.lines)
        self._keep(account.company_id, message, event.identifier, body, digest)
        return True

    def action_seen(self):
        """Take the message out of the work queue."""
        Run = self.env["marketplace.payout.run"]
        Run._check_role(PREPARER, APPROVER, "marketplace_base.group_accountant")
        self.check_access("read")
        # sudo: the right was checked above; messages have no write access
        self.sudo().is_seen = True
        return True

    # -- applying -------------------------------------------------------------------

    def _apply(self, lines):
        """Find the payouts that the lines are about, and answer each once.

        A line about a payment outweighs one about its batch; a debit is taken before
        the return that another line tells.
        """
        self.ensure_one()
        payouts = self._payouts_by_reference(lines)
        runs = self._runs_by_batch(lines)
        prefix = self._reference_prefix()
        pairs = self._payout_pairs(list(zip(self.line_ids, lines, strict=True)))
        for rank in sorted(set(RANK.values())):
            answers, sources = {}, {}
            for record, line in sorted(pairs, key=lambda pair: bool(pair[1].reference)):
                if RANK[line.answer.kind] != rank:
                    continue
                targets = payouts.get(line.reference) if line.reference else None
                if not line.reference and line.batch in runs:
                    record.run_id = runs[line.batch]
                    # Payouts with an answer of their own are not in the batch's sum.
                    targets = runs[line.batch].payout_ids._waiting()
                    if not targets:
                        record.outcome = "known"
                        continue
                if not targets:
                    record._note_unknown(self.kind, line, prefix)
                elif self._is_partial(line, targets):
                    record.payout_id = targets
                    record._note_problem("partial_return")
                elif line.currency not in ("", targets.currency_id.name):
                    record.payout_id = targets[:1]
                    record._note_problem("other_currency")
                else:
                    record.payout_id = targets if line.reference else False
                    for payout in targets:
                        answers[payout] = line.answer
                        sources[payout] = record
            found = self.env["marketplace.payout"].union(*answers)
            for payout, action in found._answer(answers).items():
                sources[payout]._note_action(action, payout)

    def _payout_pairs(self, pairs):
        """Return the (record, line) that are about payouts; others extend it."""
        return pairs

    def _is_partial(self, line, payout):
        """Return whether a provider took back a part only: no fee explains it."""
        return (
            self.kind == "psp"
            and line.answer.kind == "returned"
            and line.answer.amount
            != payout.currency_id._marketplace_minor(payout.amount)
        )

    @api.model
    def _reference_prefix(self):
        """Return what the references of payouts begin with."""
        sequence = self.env["ir.sequence"].search(
            [("code", "=", "marketplace.payout.run")], limit=1
        )
        return (sequence.prefix or "").split("%")[0] or "PAY/"

    def _payouts_by_reference(self, lines):
        references = {line.reference for line in lines if line.reference}
        return (
            self.env["marketplace.payout"]
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("end_to_end_id", "in", list(references)),
                ]
            )
            .grouped("end_to_end_id")
        )

    def _runs_by_batch(self, lines):
        """Return the runs that lines name, by the number that the file gave them."""
        batches = {line.batch for line in lines if line.batch and not line.reference}
        if not batches:
            return {}
        runs = self.env["marketplace.payout.run"].search(
            [
                ("company_id", "=", self.company_id.id),
                "|",
                ("waiting_count", ">", 0),
                ("name", "in", list(batches)),
            ]
        )
        return {pain001.clean_identifier(run.name): run for run in runs}


class MarketplaceBankMessageLine(models.Model):
    """What a message says of one payout or one run, and what came of it."""

    _name = "marketplace.bank.message.line"
    _description = "Bank Message Line"
    _order = "id"

    message_id = fields.Many2one(
        "marketplace.bank.message", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="message_id.company_id", store=True, precompute=True, index=True
    )
    reference = fields.Char(help="Reference of the payout, or number of the run.")
    payout_id = fields.Many2one("marketplace.payout", index="btree_not_null")
    run_id = fields.Many2one("marketplace.payout.run", index="btree_not_null")
    vendor_id = fields.Many2one(related="payout_id.vendor_id")
    kind = fields.Selection(ANSWER_KINDS, string="Answer", required=True)
    date = fields.Date()
    amount = fields.Monetary(help="As the message states it; zero when it does not.")
    currency_id = fields.Many2one("res.currency", required=True)
    code = fields.Char()
    text = fields.Char(string="Sender's Words")
    outcome = fields.Selection(OUTCOMES)
    problem = fields.Char()

    def _note_action(self, action, payout):
        """Keep what the payout's state machine did with the line."""
        if action in ("confirm", "fail", "return"):
            self.outcome = "applied"
        elif action == "known":
            self.outcome = self.outcome or "known"
        else:
            self._note_problem(action, payout)

    def _note_unknown(self, message_kind, line, prefix):
        """Tell an unknown payout apart from the bank's lines about something else."""
        if (
            message_kind in ("pain.002", "psp")
            or line.answer.code
            or (self.reference or "").startswith(prefix)
        ):
            self._note_problem("unknown")
        else:
            self.outcome = "other"

    def _note_problem(self, problem, payout=None):
        payout = payout or self.payout_id
        self.write(
            {
                "outcome": "problem",
                "problem": payout._answer_problem(problem, self.reference, self.amount),
            }
        )
