"""A second pair of eyes on large refunds, and refunds that vendors ask for."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command

from ..exceptions import MarketplaceError

# What an approval is about: a change voids it.
APPROVED_FIELDS = {"order_id", "payment_id", "amount", "line_ids", "borne_by"}


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_refund_approval = fields.Monetary(
        string="Refunds Need Approval From",
        help="Refunds of this amount or more, decided here, need a second person. "
        "Zero: none does.",
    )
    marketplace_vendor_refund_limit = fields.Monetary(
        string="Vendors Refund up to",
        help="A vendor may refund his customer in the portal up to this amount at "
        "once; above it, or with zero, his request waits for the operator.",
    )

    _refund_limits_positive = models.Constraint(
        "CHECK (marketplace_refund_approval >= 0"
        " AND marketplace_vendor_refund_limit >= 0)",
        "The limits of refunds are zero or more.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Marketplace Currency"
    )
    marketplace_refund_approval = fields.Monetary(
        related="company_id.marketplace_refund_approval",
        readonly=False,
        currency_field="marketplace_currency_id",
    )
    marketplace_vendor_refund_limit = fields.Monetary(
        related="company_id.marketplace_vendor_refund_limit",
        readonly=False,
        currency_field="marketplace_currency_id",
    )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    requested_by = fields.Selection(
        [("vendor", "Vendor")],
        string="Asked for by",
        readonly=True,
        copy=False,
        help="The vendor asked for the refund in his portal.",
    )
    needs_approval = fields.Boolean(
        compute="_compute_needs_approval",
        store=True,
        help="Large enough to need a second person, who has not approved it yet.",
    )
    approved_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, tracking=True
    )
    changed_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
        help="Who last typed what is refunded: somebody else approves it.",
    )

    @api.depends(
        "amount",
        "state",
        "approved_by_id",
        "company_id.marketplace_refund_approval",
    )
    def _compute_needs_approval(self):
        for record in self:
            record.needs_approval = record._lacks_approval()

    def _lacks_approval(self):
        """Say whether a draft is large enough to need a second person, and has none."""
        self.ensure_one()
        company = self.company_id
        limit = company.marketplace_refund_approval
        if not limit or self.state != "draft" or self.approved_by_id:
            return False
        amount = self.amount
        if self.currency_id != company.currency_id:
            amount = self.currency_id._convert(
                amount, company.currency_id, company, self.date
            )
        return company.currency_id.compare_amounts(amount, limit) >= 0

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_approval_fields(vals)
        records = super().create(vals_list)
        # A context may bring defaults that no value names.
        if records.approved_by_id and not self.env.su:
            raise AccessError(self.env._("Use the button to approve a refund."))
        return records

    def write(self, vals):
        self._check_approval_fields(vals)
        if APPROVED_FIELDS & vals.keys():
            vals = {
                **vals,
                "approved_by_id": False,
                "changed_by_id": self.env.user.id,
            }
        return super().write(vals)

    def _check_approval_fields(self, vals):
        """Let nobody say who typed or approved a refund but the document's code."""
        if {"approved_by_id", "changed_by_id"} & vals.keys() and not self.env.su:
            raise AccessError(self.env._("Use the button to approve a refund."))

    def _share_over_lines(self, money):
        """Keep the approval: sharing the amount approved does not change it."""
        approver = self.approved_by_id
        result = super()._share_over_lines(money)
        # sudo: the approval is given back as it was
        self.sudo().approved_by_id = approver
        return result

    def action_approve(self):
        """Approve refunds that somebody else typed.

        :raises MarketplaceError: for one's own.
        """
        self.check_access("write")
        for record in self:
            if self.env.user in (record.changed_by_id, record.create_uid):
                raise MarketplaceError(
                    self.env._(
                        "%(refund)s: you typed it, somebody else approves it.",
                        refund=record.name,
                    )
                )
        # sudo: nobody writes an approval but here, after the check above
        self.sudo().approved_by_id = self.env.user
        return True

    def action_apply(self):
        """Refund what is approved, or needs no approval."""
        for record in self.filtered(lambda record: record._lacks_approval()):
            raise MarketplaceError(
                self.env._(
                    "%(refund)s: refunds from %(limit)s on need the approval of a "
                    "second person.",
                    refund=record.name,
                    limit=record.company_id.currency_id.format(
                        record.company_id.marketplace_refund_approval
                    ),
                )
            )
        return super().action_apply()

    @api.model
    @api.private
    def _request_by_vendor(self, quantities, reason, note):
        """Return the refund of units that a vendor asks for, of his own order.

        Applied at once up to the limit of the company; a draft for the operator above
        it, or when the vendor would then owe money.

        :param quantities: {order line: units above zero}, lines of one vendor order.
        :raises MarketplaceError: when a request for one of the lines waits already.
        """
        lines = self.env["sale.order.line"].union(*quantities)
        # Two clicks make one request.
        lines.order_id._marketplace_take_turn()
        waiting = self.search(
            [
                ("state", "=", "draft"),
                ("requested_by", "=", "vendor"),
                ("line_ids.sale_line_id", "in", lines.ids),
            ],
            limit=1,
        )
        if waiting:
            raise MarketplaceError(
                self.env._(
                    "%(refund)s of this order waits for the marketplace already.",
                    refund=waiting.name,
                )
            )
        refund = self.create(
            {
                "order_id": lines.order_id.marketplace_order_id.id,
                "reason_code": reason,
                "note": note,
                "requested_by": "vendor",
                "line_ids": [
                    Command.create({"sale_line_id": line.id, "quantity": quantity})
                    for line, quantity in quantities.items()
                ],
            }
        )
        if refund.problem:
            raise MarketplaceError(refund.problem)
        limit = refund.company_id.marketplace_vendor_refund_limit
        small = (
            refund.currency_id == refund.company_id.currency_id
            and refund.currency_id.compare_amounts(refund.amount, limit) <= 0
        )
        if small and not refund.goes_negative and not refund._lacks_approval():
            refund._apply()
        else:
            refund._check_returns()
            refund.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Refund asked for by the vendor"),
                user_id=lines.order_id.vendor_id._marketplace_responsible().id,
            )
        return refund


class MarketplaceRefundLine(models.Model):
    _inherit = "marketplace.refund.line"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._void_approval()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if {"sale_line_id", "quantity", "amount", "refund_id"} & vals.keys():
            self._void_approval()
        return result

    def _void_approval(self):
        """Ask again for the approval of refunds whose lines changed."""
        approved = self.refund_id.filtered("approved_by_id")
        # sudo: who approves is nobody's to write but ours
        approved.sudo().write(
            {"approved_by_id": False, "changed_by_id": self.env.user.id}
        )
