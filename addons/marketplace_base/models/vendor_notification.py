from odoo import api, fields, models
from odoo.fields import Domain

# Orders announced in one transaction of the job.
NOTIFY_BATCH_ORDERS = 500
NOTIFICATIONS = ("notify_orders", "notify_statements", "notify_documents")


class MarketplaceVendorUser(models.Model):
    """Which mails a person wants about a vendor."""

    _inherit = "marketplace.vendor.user"

    notify_orders = fields.Boolean(
        string="New Orders",
        help="One mail for all that came since the last one, at most every 15 minutes.",
    )
    notify_statements = fields.Boolean(string="Statements", default=True)
    notify_documents = fields.Boolean(
        string="Documents",
        default=True,
        help="A paper is about to expire, or was refused.",
    )

    @api.model
    def _to_notify(self, vendors, name, role):
        """Return who of some vendors wants a kind of mail and may read of it, in sudo.

        :param name: of ``NOTIFICATIONS``.
        """
        # sudo: addresses for a mail that the event itself decides
        return self.sudo().search(
            Domain("vendor_id", "in", vendors.ids)
            & Domain(name, "=", True)
            & (Domain("is_owner", "=", True) | Domain(f"is_{role}", "=", True))
            & Domain("user_id.active", "=", True)
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_mail_partner_ids(self, name, role):
        """Return the ids, comma separated, of whom a mail to the vendor goes to.

        Those who want it; the vendor's own address when nobody does, for a mail that
        somebody must get.
        """
        self.ensure_one()
        members = self.env["marketplace.vendor.user"]._to_notify(self, name, role)
        partners = members.user_id.partner_id or self
        return ",".join(str(partner_id) for partner_id in partners.ids)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    is_vendor_told = fields.Boolean(
        readonly=True,
        copy=False,
        help="The vendor's people were told of the order, or nobody wanted a mail.",
    )

    _vendor_told_idx = models.Index(
        "(id) WHERE vendor_id IS NOT NULL AND state = 'sale'"
        " AND is_vendor_told IS NOT TRUE"
    )

    @api.model
    def _cron_tell_vendors(self):
        """Mail the vendors' people what came in since the last run, once."""
        domain = [
            ("vendor_id", "!=", False),
            ("state", "=", "sale"),
            ("is_vendor_told", "=", False),
        ]
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(domain))
        while orders := self.search(
            domain, limit=NOTIFY_BATCH_ORDERS, order="id"
        ).try_lock_for_update(allow_referencing=True):
            orders._tell_vendors()
            if not cron._commit_progress(len(orders)):
                break

    def _tell_vendors(self):
        """Mail one list of new orders to each person who wants it."""
        open_orders = self.filtered(
            lambda order: order.marketplace_shipping_state == "to_ship"
        )
        by_vendor = open_orders.grouped("vendor_id")
        members = self.env["marketplace.vendor.user"]._to_notify(
            open_orders.vendor_id, "notify_orders", "orders"
        )
        names = {
            vendor.id: orders.mapped("name") for vendor, orders in by_vendor.items()
        }
        template = self.env.ref("marketplace_base.mail_template_vendor_new_orders")
        template.sudo().with_context(marketplace_order_names=names).send_mail_batch(
            members.ids, email_layout_xmlid="mail.mail_notification_light"
        )
        self.is_vendor_told = True


class MarketplaceKycDocument(models.Model):
    _inherit = "marketplace.kyc.document"

    def _transition(self, target, values=None):
        """Tell the vendor's people of papers that are refused or have expired."""
        moved = super()._transition(target, values)
        if target in ("refused", "expired"):
            moved._tell_vendors()
        return moved

    def _remind(self, today):
        result = super()._remind(today)
        self._tell_vendors()
        return result

    def _tell_vendors(self):
        """Mail who wants to know of the vendors' papers, a mail for each paper."""
        members = self.env["marketplace.vendor.user"]._to_notify(
            self.vendor_id, "notify_documents", "owner"
        )
        told = self.filtered(lambda document: document.vendor_id in members.vendor_id)
        template = self.env.ref("marketplace_base.mail_template_vendor_document")
        # sudo: the state of the paper decides that the mail leaves
        template.sudo().send_mail_batch(
            told.ids, email_layout_xmlid="mail.mail_notification_light"
        )
