"""Hold a payout run against the one before, a second signature, the money at hand."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_control import DIFFERENCE_KINDS, PAID_STATES
from ..engine.run_difference import Paid, compare
from .marketplace_close import ACCOUNTANT
from .res_users import APPROVER, PREPARER


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    difference_count = fields.Integer(
        string="Differences",
        compute="_compute_differences",
        help="Compared with the run before.",
    )
    difference_html = fields.Html(
        string="Compared With the Run Before",
        compute="_compute_differences",
        # Made here, every value escaped.
        sanitize=False,
    )
    needs_countersign = fields.Boolean(compute="_compute_needs_countersign")
    countersigned_by_id = fields.Many2one(
        "res.users",
        string="Countersigned by",
        readonly=True,
        copy=False,
        tracking=True,
        help="Accountant who signed a run above the amount of the settings.",
    )
    amount_available = fields.Monetary(
        string="Money at Hand",
        compute="_compute_client_money",
        help="On the accounts that hold vendors' money on the date of the run, less "
        "what is on its way or approved already.",
    )
    amount_shortfall = fields.Monetary(
        string="Missing", compute="_compute_client_money"
    )

    _six_eyes = models.Constraint(
        "CHECK (countersigned_by_id <> prepared_by_id"
        " AND countersigned_by_id <> approved_by_id)",
        "A payout run is countersigned by a third person.",
    )

    # -- comparison -----------------------------------------------------------------

    @api.depends("payout_ids.state", "payout_ids.amount")
    def _compute_differences(self):
        for run in self:
            # sudo: names accounts by their last digits only
            found = run.sudo()._differences(run.sudo()._payees())
            run.difference_count = len(found)
            run.difference_html = run._difference_table(found)

    def _payees(self):
        """Return {vendor: what the run pays him, and where}, excluded ones left out."""
        minor = self.currency_id._marketplace_minor
        return {
            vendor: Paid(
                sum(minor(payout.amount) for payout in payouts),
                payouts[-1:].iban or "",
            )
            for vendor, payouts in self.payout_ids._paid()
            .filtered(lambda payout: payout.state != "cancelled")
            .sorted("id")
            .grouped("vendor_id")
            .items()
        }

    def _differences(self, payees):
        """Return what differs from the run before and from each vendor's last payout.

        :param payees: {vendor: Paid} of this run, which may exist nowhere yet.
        """
        Payout = self.env["marketplace.payout"]
        domain = Domain("company_id", "=", self.company_id.id)
        domain &= Domain("currency_id", "=", self.currency_id.id)
        domain &= Domain("state", "in", PAID_STATES)
        if self.ids:
            domain &= Domain("run_id", "<", self.id)
        previous = Payout.search(domain, order="id desc", limit=1).run_id
        paid_before = previous._payees() if previous else {}
        vendors = self.env["res.partner"].union(*payees)
        latest = Payout.browse(
            payout_id
            for _vendor, payout_id in Payout._read_group(
                domain & Domain("vendor_id", "in", vendors.ids),
                ["vendor_id"],
                ["id:max"],
            )
        )
        minor = self.currency_id._marketplace_minor
        last = {
            payout.vendor_id: Paid(minor(payout.amount), payout.iban or "")
            for payout in latest
        }
        found = compare(
            payees,
            paid_before,
            last,
            self.company_id.marketplace_difference_factor,
        )
        order = [kind for kind, _label in DIFFERENCE_KINDS]
        return sorted(found, key=lambda item: (order.index(item.kind), item.payee.name))

    def _difference_table(self, found):
        """Return differences as a table; accounts by their last digits."""
        if not found:
            return Markup("<p>%s</p>") % self.env._("Nothing stands out.")
        labels = {
            "account": self.env._("Other account than last time"),
            "first": self.env._("Never paid before"),
            "amount": self.env._("Much more than last time"),
            "back": self.env._("Not in the last run"),
            "gone": self.env._("No longer paid"),
        }
        heads = (
            self.env._("Vendor"),
            self.env._("What"),
            self.env._("Before"),
            self.env._("Now"),
        )
        row = Markup("<tr>%s</tr>")
        cell = Markup("<td>%s</td>")
        rows = [
            row
            % Markup().join(
                cell % value
                for value in (
                    item.payee.display_name,
                    labels[item.kind],
                    self._paid_words(item.before),
                    self._paid_words(item.now),
                )
            )
            for item in found
        ]
        return Markup("<table class='table table-sm'>%s%s</table>") % (
            row % Markup().join(Markup("<th>%s</th>") % head for head in heads),
            Markup().join(rows),
        )

    def _paid_words(self, paid):
        if not paid:
            return ""
        amount = self.currency_id._marketplace_amount(paid.amount)
        return f"{self.currency_id.format(amount)} · •••• {paid.account[-4:]}"

    # -- dry run --------------------------------------------------------------------

    @api.model
    @api.private
    def _dry_run(self, date, company, journal=None, vendors=None):
        """Return what a run would be; nothing is written, no number is used.

        :return: dict(count, excluded, total, html), ``total`` in euro.
        """
        scoped = self.sudo().with_company(company)
        run = scoped.new(
            {
                "company_id": company.id,
                "currency_id": self.env.ref("base.EUR").id,
                "journal_id": journal and journal.id,
                "date": date,
            }
        )
        facts = run._current_facts(run._settlements_to_list(vendors))
        minor = run.currency_id._marketplace_minor
        payees, excluded = {}, 0
        for settlement, (reason, account) in facts.items():
            if reason:
                excluded += 1
                continue
            before = payees.get(settlement.vendor_id, Paid(0, ""))
            payees[settlement.vendor_id] = Paid(
                before.amount + minor(settlement.amount_payout),
                account.sanitized_acc_number or "",
            )
        return {
            "count": len(facts) - excluded,
            "excluded": excluded,
            "total": run.currency_id._marketplace_amount(
                sum(paid.amount for paid in payees.values())
            ),
            "html": run._difference_table(run._differences(payees)),
        }

    # -- second signature -----------------------------------------------------------

    @api.depends("amount_total", "company_id.marketplace_second_approval_amount")
    def _compute_needs_countersign(self):
        for run in self:
            company = run.company_id.sudo()
            limit = company.marketplace_second_approval_amount
            total = run.currency_id._convert(
                run.amount_total, company.currency_id, company, run.date
            )
            run.needs_countersign = (
                limit and company.currency_id.compare_amounts(total, limit) > 0
            )

    def action_countersign(self):
        """Sign a run above the amount of the settings, as a third person."""
        run = self._check_role(ACCOUNTANT)
        if run.state != "checked":
            raise MarketplaceError(
                self.env._(
                    "%(run)s is not checked: there is nothing to sign.", run=run.name
                )
            )
        if run.prepared_by_id == self.env.user:
            raise MarketplaceError(
                self.env._(
                    "You checked %(run)s yourself: somebody else must sign it.",
                    run=run.name,
                )
            )
        if run._has_changed():
            return run._void_approval()
        run.countersigned_by_id = self.env.user
        return True

    def action_approve(self):
        run = self._check_role(APPROVER)
        if run.state == "checked" and not run._has_changed():
            if run.countersigned_by_id == self.env.user:
                raise MarketplaceError(
                    self.env._(
                        "You countersigned %(run)s: somebody else must approve it.",
                        run=run.name,
                    )
                )
            run._check_countersigned()
            run._check_client_money()
        return super().action_approve()

    def action_send(self):
        run = self._check_role(PREPARER, APPROVER)
        if run.state == "approved" and not run._has_changed():
            run._check_countersigned()
            run._check_client_money()
        return super().action_send()

    def _check_countersigned(self):
        if self.needs_countersign and not self.countersigned_by_id:
            raise MarketplaceError(
                self.env._(
                    "%(run)s is above %(limit)s: a marketplace accountant must "
                    "countersign it first.",
                    run=self.name,
                    limit=self.company_id.currency_id.format(
                        self.company_id.marketplace_second_approval_amount
                    ),
                )
            )

    def _reset(self):
        result = super()._reset()
        self.countersigned_by_id = False
        return result

    # -- money at hand --------------------------------------------------------------

    @api.depends("amount_total", "date", "state")
    def _compute_client_money(self):
        for run in self:
            currency = run.currency_id
            position = run.company_id._marketplace_client_money(run.date, currency, run)
            left = position["available"]
            if run.state not in ("sent", "confirmed", "cancelled"):
                left -= currency._marketplace_minor(run.amount_total)
            run.amount_available = currency._marketplace_amount(position["available"])
            run.amount_shortfall = currency._marketplace_amount(max(-left, 0))

    def _check_client_money(self):
        """Refuse, or point out, a run of more than the money at hand.

        :raises MarketplaceError: when the company refuses such runs.
        """
        control = self.company_id.marketplace_client_money_control
        self.invalidate_recordset(["amount_available", "amount_shortfall"])
        if control == "none" or self.currency_id.is_zero(self.amount_shortfall):
            return
        money = self.currency_id.format
        message = self.env._(
            "%(run)s pays %(total)s, and %(available)s are at hand on %(date)s: "
            "%(missing)s are missing.",
            run=self.name,
            total=money(self.amount_total),
            available=money(self.amount_available),
            date=self.date,
            missing=money(self.amount_shortfall),
        )
        if control == "block":
            raise MarketplaceError(message)
        self.message_post(body=message)
