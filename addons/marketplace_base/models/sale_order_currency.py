"""The currencies a vendor is settled in: no order in another one is taken."""

from odoo import api, fields, models

from ..exceptions import MarketplaceError


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    other_currency_ids = fields.Many2many(
        "res.currency",
        "marketplace_contract_currency_rel",
        string="Also Sells in",
        tracking=True,
        help="Other currencies in which the vendor takes orders and is settled. An "
        "order in any other one is refused: nothing is converted.",
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _marketplace_currency_problem(self, vendor, contracts, currency):
        """Return, in words, why a vendor takes no order in a currency; or None."""
        contract = contracts.get(vendor.id) if vendor else None
        # sudo: contracts are read for whoever confirms or imports the order
        accepted = contract and (
            contract.sudo().currency_id | contract.sudo().other_currency_ids
        )
        if not contract or currency in accepted:
            return None
        return self.env._(
            "%(vendor)s sells in %(accepted)s by his contract, and the order is in "
            "%(currency)s: add the currency to %(contract)s, or refuse the order.",
            vendor=vendor.display_name,
            accepted=", ".join(accepted.mapped("name")),
            currency=currency.name,
            contract=contract.sudo().name,
        )

    def _marketplace_check_currency(self, vendors, contracts):
        """Refuse a quotation in a currency that one of its vendors is not settled in.

        :raises MarketplaceError: naming each of these vendors.
        """
        self.ensure_one()
        found = (
            self._marketplace_currency_problem(vendor, contracts, self.currency_id)
            for vendor in vendors
        )
        if problems := list(filter(None, found)):
            raise MarketplaceError("\n".join(problems))
