from odoo import fields, models

from ..exceptions import MarketplaceError


class ResPartner(models.Model):
    """What a vendor agreed to, and what he is still asked."""

    _inherit = "res.partner"

    def _terms_companies(self):
        """Return the companies a vendor deals with: his contracts', drafts too."""
        # sudo: the vendor himself asks, in his portal
        return self.sudo().vendor_contract_ids.company_id or self.env.company

    def _terms_to_accept(self):
        """Return the newest texts that a vendor has not agreed to yet."""
        self.ensure_one()
        # sudo: published texts are for every vendor of the company to read
        Terms = self.env["marketplace.terms"].sudo()
        newest = Terms._published(self._terms_companies())
        accepted = self._terms_acceptances().terms_id
        return Terms.union(*newest.values()) - accepted

    def _terms_acceptances(self):
        # sudo: his own agreements, named by the domain
        return (
            self.env["marketplace.terms.acceptance"]
            .sudo()
            .search([("vendor_id", "=", self.id), ("date_revoked", "=", False)])
        )

    def _marketplace_mandates(self, company):
        """Return the mandate in force today of each vendor who gave one.

        The version that counts is the newest one effective today: an older agreement
        ends the day a newer version takes effect.

        :return: {vendor id: acceptance in sudo}
        """
        today = fields.Date.context_today(self)
        # sudo: whether documents may be issued, whoever issues them
        terms = self.env["marketplace.terms"].sudo()._published(company, today)
        mandate = terms.get((company, "mandate"))
        if not mandate:
            return {}
        acceptances = mandate.acceptance_ids.search(
            [
                ("terms_id", "=", mandate.id),
                ("vendor_id", "in", self.ids),
                ("date_revoked", "=", False),
            ]
        )
        return {acceptance.vendor_id.id: acceptance for acceptance in acceptances}

    def _check_marketplace_mandate(self, company):
        """Refuse to issue documents in the name of vendors without mandate in force.

        :raises MarketplaceError: naming the vendors.
        """
        mandates = self._marketplace_mandates(company)
        if missing := self.filtered(lambda vendor: vendor.id not in mandates):
            raise MarketplaceError(
                self.env._(
                    "No document can be issued in the name of %(vendors)s: no billing "
                    "mandate is in force. The vendor gives it in the portal, under "
                    "Terms.",
                    vendors=", ".join(missing.mapped("display_name")),
                )
            )
