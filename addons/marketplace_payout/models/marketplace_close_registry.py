"""What is checked before a month is closed. Addons add their own checks."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from ..const_close import CHECK_NAMES, CLOSE_LOOKBACK_DAYS
from .marketplace_close_check import Check, Finding

_lt = LazyTranslate(__name__)


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    @api.model
    def _close_checks(self):
        """Return {code: check}, in the order in which they are shown."""
        return {
            "setup": Check(_lt("Accounts and journals"), "_find_setup", True),
            "tie_out": Check(_lt("Ledger and books agree"), "_find_tie_out", True),
            "statement": Check(_lt("Statements add up"), "_find_statements", True),
            "reserve": Check(_lt("Reserves and their account"), "_find_reserve", True),
            "unposted": Check(_lt("Ledger lines posted"), "_find_unposted", True),
            "uncredited": Check(_lt("Paid orders credited"), "_find_uncredited", True),
            "unsplit": Check(_lt("Orders split by vendor"), "_find_unsplit", True),
            "psp_report": Check(_lt("PSP reports matched"), "_find_psp_reports", True),
            "psp_clearing": Check(_lt("PSP clearing"), "_find_psp_clearing", True),
            "bank_line": Check(
                _lt("Bank lines matched"),
                "_find_bank_lines",
                True,
                # Odoo itself refuses to lock over them.
                self.company_id.marketplace_close_lock != "fiscalyear",
            ),
            "accrual": Check(_lt("Commission accrued"), "_find_accrual", True),
            "refund": Check(_lt("Refunds applied"), "_find_refunds", False),
            "undelivered": Check(_lt("Parcels delivered"), "_find_undelivered", False),
            "settlement": Check(_lt("Settlements paid"), "_find_settlements", False),
            "payout": Check(_lt("Payout runs finished"), "_find_payouts", False),
            "unresolved": Check(_lt("Payouts answered"), "_find_unresolved", True),
            "negative": Check(_lt("Vendors in debt"), "_find_negative", False),
        }

    # -- helpers --------------------------------------------------------------------

    def _found(self, records, day=None, amount=0.0, details=""):
        """Return the finding of some records.

        :param day: name of the date field that says since when.
        """
        days = [value for record in records if (value := day and record[day])]
        oldest = fields.Date.to_date(min(days)) if days else None
        if not details:
            names = [record.display_name for record in records[:CHECK_NAMES]]
            left = len(records) - len(names)
            if left > 0:
                names.append(self.env._("and %(count)s more", count=left))
            details = ", ".join(names)
        return Finding(
            count=len(records),
            amount=amount,
            oldest=oldest,
            details=details,
            model=records._name,
            domain=[("id", "in", records.ids)],
            keys=sorted(records.ids),
        )

    def _own(self):
        """Return the domain of records of the company."""
        return Domain("company_id", "=", self.company_id.id)

    def _before_end(self):
        """Return the moment (UTC) at which the month ends."""
        return self.company_id._marketplace_period(self.date_start, self.date_end)[1]

    def _company_sum(self, records, field, day):
        """Return amounts of records in the company currency, at the rate of a day."""
        company = self.company_id
        minor = 0
        for currency, own in records.grouped("currency_id").items():
            total = sum(currency._marketplace_minor(record[field]) for record in own)
            minor += company.currency_id._marketplace_minor(
                currency._convert(
                    currency._marketplace_amount(total),
                    company.currency_id,
                    company,
                    day,
                )
            )
        return company.currency_id._marketplace_amount(minor)

    # -- books ----------------------------------------------------------------------

    def _find_setup(self):
        problems = self.company_id.sudo()._marketplace_setup_problems()
        return Finding(
            count=len(problems),
            details="\n".join(problems),
            model="marketplace.account.role",
            domain=[("company_id", "=", self.company_id.id)],
            keys=sorted(problems),
        )

    def _find_tie_out(self):
        """Find accounts on which ledger and books differ, whatever the date."""
        rows = self.env["marketplace.tie.out"]._differences(self.company_id)
        problems = self.env["marketplace.health"]._check_tie_out(self.company_id)
        amount = self._company_sum(rows, "amount_difference", self.date_end)
        return self._found(rows, amount=amount, details="\n".join(problems))

    def _find_statements(self):
        wrong = self.env["marketplace.settlement"]._untied(self.company_id)
        return self._found(wrong, "date_cutoff")

    def _find_reserve(self):
        """Compare what is held back of vendors with the balance of the account."""
        company = self.company_id
        account = company.marketplace_role_ids.filtered(
            lambda role: role.code == "VENDOR_RESERVE"
        ).account_id
        if not account:
            return Finding()
        vendors = self.env["res.partner"].search([("is_marketplace_vendor", "=", True)])
        currencies = self.env["res.currency"]
        balances = self.env["marketplace.ledger.line"]._vendor_balances(
            vendors, company
        )
        ledger = defaultdict(int)
        for (_vendor, currency_id), buckets in balances.items():
            currency = currencies.browse(currency_id)
            ledger[currency] += currency._marketplace_minor(buckets["reserved"])
        groups = self.env["account.move.line"]._read_group(
            self._own()
            & Domain("account_id", "=", account.id)
            & Domain("parent_state", "=", "posted"),
            ["currency_id"],
            ["amount_currency:sum"],
        )
        apart = defaultdict(int, ledger)
        for currency, amount in groups:
            apart[currency] += currency._marketplace_minor(amount)
        apart = {currency: minor for currency, minor in apart.items() if minor}
        return Finding(
            count=len(apart),
            details=", ".join(
                self.env._(
                    "%(currency)s: held back of vendors %(apart)s more than on the "
                    "account",
                    currency=currency.name,
                    apart=currency.format(currency._marketplace_amount(minor)),
                )
                for currency, minor in apart.items()
            ),
            model="account.move.line",
            domain=[
                ("account_id", "=", account.id),
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
            ],
            keys=sorted((currency.name, minor) for currency, minor in apart.items()),
        )

    def _find_unposted(self):
        lines = self.env["marketplace.ledger.line"].search(
            self._own()
            & Domain("debit_move_line_id", "=", False)
            & Domain("date_event", "<=", self.date_end)
        )
        amount = self._company_sum(lines, "amount", self.date_end)
        return self._found(lines, "date_event", amount)

    def _find_accrual(self):
        """Find vendors whose earned commission is neither invoiced nor accrued."""
        gaps = self.company_id._marketplace_accrual_gaps(self.date_end)
        vendors = self.env["res.partner"].union(*(vendor for vendor, _part in gaps))
        amount = self.currency_id._marketplace_amount(sum(gaps.values()))
        details = ""
        if gaps:
            details = self.env._(
                "Post the cut-off entries: %(vendors)s.",
                vendors=", ".join(vendors[:CHECK_NAMES].mapped("display_name")),
            )
        return self._found(vendors, amount=amount, details=details)

    # -- orders ---------------------------------------------------------------------

    def _find_uncredited(self):
        since = fields.Date.subtract(self.date_start, days=CLOSE_LOOKBACK_DAYS)
        end = self._before_end()
        groups = self.env["marketplace.health"]._uncredited_orders(
            self.company_id, since
        )
        groups = groups.filtered(lambda group: group.date_order < end)
        amount = self._company_sum(groups, "amount_charged", self.date_end)
        return self._found(groups, "date_order", amount)

    def _find_unsplit(self):
        """Find orders with goods of vendors that belong to no order group."""
        orders = self.env["sale.order"].search(
            self._own()
            & Domain("state", "=", "sale")
            & Domain("date_order", "<", self._before_end())
            & Domain("marketplace_order_id", "=", False)
            & Domain("order_line.offer_id", "!=", False)
        )
        amount = self._company_sum(orders, "amount_total", self.date_end)
        return self._found(orders, "date_order", amount)

    def _find_refunds(self):
        refunds = self.env["marketplace.refund"].search(
            self._own()
            & Domain("state", "=", "draft")
            & Domain("date", "<=", self.date_end)
        )
        amount = self._company_sum(refunds, "amount", self.date_end)
        return self._found(refunds, "date", amount)

    def _find_undelivered(self):
        """Find parcels on their way for longer than the company finds normal."""
        limit = fields.Datetime.subtract(
            self._before_end(), days=self.company_id.marketplace_late_days
        )
        parcels = self.env["marketplace.shipment"].search(
            self._own()
            & Domain("state", "=", "shipped")
            & Domain("date_shipped", "<", limit)
        )
        return self._found(parcels, "date_shipped")

    # -- money ----------------------------------------------------------------------

    def _find_psp_reports(self):
        """Find reports of the provider that nobody matched and posted."""
        reports = self.env["marketplace.psp.settlement"].search(
            self._own()
            & Domain("state", "=", "draft")
            & Domain("date", "<=", self.date_end)
        )
        amount = self._company_sum(reports, "amount_net", self.date_end)
        return self._found(reports, "date", amount)

    def _find_psp_clearing(self):
        """Find providers that paid out more than the ledger knows they received."""
        self.env["marketplace.ledger.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT counterparty_id, currency_id,
                       SUM(CASE WHEN role_debit = 'PSP_CLEARING' THEN amount
                                ELSE -amount END) AS balance
                  FROM marketplace_ledger_line
                 WHERE company_id = %(company)s AND date_event <= %(end)s
                   AND 'PSP_CLEARING' IN (role_debit, role_credit)
              GROUP BY 1, 2
                HAVING SUM(CASE WHEN role_debit = 'PSP_CLEARING' THEN amount
                                ELSE -amount END) < 0
              ORDER BY 1, 2
                """,
                company=self.company_id.id,
                end=self.date_end,
            )
        )
        partners, currencies = self.env["res.partner"], self.env["res.currency"]
        return Finding(
            count=len(rows),
            details=", ".join(
                f"{partners.browse(partner).display_name or ''} "
                f"{currencies.browse(currency).format(balance)}"
                for partner, currency, balance in rows
            ),
            model="marketplace.tie.out",
            domain=[
                ("company_id", "=", self.company_id.id),
                ("role", "=", "PSP_CLEARING"),
            ],
            keys=[[str(value) for value in row] for row in rows],
        )

    def _find_bank_lines(self):
        """Find lines of the bank statement that no entry explains yet."""
        journal = self.company_id._marketplace_bank_journal()
        lines = self.env["account.bank.statement.line"].search(
            Domain("journal_id", "in", journal.ids)
            & Domain("is_reconciled", "=", False)
            & Domain("move_id.state", "=", "posted")
            & Domain("date", "<=", self.date_end)
        )
        amount = self._company_sum(lines, "amount", self.date_end)
        return self._found(lines, "date", amount)

    def _find_settlements(self):
        settlements = self.env["marketplace.settlement"].search(
            self._own()
            & Domain("state", "=", "confirmed")
            & Domain("date_cutoff", "<=", self.date_end)
        )
        amount = self._company_sum(settlements, "amount_payout", self.date_end)
        return self._found(settlements, "date_cutoff", amount)

    def _find_payouts(self):
        """Find runs of the month that the bank has not debited, or nobody sent."""
        runs = self.env["marketplace.payout.run"].search(
            self._own()
            & Domain("state", "not in", ("confirmed", "cancelled", "closed"))
            & Domain("date", "<=", self.date_end)
        )
        amount = self._company_sum(runs, "amount_total", self.date_end)
        return self._found(runs, "date", amount)

    def _find_negative(self):
        """Find vendors who owe money on the last day, commission aside."""
        vendors = self.env["res.partner"].search([("is_marketplace_vendor", "=", True)])
        company, day = self.company_id, self.date_end
        balances = self.env["marketplace.ledger.line"]._vendor_balances(
            vendors, company, date_to=day
        )
        debts, total = {}, 0
        for (vendor, currency_id), buckets in balances.items():
            currency = self.env["res.currency"].browse(currency_id)
            if currency.compare_amounts(buckets["due"], 0.0) < 0:
                debts.setdefault(vendor, []).append(currency.format(buckets["due"]))
                total += company.currency_id._marketplace_minor(
                    currency._convert(buckets["due"], company.currency_id, company, day)
                )
        indebted = vendors.browse(debts)
        details = ", ".join(
            f"{vendor.display_name} {' '.join(debts[vendor.id])}"
            for vendor in indebted[:CHECK_NAMES]
        )
        amount = company.currency_id._marketplace_amount(total)
        return self._found(indebted, amount=amount, details=details)
