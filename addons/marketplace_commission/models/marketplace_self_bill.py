"""Bills that the operator makes to himself in the name of a vendor, and debits."""

from odoo import api, fields, models

from ..const_vendor_document import CONTEST_OUTCOMES
from .mandate_document_mixin import LATER_FIELDS
from .vendor_document_issue import ISSUE_CONTEXT


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
    _later_fields = LATER_FIELDS | {"contest_outcome"}

    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    payment_state = fields.Selection(related="move_id.payment_state")
    contest_outcome = fields.Selection(
        CONTEST_OUTCOMES, string="Outcome", readonly=True, tracking=True
    )

    _move_uniq = models.UniqueIndex("(move_id)", "The bill has its copy.")
    _contest_idx = models.Index("(id) WHERE is_contested IS TRUE")

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
