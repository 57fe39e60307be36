from odoo import api, fields, models
from odoo.fields import Domain

from ..const import (
    CONTRACT_STATES,
    CONTRACT_TRANSITIONS,
    POSTURES,
    SHIPPING_RECIPIENTS,
    VAT_DEBTORS,
)
from ..exceptions import MarketplaceError


class MarketplaceContract(models.Model):
    _name = "marketplace.contract"
    _description = "Vendor Contract"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _check_company_auto = True
    _order = "date_start desc, id desc"
    _rec_names_search = ["name", "vendor_id.name", "vendor_id.vendor_code"]
    _state_transitions = CONTRACT_TRANSITIONS

    # never empty: create() numbers; `required` would stop the form before that
    name = fields.Char(string="Number", readonly=True, copy=False)
    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        tracking=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    state = fields.Selection(
        CONTRACT_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    date_start = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._marketplace_today(),
        copy=False,
        tracking=True,
    )
    date_end = fields.Date(
        string="To",
        copy=False,
        tracking=True,
        help="Last day of the contract; open when empty.",
    )
    posture = fields.Selection(
        POSTURES,
        required=True,
        default="agent",
        tracking=True,
        help="Agent: the vendor sells, we earn a commission. Principal: we buy from "
        "the vendor and sell in our own name.",
    )
    vat_debtor = fields.Selection(
        VAT_DEBTORS,
        string="VAT Owed by",
        required=True,
        default="vendor",
        tracking=True,
        help="Who owes the VAT of the customer's purchase. The operator does as deemed "
        "supplier (VAT directive, article 14a).",
    )
    shipping_recipient = fields.Selection(
        SHIPPING_RECIPIENTS,
        string="Delivery Sold by",
        required=True,
        default="vendor",
        tracking=True,
        help="Who sells the delivery of the vendor's goods to the customer, and owes "
        "its VAT. A storefront may say otherwise for one of its delivery methods.",
    )
    entitlement_delay_days = fields.Integer(
        string="Due After Delivery (days)",
        tracking=True,
        help="Days between delivery and the moment the amount is due to the vendor.",
    )
    auto_delivery_days = fields.Integer(
        string="Delivery Assumed After (days)",
        default=7,
        tracking=True,
        help="Days after shipment when delivery is assumed without proof; 0: never.",
    )
    is_used = fields.Boolean(compute="_compute_is_used")

    _dates_ordered = models.Constraint(
        "CHECK (date_end >= date_start)", "A contract cannot end before it starts."
    )
    _delays_positive = models.Constraint(
        "CHECK (entitlement_delay_days >= 0 AND auto_delivery_days >= 0)",
        "The delays of a contract are zero or more days.",
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (vendor_id WITH =, company_id WITH =, "
        "daterange(date_start, date_end, '[]') WITH &&) WHERE (state <> 'draft')",
        "A vendor has one contract at a time in a company: end the earlier one before "
        "this one starts.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("company_id")
    def _compute_currency_id(self):
        for contract in self:
            contract.currency_id = contract.company_id.currency_id

    @api.depends("name", "vendor_id")
    def _compute_display_name(self):
        for contract in self:
            contract.display_name = f"{contract.name} · {contract.vendor_id.name}"

    def _compute_is_used(self):
        used = self._last_order_dates()
        for contract in self:
            contract.is_used = contract._origin in used

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        names = iter(
            self.env["ir.sequence"]
            .sudo()
            ._marketplace_next_many(
                self._name,
                self.env.company,
                sum(not vals.get("name") for vals in vals_list),
            )
        )
        return super().create(
            [{**vals, "name": vals.get("name") or next(names)} for vals in vals_list]
        )

    def write(self, vals):
        self._check_frozen(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        for contract in self:
            if contract.state != "draft":
                raise MarketplaceError(
                    self.env._(
                        "%(contract)s is not a draft: end it instead of deleting it.",
                        contract=contract.display_name,
                    )
                )

    def _frozen_fields(self):
        """Return the names of the terms that stay as they are once orders use them."""
        return {
            "vendor_id",
            "company_id",
            "currency_id",
            "date_start",
            "posture",
            "vat_debtor",
            "shipping_recipient",
            "entitlement_delay_days",
            "auto_delivery_days",
            "on_account_terms",
        }

    def _check_frozen(self, vals):
        """Refuse to change terms, or to cut dates, that orders rest on.

        :raises MarketplaceError: naming the contract.
        """
        frozen = self._frozen_fields() & vals.keys()
        date_end = fields.Date.to_date(vals.get("date_end"))
        if not frozen and not date_end:
            return
        for contract, last_order in self._last_order_dates().items():
            if frozen:
                raise MarketplaceError(
                    self.env._(
                        "Orders rest on %(contract)s: its terms cannot change. End it "
                        "and duplicate it for the new terms.",
                        contract=contract.display_name,
                    )
                )
            last_day = contract.company_id._marketplace_day(last_order)
            if date_end < last_day:
                raise MarketplaceError(
                    self.env._(
                        "%(contract)s has an order of %(date)s: it cannot end earlier.",
                        contract=contract.display_name,
                        date=last_day,
                    )
                )

    def _last_order_dates(self):
        """Return the date of the last order of each contract that orders use.

        :return: {contract: datetime}; unused contracts are absent.
        """
        # sudo: whether orders exist counts, also those of salespeople one cannot read
        return dict(
            self.env["sale.order"]
            .sudo()
            ._read_group(
                [("contract_id", "in", self.ids)], ["contract_id"], ["date_order:max"]
            )
        )

    # -- state gate -----------------------------------------------------------------

    @api.private
    def _transition(self, target, values=None):
        """Move contracts to a state; ending one makes today its last day at most.

        :raises MarketplaceError: listing every contract that may not move, and why.
        """
        days = {company: company._marketplace_today() for company in self.company_id}
        leaving = self.filtered(lambda c: c.state in CONTRACT_TRANSITIONS[target])
        if problems := [
            problem
            for company, contracts in leaving.grouped("company_id").items()
            for problem in contracts._transition_problems(target, days[company])
        ]:
            raise MarketplaceError("\n".join(problems))
        running = self.browse()
        if target == "ended":
            running = leaving.filtered(
                lambda c: not c.date_end or c.date_end > days[c.company_id]
            )
        moved = super(MarketplaceContract, self - running)._transition(target, values)
        for company, contracts in running.grouped("company_id").items():
            moved |= super(MarketplaceContract, contracts)._transition(
                target, {**(values or {}), "date_end": days[company]}
            )
        if target == "active":
            moved._open_companies_to_vendor_users()
        moved.vendor_id.vendor_offer_ids._after_offer_change({"is_sellable"})
        return moved

    def _transition_problems(self, target, today):
        """Return, in words, what keeps contracts from a state they could move to."""
        problems = []
        for contract in self:
            name = contract.display_name
            if target == "active":
                problems += contract._activation_problems()
            elif target == "draft" and contract.is_used:
                problems.append(
                    self.env._("Orders rest on %(contract)s: end it.", contract=name)
                )
            elif target == "ended" and contract.date_start > today:
                problems.append(
                    self.env._(
                        "%(contract)s has not started: set it back to draft instead.",
                        contract=name,
                    )
                )
        return problems

    def _activation_problems(self):
        """Return, in words, what one contract lacks to be activated; to extend."""
        self.ensure_one()
        if self.vendor_id.vendor_state in ("rejected", "closed"):
            return [
                self.env._(
                    "%(vendor)s is rejected or closed: no contract can start.",
                    vendor=self.vendor_id.name,
                )
            ]
        return [
            self.env._(
                "%(contract)s overlaps %(other)s: a vendor has one contract at a time. "
                "End the other one before %(start)s, or start this one later.",
                contract=self.display_name,
                other=other.display_name,
                start=self.date_start,
            )
            for other in self._overlapping()
        ]

    def _overlapping(self):
        """Return the contracts in force, or ended, on a day of this one."""
        domain = Domain(
            [
                ("id", "!=", self.id),
                ("vendor_id", "=", self.vendor_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "draft"),
            ]
        )
        domain &= Domain("date_end", "=", False) | Domain(
            "date_end", ">=", self.date_start
        )
        if self.date_end:
            domain &= Domain("date_start", "<=", self.date_end)
        return self.search(domain)

    def _open_companies_to_vendor_users(self):
        """Let portal users of the vendors into the companies of the contracts.

        Core rules on orders and invoices compare with the user's companies: without
        this, a vendor of two companies would see half of his sales.
        """
        users = self.vendor_id._vendor_users()
        for contract in self:
            for user in users.get(contract.vendor_id, []):
                if user.share:
                    user.company_ids |= contract.company_id

    # -- actions --------------------------------------------------------------------

    def action_activate(self):
        self._transition("active")
        return True

    def action_end(self):
        self._transition("ended")
        return True

    def action_reset(self):
        self._transition("draft")
        return True

    # -- business -------------------------------------------------------------------

    @api.model
    def _domain_in_force(self, date):
        """Return the domain of the contracts in force on a day, both ends included."""
        return (
            Domain("state", "!=", "draft")
            & Domain("date_start", "<=", date)
            & (Domain("date_end", "=", False) | Domain("date_end", ">=", date))
        )
