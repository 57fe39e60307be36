"""Payouts that vendors ask for between two settlements of their calendar."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.marketplace_base.exceptions import MarketplaceError


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    payout_on_demand = fields.Boolean(
        string="Payout on Demand",
        tracking=True,
        help="The vendor may ask in his portal to be settled at once.",
    )
    payout_request_minimum = fields.Monetary(
        string="Least on Demand",
        tracking=True,
        help="A vendor asks for a payout when at least this much is due.",
    )
    payout_request_days = fields.Integer(
        string="Days between Demands", default=7, tracking=True
    )

    _payout_request_positive = models.Constraint(
        "CHECK (payout_request_minimum >= 0 AND payout_request_days >= 0)",
        "The least amount and the days between demands are zero or more.",
    )


class MarketplacePayoutRequest(models.Model):
    """One payout that a vendor asked for: the settlement that followed.

    The settlement claims what was due: the same balance cannot be asked for twice.
    """

    _name = "marketplace.payout.request"
    _description = "Payout on Demand"
    _order = "date desc, id desc"
    _rec_name = "settlement_id"

    settlement_id = fields.Many2one(
        "marketplace.settlement", required=True, readonly=True
    )
    vendor_id = fields.Many2one(
        related="settlement_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="settlement_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(
        related="settlement_id.currency_id", store=True, precompute=True
    )
    amount = fields.Monetary(
        related="settlement_id.amount_payout", store=True, precompute=True
    )
    state = fields.Selection(related="settlement_id.state")
    date = fields.Date(string="Asked on", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Asked by", readonly=True)

    _settlement_uniq = models.UniqueIndex(
        "(settlement_id)", "This settlement was asked for already."
    )


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    # The amount of a request follows its settlement: with this inverse, those of all
    # settlements of a run are found at once.
    payout_request_ids = fields.One2many(
        "marketplace.payout.request", "settlement_id", string="Asked For"
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_request_problem(self, company):
        """Return, in words, why the vendor cannot ask for a payout now, or None.

        The amounts are those of the company's currency.
        """
        self.ensure_one()
        # sudo: the vendor's own terms and balance, the caller has passed the gate
        vendor = self.sudo()
        today = company._marketplace_today()
        contract = vendor.env["marketplace.contract"]
        contract = contract._payout_terms(company, today, vendor).get(vendor.id)
        if not contract or not contract.payout_on_demand:
            return self.env._("Your contract has no payout on demand.")
        last = vendor.env["marketplace.payout.request"].search(
            [("vendor_id", "=", vendor.id), ("company_id", "=", company.id)], limit=1
        )
        again = last and fields.Date.add(last.date, days=contract.payout_request_days)
        if again and again > today:
            return self.env._(
                "You asked for a payout on %(last)s. The next one can be asked for "
                "from %(again)s.",
                last=last.date,
                again=again,
            )
        if block := vendor.with_company(company)._payout_block_reason():
            labels = dict(
                vendor._fields["payout_block_reason"]._description_selection(self.env)
            )
            return self.env._("Your payouts wait: %(reason)s.", reason=labels[block])
        return vendor._vendor_request_shortfall(company, contract)

    def _vendor_request_shortfall(self, company, contract):
        """Return what is missing to ask for a payout, in words, or None."""
        currency = company.currency_id
        buckets = self.env["marketplace.ledger.line"]._vendor_balances(
            self, company, currency
        )
        due = buckets.get((self.id, currency.id), {"due": 0.0})["due"]
        waiting = self.env["marketplace.settlement"]._unpaid_settlements(company, self)
        due = currency._marketplace_minor(due) - sum(
            currency._marketplace_minor(settlement.amount_payout)
            for settlement in waiting.get((self.id, currency.id), ())
        )
        least = max(
            currency._marketplace_minor(contract.payout_request_minimum),
            contract._payout_minimum(currency, company._marketplace_today()),
            1,
        )
        if due >= least:
            return None
        return self.env._(
            "%(missing)s are missing to ask for a payout: at least %(least)s must be "
            "due and not in a statement yet.",
            missing=currency.format(currency._marketplace_amount(least - due)),
            least=currency.format(currency._marketplace_amount(least)),
        )

    @api.private
    def _vendor_request_payout(self, company, user):
        """Settle the vendor today, because he asks; the next run pays him.

        :return: the settlement, in sudo.
        :raises MarketplaceError: saying why he cannot ask now.
        """
        self.ensure_one()
        # Two requests at once follow one another, and the second finds nothing.
        self.sudo()._vendor_users_take_turn()
        if problem := self._vendor_request_problem(company):
            raise MarketplaceError(problem)
        self._charge_request_fee(company)
        # sudo: the vendor's right is the contract's, checked above
        Settlement = self.env["marketplace.settlement"].sudo()
        settled = Settlement._run(company._marketplace_today(), company, self)
        settlement = settled.filtered(
            lambda record: record.currency_id == company.currency_id
            and record.amount_payout
        )
        if not settlement:
            raise UserError(
                self.env._(
                    "Nothing can be paid: after commission and reserve your balance is "
                    "below the minimum."
                )
            )
        self.env["marketplace.payout.request"].sudo().create(
            {
                "settlement_id": settlement.id,
                "date": company._marketplace_today(),
                "user_id": user.id,
            }
        )
        return settlement
