"""Accrue at the end of a month the fees that providers tell of in the next one."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.translate import LazyTranslate

from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

from .marketplace_close_check import Check

_lt = LazyTranslate(__name__)

PSP_ACCRUAL_EVENTS = ("psp_accrual", "psp_accrual_reversal")


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("psp_accrual", "Provider's fees accrued"),
            ("psp_accrual_reversal", "Accrued fees taken back"),
        ],
        ondelete=dict.fromkeys(PSP_ACCRUAL_EVENTS, keep_facts),
    )

    @api.model
    def _journal_field_by_event(self):
        journal = "marketplace_journal_settlement_id"
        return {
            **super()._journal_field_by_event(),
            **dict.fromkeys(PSP_ACCRUAL_EVENTS, journal),
        }

    @api.model
    def _entry_key(self, line, journal, date):
        """Keep the cut-off an entry of its own, in either posting mode."""
        if line.event in PSP_ACCRUAL_EVENTS:
            return journal.id, date, line.event_key
        return super()._entry_key(line, journal, date)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _marketplace_psp_accrual_target(self, day):
        """Return the fees of movements by a day that no report booked by that day.

        As a line of a later report says, else estimated with the rate of the settings
        for payments that no report tells of. Providers whose reports have no lines are
        left out: nobody can say what their fees were for.

        :return: {provider: minor units of the company currency}.
        """
        self.ensure_one()
        # sudo: figures of the books do not depend on who closes them.
        env = self.sudo().env
        target = defaultdict(int)
        for partner, currency, minor in self._marketplace_told_fees(env, day):
            target[partner] += self._marketplace_psp_minor(currency, minor, day)
        for payment in self._marketplace_untold_payments(env, day):
            target[payment.psp_partner_id.commercial_partner_id] += (
                self._marketplace_psp_minor(
                    payment.currency_id, payment._psp_fee_minor(), day
                )
            )
        return target

    def _marketplace_psp_minor(self, currency, minor, day):
        """Return minor units of a currency in those of the company, rate of a day."""
        return self.currency_id._marketplace_minor(
            currency._convert(
                currency._marketplace_amount(minor), self.currency_id, self, day
            )
        )

    def _marketplace_told_fees(self, env, day):
        """Return [(provider, currency, minor)] of lines whose report is later.

        The fee of a chargeback was booked with the claim.
        """
        late = Domain("settlement_id.date", ">", day) | Domain(
            "settlement_id.state", "=", "draft"
        )
        groups = env["marketplace.psp.settlement.line"]._read_group(
            Domain("company_id", "=", self.id)
            & Domain("date", "<=", day)
            & Domain("kind", "not in", ("chargeback", "chargeback_won"))
            & late,
            ["psp_partner_id", "currency_id"],
            ["amount_fee:sum"],
        )
        return [
            (partner.commercial_partner_id, money, money._marketplace_minor(amount))
            for partner, money, amount in groups
        ]

    def _marketplace_untold_payments(self, env, day):
        """Return payments captured by a day that no line of a report tells of."""
        Line, Payment = (
            env["marketplace.psp.settlement.line"],
            env["marketplace.payment"],
        )
        Line.flush_model()
        Payment.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id
                  FROM marketplace_payment payment
                  JOIN res_partner partner ON partner.id = payment.psp_partner_id
                 WHERE payment.company_id = %(company)s
                   AND payment.state = 'captured' AND payment.kind = 'psp'
                   AND payment.date < %(end)s
                   AND EXISTS (
                       SELECT FROM marketplace_psp_settlement_line line
                         JOIN res_partner teller ON teller.id = line.psp_partner_id
                        WHERE line.company_id = payment.company_id
                          AND teller.commercial_partner_id
                            = partner.commercial_partner_id)
                   AND NOT EXISTS (
                       SELECT FROM marketplace_psp_settlement_line line
                        WHERE line.company_id = payment.company_id
                          AND line.target_key = 'capture:' || payment.id)
              ORDER BY payment.id
                """,
                company=self.id,
                end=self._marketplace_period(day, day)[1],
            )
        )
        return Payment.browse(row[0] for row in rows)

    def _marketplace_psp_accrual_gaps(self, day):
        """Return what a cut-off of a day would still post: {provider: minor units}."""
        gaps = self._marketplace_psp_accrual_target(day)
        # sudo: figures of the books do not depend on who closes them.
        Ledger = self.env["marketplace.ledger.line"].sudo()
        domain = Domain("company_id", "=", self.id) & Domain("date_event", "=", day)
        domain &= Domain("event", "=", "psp_accrual")
        for side, sign in (("role_credit", 1), ("role_debit", -1)):
            for partner, amount in Ledger._read_group(
                domain & Domain(side, "=", "ACCRUED_PSP"),
                ["counterparty_id"],
                ["amount:sum"],
            ):
                gaps[partner] -= sign * self.currency_id._marketplace_minor(amount)
        return {partner: minor for partner, minor in gaps.items() if minor}

    def _marketplace_accrue(self, day):
        """Accrue the fees of providers as well, and reverse them the next day."""
        return super()._marketplace_accrue(day) | self._marketplace_accrue_psp(day)

    def _marketplace_accrue_psp(self, day):
        """Post the cut-off of providers' fees; a second run posts the difference only.

        :raises MarketplaceError: when the day lies in a locked period.
        """
        return self._marketplace_post_cutoff(
            "psp_accrual",
            day,
            {
                str(partner.id): {
                    "counterparty_id": partner.id,
                    **self._marketplace_sides("PSP_FEES", "ACCRUED_PSP", minor),
                    "amount": self.currency_id._marketplace_amount(abs(minor)),
                }
                for partner, minor in self._marketplace_psp_accrual_gaps(day).items()
            },
        )


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    @api.model
    def _close_checks(self):
        checks = {}
        for code, check in super()._close_checks().items():
            checks[code] = check
            if code == "accrual":
                checks["psp_accrual"] = Check(
                    _lt("Provider's fees accrued"), "_find_psp_accrual", True
                )
        return checks

    def _find_psp_accrual(self):
        """Find providers whose fees of the month are neither booked nor accrued."""
        gaps = self.company_id._marketplace_psp_accrual_gaps(self.date_end)
        providers = self.env["res.partner"].union(*gaps)
        amount = self.currency_id._marketplace_amount(sum(gaps.values()))
        details = ""
        if gaps:
            details = self.env._(
                "Post the cut-off entries: %(providers)s.",
                providers=", ".join(providers.mapped("display_name")),
            )
        return self._found(providers, amount=amount, details=details)
