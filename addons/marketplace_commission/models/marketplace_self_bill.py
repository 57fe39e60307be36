"""Bills that the operator makes to himself in the name of a vendor, and debits."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const_vendor_document import CONTEST_OUTCOMES, DOCUMENT_KINDS
from .mandate_document_mixin import LATER_FIELDS
from .vendor_document_issue import ISSUE_CONTEXT

# A caller can send any context value over RPC, but never this very object.
_BILL_TOKEN = object()


class MarketplaceSelfBill(models.Model):
    """The vendor's copy of a posted document of the self-billing journal.

    What it says is kept as it was at the issue, amounts of the entry included; files,
    the period to object and the vendor's answer belong to it.
    """

    _name = "marketplace.self.bill"
    _description = "Self-billed Document of a Vendor"
    _inherit = [
        "marketplace.mandate.document.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "sale_order_id.name", "vendor_id.name"]
    _report = "marketplace_commission.report_self_bill"

    name = fields.Char(string="Number", required=True, readonly=True, index="trigram")
    kind = fields.Selection(DOCUMENT_KINDS, required=True, readonly=True)
    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    mandate_id = fields.Many2one(
        "marketplace.terms.acceptance",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="By which the vendor lets the operator make bills in his name.",
    )
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Vendor Order",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    refund_id = fields.Many2one(
        "marketplace.refund",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the credit note is for.",
    )
    date = fields.Date(string="Issued on", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount_untaxed = fields.Monetary(string="Excl. VAT", readonly=True)
    amount_tax = fields.Monetary(string="VAT", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    payment_state = fields.Selection(related="move_id.payment_state")
    contest_outcome = fields.Selection(
        CONTEST_OUTCOMES, string="Outcome", readonly=True, tracking=True
    )

    _move_uniq = models.UniqueIndex("(move_id)", "The bill has its copy.")
    _contest_idx = models.Index("(id) WHERE is_contested IS TRUE")

    @api.model_create_multi
    def create(self, vals_list):
        self._check_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_token()
        later = LATER_FIELDS | {"contest_outcome"}
        if wrong := vals.keys() - later:
            raise AccessError(
                self.env._(
                    "%(documents)s: issued documents do not change (%(fields)s).",
                    documents=", ".join(self.mapped("name")),
                    fields=", ".join(sorted(wrong)),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(
            self.env._(
                "%(documents)s: issued documents are kept.",
                documents=", ".join(self.mapped("name")),
            )
        )

    def _check_token(self):
        if self.env.context.get("marketplace_document_token") is not _BILL_TOKEN:
            raise AccessError(
                self.env._(
                    "Self-billed documents are issued from orders and refunds, and "
                    "never changed."
                )
            )

    def _unlocked(self):
        """Return self able to write; only the documents' own code may call it."""
        # sudo: copies follow from posted bills, whoever runs the job; see the callers
        return self.sudo().with_context(marketplace_document_token=_BILL_TOKEN)

    # -- issue ----------------------------------------------------------------------

    @api.model
    @api.private
    def _issue(self, moves):
        """Make the vendors' copies of bills and debits just posted.

        :param moves: of one company, in the self-billing journal.
        """
        company = moves.company_id
        mandates = moves.partner_id._marketplace_mandates(company)
        today = company._marketplace_today()
        orders = moves.marketplace_principal_order_id
        invoices = self.sudo().search(  # sudo: to name what a debit corrects
            [("sale_order_id", "in", orders.ids), ("kind", "=", "invoice")]
        )
        corrected = {bill.sale_order_id: bill for bill in invoices}
        europe = company._marketplace_eu_countries()
        moves.invoice_line_ids.tax_ids.mapped("amount")  # read once for all
        vals_list = []
        for move in moves:
            mandate = mandates[move.partner_id.id]
            bill = corrected.get(move.marketplace_principal_order_id, self.browse())
            content = self._prepare_content(move, mandate, bill, europe)
            vals_list.append(
                {
                    "name": move.name,
                    "kind": content["kind"],
                    "move_id": move.id,
                    "company_id": company.id,
                    "vendor_id": move.partner_id.id,
                    "mandate_id": mandate.id,
                    "sale_order_id": move.marketplace_principal_order_id.id,
                    "refund_id": move.marketplace_principal_refund_id.id,
                    "date": move.invoice_date,
                    "date_contest_limit": fields.Date.add(
                        today, days=mandate.terms_id.contest_days
                    ),
                    "lang": content["lang"],
                    "currency_id": move.currency_id.id,
                    "amount_untaxed": move.amount_untaxed,
                    "amount_tax": move.amount_tax,
                    "amount_total": move.amount_total,
                    "content": content,
                }
            )
        bills = self._unlocked().with_context(**ISSUE_CONTEXT).create(vals_list)
        return bills.with_env(self.env)

    # -- actions --------------------------------------------------------------------

    def action_view_move(self):
        self.ensure_one()
        return self.move_id._get_records_action()

    def action_view_sale_order(self):
        self.ensure_one()
        return self.sale_order_id._get_records_action()

    def action_print(self):
        """Make the files that are still missing."""
        self.check_access("read")
        # sudo: the files follow from what was issued
        self.sudo()._print()
        return True
