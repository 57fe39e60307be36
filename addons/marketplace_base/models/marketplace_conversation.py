"""One thread per vendor order between its customer, its vendor and the operator."""

from odoo import api, fields, models

from ..const import KYC_FILE_MAX_BYTES, KYC_FILE_TYPES

CONVERSATION_STATES = [
    ("to_review", "To Review"),
    ("to_answer", "To Answer"),
    ("answered", "Answered"),
]
MESSAGE_MODERATIONS = [
    ("none", "Publish as written"),
    ("mask", "Mask e-mail addresses and phone numbers"),
    ("hold", "Review messages that hold one"),
    ("all", "Review every message"),
]
# What a message may carry.
MESSAGE_FILE_MAX_BYTES = KYC_FILE_MAX_BYTES
MESSAGE_FILE_TYPES = KYC_FILE_TYPES
MESSAGE_FILES = 5
MESSAGE_MAX_CHARS = 5000


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_message_moderation = fields.Selection(
        MESSAGE_MODERATIONS,
        string="Messages Between Customers and Vendors",
        required=True,
        default="mask",
        help="What happens to messages before the other side reads them. Addresses "
        "and numbers are masked in each case but the first.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_message_moderation = fields.Selection(
        related="company_id.marketplace_message_moderation",
        readonly=False,
        required=True,
    )


class MarketplaceConversation(models.Model):
    _name = "marketplace.conversation"
    _description = "Conversation about a Vendor Order"
    _order = "date_last desc, id desc"
    _rec_name = "sale_order_id"
    _rec_names_search = ["sale_order_id.name", "vendor_id.name", "partner_id.name"]

    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    marketplace_order_id = fields.Many2one(
        related="sale_order_id.marketplace_order_id",
        string="Order Group",
        store=True,
        index="btree_not_null",
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        related="sale_order_id.partner_id", string="Customer", store=True
    )
    company_id = fields.Many2one(
        related="sale_order_id.company_id", store=True, index=True
    )
    message_ids = fields.One2many(
        "marketplace.message", "conversation_id", string="Messages", readonly=True
    )
    state = fields.Selection(
        CONVERSATION_STATES,
        compute="_compute_state",
        store=True,
        index=True,
        help="To answer: the last word is not the operator's, nor the vendor's to his "
        "customer.",
    )
    date_last = fields.Datetime(
        string="Last Message", compute="_compute_state", store=True
    )
    message_count = fields.Integer(
        string="Number of Messages", compute="_compute_state", store=True
    )
    date_vendor_read = fields.Datetime(string="Read by the Vendor on", readonly=True)
    is_unread_by_vendor = fields.Boolean(
        compute="_compute_is_unread_by_vendor", store=True
    )

    _order_uniq = models.UniqueIndex(
        "(sale_order_id)", "This order has its conversation already."
    )

    @api.depends("message_ids.state", "message_ids.author_kind", "message_ids.audience")
    def _compute_state(self):
        for conversation in self:
            messages = conversation.message_ids.sorted("id")
            last = messages.filtered(lambda message: message.state != "refused")[-1:]
            conversation.message_count = len(messages)
            conversation.date_last = messages[-1:].date
            if "to_review" in messages.mapped("state"):
                conversation.state = "to_review"
            elif last._needs_answer():
                conversation.state = "to_answer"
            else:
                conversation.state = "answered"

    @api.depends("date_vendor_read", "message_ids.date_published", "message_ids.state")
    def _compute_is_unread_by_vendor(self):
        for conversation in self:
            read = conversation.date_vendor_read
            conversation.is_unread_by_vendor = any(
                message._is_for_vendor()
                and message.author_kind != "vendor"
                and (not read or message.date_published > read)
                for message in conversation.message_ids
            )

    # -- actions --------------------------------------------------------------------

    def action_reply(self):
        """Write to the vendor, to the customer or to both."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Message about %(order)s", order=self.display_name),
            "res_model": "marketplace.message.compose",
            "view_mode": "form",
            "target": "new",
            "context": {"default_sale_order_id": self.sale_order_id.id},
        }

    def _vendor_reads(self):
        """Note that the vendor has the thread before his eyes."""
        self.filtered("is_unread_by_vendor").date_vendor_read = fields.Datetime.now()


class SaleOrder(models.Model):
    _inherit = "sale.order"

    conversation_ids = fields.One2many("marketplace.conversation", "sale_order_id")
    conversation_message_count = fields.Integer(
        string="Messages in the Conversation",
        compute="_compute_conversation_message_count",
    )

    @api.depends("conversation_ids.message_count")
    def _compute_conversation_message_count(self):
        for order in self:
            # sudo: how many there are; the thread itself has its own rights
            order.conversation_message_count = sum(
                order.sudo().conversation_ids.mapped("message_count")
            )

    def _marketplace_conversation(self):
        """Return the conversation of a vendor order; it begins when needed."""
        self.ensure_one()
        # sudo: the thread belongs to the order; who may write is checked by callers
        Conversation = self.env["marketplace.conversation"].sudo()
        # Of two first messages at once, the later must see the other's thread.
        self._marketplace_take_turn()
        return Conversation.search(
            [("sale_order_id", "=", self.id)]
        ) or Conversation.create({"sale_order_id": self.id})

    @api.private
    def _post_customer_message(self, body, attachments=(), external_ref=None):
        """Take a message of the customer about this vendor order.

        Connectors and APIs call it. A message known by its reference is returned as
        it is.

        :param body: plain text, as the customer wrote it.
        :param attachments: [(file name, bytes)].
        :param external_ref: reference of the message at the storefront.
        :raises MarketplaceError: on an empty or too long text, or a file that is not
            a PDF, JPEG or PNG of at most 10 MB.
        """
        self.ensure_one()
        return self._marketplace_conversation()._post(
            "customer", "all", body, attachments, external_ref=external_ref
        )

    def action_view_conversation(self):
        """Open the thread, or write its first message."""
        self.ensure_one()
        conversation = self.conversation_ids
        if conversation:
            return conversation._get_records_action()
        return (
            self.env["marketplace.conversation"]
            .new({"sale_order_id": self.id})
            .action_reply()
        )
