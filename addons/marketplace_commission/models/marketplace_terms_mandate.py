"""The billing mandate: the period to contest, and the series of its documents."""

from odoo import fields, models
from odoo.tools import SQL

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import CONTEST_DAYS
from ..engine.vendor_document import GENESIS


class MarketplaceTerms(models.Model):
    _inherit = "marketplace.terms"

    contest_days = fields.Integer(
        string="Days to Contest",
        default=CONTEST_DAYS,
        help="Days after its issue in which the vendor may contest a document made in "
        "his name. Later it counts as accepted.",
    )

    _contest_days_positive = models.Constraint(
        "CHECK (contest_days >= 0)", "The days to contest are zero or more."
    )

    def write(self, vals):
        if "contest_days" in vals:
            for terms in self.filtered(lambda terms: terms.state == "published"):
                raise MarketplaceError(
                    self.env._(
                        "%(terms)s is published: vendors agreed to this period. "
                        "Duplicate it for a new version.",
                        terms=terms.display_name,
                    )
                )
        return super().write(vals)


class MarketplaceTermsAcceptance(models.Model):
    """A mandate given by a vendor holds the one series of the documents made under it.

    The law wants a series proper to each principal, chronological and without gaps
    (CGI annex II, article 242 nonies A I 7°).
    """

    _inherit = "marketplace.terms.acceptance"

    document_prefix = fields.Char(
        readonly=True, copy=False, help="Starts the numbers of the mandate's documents."
    )
    document_last_number = fields.Integer(readonly=True, copy=False)
    document_last_hash = fields.Char(readonly=True, copy=False)
    document_ids = fields.One2many(
        "marketplace.vendor.document", "mandate_id", string="Documents"
    )

    _document_prefix_uniq = models.UniqueIndex(
        "(document_prefix) WHERE document_prefix IS NOT NULL",
        "Another mandate numbers its documents like this.",
    )

    def _lock_series(self):
        """Lock the series of mandates; return {mandate: (prefix, last number, hash)}.

        Waits for whoever numbers documents of the same mandates. Isolation is
        REPEATABLE READ: if he did so after we began, PostgreSQL refuses us here, and
        Odoo does our transaction again.
        """
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                "SELECT id, document_prefix, document_last_number, document_last_hash"
                " FROM marketplace_terms_acceptance WHERE id IN %s ORDER BY id"
                " FOR UPDATE",
                tuple(self.ids),
            )
        )
        return {
            self.browse(row_id): (
                prefix or self.browse(row_id)._document_prefix(),
                number or 0,
                last_hash or GENESIS,
            )
            for row_id, prefix, number, last_hash in rows
        }

    def _document_prefix(self):
        """Return what the numbers of a mandate start with; kept at the first issue."""
        self.ensure_one()
        return f"{self.vendor_id.vendor_code}-M{self.id}"
