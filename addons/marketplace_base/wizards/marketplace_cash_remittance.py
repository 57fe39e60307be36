"""Record what a carrier remits of the cash it collected, without a file."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError


class MarketplaceCashRemittance(models.TransientModel):
    """Make the report of a remittance from the parcels it pays."""

    _name = "marketplace.cash.remittance"
    _description = "Record a Remittance"

    collection_ids = fields.Many2many(
        "marketplace.cash.collection", string="Parcels", required=True
    )
    company_id = fields.Many2one("res.company", compute="_compute_amount")
    currency_id = fields.Many2one("res.currency", compute="_compute_amount")
    carrier_id = fields.Many2one("res.partner", compute="_compute_amount")
    reference = fields.Char(
        required=True, help="The carrier's own reference of the remittance."
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    amount = fields.Monetary(string="Collected", compute="_compute_amount")
    amount_fee = fields.Monetary(
        string="Fee", help="What the carrier keeps; entered as a positive amount."
    )
    amount_net = fields.Monetary(string="To the Bank", compute="_compute_amount_net")

    @api.depends("collection_ids")
    def _compute_amount(self):
        for wizard in self:
            first = wizard.collection_ids[:1]
            wizard.company_id, wizard.currency_id = first.company_id, first.currency_id
            wizard.carrier_id = first.carrier_id
            wizard.amount = sum(wizard.collection_ids.mapped("amount"))

    @api.depends("amount", "amount_fee")
    def _compute_amount_net(self):
        for wizard in self:
            wizard.amount_net = wizard.amount - wizard.amount_fee

    def action_record(self):
        """Make the remittance, to look at and to post.

        :raises MarketplaceError: for parcels of several carriers, companies or
            currencies, and for those that are settled.
        """
        self.ensure_one()
        self.env["marketplace.psp.settlement"].check_access("create")
        cash = self.collection_ids
        settled = cash.filtered(
            lambda one: one.state not in ("to_collect", "collected")
        )
        if not cash or settled:
            raise MarketplaceError(
                self.env._(
                    "Choose parcels whose cash is not settled; these are: %(parcels)s.",
                    parcels=", ".join(settled.mapped("display_name")),
                )
            )
        carriers = cash.carrier_id.commercial_partner_id
        if len(carriers) > 1 or len(cash.company_id) > 1 or len(cash.currency_id) > 1:
            raise MarketplaceError(
                self.env._(
                    "A remittance is of one carrier, company and currency; these "
                    "parcels are of %(carriers)s.",
                    carriers=", ".join(carriers.mapped("name")),
                )
            )
        settlement = self.env["marketplace.psp.settlement"].create(
            {
                "company_id": self.company_id.id,
                "psp_partner_id": carriers.id,
                "reference": self.reference,
                "date": self.date,
                "currency_id": self.currency_id.id,
            }
        )
        lines = self.env["marketplace.psp.settlement.line"].create(
            self._prepare_lines(settlement)
        )
        settlement._take_line_totals()
        lines.action_match()
        return settlement._get_records_action()

    def _prepare_lines(self, settlement):
        vals_list = [
            {
                "settlement_id": settlement.id,
                "identifier": f"{self.reference}/{one.shipment_id.name}",
                "kind": "charge",
                "date": self.date,
                "reference": one.shipment_id.name,
                "other_references": one.tracking_ref,
                "amount_gross": one.amount,
            }
            for one in self.collection_ids
        ]
        if not self.currency_id.is_zero(self.amount_fee):
            vals_list.append(
                {
                    "settlement_id": settlement.id,
                    "identifier": f"{self.reference}/fee",
                    "kind": "fee",
                    "date": self.date,
                    "amount_fee": self.amount_fee,
                }
            )
        return vals_list
