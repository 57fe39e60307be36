"""Claims won after they were lost: the sale stands, and so does its commission."""

from odoo import api, fields, models


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    restored_line_id = fields.Many2one(
        "marketplace.commission.line",
        string="Takes Back",
        index="btree_not_null",
        readonly=True,
        help="What a lost chargeback had given back, and is owed again.",
    )

    _restored_uniq = models.UniqueIndex(
        "(restored_line_id) WHERE restored_line_id IS NOT NULL",
        "This commission is already charged again.",
    )
    _restored_linked = models.Constraint(
        "CHECK ((kind = 'restored') = (restored_line_id IS NOT NULL))",
        "Commission charged again names what had been given back.",
    )

    @api.model
    @api.private
    def _restore(self, refunds):
        """Charge again what refunds had given back; the rules of today do not matter.

        :param refunds: those of chargebacks that were won later.
        :return: the new lines.
        """
        # sudo: it follows from the provider's decision, whoever records it
        lines = self.sudo()
        given_back = lines.search(
            [("refund_line_id", "in", refunds.line_ids.ids)], order="id"
        )
        known = lines.search([("restored_line_id", "in", given_back.ids)])
        return self._unlocked().create(
            [
                line._prepare_restored_vals()
                for line in given_back - known.restored_line_id
            ]
        )

    def _prepare_restored_vals(self):
        self.ensure_one()
        minor, money = (
            self.currency_id._marketplace_minor,
            self.currency_id._marketplace_amount,
        )
        return {
            "kind": "restored",
            "company_id": self.company_id.id,
            "vendor_id": self.vendor_id.id,
            "marketplace_order_id": self.marketplace_order_id.id,
            "sale_order_id": self.sale_order_id.id,
            "sale_line_id": self.sale_line_id.id,
            "date": self.refund_line_id.refund_id.dispute_id.date_recovered,
            "rule_id": self.rule_id.id,
            "rule_version": self.rule_version,
            "currency_id": self.currency_id.id,
            "base": money(-minor(self.base)),
            "rate": self.rate,
            "amount": money(-minor(self.amount)),
            "is_shipping": self.is_shipping,
            "trace_steps": [{"step": "restored", "amount": -minor(self.amount)}],
            "reversed_line_id": self.reversed_line_id.id,
            "restored_line_id": self.id,
        }


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _after_reverse(self):
        result = super()._after_reverse()
        self.env["marketplace.commission.line"]._restore(self)
        for refund in self:
            refund._ask_for_documents()
        return result

    def _ask_for_documents(self):
        """Name the documents of a lost claim that say what is no longer true."""
        # sudo: the order desk reads no document of the accountants
        own = self.sudo()
        names = [
            *own.vendor_document_ids.mapped("name"),
            *own.principal_move_ids.mapped("name"),
        ]
        if not names:
            return
        own.dispute_id.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Invoice again what the chargeback had credited"),
            note=self.env._(
                "The chargeback is won after it was lost: the sale stands. Its credit "
                "notes %(documents)s were issued: agree on the documents that replace "
                "them.",
                documents=", ".join(names),
            ),
            user_id=self.env.uid,
        )
