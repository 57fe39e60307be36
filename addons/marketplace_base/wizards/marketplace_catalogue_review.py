from odoo import fields, models

from ..const_catalogue import REVIEW_DECISIONS, REVIEW_EXPLAINED
from ..exceptions import MarketplaceError


class MarketplaceCatalogueReview(models.TransientModel):
    """One decision on many proposals or offers, for one reason."""

    _name = "marketplace.catalogue.review"
    _description = "Review of Proposals or Offers"

    proposal_ids = fields.Many2many(
        "marketplace.product.proposal",
        default=lambda self: self._default_records("marketplace.product.proposal"),
    )
    offer_ids = fields.Many2many(
        "marketplace.offer",
        default=lambda self: self._default_records("marketplace.offer"),
    )
    decision = fields.Selection(REVIEW_DECISIONS, required=True, default="confirm")
    reason = fields.Text(help="The vendor reads it in his mail and in his portal.")
    is_done = fields.Boolean(readonly=True)
    done_count = fields.Integer(string="Decided", readonly=True)
    line_ids = fields.One2many("marketplace.catalogue.review.line", "review_id")

    def _default_records(self, model_name):
        if self.env.context.get("active_model") != model_name:
            return []
        return self.env.context.get("active_ids", [])

    def action_apply(self):
        """Decide, and say what became of each record."""
        self.ensure_one()
        if self.offer_ids and self.decision == "changes":
            raise MarketplaceError(
                self.env._("Changes are asked of proposals; approve or refuse offers.")
            )
        reason = self.reason if self.decision in REVIEW_EXPLAINED else None
        lines = []
        for records in (self.proposal_ids, self.offer_ids):
            if not records:
                continue
            problems = records._review(self.decision, reason)
            lines += [
                {
                    "review_id": self.id,
                    "name": record.display_name,
                    "is_refused": record in problems,
                    "problem": problems.get(record),
                }
                for record in records
            ]
        self.env["marketplace.catalogue.review.line"].create(lines)
        self.write(
            {
                "is_done": True,
                "done_count": sum(not line["is_refused"] for line in lines),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Was Decided"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class MarketplaceCatalogueReviewLine(models.TransientModel):
    _name = "marketplace.catalogue.review.line"
    _description = "Review of Proposals or Offers: Result"
    _order = "is_refused desc, id"

    review_id = fields.Many2one(
        "marketplace.catalogue.review", required=True, ondelete="cascade", index=True
    )
    name = fields.Char(readonly=True)
    is_refused = fields.Boolean(string="Not Done", readonly=True)
    problem = fields.Char(string="Why Not", readonly=True)
