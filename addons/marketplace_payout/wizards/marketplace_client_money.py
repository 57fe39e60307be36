from odoo import api, fields, models


class MarketplaceClientMoney(models.TransientModel):
    """Say whether the money at hand covers what vendors are owed, on any day."""

    _name = "marketplace.client.money"
    _description = "Client Money Position"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    date = fields.Date(
        required=True, default=lambda self: self.env.company._marketplace_today()
    )
    amount_held = fields.Monetary(
        string="On the Accounts",
        compute="_compute_position",
        help="Accounts that hold client money, see the settings.",
    )
    amount_transit = fields.Monetary(
        string="Payouts on Their Way", compute="_compute_position"
    )
    amount_approved = fields.Monetary(
        string="Approved Runs", compute="_compute_position"
    )
    amount_available = fields.Monetary(
        string="Money at Hand", compute="_compute_position"
    )
    amount_owed = fields.Monetary(
        string="Owed to Vendors",
        compute="_compute_position",
        help="Pending, due and reserved.",
    )
    amount_position = fields.Monetary(
        string="Position",
        compute="_compute_position",
        help="Money at hand, approved runs included, less what is owed.",
    )

    @api.depends("company_id", "currency_id", "date")
    def _compute_position(self):
        for wizard in self:
            wizard.company_id._marketplace_check_selected()
            money = wizard.currency_id._marketplace_amount
            position = wizard.company_id._marketplace_client_money(
                wizard.date, wizard.currency_id
            )
            for name in ("held", "transit", "approved", "available", "owed"):
                wizard[f"amount_{name}"] = money(position[name])
            # An approved run is still owed: it counts once.
            wizard.amount_position = money(
                position["available"] + position["approved"] - position["owed"]
            )
