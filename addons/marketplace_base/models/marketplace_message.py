"""Messages between customers, vendors and the operator, and who may read them."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.mimetypes import guess_mimetype

from ..engine.contacts import find_contacts, mask_contacts
from ..exceptions import MarketplaceError
from .marketplace_conversation import (
    MESSAGE_FILE_MAX_BYTES,
    MESSAGE_FILE_TYPES,
    MESSAGE_FILES,
    MESSAGE_MAX_CHARS,
)

MESSAGE_AUTHORS = [
    ("customer", "Customer"),
    ("vendor", "Vendor"),
    ("operator", "Marketplace"),
]
MESSAGE_AUDIENCES = [
    ("vendor", "Vendor and marketplace"),
    ("customer", "Customer and marketplace"),
    ("all", "Customer, vendor and marketplace"),
]
MESSAGE_STATES = [
    ("to_review", "To Review"),
    ("published", "Published"),
    ("refused", "Refused"),
]
MESSAGE_TRANSITIONS = {"published": {"to_review"}, "refused": {"to_review"}}
# What a message keeps for good: it may be proof.
FROZEN_FIELDS = {
    "conversation_id",
    "author_kind",
    "author_id",
    "audience",
    "body",
    "date",
    "date_published",
    "attachment_ids",
    "external_ref",
}
# Unforgeable by RPC: a client can send any context value, never this object.
POSTING = object()


class MarketplaceMessage(models.Model):
    """What somebody wrote about a vendor order.

    ``body`` is what was written, for the operator only. The other side reads
    ``body_public``, in which addresses and numbers are masked.
    """

    _name = "marketplace.message"
    _description = "Message about a Vendor Order"
    _inherit = ["marketplace.state.mixin"]
    _order = "id desc"
    _rec_name = "body_public"
    _state_transitions = MESSAGE_TRANSITIONS

    conversation_id = fields.Many2one(
        "marketplace.conversation", required=True, index=True, ondelete="restrict"
    )
    sale_order_id = fields.Many2one(
        related="conversation_id.sale_order_id", string="Vendor Order", store=True
    )
    vendor_id = fields.Many2one(
        related="conversation_id.vendor_id", store=True, index=True
    )
    company_id = fields.Many2one(
        related="conversation_id.company_id", store=True, index=True
    )
    author_kind = fields.Selection(
        MESSAGE_AUTHORS, string="From", required=True, readonly=True
    )
    author_id = fields.Many2one("res.users", string="Written by", readonly=True)
    audience = fields.Selection(
        MESSAGE_AUDIENCES, string="For", required=True, readonly=True
    )
    body = fields.Text(string="As Written", required=True, readonly=True)
    body_public = fields.Text(
        string="Message",
        required=True,
        help="What the other side reads; you may change it before you publish.",
    )
    has_contacts = fields.Boolean(
        string="Holds a Contact",
        readonly=True,
        help="An e-mail address or a phone number was found in it.",
    )
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    date_published = fields.Datetime(string="Published on", readonly=True)
    state = fields.Selection(MESSAGE_STATES, required=True, readonly=True, index=True)
    reviewer_id = fields.Many2one("res.users", string="Reviewed by", readonly=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", string="Files", readonly=True, bypass_search_access=True
    )
    external_ref = fields.Char(string="Storefront Reference", readonly=True)

    _external_uniq = models.UniqueIndex(
        "(conversation_id, external_ref) WHERE external_ref IS NOT NULL",
        "This message of the storefront is already recorded.",
    )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        self._check_posting()
        return super().create(vals_list)

    def write(self, vals):
        if FROZEN_FIELDS & vals.keys():
            self._check_posting()
        if "body_public" in vals:
            self._check_unpublished()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_posting()

    def _check_posting(self):
        if self.env.context.get("marketplace_posting_message") is not POSTING:
            raise MarketplaceError(
                self.env._("Messages stay as they were written: reply instead.")
            )

    def _check_unpublished(self):
        if published := self.filtered(lambda message: message.state != "to_review"):
            raise MarketplaceError(
                self.env._(
                    "A message of %(date)s about %(order)s is reviewed already: write "
                    "another one.",
                    date=fields.Date.to_string(published[0].date),
                    order=published[0].sale_order_id.name,
                )
            )

    # -- who reads what -------------------------------------------------------------

    @api.model
    def _domain_for_vendor(self):
        """Return which messages the vendor of a thread reads."""
        return Domain("author_kind", "=", "vendor") | (
            Domain("state", "=", "published") & Domain("audience", "!=", "customer")
        )

    def _is_for_vendor(self):
        self.ensure_one()
        return self.author_kind == "vendor" or (
            self.state == "published" and self.audience != "customer"
        )

    def _needs_answer(self):
        """Say whether the operator, or the vendor, still has to answer this message."""
        return self.author_kind == "customer" or (
            self.author_kind == "vendor" and self.audience == "vendor"
        )

    # -- review ---------------------------------------------------------------------

    def action_publish(self):
        """Let the other side read what waits, as it stands in the public text."""
        self._publish(self._transition("published", self._prepare_review_vals()))
        return True

    def action_refuse(self):
        """Keep from the other side what waits; its author is not told why."""
        self._transition("refused", self._prepare_review_vals())
        return True

    def _prepare_review_vals(self):
        return {"reviewer_id": self.env.uid}

    def _publish(self, messages):
        """Date what was published, and tell its readers."""
        messages.with_context(
            marketplace_posting_message=POSTING
        ).date_published = fields.Datetime.now()
        messages._notify_readers()
        messages._after_publish()

    def _after_publish(self):
        """Act on messages that their readers may see now; connectors deliver them."""

    def _notify_readers(self):
        """Mail those who may read the messages, in their language, without addresses.

        The mail comes from the company and answers go to the company. The vendor's has
        no text: he reads it in his portal.
        """
        templates = {
            kind: self.env.ref(f"marketplace_base.mail_template_message_{kind}").sudo()
            for kind in ("vendor", "customer")
        }
        users = self.vendor_id._vendor_users()
        # sudo: publishing decides that these mails leave
        for message in self.sudo():
            readers = {}
            if (
                message.author_kind != "vendor"
                and message.audience != "customer"
                and not message.sale_order_id.is_on_hold
            ):
                for user in users.get(message.vendor_id, []):
                    if user.active and user.share:
                        readers[user.partner_id] = "vendor"
            if message.author_kind != "customer" and message.audience != "vendor":
                if message._mails_customer():
                    readers[message.conversation_id.partner_id] = "customer"
            for partner, kind in readers.items():
                templates[kind].with_context(lang=partner.lang).send_mail(
                    message.id,
                    email_values={"recipient_ids": partner.ids, "email_to": False},
                )

    def _mails_customer(self):
        """Say whether the customer gets a mail; a storefront may write itself."""
        self.ensure_one()
        return bool(self.conversation_id.partner_id.email)


class MarketplaceConversation(models.Model):
    _inherit = "marketplace.conversation"

    @api.private
    def _post(self, author_kind, audience, body, attachments=(), external_ref=None):
        """Add a message to the thread; return it.

        What the operator writes, and what a vendor writes to the operator, is published
        at once. What goes from one side to the other passes the company's moderation.

        :param author_kind: "customer", "vendor" or "operator".
        :param audience: who may read it: "vendor", "customer" or "all".
        :param body: plain text.
        :param attachments: [(file name, bytes)].
        """
        self.ensure_one()
        # sudo: the callers check who writes
        Message = self.env["marketplace.message"].sudo()
        if external_ref and (
            known := Message.search(
                [
                    ("conversation_id", "=", self.id),
                    ("external_ref", "=", external_ref),
                ]
            )
        ):
            return known
        body = self._check_body(body)
        self._check_files(attachments)
        country = self.partner_id.country_id or self.company_id.country_id
        region = country.code or None
        has_contacts = bool(find_contacts(body, region))
        crosses = author_kind != "operator" and audience == "all"
        moderation = self.company_id.marketplace_message_moderation
        review = crosses and (
            moderation == "all"
            or (moderation == "hold" and (has_contacts or bool(attachments)))
        )
        public = body
        if crosses and moderation != "none":
            public = mask_contacts(body, region)
        message = (
            Message.with_context(marketplace_posting_message=POSTING)
            ._state_unlocked()
            .create(
                {
                    "conversation_id": self.id,
                    "author_kind": author_kind,
                    "author_id": self.env.uid if author_kind != "customer" else False,
                    "audience": audience,
                    "body": body,
                    "body_public": public,
                    "has_contacts": has_contacts,
                    "external_ref": external_ref,
                    "state": "to_review" if review else "published",
                }
            )
        )
        message.attachment_ids = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {
                        "name": name,
                        "raw": content,
                        "mimetype": guess_mimetype(content),
                        "res_model": message._name,
                        "res_id": message.id,
                    }
                    for name, content in attachments
                ]
            )
        )
        if not review:
            message._publish(message)
        return Message.browse(message.id)

    @api.model
    def _check_body(self, body):
        body = (body or "").strip()
        if not body:
            raise MarketplaceError(self.env._("The message is empty."))
        if len(body) > MESSAGE_MAX_CHARS:
            raise MarketplaceError(
                self.env._(
                    "A message takes at most %(limit)s characters.",
                    limit=MESSAGE_MAX_CHARS,
                )
            )
        return body

    @api.model
    def _check_files(self, attachments):
        """Refuse files that are too many, too large or of another kind than allowed.

        The content decides on the kind, not the name.
        """
        if len(attachments) > MESSAGE_FILES:
            raise MarketplaceError(
                self.env._("Send at most %(limit)s files.", limit=MESSAGE_FILES)
            )
        for name, content in attachments:
            if not content or len(content) > MESSAGE_FILE_MAX_BYTES:
                raise MarketplaceError(
                    self.env._(
                        "%(name)s is empty or larger than %(limit)s MB.",
                        name=name,
                        limit=MESSAGE_FILE_MAX_BYTES >> 20,
                    )
                )
            if guess_mimetype(content) not in MESSAGE_FILE_TYPES:
                raise MarketplaceError(
                    self.env._("%(name)s: send a PDF, JPEG or PNG file.", name=name)
                )


class MarketplaceVendorUser(models.Model):
    _inherit = "marketplace.vendor.user"

    def _owned_domain(self, model_name):
        domain = super()._owned_domain(model_name)
        if model_name in ("marketplace.conversation", "marketplace.message"):
            # Not before the order itself is shown.
            orders = Domain(self._owned_domain("sale.order"))
            domain = Domain(domain) & Domain("sale_order_id", "any", orders)
        if model_name == "marketplace.message":
            domain &= self.env["marketplace.message"]._domain_for_vendor()
        return domain
