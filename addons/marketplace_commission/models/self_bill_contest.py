"""What follows when a vendor objects to a bill that the operator made for him."""

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import CONTEST_OUTCOMES

SETTLED_STATES = ("paid", "in_payment", "blocked", "reversed")


class MarketplaceSelfBill(models.Model):
    _inherit = "marketplace.self.bill"

    def _after_contest(self):
        """Stop the payment of a contested bill, and say so on it."""
        result = super()._after_contest()
        for bill in self.sudo():  # sudo: the vendor's objection decides, not his rights
            move = bill.move_id
            if bill.kind == "invoice" and move.payment_state not in SETTLED_STATES:
                move.action_toggle_block_payment()
            move.message_post(
                body=self.env._(
                    "%(vendor)s contests this document: %(reason)s",
                    vendor=bill.vendor_id.display_name,
                    reason=bill.contest_reason,
                )
            )
        return result

    def _answer_bill(self, outcome, answer):
        """Answer the vendors, and settle what becomes of their bills.

        A bill that stands is paid again; one that is not is credited as far as refunds
        have not debited it, and its vendor sends his own.

        :raises MarketplaceError: for a debit that should be credited, or as the
            answers of other documents.
        """
        if outcome == "credited" and (
            debits := self.filtered(lambda bill: bill.kind != "invoice")
        ):
            raise MarketplaceError(
                self.env._(
                    "%(documents)s: a debit is not credited. Enter the bill that the "
                    "vendor sends for the difference.",
                    documents=", ".join(debits.mapped("name")),
                )
            )
        self._answer_contest(answer)
        self._unlocked().write({"contest_outcome": outcome})
        for bill in self.sudo():  # sudo: the accountant of the check above decides
            if bill.move_id.payment_state == "blocked":
                bill.move_id.action_toggle_block_payment()
            if outcome == "credited":
                bill._credit_bill()

    def _credit_bill(self):
        """Post the credit of what refunds left of a bill, set off against it."""
        self.ensure_one()
        order = self.sale_order_id.with_company(self.company_id)
        minor = order.currency_id._marketplace_minor
        credited = self.search(
            [("sale_order_id", "=", order.id), ("kind", "=", "credit_note")]
        )
        rows = []
        for line in order.order_line.filtered("amount_purchase"):
            taken = sum(
                minor(item._purchase_share())
                for item in line.marketplace_refund_line_ids
                if item.refund_id in credited.refund_id
            )
            left = minor(line.amount_purchase) - taken
            if left:
                money = order.currency_id._marketplace_amount
                rows.append((line, line.product_uom_qty, money(left)))
        if not rows:
            return
        day = self.company_id._marketplace_open_date(
            self.company_id._marketplace_today(), has_tax=True
        )
        no_refund = self.env["marketplace.refund"].browse()
        credit = order._post_vendor_documents(
            "in_refund", {(order, no_refund): rows}, {order: day}
        )
        items = (credit + self.move_id).line_ids.filtered(
            lambda item: (item.display_type == "payment_term" and not item.reconciled)
        )
        items.reconcile()

    def action_answer_contest(self):
        """Open the form in which an accountant answers the vendor."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answer the Vendor"),
            "res_model": "marketplace.self.bill.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_bill_ids": self.ids},
        }


class SaleOrder(models.Model):
    _inherit = "sale.order"

    self_bill_ids = fields.One2many(
        "marketplace.self.bill",
        "sale_order_id",
        string="Self-billed Documents",
        groups="marketplace_base.group_viewer",
    )
    self_bill_count = fields.Integer(
        compute="_compute_self_bill_count", groups="marketplace_base.group_viewer"
    )

    def _compute_self_bill_count(self):
        counts = dict(
            self.env["marketplace.self.bill"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.self_bill_count = counts.get(order._origin, 0)

    def action_view_self_bills(self):
        self.ensure_one()
        return self.self_bill_ids._get_records_action(
            name=self.env._("Self-billed Documents")
        )

    def _self_bills_given_up(self):
        """Return the orders whose bill was credited: their vendors bill themselves."""
        # sudo: what became of a bill, not the bill
        bills = self.env["marketplace.self.bill"].sudo()
        return bills.search(
            [("sale_order_id", "in", self.ids), ("contest_outcome", "=", "credited")]
        ).sale_order_id.with_env(self.env)


class MarketplaceSelfBillAnswer(models.TransientModel):
    _name = "marketplace.self.bill.answer"
    _description = "Answer to an Objection to a Bill"

    bill_ids = fields.Many2many(
        "marketplace.self.bill",
        "marketplace_self_bill_answer_rel",
        string="Bills",
        required=True,
    )
    outcome = fields.Selection(
        CONTEST_OUTCOMES,
        required=True,
        default="stands",
        help="A bill that stands is paid. Otherwise what is left of it is credited, "
        "and the vendor sends his own bill: enter it among the vendor bills.",
    )
    answer = fields.Text(required=True, help="The vendor reads it.")

    def action_answer(self):
        self.bill_ids.check_access("read")
        self.bill_ids._answer_bill(self.outcome, self.answer)
        return True
