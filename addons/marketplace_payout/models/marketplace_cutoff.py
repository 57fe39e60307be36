"""Accrue commission at the end of a month, and take the accrual back the next day."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

ACCRUAL_EVENTS = ("accrual", "accrual_reversal")
# Role credited by an accrual -> its part: net of VAT, or VAT.
ACCRUAL_ROLES = {"COMMISSION": "net", "VAT_ACCRUED": "tax"}


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("accrual", "Commission accrued"),
            ("accrual_reversal", "Accrued commission taken back"),
        ],
        ondelete={"accrual": keep_facts, "accrual_reversal": keep_facts},
    )

    @api.model
    def _journal_field_by_event(self):
        journal = "marketplace_journal_settlement_id"
        return {
            **super()._journal_field_by_event(),
            **dict.fromkeys(ACCRUAL_EVENTS, journal),
        }

    @api.model
    def _entry_key(self, line, journal, date):
        """Make one entry of a cut-off run, with a line per vendor, in either mode."""
        if line.event in ACCRUAL_EVENTS:
            return journal.id, date, line.event_key
        return super()._entry_key(line, journal, date)


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    @api.model
    @api.private
    def _earned_not_invoiced(self, company, day):
        """Return the commission earned by the end of a day and invoiced later, or not.

        Unlike what waits for an invoice now, this stays the same when the invoice of
        the next month is made before the month is closed.
        """
        later = Domain("move_id.invoice_date", ">", day)
        domain = Domain("company_id", "=", company.id) & Domain("date", "<=", day)
        domain &= Domain("move_line_id", "=", False) | later
        # sudo: figures of the books do not depend on who closes them.
        lines = self.sudo().search(domain, order="id")
        settled = lines._settled_sale_lines(day)
        return lines.filtered(lambda line: line.sale_line_id.id in settled)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _marketplace_accrual_target(self, day):
        """Return the commission to show as earned on a day and not invoiced by then.

        VAT is computed as the invoice will: on the total of a vendor.

        :return: {(vendor, part): minor units of the company currency}, ``part`` being
            ``net`` or ``tax``; negative when more is given back than charged.
        """
        self.ensure_one()
        lines = self.env["marketplace.commission.line"]._earned_not_invoiced(self, day)
        positions = self._marketplace_fiscal_positions(lines.vendor_id)
        taxes = {
            position: self._marketplace_commission_taxes(position)
            for position in set(positions.values())
        }
        target = defaultdict(int)
        minor = self.currency_id._marketplace_minor
        for (vendor, currency), own in lines.grouped(
            lambda line: (line.vendor_id, line.currency_id)
        ).items():
            net = currency._marketplace_amount(
                sum(currency._marketplace_minor(line.amount) for line in own)
            )
            computed = taxes[positions[vendor]].compute_all(net, currency=currency)
            gross = computed["total_included"]
            for part, amount in (("net", net), ("tax", gross - net)):
                target[vendor, part] += minor(
                    currency._convert(
                        currency.round(amount), self.currency_id, self, day
                    )
                )
        return target

    def _marketplace_accrual_gaps(self, day):
        """Return what a cut-off run of a day would still post; empty when it is done.

        :return: {(vendor, part): minor units of the company currency}, none is zero.
        """
        gaps = self._marketplace_accrual_target(day)
        # sudo: figures of the books do not depend on who closes them.
        Ledger = self.env["marketplace.ledger.line"].sudo()
        domain = Domain("company_id", "=", self.id) & Domain("date_event", "=", day)
        domain &= Domain("event", "=", "accrual")
        for side, sign in (("role_credit", 1), ("role_debit", -1)):
            for vendor, role, amount in Ledger._read_group(
                domain & Domain(side, "in", list(ACCRUAL_ROLES)),
                ["vendor_id", side],
                ["amount:sum"],
            ):
                done = sign * self.currency_id._marketplace_minor(amount)
                gaps[vendor, ACCRUAL_ROLES[role]] -= done
        return {key: minor for key, minor in gaps.items() if minor}

    def _marketplace_accrue(self, day):
        """Accrue what is earned on a day and not invoiced; reverse it the next day.

        A second run posts the difference only. Two runs at once cannot both post: they
        take the same keys of the ledger.

        :return: the new ledger lines, reversals included.
        :raises MarketplaceError: when the day lies in a locked period.
        """
        self.ensure_one()
        roles = {part: role for role, part in ACCRUAL_ROLES.items()}
        return self._marketplace_post_cutoff(
            "accrual",
            day,
            {
                f"{vendor.id}:{part}": {
                    "vendor_id": vendor.id,
                    **self._marketplace_sides("ACCRUED_INCOME", roles[part], minor),
                    "amount": self.currency_id._marketplace_amount(abs(minor)),
                }
                for (vendor, part), minor in self._marketplace_accrual_gaps(day).items()
            },
        )

    def _marketplace_post_cutoff(self, event, day, movements):
        """Post the cut-off movements of a day, and their reversal on the next.

        :param event: ``accrual`` and so on; its reversal is ``accrual_reversal``.
        :param movements: {who and what: values of a ledger line}; none posts nothing.
        :return: the new ledger lines, reversals included.
        :raises MarketplaceError: when the day lies in a locked period.
        """
        # sudo: callers check who may close; the ledger writes its lines itself.
        Ledger = self.env["marketplace.ledger.line"].sudo()
        if not movements:
            return Ledger
        if self._marketplace_open_date(day) != day:
            raise MarketplaceError(
                self.env._(
                    "%(date)s lies in a locked period of %(company)s: reopen it before "
                    "posting its cut-off entries.",
                    date=day,
                    company=self.display_name,
                )
            )
        domain = Domain("company_id", "=", self.id) & Domain("date_event", "=", day)
        runs = Ledger._read_group(domain & Domain("event", "=", event), ["event_key"])
        key = f"{event}:{day}:{len(runs) + 1}"
        common = {"company_id": self.id, "currency_id": self.currency_id.id}
        lines = Ledger._record(
            [
                {
                    **common,
                    **values,
                    "event": event,
                    "event_key": key,
                    "source_key": f"{key}:{tail}",
                    "date_event": day,
                }
                for tail, values in movements.items()
            ],
            post=False,
        )
        reversal = f"{event}_reversal"
        reversals = [
            {
                **common,
                "vendor_id": line.vendor_id.id,
                "counterparty_id": line.counterparty_id.id,
                "event": reversal,
                "event_key": line.event_key.replace(event, reversal, 1),
                "source_key": line.source_key.replace(event, reversal, 1),
                "role_debit": line.role_credit,
                "role_credit": line.role_debit,
                "amount": line.amount,
                "date_event": fields.Date.add(day, days=1),
                "reversed_line_id": line.id,
            }
            for line in lines
        ]
        lines |= Ledger._record(reversals, post=False)
        lines._post()
        return lines

    def _marketplace_sides(self, debit, credit, minor):
        """Return the roles of a movement; a negative amount swaps them."""
        if minor < 0:
            debit, credit = credit, debit
        return {"role_debit": debit, "role_credit": credit}
