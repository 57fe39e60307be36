"""Import the report of a payment service provider: a PSP settlement per payout."""

import base64
from collections import defaultdict

from odoo import fields, models

from ..engine.csv_table import UnreadableError, decode
from ..engine.psp_report import MissingColumnsError, read_report
from ..exceptions import MarketplaceError

# Problems named in words; the rest is counted.
PROBLEMS_SHOWN = 200


class MarketplacePspReportImport(models.TransientModel):
    """Take over a report's lines that are new; name those that cannot be read."""

    _name = "marketplace.psp.report.import"
    _description = "Import a PSP Report"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    psp_partner_id = fields.Many2one(
        "res.partner",
        string="Payment Service Provider",
        required=True,
        default=lambda self: self.env.company.marketplace_psp_partner_id,
    )
    format_id = fields.Many2one(
        "marketplace.psp.report.format",
        required=True,
        default=lambda self: self.env["marketplace.psp.report.format"].search(
            [], limit=1
        ),
    )
    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()
    is_done = fields.Boolean(readonly=True)
    imported_count = fields.Integer(string="Lines Imported", readonly=True)
    known_count = fields.Integer(string="Lines Known Already", readonly=True)
    unmatched_count = fields.Integer(string="Lines Not Matched", readonly=True)
    problems = fields.Text(string="Lines Left Out", readonly=True)
    settlement_ids = fields.Many2many("marketplace.psp.settlement", readonly=True)

    def action_import(self):
        """Import what is new in the file, match it, and say what was left out."""
        self.ensure_one()
        self.env["marketplace.psp.settlement"].check_access("create")
        rows, problems = self._read()
        lines, known, refused = self._take_rows(rows)
        messages = [self._problem_text(problem) for problem in problems] + refused
        hidden = len(messages) - PROBLEMS_SHOWN
        if hidden > 0:
            messages[PROBLEMS_SHOWN:] = [
                self.env._("And %(count)s more.", count=hidden)
            ]
        self.write(
            {
                "is_done": True,
                "imported_count": len(lines),
                "known_count": known,
                "unmatched_count": len(
                    lines.filtered(lambda line: not line.is_matched)
                ),
                "problems": "\n".join(messages),
                "settlement_ids": [
                    fields.Command.set(lines.settlement_id.ids),
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import a PSP Report"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _take_rows(self, rows):
        """Record the rows that are new, under their payouts, and match them.

        :return: (new lines, how many were known, refusals in words).
        """
        fresh, known, refused = self._sort_out(rows)
        settlements = self._create_settlements(fresh)
        lines = self._create_lines(settlements, fresh)
        self.env["marketplace.psp.settlement"].union(
            *settlements.values()
        )._take_line_totals()
        lines.action_match()
        return lines, known, refused

    def action_open_settlements(self):
        """Open the settlements that got lines."""
        return self.settlement_ids._get_records_action(
            name=self.env._("PSP Settlements")
        )

    def _read(self):
        """Return the rows of the file, and the lines that cannot be read.

        :raises MarketplaceError: when it is no table, or not of the format.
        """
        # pylint: disable-next=no-search-all
        currencies = self.env["res.currency"].search([])
        places = {currency.name: currency.decimal_places for currency in currencies}
        try:
            text = decode(base64.b64decode(self.file))
            return read_report(text, self.format_id._mapping(), places)
        except UnreadableError as error:
            raise MarketplaceError(
                self.env._("The file is no text: save it as CSV.")
            ) from error
        except MissingColumnsError as error:
            raise MarketplaceError(
                self.env._(
                    "The file lacks the columns %(columns)s of the format “%(format)s”."
                    " Choose another format, or correct its columns.",
                    columns=str(error),
                    format=self.format_id.name,
                )
            ) from error

    def _known_settlements(self, rows):
        return {
            settlement.reference: settlement
            for settlement in self.env["marketplace.psp.settlement"].search(
                [
                    ("company_id", "=", self.company_id.id),
                    ("psp_partner_id", "=", self.psp_partner_id.id),
                    ("reference", "in", list({row.payout for row in rows})),
                ]
            )
        }

    def _sort_out(self, rows):
        """Return the new rows by payout, how many are known, and refusals in words.

        A posted report takes no more lines; one of another currency neither.
        """
        known = set(
            self.env["marketplace.psp.settlement.line"]
            .search_fetch(
                [
                    ("company_id", "=", self.company_id.id),
                    ("psp_partner_id", "=", self.psp_partner_id.id),
                    ("identifier", "in", [row.identifier for row in rows]),
                ],
                ["identifier"],
            )
            .mapped("identifier")
        )
        reports = self._known_settlements(rows)
        currency_by_payout = {
            reference: report.currency_id.name for reference, report in reports.items()
        }
        fresh, refused = defaultdict(list), []
        for row in rows:
            if row.identifier in known:
                continue
            report = reports.get(row.payout)
            currency = currency_by_payout.setdefault(row.payout, row.currency)
            if (report and report.state == "posted") or currency != row.currency:
                refused.append(
                    self.env._(
                        "Line %(number)s, %(identifier)s: %(payout)s is posted already,"
                        " or of another currency.",
                        number=row.number,
                        identifier=row.identifier,
                        payout=row.payout,
                    )
                )
                continue
            fresh[row.payout].append(row)
        return fresh, len(known), refused

    def _create_settlements(self, fresh):
        """Return {payout: settlement} of new rows; those missing are created."""
        rows = [row for own in fresh.values() for row in own]
        settlements = self._known_settlements(rows)
        currencies = {
            currency.name: currency.id
            for currency in self.env["res.currency"].search([])
        }
        missing = [payout for payout in fresh if payout not in settlements]
        created = self.env["marketplace.psp.settlement"].create(
            [
                {
                    "company_id": self.company_id.id,
                    "psp_partner_id": self.psp_partner_id.id,
                    "reference": payout,
                    "date": max(row.payout_date for row in fresh[payout]),
                    "currency_id": currencies[fresh[payout][0].currency],
                }
                for payout in missing
            ]
        )
        settlements.update(zip(missing, created, strict=True))
        return settlements

    def _create_lines(self, settlements, fresh):
        vals_list = []
        for payout, rows in fresh.items():
            settlement = settlements[payout]
            amount = settlement.currency_id._marketplace_amount
            vals_list += [
                {
                    "settlement_id": settlement.id,
                    "identifier": row.identifier,
                    "kind": row.kind,
                    "provider_kind": row.provider_kind,
                    "date": row.date,
                    "reference": row.references[0] if row.references else False,
                    "other_references": " ".join(row.references[1:]) or False,
                    "amount_gross": amount(row.gross),
                    "amount_fee": amount(row.fee),
                }
                for row in rows
            ]
        return self.env["marketplace.psp.settlement.line"].create(vals_list)

    def _problem_text(self, problem):
        """Return in words why a line is left out."""
        reasons = {
            "twice": self.env._("its identifier is in the file twice"),
            "no_identifier": self.env._("it has no identifier"),
            "not_paid_out": self.env._("it is not part of a payout yet"),
            "currency": self.env._("its currency is not active here"),
            "gross": self.env._("its gross amount is no amount"),
            "fee": self.env._("its fee is no amount"),
            "net": self.env._("its net amount is no amount"),
            "sum": self.env._("gross less fee is not net"),
            "date": self.env._("its date is none"),
        }
        return self.env._(
            "Line %(number)s, %(identifier)s: %(reason)s (%(value)s).",
            number=problem.number,
            identifier=problem.identifier or "?",
            reason=reasons[problem.code],
            value=problem.value,
        )
