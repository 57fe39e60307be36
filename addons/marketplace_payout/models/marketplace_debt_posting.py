"""What changes a debt: payments, impairment, write-off; each a fact of the ledger."""

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

from ..engine import debt


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("debt_payment", "Debt paid by the vendor"),
            ("impairment", "Vendor debt impaired"),
            ("impairment_back", "Impairment reversed"),
            ("write_off", "Vendor debt written off"),
            ("unclaimed", "Vendor credit never claimed"),
        ],
        ondelete={
            "debt_payment": keep_facts,
            "impairment": keep_facts,
            "impairment_back": keep_facts,
            "write_off": keep_facts,
            "unclaimed": keep_facts,
        },
    )

    @api.model
    def _journal_field_by_event(self):
        correction = "marketplace_journal_correction_id"
        return {
            **super()._journal_field_by_event(),
            "debt_payment": correction,
            "impairment": correction,
            "impairment_back": correction,
            "write_off": correction,
            "unclaimed": correction,
        }


class MarketplaceDebt(models.Model):
    _inherit = "marketplace.debt"

    def _record_event(self, event, key, roles, minor, date):
        """Record one fact about the case; the same key again changes nothing.

        :param roles: (debit role, credit role).
        """
        self.ensure_one()
        source_key = f"debt:{self.id}:{key}"
        return self.env["marketplace.ledger.line"]._record(
            [
                {
                    "company_id": self.company_id.id,
                    "vendor_id": self.vendor_id.id,
                    "event": event,
                    "event_key": source_key,
                    "source_key": source_key,
                    "role_debit": roles[0],
                    "role_credit": roles[1],
                    "amount": self.currency_id._marketplace_amount(minor),
                    "currency_id": self.currency_id.id,
                    "date_event": date,
                    "date_available": date,
                }
            ]
        )

    def _account_to_pay(self):
        """Return the operator's account in which payments are booked, or none."""
        self.ensure_one()
        # sudo: the operator's own account number, for the document of the claim
        company = self.company_id.sudo()
        journal = company.env["account.journal"].search(
            [
                ("company_id", "=", company.id),
                ("type", "=", "bank"),
                ("default_account_id", "=", company._marketplace_account("BANK").id),
                ("bank_account_id", "!=", False),
            ],
            limit=1,
        )
        return journal.bank_account_id

    @api.private
    def _record_payment(self, amount, date, reference):
        """Record what the vendor paid back into our bank.

        :param reference: of the bank; the same one again is refused.
        :raises MarketplaceError: for more than is open, or a known reference.
        """
        self.ensure_one()
        self._check_open()
        to_minor = self.currency_id._marketplace_minor
        minor = to_minor(amount)
        if self.kind != "debt" or not 0 < minor <= to_minor(self.amount_open):
            raise MarketplaceError(
                self.env._(
                    "%(debt)s: a payment is more than zero and at most what is open.",
                    debt=self.name,
                )
            )
        lines = self._record_event(
            "debt_payment", f"payment:{reference}", ("BANK", "VENDOR_DUE"), minor, date
        )
        if not lines:
            raise MarketplaceError(
                self.env._(
                    "The payment %(reference)s is recorded on %(debt)s already.",
                    reference=reference,
                    debt=self.name,
                )
            )
        self._refresh()
        return lines

    @api.private
    def _plan_instalments(self, first, parts):
        """Replace the plan: what is open, in equal monthly parts."""
        self.ensure_one()
        self._check_open()
        if not 1 <= parts <= 60:
            raise MarketplaceError(self.env._("A plan has 1 to 60 instalments."))
        to_minor = self.currency_id._marketplace_minor
        self.instalment_ids.unlink()
        self.env["marketplace.debt.instalment"].create(
            [
                {
                    "debt_id": self.id,
                    "date": day,
                    "amount": self.currency_id._marketplace_amount(minor),
                }
                for day, minor in debt.instalments(
                    to_minor(self.amount_open), first, parts
                )
            ]
        )
        self.message_post(
            body=self.env._(
                "Plan of %(parts)s instalments from %(first)s.",
                parts=parts,
                first=first,
            )
        )

    @api.private
    def _set_impairment(self, minor, date):
        """Post the difference to what is expected to be lost, in minor units."""
        for case in self:
            to_minor = case.currency_id._marketplace_minor
            change = minor - to_minor(case.amount_impaired)
            if not change:
                continue
            case.lock_for_update(allow_referencing=True)
            number = self.env["marketplace.ledger.line"].search_count(
                [
                    ("company_id", "=", case.company_id.id),
                    ("source_key", "=like", f"debt:{case.id}:impairment:%"),
                ]
            )
            event, roles = "impairment", ("IMPAIRMENT_COST", "IMPAIRMENT")
            if change < 0:
                event, roles = "impairment_back", ("IMPAIRMENT", "IMPAIRMENT_BACK")
            key = f"impairment:{number + 1}"
            case._record_event(event, key, roles, abs(change), date)
            case.amount_impaired = case.currency_id._marketplace_amount(minor)

    @api.private
    def _impair(self, amount, date):
        """Set what of a debt is expected to be lost.

        :raises MarketplaceError: for more than is open.
        """
        self.ensure_one()
        self._check_open()
        to_minor = self.currency_id._marketplace_minor
        minor = to_minor(amount)
        if self.kind != "debt" or not 0 <= minor <= to_minor(self.amount_open):
            raise MarketplaceError(
                self.env._(
                    "%(debt)s: what is impaired lies between zero and what is open.",
                    debt=self.name,
                )
            )
        self._set_impairment(minor, date)

    # -- write-off ------------------------------------------------------------------

    @api.private
    def _request_write_off(self, reason):
        """Ask a second accountant to write off what is open."""
        self._check_open()
        if not (reason or "").strip():
            raise MarketplaceError(self.env._("Say why it is written off."))
        self._refresh()
        return self.filtered(lambda case: case.state == "open")._transition(
            "requested",
            {"write_off_reason": reason, "requested_by_id": self.env.uid},
        )

    def action_refuse_write_off(self):
        """Send the case back: it stays open."""
        self._as_accountant()._transition(
            "open", {"write_off_reason": False, "requested_by_id": False}
        )
        return True

    def action_approve_write_off(self):
        """Write off what is open, as a second person; the balance becomes zero.

        Debt: a loss. Credit never claimed: an income.
        """
        for case in self._as_accountant():
            if case.requested_by_id == self.env.user:
                raise MarketplaceError(
                    self.env._(
                        "You asked for the write-off of %(debt)s yourself: somebody "
                        "else must approve it.",
                        debt=case.name,
                    )
                )
            if case.state == "requested":
                case._refresh()
            if case.state != "requested":
                continue
            today = case.company_id._marketplace_today()
            minor = case.currency_id._marketplace_minor(case.amount_open)
            case._transition(
                "written_off", {"approved_by_id": self.env.uid, "date_closed": today}
            )
            if case.kind == "debt":
                roles, event = ("BAD_DEBT", "VENDOR_DUE"), "write_off"
            else:
                roles, event = ("VENDOR_DUE", "UNCLAIMED_INCOME"), "unclaimed"
            case._record_event(event, "write_off", roles, minor, today)
            case._set_impairment(0, today)
        return True
