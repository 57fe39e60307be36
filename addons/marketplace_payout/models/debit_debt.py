"""The debts of vendors as direct debits see them: which, how much, under what."""

from hashlib import sha256

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_debit import LIVE_STATES
from ..engine import direct_debit
from .res_users import GROUPS_PAYOUT


class MarketplaceDebt(models.Model):
    _inherit = "marketplace.debt"

    debit_ids = fields.One2many(
        "marketplace.debit",
        "debt_id",
        string="Direct Debits",
        readonly=True,
        groups=GROUPS_PAYOUT,
    )
    debit_count = fields.Integer(compute="_compute_debit_count", groups=GROUPS_PAYOUT)

    @api.depends("debit_ids")
    def _compute_debit_count(self):
        for case in self:
            case.debit_count = len(case.debit_ids)

    def action_collect(self):
        """Prepare direct debits of what these vendors owe, for another to approve."""
        cases = self._as_accountant()
        cases._check_open()
        Run = self.env["marketplace.debit.run"].sudo()
        runs = Run.browse()
        for company, own in cases.grouped("company_id").items():
            runs |= Run.with_company(company)._prepare(own)
        return runs.with_env(self.env)._get_records_action(
            name=self.env._("Direct Debit Runs")
        )

    def action_view_debits(self):
        """Open the direct debits of the debt."""
        self.ensure_one()
        return self.debit_ids._get_records_action(name=self.env._("Direct Debits"))

    def _debit_mandates(self):
        """Return ({debt: mandate to collect under}, why not, in words, for others)."""
        found = self.env["marketplace.debit.mandate"].search(
            [
                ("company_id", "in", self.company_id.ids),
                ("vendor_id", "in", self.vendor_id.ids),
                ("state", "=", "active"),
            ]
        )
        by_vendor = found.grouped(lambda one: (one.company_id, one.vendor_id))
        mandates, problems = {}, []
        for case in self:
            own = by_vendor.get((case.company_id, case.vendor_id), found.browse())
            usable = own.filtered(lambda one: not one._problem())
            paid_to = case.vendor_id.payout_bank_account_id
            usable = usable.sorted(lambda one, a=paid_to: one.partner_bank_id != a)[:1]
            if problem := case._debit_problem(own, usable):
                problems.append(
                    f"{case.name}, {case.vendor_id.display_name}: {problem}"
                )
            else:
                mandates[case] = usable
        return mandates, problems

    def _debit_problem(self, mandates, usable):
        """Return in words why a debt cannot be collected by direct debit, or False."""
        self.ensure_one()
        if self.kind != "debt" or self.state != "open":
            return self.env._("nothing is owed to us")
        if self.currency_id.name != "EUR":
            return self.env._("direct debits are in euro")
        if any(debit.state in LIVE_STATES for debit in self.debit_ids):
            return self.env._("a direct debit of it is on its way")
        if not usable:
            return mandates[:1]._problem() if mandates else self.env._("no mandate")
        return False

    def _debit_figures(self, mandate):
        """Return what a debit of the debt says: amount, account, sequence.

        The amount is what the account owes in all: credits are set off first.
        """
        self.ensure_one()
        iban = mandate.partner_bank_id.sanitized_acc_number
        return {
            "amount": self.amount_open,
            "account_digest": sha256(iban.encode()).hexdigest(),
            "sequence_type": direct_debit.sequence_type(bool(mandate._used_debits())),
        }

    def _request_write_off(self, reason):
        """Refuse to write off what a direct debit is collecting."""
        live = self.debit_ids.filtered(lambda debit: debit.state in LIVE_STATES)
        if live:
            raise MarketplaceError(
                self.env._(
                    "%(debits)s collects it: wait for the bank, or cancel the run.",
                    debits=", ".join(live.mapped("end_to_end_id")),
                )
            )
        return super()._request_write_off(reason)
