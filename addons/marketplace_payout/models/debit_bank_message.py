"""Find direct debits in the bank's messages: collections, refusals and returns."""

from odoo import fields, models

from ..engine import direct_debit
from ..engine.pain008 import batch_identifier


class MarketplaceBankMessage(models.Model):
    _inherit = "marketplace.bank.message"

    def _keep(self, company, message, name, content, digest):
        """Leave out credits of a whole batch that is none of our direct debits."""
        batches = self._debit_runs(company, message.lines)
        lines = [
            line
            for line in message.lines
            if line.reference or not line.is_credit or line.batch in batches
        ]
        return super()._keep(
            company, message._replace(lines=lines), name, content, digest
        )

    def _payout_pairs(self, pairs):
        """Answer the direct debits that lines are about; leave the others."""
        pairs = super()._payout_pairs(pairs)
        by_reference = (
            self.env["marketplace.debit"]
            .search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("end_to_end_id", "in", [line.reference for _r, line in pairs]),
                ]
            )
            .grouped("end_to_end_id")
        )
        batches = self._debit_runs(self.company_id, [line for _r, line in pairs])
        rest = []
        for record, line in pairs:
            if line.reference in by_reference:
                record._answer_debits(by_reference[line.reference], line)
            elif not line.reference and line.batch in batches:
                debits = batches[line.batch].filtered(lambda one: one.state == "sent")
                record._answer_debits(debits, line)
            else:
                rest.append((record, line))
        return rest

    def _debit_runs(self, company, lines):
        """Return {name of a batch: its debits} of those that lines name."""
        names = {line.batch for line in lines if line.batch and not line.reference}
        if not names:
            return {}
        runs = self.env["marketplace.debit.run"].search(
            [("company_id", "=", company.id), ("state", "in", ("sent", "closed"))]
        )
        found = {}
        for run in runs:
            found[run.name] = run.debit_ids
            for sequence, debits in run.debit_ids.grouped("sequence_type").items():
                found[batch_identifier(run.name, sequence)] = debits
        return {name: debits for name, debits in found.items() if name in names}


class MarketplaceBankMessageLine(models.Model):
    _inherit = "marketplace.bank.message.line"

    debit_id = fields.Many2one(
        "marketplace.debit", string="Direct Debit", index="btree_not_null"
    )

    def _answer_debits(self, debits, line):
        """Apply a line to direct debits, and keep what came of it."""
        what = direct_debit.told(line.answer.kind, line.is_credit)
        if line.reference:
            self.debit_id = debits
        if not debits:
            self.outcome = "known"  # its batch, all of which has an answer
            return
        if line.currency not in ("", *debits.currency_id.mapped("name")):
            outcome = {debits: "other_currency"}
        else:
            answer = (
                line.answer if line.reference else line.answer._replace(amount=None)
            )
            outcome = debits._answer(dict.fromkeys(debits, (what, answer)))
        problem = next((one for one in outcome.values() if isinstance(one, str)), "")
        if problem:
            self.write(
                {"outcome": "problem", "problem": self._debit_problem(problem, debits)}
            )
        else:
            self.outcome = "applied" if any(outcome.values()) else "known"

    def _debit_problem(self, problem, debits):
        """Return in words why an answer was not applied, and what to do."""
        values = {
            "reference": self.reference,
            "amount": debits[:1].currency_id.format(sum(debits.mapped("amount"))),
            "stated": self.currency_id.format(self.amount),
        }
        if problem == "not_sent":
            return self.env._(
                "The direct debit %(reference)s was never sent. Ask the bank who "
                "ordered it.",
                **values,
            )
        return self.env._(
            "The answer says %(stated)s, the direct debit %(reference)s is of "
            "%(amount)s. Nothing was changed: ask the bank.",
            **values,
        )
