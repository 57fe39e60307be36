from odoo import api, fields, models

from ..const import KYC_STATES, VENDOR_STATES
from ..exceptions import MarketplaceError

GROUP_VIEWER = "marketplace_base.group_viewer"
GROUPS_BANK = "marketplace_base.group_accountant,marketplace_base.group_auditor"

# Fields of a vendor that a plain contact manager may not write: {field: group}.
GUARDED_FIELDS = {
    "is_marketplace_vendor": "marketplace_base.group_catalogue",
    "vendor_code": "marketplace_base.group_catalogue",
    "kyc_state": "marketplace_base.group_accountant",
}
# Unforgeable by RPC: a client can send any context value, never this object.
VENDOR_GATE = object()


class ResPartner(models.Model):
    _inherit = "res.partner"

    is_marketplace_vendor = fields.Boolean(string="Marketplace Vendor", copy=False)
    vendor_code = fields.Char(
        copy=False,
        tracking=True,
        help="Short code of the vendor in files, labels and storefronts: capitals, "
        "digits, dash and underscore. Taken from the sequence when left empty.",
    )
    vendor_state = fields.Selection(
        VENDOR_STATES,
        readonly=True,
        copy=False,
        tracking=True,
        index="btree_not_null",
        group_expand=True,
    )
    kyc_state = fields.Selection(
        KYC_STATES,
        string="KYC",
        copy=False,
        tracking=True,
        groups=GROUP_VIEWER,
        help="Identity check of the vendor. He may sell while it is open, but no "
        "payout leaves before an accountant approved it.",
    )
    vendor_contract_ids = fields.One2many(
        "marketplace.contract", "vendor_id", string="Contracts", groups=GROUP_VIEWER
    )
    vendor_contract_count = fields.Integer(
        compute="_compute_vendor_counts", groups=GROUP_VIEWER
    )
    current_contract_id = fields.Many2one(
        "marketplace.contract",
        string="Contract in Force",
        compute="_compute_current_contract_id",
        groups=GROUP_VIEWER,
    )
    vendor_offer_ids = fields.One2many(
        "marketplace.offer", "vendor_id", string="Offers", groups=GROUP_VIEWER
    )
    vendor_offer_count = fields.Integer(
        compute="_compute_vendor_counts", groups=GROUP_VIEWER
    )
    vendor_order_count = fields.Integer(
        compute="_compute_vendor_counts", groups=GROUP_VIEWER
    )
    payout_bank_account_id = fields.Many2one(
        "res.partner.bank",
        string="Payout Account",
        ondelete="restrict",
        copy=False,
        tracking=True,
        groups=GROUPS_BANK,
        help="Where payouts go: an account of the vendor with a valid IBAN, marked as "
        "trusted by someone allowed to.",
    )
    vendor_currency_id = fields.Many2one(
        "res.currency", compute="_compute_vendor_balances", groups=GROUP_VIEWER
    )
    vendor_balance_pending = fields.Monetary(
        string="Pending",
        compute="_compute_vendor_balances",
        currency_field="vendor_currency_id",
        groups=GROUP_VIEWER,
        help="Sold, not yet due to the vendor. Currency of the company.",
    )
    vendor_balance_due = fields.Monetary(
        string="Due",
        compute="_compute_vendor_balances",
        currency_field="vendor_currency_id",
        groups=GROUP_VIEWER,
        help="Payable at the next settlement; negative when the vendor owes us. "
        "Currency of the company.",
    )
    vendor_balance_reserved = fields.Monetary(
        string="Reserved",
        compute="_compute_vendor_balances",
        currency_field="vendor_currency_id",
        groups=GROUP_VIEWER,
        help="Held back. Currency of the company.",
    )
    vendor_balance_paid = fields.Monetary(
        string="Paid",
        compute="_compute_vendor_balances",
        currency_field="vendor_currency_id",
        groups=GROUP_VIEWER,
        help="Already sent to the vendor. Currency of the company.",
    )

    _vendor_code_uniq = models.UniqueIndex(
        "(vendor_code) WHERE vendor_code IS NOT NULL",
        "Another vendor has this code already.",
    )
    _vendor_code_format = models.Constraint(
        "CHECK (vendor_code ~ '^[A-Z0-9][A-Z0-9_-]{0,15}$')",
        "A vendor code has 1 to 16 capitals, digits, dashes or underscores, and starts "
        "with a letter or a digit.",
    )
    _vendor_complete = models.Constraint(
        "CHECK (NOT is_marketplace_vendor OR (vendor_code IS NOT NULL "
        "AND vendor_state IS NOT NULL AND kyc_state IS NOT NULL))",
        "A vendor needs a code, a state and a KYC state.",
    )

    # -- computes -------------------------------------------------------------------

    @api.depends(
        "vendor_contract_ids.state",
        "vendor_contract_ids.date_start",
        "vendor_contract_ids.date_end",
        "vendor_contract_ids.company_id",
    )
    @api.depends_context("company")
    def _compute_current_contract_id(self):
        contracts = self._marketplace_contracts(
            fields.Date.context_today(self), self.env.company
        )
        for partner in self:
            partner.current_contract_id = contracts.get(partner._origin.id)

    @api.depends("vendor_contract_ids", "vendor_offer_ids")
    @api.depends_context("allowed_company_ids")
    def _compute_vendor_counts(self):
        companies = self.env.companies
        for name, model in (
            ("vendor_contract_count", self.env["marketplace.contract"]),
            ("vendor_offer_count", self.env["marketplace.offer"]),
            # sudo: the number only, the orders themselves follow their own rules
            ("vendor_order_count", self.env["sale.order"].sudo()),
        ):
            domain = [
                ("vendor_id", "in", self.ids),
                ("company_id", "in", companies.ids),
            ]
            counts = dict(model._read_group(domain, ["vendor_id"], ["__count"]))
            for partner in self:
                partner[name] = counts.get(partner._origin, 0)

    @api.depends_context("company")
    def _compute_vendor_balances(self):
        company = self.env.company
        balances = self.env["marketplace.ledger.line"]._vendor_balances(
            self, company, company.currency_id
        )
        for partner in self:
            buckets = balances.get((partner._origin.id, company.currency_id.id), {})
            partner.vendor_currency_id = company.currency_id
            for bucket in ("pending", "due", "reserved", "paid"):
                partner[f"vendor_balance_{bucket}"] = buckets.get(bucket, 0.0)

    # -- constraints ----------------------------------------------------------------

    @api.constrains("is_marketplace_vendor", "is_company", "parent_id")
    def _check_vendor_is_legal_entity(self):
        for partner in self:
            if (
                partner.is_marketplace_vendor
                and partner.commercial_partner_id != partner
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(contact)s belongs to %(company)s. The vendor is the legal "
                        "entity: open %(company)s and make it the vendor.",
                        contact=partner.name,
                        company=partner.commercial_partner_id.name,
                    )
                )

    @api.constrains("payout_bank_account_id")
    def _check_payout_bank_account(self):
        # sudo: reads the account that the writer of this restricted field has set
        for partner in self.sudo():
            account = partner.payout_bank_account_id
            if account and (problems := account._marketplace_payout_problems(partner)):
                raise MarketplaceError(
                    self.env._(
                        "%(vendor)s cannot be paid on %(account)s:\n%(problems)s",
                        vendor=partner.name,
                        account=account.display_name,
                        problems="\n".join(f"- {problem}" for problem in problems),
                    )
                )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        by_default = self.env.context.get("default_is_marketplace_vendor")
        nobody = self.browse()
        for vals in vals_list:
            # contacts typed inside a new vendor inherit the context of its form
            if vals.get("parent_id"):
                vals.setdefault("is_marketplace_vendor", False)
            nobody._check_vendor_write(vals)
            if vals.get("is_marketplace_vendor", by_default):
                vals.update(nobody._prepare_vendor_vals(vals))
        return super().create(vals_list)

    def write(self, vals):
        self._check_vendor_write(vals)
        if not vals.get("is_marketplace_vendor"):
            if "is_marketplace_vendor" in vals:
                self._check_vendor_unmade()
            return super().write(vals)
        for partner in self:
            super(ResPartner, partner).write(
                {**vals, **partner._prepare_vendor_vals(vals)}
            )
        return True

    def _check_is_vendor(self):
        """Refuse partners that are no vendors.

        :raises MarketplaceError: naming them.
        """
        strangers = self.filtered(lambda partner: not partner.is_marketplace_vendor)
        if strangers:
            raise MarketplaceError(
                self.env._(
                    "%(partner)s is no vendor.",
                    partner=", ".join(strangers.mapped("name")),
                )
            )

    def _prepare_vendor_vals(self, vals):
        """Return what a new vendor lacks: code, first state, KYC to submit."""
        # sudo: asks which fields are still empty, whoever makes the vendor
        known = self.sudo()
        prepared = {}
        if not (vals.get("supplier_rank") or known.supplier_rank):
            # A supplier from the start: Odoo would write it at his first entry, and
            # the synchronisation of partners that follows costs queries per vendor.
            prepared["supplier_rank"] = 1
        if not (vals.get("vendor_code") or known.vendor_code):
            prepared["vendor_code"] = self.env["ir.sequence"].next_by_code(
                "marketplace.vendor"
            )
        if not (vals.get("vendor_state") or known.vendor_state):
            prepared["vendor_state"] = "pending"
        if not (vals.get("kyc_state") or known.kyc_state):
            prepared["kyc_state"] = "pending_submission"
        return prepared

    def _check_vendor_write(self, vals):
        """Refuse a change of the vendor fields to those who may not make it.

        :raises MarketplaceError: naming the field and the role it needs.
        """

        def changes(name):
            # sudo: compares with the present value, shows nothing of it
            present = self.sudo().mapped(name) if self else [False]
            return name in vals and any(value != vals[name] for value in present)

        gate = self.env.context.get("marketplace_vendor_gate")
        if gate is not VENDOR_GATE and changes("vendor_state"):
            raise MarketplaceError(
                self.env._("Use the buttons of the vendor to change his state.")
            )
        if self.env.su:
            return
        for name, group in GUARDED_FIELDS.items():
            if changes(name) and not self.env.user.has_group(group):
                raise MarketplaceError(
                    self.env._(
                        "You may not change “%(field)s”: that needs the role %(role)s.",
                        field=self._fields[name]._description_string(self.env),
                        role=self.env.ref(group).sudo().full_name,
                    )
                )

    def _check_vendor_unmade(self):
        for partner in self:
            if partner.is_marketplace_vendor and partner.vendor_state != "pending":
                raise MarketplaceError(
                    self.env._(
                        "%(vendor)s has been a vendor: close him instead, his history "
                        "stays readable.",
                        vendor=partner.name,
                    )
                )

    # -- business -------------------------------------------------------------------

    def _marketplace_contracts(self, date, company):
        """Return the contract of each vendor in force on a day, in one query.

        :return: {vendor id: contract}; vendors without one are absent.
        """
        Contract = self.env["marketplace.contract"]
        contracts = Contract.search(
            fields.Domain("vendor_id", "in", self.ids)
            & fields.Domain("company_id", "=", company.id)
            & Contract._domain_in_force(date)
        )
        return {contract.vendor_id.id: contract for contract in contracts}

    def action_view_vendor_orders(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Orders of %(vendor)s", vendor=self.name),
            "res_model": "sale.order",
            "view_mode": "list,form",
            "domain": [("vendor_id", "=", self.id)],
            "context": {"create": False},
        }
