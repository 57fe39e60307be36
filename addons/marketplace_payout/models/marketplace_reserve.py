"""The vendor's reserve: what is held, since when, and when it is given back."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts

from ..engine import reserve

RESERVE_STATES = [("held", "Held"), ("released", "Released")]
RELEASE_REASONS = [
    ("due", "Release date reached"),
    ("target", "Above the target of the contract"),
    ("closing", "Vendor has left"),
    ("cancelled", "Settlement cancelled"),
    ("debt", "Used for the vendor's debt"),
    ("decision", "Decided by an accountant"),
]
# Reserves released by one transaction of the nightly job.
RELEASE_BATCH = 200


class MarketplaceReserve(models.Model):
    """One part of a reserve: held by a settlement, released on one day.

    The sum of what is held is the balance of the reserve's account.
    """

    _name = "marketplace.reserve"
    _description = "Vendor Reserve"
    _inherit = ["marketplace.state.mixin"]
    _order = "date_release, id"
    _rec_name = "settlement_id"
    _check_company_auto = True
    _state_transitions = {"released": {"held"}}

    settlement_id = fields.Many2one(
        "marketplace.settlement", string="Held by", required=True, readonly=True
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, precompute=True
    )
    vendor_id = fields.Many2one(
        related="settlement_id.vendor_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="settlement_id.currency_id", store=True, precompute=True
    )
    date_held = fields.Date(
        related="settlement_id.date_cutoff", store=True, precompute=True
    )
    kind = fields.Selection(
        [("rolling", "Share of sales"), ("fixed", "Fixed amount")],
        required=True,
        readonly=True,
    )
    amount = fields.Monetary(readonly=True)
    state = fields.Selection(
        RESERVE_STATES, required=True, readonly=True, default="held"
    )
    date_release = fields.Date(
        string="To Release on",
        readonly=True,
        help="Empty while the contract runs: a fixed amount is held until its end.",
    )
    date_released = fields.Date(string="Released on", readonly=True)
    release_reason = fields.Selection(
        RELEASE_REASONS, string="Released Because", readonly=True
    )
    released_by_id = fields.Many2one("res.users", string="Released by", readonly=True)

    _vendor_idx = models.Index("(vendor_id, company_id, state)")
    _settlement_idx = models.Index("(settlement_id)")
    _due_idx = models.Index("(company_id, date_release) WHERE state = 'held'")
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "A reserve is a positive amount."
    )
    _release_known = models.Constraint(
        "CHECK ((state = 'released') = (date_released IS NOT NULL))",
        "A released reserve has its day, a held one has none.",
    )

    # -- holding --------------------------------------------------------------------

    @api.model
    def _held_to_target(self, settlements):
        """Return {(vendor id, currency id): minor units held towards a target}."""
        return {
            (vendor.id, currency.id): currency._marketplace_minor(amount)
            for vendor, currency, amount in self._read_group(
                [
                    ("company_id", "=", settlements.company_id.id),
                    ("vendor_id", "in", settlements.vendor_id.ids),
                    ("kind", "=", "fixed"),
                    ("state", "=", "held"),
                    ("date_release", "=", False),
                ],
                ["vendor_id", "currency_id"],
                ["amount:sum"],
            )
        }

    @api.model
    def _hold(self, holds, terms):
        """Record what settlements hold back, and when it is released.

        :param holds: {settlement: minor units}.
        :param terms: {vendor id: contract}.
        """
        entries, vals_list = [], []
        first = next(iter(holds), None)
        for settlement, minor in holds.items():
            contract = terms[settlement.vendor_id.id]
            to_amount = settlement.currency_id._marketplace_amount
            entries.append(
                {
                    "company_id": settlement.company_id.id,
                    "vendor_id": settlement.vendor_id.id,
                    "settlement_id": settlement.id,
                    "event": "reserve_hold",
                    "event_key": f"reserve_hold:{first.id}",
                    "source_key": settlement._reserve_key(),
                    "role_debit": "VENDOR_DUE",
                    "role_credit": "VENDOR_RESERVE",
                    "amount": to_amount(minor),
                    "currency_id": settlement.currency_id.id,
                    "date_event": settlement.date_cutoff,
                }
            )
            plan = [(False, minor)]
            if contract.reserve_kind == "rolling":
                plan = contract._reserve_plan(minor, settlement.date_cutoff)
            vals_list += [
                {
                    "settlement_id": settlement.id,
                    "kind": contract.reserve_kind,
                    "amount": to_amount(part),
                    "date_release": day,
                }
                for day, part in plan
            ]
        self.env["marketplace.ledger.line"]._record(entries)
        self.create(vals_list)

    # -- releasing ------------------------------------------------------------------

    @api.private
    def _release(self, date, reason):
        """Give reserves back to their vendors, dated on a day; once.

        The next settlement takes what is due again.

        :return: the reserves released.
        """
        moved = self._transition(
            "released",
            {
                "date_released": date,
                "release_reason": reason,
                "released_by_id": False if reason == "due" else self.env.uid,
            },
        )
        lines = self.env["marketplace.ledger.line"]._record(
            [
                {
                    "company_id": record.company_id.id,
                    "vendor_id": record.vendor_id.id,
                    "event": "reserve_release",
                    "event_key": f"reserve_release:{moved[:1].id}",
                    "source_key": f"reserve_release:{record.id}",
                    "role_debit": "VENDOR_RESERVE",
                    "role_credit": "VENDOR_DUE",
                    "amount": record.amount,
                    "currency_id": record.currency_id.id,
                    "date_event": date,
                    "date_available": date,
                }
                for record in moved
            ]
        )
        moved._letter_reserve(lines)
        return moved

    def _letter_reserve(self, releases):
        """Reconcile releases with what the settlements held, as far as posted."""
        holds = self.env["marketplace.ledger.line"].search(
            [
                ("settlement_id", "in", self.settlement_id.ids),
                ("event", "=", "reserve_hold"),
            ]
        )
        released = releases.debit_move_line_id
        items = (released | holds.credit_move_line_id).filtered(
            lambda item: not item.reconciled
        )
        by_account = items.grouped(lambda item: (item.partner_id, item.currency_id))
        items._reconcile_plan(
            [own for own in by_account.values() if own & released and own - released]
        )

    def _split(self, minor):
        """Cut a held reserve in two; return the part of that many minor units."""
        self.ensure_one()
        currency = self.currency_id
        rest = currency._marketplace_minor(self.amount) - minor
        self.amount = currency._marketplace_amount(rest)
        return self.create(
            {
                "settlement_id": self.settlement_id.id,
                "kind": self.kind,
                "date_release": self.date_release,
                "amount": currency._marketplace_amount(minor),
            }
        )

    def _take(self, minor):
        """Return reserves that make up an amount, the last ones first, cut to fit."""
        taken = self.browse()
        for record in self.sorted(lambda r: (r.date_held, r.id), reverse=True):
            own = record.currency_id._marketplace_minor(record.amount)
            if minor <= 0:
                break
            taken |= record if own <= minor else record._split(minor)
            minor -= own
        return taken

    def _plan_release(self, start, contract):
        """Give dates to fixed reserves whose contract has ended on a day."""
        for record in self.filtered(lambda record: not record.date_release):
            to_minor = record.currency_id._marketplace_minor
            plan = contract._reserve_plan(to_minor(record.amount), start)
            for day, minor in plan[1:]:
                record._split(minor).date_release = day
            record.date_release = plan[0][0]

    # -- nightly job ----------------------------------------------------------------

    @api.model
    def _cron_release(self):
        """Release what is due, company by company, in batches, and commit each."""
        cron = self.env["ir.cron"]
        for company in self.env["res.company"]._marketplace_companies():
            today = company._marketplace_today()
            scoped = self.with_company(company)
            company._marketplace_attempt(
                self.env._("Release of reserves"), scoped._adjust_fixed, company, today
            )
            domain = [
                ("company_id", "=", company.id),
                ("state", "=", "held"),
                ("date_release", "<=", today),
            ]
            while records := scoped.search(domain, limit=RELEASE_BATCH):
                if not company._marketplace_attempt(
                    self.env._("Release of reserves"), records._release_due
                ):
                    break
                if not cron._commit_progress(len(records)):
                    return

    def _release_due(self):
        for day, records in self.grouped("date_release").items():
            records._release(day, "due")

    def _adjust_fixed(self, company, today):
        """Plan fixed reserves of ended contracts; release what is above a target."""
        held = self.search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", "fixed"),
                ("state", "=", "held"),
                ("date_release", "=", False),
            ]
        )
        terms = self.env["marketplace.contract"]._payout_terms(
            company, today, held.vendor_id
        )
        for (vendor, currency), own in held.grouped(
            lambda record: (record.vendor_id, record.currency_id)
        ).items():
            contract = terms[vendor.id]
            if contract.date_end and contract.date_end < today:
                own._plan_release(contract.date_end, contract)
                continue
            target = contract._reserve_terms(currency, today)
            wanted = target.target if target.kind == "fixed" else 0
            total = sum(currency._marketplace_minor(record.amount) for record in own)
            if total > wanted:
                own._take(total - wanted)._release(today, "target")

    # -- actions --------------------------------------------------------------------

    def action_release(self):
        """Give reserves back before their date."""
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(
                self.env._("Only marketplace accountants release reserves.")
            )
        self.check_access("read")
        # sudo: the right is checked above; nobody writes reserves by hand
        for company, own in self.sudo().grouped("company_id").items():
            own._release(company._marketplace_today(), "decision")
        return True


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    def _reserve_plan(self, minor, start):
        """Return [(day, minor units)]: when an amount held is given back."""
        return reserve.release_plan(
            minor, start, self.reserve_days, self.reserve_parts or 1
        )


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[
            ("reserve_hold", "Held in reserve"),
            ("reserve_release", "Reserve released"),
        ],
        ondelete={"reserve_hold": keep_facts, "reserve_release": keep_facts},
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "reserve_hold": "marketplace_journal_settlement_id",
            "reserve_release": "marketplace_journal_settlement_id",
        }


class ResPartner(models.Model):
    """Give a vendor who leaves his reserve, at once or as planned."""

    _inherit = "res.partner"

    reserve_count = fields.Integer(
        compute="_compute_reserve_count", groups="marketplace_base.group_viewer"
    )

    def _compute_reserve_count(self):
        counts = dict(
            self.env["marketplace.reserve"]._read_group(
                [("vendor_id", "in", self.ids), ("state", "=", "held")],
                ["vendor_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.reserve_count = counts.get(partner._origin, 0)

    def action_view_reserves(self):
        """Open what is held of the vendor."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_reserve_action"
        )
        return {**action, "domain": [("vendor_id", "=", self.id)]}

    def _vendor_settle_closing(self):
        # sudo: closing is the decision, what it does to the reserve is the contract's
        held = (
            self.env["marketplace.reserve"]
            .sudo()
            .search([("vendor_id", "in", self.ids), ("state", "=", "held")])
        )
        for company, own in held.grouped("company_id").items():
            today = company._marketplace_today()
            terms = self.env["marketplace.contract"].sudo()
            terms = terms._payout_terms(company, today, own.vendor_id)
            for vendor, records in own.grouped("vendor_id").items():
                contract = terms[vendor.id]
                if contract.reserve_closing == "release":
                    records._release(today, "closing")
                else:
                    records._plan_release(today, contract)
        return super()._vendor_settle_closing()

    def _vendor_reserves(self):
        """Return what is held of the vendor, by release date, in sudo."""
        # sudo: the vendor's own money, the caller has passed the gate
        return (
            self.env["marketplace.reserve"]
            .sudo()
            .search([("vendor_id", "in", self.ids), ("state", "=", "held")])
        )
