from odoo import api, fields, models
from odoo.fields import Domain

from ..const import (
    KYC_BATCH,
    KYC_DOCUMENT_STATES,
    KYC_DOCUMENT_TRANSITIONS,
    KYC_REMINDER_DAYS,
)
from ..exceptions import MarketplaceError

# Identity papers: those who decide on KYC, and the vendor (his own, by rule).
GROUPS_IDENTITY = (
    "marketplace_base.group_accountant,marketplace_base.group_auditor,base.group_portal"
)


class MarketplaceKycDocument(models.Model):
    _name = "marketplace.kyc.document"
    _description = "KYC Document"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "create_date desc, id desc"
    _state_transitions = KYC_DOCUMENT_TRANSITIONS

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_marketplace_vendor", "=", True)],
        tracking=True,
    )
    type_id = fields.Many2one(
        "marketplace.kyc.document.type",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    # readable by the vendor, to whom the list of types itself is closed
    type_name = fields.Char(related="type_id.name", string="Document")
    file = fields.Binary(attachment=True, required=True, groups=GROUPS_IDENTITY)
    file_name = fields.Char()
    number = fields.Char(groups=GROUPS_IDENTITY, help="Number of the paper, if any.")
    date_issued = fields.Date(string="Issued On")
    date_expiry = fields.Date(
        string="Expires On", index="btree_not_null", tracking=True
    )
    state = fields.Selection(
        KYC_DOCUMENT_STATES,
        required=True,
        readonly=True,
        default="to_review",
        copy=False,
        index=True,
        tracking=True,
    )
    refusal_reason = fields.Text(
        copy=False, tracking=True, help="The vendor reads it in his portal."
    )
    reviewer_id = fields.Many2one("res.users", readonly=True, copy=False)
    date_review = fields.Datetime(string="Reviewed On", readonly=True, copy=False)
    date_reminder = fields.Date(readonly=True, copy=False)

    _dates_ordered = models.Constraint(
        "CHECK (date_expiry >= date_issued)",
        "A document cannot expire before it was issued.",
    )
    _refusal_explained = models.Constraint(
        "CHECK (state <> 'refused' OR refusal_reason <> '')",
        "Say why the document is refused: the vendor reads it.",
    )
    _reminder_idx = models.Index("(date_expiry) WHERE state = 'accepted'")

    @api.depends("type_name", "vendor_id")
    def _compute_display_name(self):
        for document in self:
            document.display_name = (
                f"{document.type_name or ''} · {document.vendor_id.name or ''}"
            )

    # -- constraints ----------------------------------------------------------------

    @api.constrains("type_id", "date_expiry")
    def _check_expiry_given(self):
        for document in self:
            if document.type_id.has_expiry and not document.date_expiry:
                raise MarketplaceError(
                    self.env._(
                        "Give the expiry date of the document “%(type)s”.",
                        type=document.type_id.name,
                    )
                )

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        documents.vendor_id._kyc_submit()
        return documents

    def write(self, vals):
        if {"file", "type_id", "vendor_id"} & vals.keys():
            for document in self:
                if document.state != "to_review":
                    raise MarketplaceError(
                        self.env._(
                            "%(document)s was reviewed: add a new document instead.",
                            document=document.display_name,
                        )
                    )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unreviewed(self):
        for document in self:
            if document.state != "to_review":
                raise MarketplaceError(
                    self.env._(
                        "%(document)s was reviewed: it is kept as proof.",
                        document=document.display_name,
                    )
                )

    # -- state gate -----------------------------------------------------------------

    @api.private
    def _transition(self, target, values=None):
        """Move documents to a state, and the KYC of their vendors with them."""
        moved = super()._transition(target, values)
        if target in ("refused", "expired"):
            moved._kyc_lose()
        moved.activity_unlink(["mail.mail_activity_data_todo"])
        return moved

    def _kyc_lose(self):
        """Have the KYC renewed of vendors who lost their last required document."""
        required = self.filtered("type_id.is_required")
        covered = {
            (document.vendor_id, document.type_id)
            for document in self.search(
                [
                    ("vendor_id", "in", required.vendor_id.ids),
                    ("type_id", "in", required.type_id.ids),
                    ("state", "=", "accepted"),
                ]
            )
        }
        lost = required.filtered(lambda d: (d.vendor_id, d.type_id) not in covered)
        # sudo: the state of the papers decides, whoever or whatever changed it
        lost.vendor_id.sudo().filtered(lambda v: v.kyc_state == "approved").write(
            {"kyc_state": "to_renew"}
        )

    # -- actions --------------------------------------------------------------------

    def action_accept(self):
        """Accept the documents; needs the right to write them."""
        today = fields.Date.context_today(self)
        for document in self:
            if document.date_expiry and document.date_expiry < today:
                raise MarketplaceError(
                    self.env._(
                        "%(document)s expired on %(date)s: refuse it.",
                        document=document.display_name,
                        date=document.date_expiry,
                    )
                )
        self._transition("accepted", self._prepare_review_vals())
        return True

    def action_refuse(self):
        """Refuse the documents, for the reason typed on each."""
        for document in self:
            if not (document.refusal_reason or "").strip():
                raise MarketplaceError(
                    self.env._(
                        "Say why %(document)s is refused: the vendor reads it.",
                        document=document.display_name,
                    )
                )
        self._transition("refused", self._prepare_review_vals())
        return True

    def _prepare_review_vals(self):
        return {"reviewer_id": self.env.uid, "date_review": fields.Datetime.now()}

    # -- cron -----------------------------------------------------------------------

    @api.model
    def _cron_follow_expiry(self):
        """Expire documents whose day has passed; raise activities for those to come."""
        today = fields.Date.context_today(self)
        accepted = Domain("state", "=", "accepted")
        passed = accepted & Domain("date_expiry", "<", today)
        coming = (
            accepted
            & Domain("date_reminder", "=", False)
            & Domain(
                "date_expiry", "<=", fields.Date.add(today, days=KYC_REMINDER_DAYS)
            )
            & Domain("vendor_id.vendor_state", "not in", ("rejected", "closed"))
        )
        for domain, act in (
            (passed, lambda batch: batch._transition("expired")),
            (coming, lambda batch: batch._remind(today)),
        ):
            while batch := self.search(domain, limit=KYC_BATCH).try_lock_for_update():
                act(batch)
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return

    def _remind(self, today):
        """Ask a person to get the next document before this one expires."""
        for document in self:
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=document.date_expiry,
                summary=self.env._("Expires soon: ask the vendor for a new one"),
                user_id=document.vendor_id._marketplace_responsible().id,
            )
        self.date_reminder = today
