"""Take back what a settlement was to pay and never did, against a debt made since."""

from odoo import fields, models

from .marketplace_payout import LIVE_STATES


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    netted_by_id = fields.Many2one(
        "marketplace.settlement",
        string="Taken Back By",
        readonly=True,
        index="btree_not_null",
        help="The later settlement that opens with the amount this one did not pay.",
    )
    netted_ids = fields.One2many(
        "marketplace.settlement", "netted_by_id", string="Unpaid Before", readonly=True
    )

    def _unpaid_settlements(self, company, vendors):
        """Return what waits for a payout and is in no live run.

        :param vendors: partners to look at, every vendor when None.
        :return: {(vendor id, currency id): settlements}
        """
        domain = fields.Domain("company_id", "=", company.id)
        domain &= fields.Domain("state", "=", "confirmed")
        domain &= fields.Domain("amount_payout", ">", 0)
        domain &= fields.Domain("payout_ids", "not any", [("state", "in", LIVE_STATES)])
        if vendors is not None:
            domain &= fields.Domain("vendor_id", "in", vendors.ids)
        return self.search(domain).grouped(
            lambda settlement: (settlement.vendor_id.id, settlement.currency_id.id)
        )

    def _take_back(self, unpaid):
        """Open with what earlier settlements did not pay.

        :return: the amount taken back, minor units.
        """
        self.ensure_one()
        taken = unpaid._transition("netted", {"netted_by_id": self.id})
        to_minor = self.currency_id._marketplace_minor
        return sum(to_minor(settlement.amount_payout) for settlement in taken)

    def _give_back(self):
        """Let what cancelled settlements had taken back be paid again."""
        self.netted_ids.filtered(
            lambda settlement: settlement.state == "netted"
        )._transition("confirmed", {"netted_by_id": False})

    def _previous_carried(self):
        """Return the settlements before these that carried a balance into them."""
        return self.previous_id.filtered(
            lambda settlement: not settlement.currency_id.is_zero(
                settlement.amount_carried
            )
        )
