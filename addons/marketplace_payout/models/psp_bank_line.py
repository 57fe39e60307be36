"""Take the bank line of a provider's payout as the bank side of its report.

The line's own entry is the movement: its suspense item becomes the clearing account,
and the ledger names it. The report then posts its fee only.
"""

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

# Days around the date of a report in which its money reaches the bank.
BANK_DAYS = 7


class MarketplacePspSettlement(models.Model):
    _inherit = "marketplace.psp.settlement"

    bank_line_id = fields.Many2one(
        "account.bank.statement.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The line of the bank statement by which the money came.",
    )

    _bank_line_uniq = models.UniqueIndex(
        "(bank_line_id) WHERE bank_line_id IS NOT NULL",
        "This bank line is matched with another report already.",
    )

    def action_match_bank(self):
        """Find the bank line of each draft report, and post what was found.

        By the report's reference on the line; else by its net amount within a week,
        when one line and one report have it.

        :raises MarketplaceError: naming the reports for which no line was found.
        """
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(
                self.env._("Only accountants match reports with bank lines.")
            )
        drafts = self.filtered(lambda report: report.state == "draft")
        found = {}
        for company, reports in drafts.grouped("company_id").items():
            found.update(reports._bank_lines(company))
        for report, line in found.items():
            report.bank_line_id = line
        matched = self.browse().union(*found)
        matched.action_post()
        missing = drafts - matched
        if missing and not matched:
            raise MarketplaceError(
                self.env._(
                    "%(reports)s: no bank line waits with this reference, nor a single "
                    "one of this amount within %(days)s days. Import the statement, or "
                    "post without it when the bank account is not kept here.",
                    reports=", ".join(missing.mapped("reference")),
                    days=BANK_DAYS,
                )
            )
        return True

    def _bank_lines(self, company):
        """Return {report: bank line} of what can be told without doubt."""
        # sudo: the right to match was checked; the lines are of the company's journal.
        lines = (
            self.env["account.bank.statement.line"]
            .sudo()
            .search(
                Domain("journal_id", "=", company._marketplace_bank_journal().id)
                & Domain("is_reconciled", "=", False)
                & Domain("move_id.state", "=", "posted")
                & Domain(
                    "date",
                    ">=",
                    fields.Date.subtract(min(self.mapped("date")), days=BANK_DAYS),
                )
                & Domain(
                    "date",
                    "<=",
                    fields.Date.add(max(self.mapped("date")), days=BANK_DAYS),
                ),
                order="date, id",
            )
        )
        candidates = {report: lines.filtered(report._is_bank_line) for report in self}
        by_reference = {
            report: own.filtered(
                lambda line, report=report: report.reference.upper()
                in (line.payment_ref or "").upper().split()
            )
            for report, own in candidates.items()
        }
        found = {r: own for r, own in by_reference.items() if len(own) == 1}
        taken = lines.browse().union(*found.values())
        for report, own in candidates.items():
            rivals = [
                other
                for other in candidates
                if other not in found and candidates[other] & own - taken
            ]
            if report not in found and len(own - taken) == 1 and rivals == [report]:
                found[report] = own - taken
                taken |= found[report]
        return found

    def _is_bank_line(self, line):
        """Tell whether a bank line is of the report's amount, currency and days."""
        return (
            line.currency_id == self.currency_id
            and abs((line.date - self.date).days) <= BANK_DAYS
            and not self.currency_id.compare_amounts(line.amount, self.amount_net)
        )

    def action_post(self):
        """Name the bank line's entry in the ledger before the rest is posted."""
        drafts = self.filtered(lambda report: report.state == "draft")
        drafts.filtered("bank_line_id")._record_bank_lines()
        return super().action_post()

    def _record_bank_lines(self):
        entries = []
        for report in self:
            line = report.sudo().bank_line_id
            if line.is_reconciled or not report._is_bank_line(line):
                raise MarketplaceError(
                    self.env._(
                        "%(report)s: its bank line is reconciled otherwise meanwhile, "
                        "or no longer of its amount. Match again.",
                        report=report.reference,
                    )
                )
            liquidity, clearing = report._clear_bank_line(line)
            for vals in report._prepare_ledger_entries():
                if vals["event"] == "psp_settlement":
                    is_in = vals["role_debit"] == "BANK"
                    entries.append(
                        {
                            **vals,
                            "date": line.date,
                            "debit_move_line_id": (liquidity if is_in else clearing).id,
                            "credit_move_line_id": (
                                clearing if is_in else liquidity
                            ).id,
                        }
                    )
        # sudo: the accountant's right to post was checked by the access to reports.
        self.env["marketplace.ledger.line"].sudo()._record_posted(entries)

    def _clear_bank_line(self, line):
        """Put the clearing account in place of suspense; return both items."""
        account = self.company_id._marketplace_account("PSP_CLEARING")
        _liquidity, suspense, _others = line._seek_for_lines()
        partner = self.psp_partner_id.commercial_partner_id
        # As Odoo's own reconciliation does: the entry is posted and stays balanced.
        line.move_id.with_context(force_delete=True, skip_readonly_check=True).write(
            {
                "line_ids": [
                    *(Command.delete(item.id) for item in suspense),
                    *(
                        Command.create(
                            {
                                "name": line.payment_ref,
                                "account_id": account.id,
                                "partner_id": partner.id,
                                "currency_id": item.currency_id.id,
                                "amount_currency": item.amount_currency,
                                "balance": item.balance,
                            }
                        )
                        for item in suspense
                    ),
                ]
            }
        )
        liquidity, _suspense, others = line._seek_for_lines()
        liquidity.partner_id = partner
        return liquidity, others
