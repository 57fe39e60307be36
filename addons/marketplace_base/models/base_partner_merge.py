from odoo import models

from ..exceptions import MarketplaceError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Keep partners whose name is in the ledger or in sealed journal entries.

        Merging rewrites the partner of their entries by SQL: the seal of those entries
        would be broken without a word, and two vendors would share one account.

        :raises MarketplaceError: naming the partners that must stay.
        """
        if sealed := self._marketplace_sealed(src_partners):
            raise MarketplaceError(
                self.env._(
                    "%(partners)s cannot be merged into %(target)s: the vendor ledger "
                    "or sealed journal entries name them. Close a vendor that became "
                    "another legal entity and create the new one instead.",
                    partners=", ".join(sealed.mapped("display_name")),
                    target=dst_partner.display_name,
                )
            )
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _marketplace_sealed(self, partners):
        """Return those of some partners that entries name for ever."""
        # sudo: entries of companies the user does not see count as well
        Ledger = self.env["marketplace.ledger.line"].sudo()
        Item = self.env["account.move.line"].sudo()
        named = self.env["res.partner"]
        for model, field, domain in (
            (Ledger, "vendor_id", []),
            (Ledger, "counterparty_id", []),
            (Item, "partner_id", [("move_id.inalterable_hash", "!=", False)]),
        ):
            for [partner] in model._read_group(
                [(field, "in", partners.ids), *domain], [field]
            ):
                named |= partner
        return partners & named.with_env(self.env)
