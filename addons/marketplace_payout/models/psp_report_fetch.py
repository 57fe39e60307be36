"""Fetch what a provider settled by its interface, instead of a file."""

import logging

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import mute_logger

from odoo.addons.marketplace_base.engine.psp_report import read_kinds, rows_of
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.psp import UnknownError
from ..engine.psp_fetch import IncompleteError, check_complete

_logger = logging.getLogger(__name__)

# Days before the last settlement that are asked for again: arrivals told late.
OVERLAP_DAYS = 7
# Problems of one fetch that are told; the rest is counted.
PROBLEMS_SHOWN = 20


class MarketplacePayoutProvider(models.Model):
    _inherit = "marketplace.payout.provider"

    fetches_reports = fields.Boolean(
        help="Every night, fetch which payments, refunds, chargebacks and fees each "
        "payout to our own bank consists of. The file of the same payout is then not "
        "needed, and does no harm.",
    )
    psp_partner_id = fields.Many2one(
        "res.partner",
        string="Payment Service Provider",
        default=lambda self: self.env.company.marketplace_psp_partner_id,
        help="Whose settlements these are: the provider named on the payments.",
    )
    report_format_id = fields.Many2one(
        "marketplace.psp.report.format",
        string="Meaning of Types",
        default=lambda self: self.env.ref(
            "marketplace_base.psp_report_format_stripe", raise_if_not_found=False
        ),
        help="The format of the provider's file: it says what each type means.",
    )
    report_date_from = fields.Date(
        string="Settlements Since",
        help="Payouts that reached our bank before that day are not fetched.",
    )
    report_date_done = fields.Date(
        string="Fetched up to",
        readonly=True,
        copy=False,
        help="Day of the last payout up to which nothing is missing.",
    )
    report_moment = fields.Datetime(string="Last Fetch", readonly=True, copy=False)
    report_problem = fields.Text(string="Not Fetched", readonly=True, copy=False)

    @api.constrains(
        "fetches_reports", "psp_partner_id", "report_format_id", "report_date_from"
    )
    def _check_fetches_reports(self):
        for account in self.filtered("fetches_reports"):
            wanted = ("psp_partner_id", "report_format_id", "report_date_from")
            missing = [name for name in wanted if not account[name]]
            if missing:
                described = account.fields_get(missing, ["string"])
                raise MarketplaceError(
                    self.env._(
                        "%(account)s: to fetch reports, enter %(fields)s.",
                        account=account.name,
                        fields=", ".join(described[name]["string"] for name in missing),
                    )
                )

    # -- whose doing ------------------------------------------------------------------

    def action_fetch_reports(self):
        """Fetch now what settled since the last time, and show it."""
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(self.env._("Only accountants fetch reports."))
        self.check_access("read")
        taken = self.env["marketplace.psp.settlement"]
        for account in self:
            taken |= account._fetch_reports()
        problems = "\n".join(filter(None, self.mapped("report_problem")))
        if taken and not problems:
            return taken._get_records_action(name=self.env._("PSP Settlements"))
        message = self.env._("%(count)s settlements fetched.", count=len(taken))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if problems else "info",
                "sticky": bool(problems),
                "title": message,
                "message": problems or self.env._("Nothing else is new."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_fetch_reports(self):
        """Fetch the reports of every account that wants it; commit each settlement."""
        cron = self.env["ir.cron"]
        accounts = self.search([("fetches_reports", "=", True)])
        cron._commit_progress(remaining=len(accounts))
        for account in accounts:
            account._fetch_reports(lambda: cron._commit_progress(0))
            if not cron._commit_progress(1):
                return

    # -- fetching ---------------------------------------------------------------------

    def _fetch_reports(self, go_on=lambda: True):
        """Take the settlements that are new, oldest first; tell what is in the way.

        A settlement is taken whole or not at all. What the provider does not tell now
        is asked for again by the next fetch: the day up to which all is known moves
        over no gap.

        :param go_on: called after each settlement; False stops.
        :return: the new settlements.
        """
        self.ensure_one()
        # sudo: an accountant reads the account; what the provider says is not his word
        account = self.sudo()
        taken = self.env["marketplace.psp.settlement"]
        if not account.try_lock_for_update(allow_referencing=True):
            return taken  # another fetch is at it
        problems = []
        try:
            adapter = account._adapter()
            payouts = adapter.bank_payouts(account._report_since())
        except (UnknownError, MarketplaceError) as error:
            account._tell_fetch([str(error)])
            return taken
        complete = self._complete_settlements(payouts)
        for payout in payouts:
            if payout.identifier not in complete:
                try:
                    taken |= self._take_payout(adapter, payout)
                except UnknownError as error:
                    # The next one would fare no better: from here the next time.
                    problems.append(f"{payout.identifier}: {error}")
                    break
                except MarketplaceError as error:
                    problems.append(str(error))
                    continue
            if not problems and payout.date > (
                account.report_date_done or payout.date.min
            ):
                account.report_date_done = payout.date
            if not go_on():
                break
        account._tell_fetch(problems)
        return taken

    def _report_since(self):
        """Return the first day to ask for: with an overlap, for arrivals told late."""
        self.ensure_one()
        if not self.report_date_done:
            return self.report_date_from
        overlap = fields.Date.subtract(self.report_date_done, days=OVERLAP_DAYS)
        return max(overlap, self.report_date_from)

    def _complete_settlements(self, payouts):
        """Return the references of payouts that need not be asked for again.

        Posted, or in our books with all of their amount: in lines, where the provider
        tells them.
        """
        told = {payout.identifier: payout for payout in payouts}
        known = self.env["marketplace.psp.settlement"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("psp_partner_id", "=", self.sudo().psp_partner_id.id)
            & Domain("reference", "in", list(told))
        )
        return {
            one.reference
            for one in known
            if one.state == "posted"
            or (one.line_count or not told[one.reference].is_itemized)
            and one.currency_id._marketplace_minor(one.amount_net)
            == told[one.reference].amount
        }

    def _take_payout(self, adapter, payout):
        """Record one settlement with all its lines, as the import of its file does.

        :raises UnknownError: when the provider does not tell all of it.
        :raises MarketplaceError: when it cannot be taken as it is, saying why.
        """
        if not payout.is_itemized:
            raise MarketplaceError(
                self.env._(
                    "%(payout)s was ordered by hand at the provider, who does not tell "
                    "what it consists of. Record it as a settlement without lines.",
                    payout=payout.identifier,
                )
            )
        account = self.sudo()
        currencies = self.env["res.currency"].search([("active", "=", True)])
        movements = adapter.movements(payout)
        self._check_complete(payout, movements)
        rows, problems = rows_of(
            movements,
            payout.identifier,
            payout.date,
            read_kinds(account.report_format_id.kinds),
            currencies.mapped("name"),
        )
        importer = (
            self.env["marketplace.psp.report.import"]
            .with_company(self.company_id)
            .new(
                {
                    "company_id": self.company_id.id,
                    "psp_partner_id": account.psp_partner_id.id,
                }
            )
        )
        if problems:
            raise MarketplaceError(
                f"{payout.identifier}: "
                + " ".join(importer._problem_text(one) for one in problems)
            )
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                lines, _known, refused = importer._take_rows(rows)
                if refused:
                    raise MarketplaceError("\n".join(refused))
        except UniqueViolation:
            return self.env["marketplace.psp.settlement"]  # taken at the same time
        return lines.settlement_id

    def _check_complete(self, payout, movements):
        """Refuse movements that are not all of a payout: they would be booked short."""
        try:
            check_complete(payout, movements)
        except IncompleteError as error:
            currency = self.env["res.currency"].search([("name", "=", payout.currency)])
            if not currency:
                raise MarketplaceError(
                    self.env._(
                        "%(payout)s: activate the currency %(currency)s first.",
                        payout=payout.identifier,
                        currency=payout.currency,
                    )
                ) from error
            raise MarketplaceError(
                self.env._(
                    "%(payout)s: its movements make %(total)s, the payout is "
                    "%(amount)s. It is asked for again by the next fetch.",
                    payout=payout.identifier,
                    total=currency.format(currency._marketplace_amount(error.total)),
                    amount=currency.format(currency._marketplace_amount(payout.amount)),
                )
            ) from error

    def _tell_fetch(self, problems):
        """Keep what was in the way, and say in the chatter what changed."""
        self.ensure_one()
        hidden = len(problems) - PROBLEMS_SHOWN
        if hidden > 0:
            problems[PROBLEMS_SHOWN:] = [
                self.env._("And %(count)s more.", count=hidden)
            ]
        text = "\n".join(problems) or False
        self.report_moment = fields.Datetime.now()
        if text == self.report_problem:
            return
        self.report_problem = text
        if text:
            _logger.warning("Reports of provider account %s: %s", self.id, text)
            body = self.env._("Reports not fetched: %(problems)s", problems=text)
        else:
            body = self.env._("All reports are fetched again.")
        self.message_post(body=body)
