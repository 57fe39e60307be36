"""A vendor objects to a document made in his name, within the period of his mandate."""

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import CONTEST_REASON_MAX


class MarketplaceVendorDocument(models.Model):
    _inherit = "marketplace.vendor.document"

    can_contest = fields.Boolean(compute="_compute_can_contest")
    is_contest_open = fields.Boolean(
        string="Objection Open",
        compute="_compute_is_contest_open",
        search="_search_is_contest_open",
    )

    @api.depends("is_contested", "date_contest_limit")
    def _compute_can_contest(self):
        for document in self:
            today = document.company_id._marketplace_today()
            document.can_contest = (
                not document.is_contested and today <= document.date_contest_limit
            )

    @api.depends("is_contested", "contest_answer")
    def _compute_is_contest_open(self):
        for document in self:
            document.is_contest_open = (
                document.is_contested and not document.contest_answer
            )

    def _search_is_contest_open(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return [("is_contested", "=", True), ("contest_answer", "=", False)]

    @api.private
    def _contest(self, user, reason):
        """Take note of a vendor's objection; the document stays as it is.

        :param user: who objects for the vendor.
        :raises MarketplaceError: without a reason, twice, or after the period.
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        reason = (reason or "").strip()[:CONTEST_REASON_MAX]
        if not reason:
            raise MarketplaceError(self.env._("Say what is wrong with the document."))
        if self.is_contested:
            raise MarketplaceError(
                self.env._("%(document)s is contested already.", document=self.name)
            )
        if not self.can_contest:
            raise MarketplaceError(
                self.env._(
                    "%(document)s could be contested until %(date)s: by your mandate "
                    "it is accepted. Issue a correcting document yourself.",
                    document=self.name,
                    date=self.date_contest_limit,
                )
            )
        self._unlocked().write(
            {
                "is_contested": True,
                "date_contested": fields.Datetime.now(),
                "contest_user_id": user.id,
                "contest_reason": reason,
            }
        )

    def _answer_contest(self, answer):
        """Close the objections to documents with an answer to the vendors.

        :raises MarketplaceError: without an answer, or where nobody objected.
        """
        answer = (answer or "").strip()
        if not answer:
            raise MarketplaceError(self.env._("Write an answer to the vendor."))
        for document in self:
            if not document.is_contest_open:
                raise MarketplaceError(
                    self.env._(
                        "%(document)s has no open objection.", document=document.name
                    )
                )
        self._unlocked().write({"contest_answer": answer})

    def action_answer_contest(self):
        """Open the form in which an accountant answers the vendor."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer the Vendor"),
            "res_model": "marketplace.vendor.document.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_document_ids": self.ids},
        }


class MarketplaceVendorDocumentAnswer(models.TransientModel):
    _name = "marketplace.vendor.document.answer"
    _description = "Answer to an Objection"

    document_ids = fields.Many2many(
        "marketplace.vendor.document",
        "marketplace_vendor_document_answer_rel",
        required=True,
    )
    answer = fields.Text(
        required=True,
        help="The vendor reads it. If he is right, refund what was invoiced wrongly: "
        "the credit note follows.",
    )

    def action_answer(self):
        self.document_ids.check_access("read")
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise MarketplaceError(
                self.env._("Answering an objection needs the role Accountant.")
            )
        self.document_ids._answer_contest(self.answer)
        return True
