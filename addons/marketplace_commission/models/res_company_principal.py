from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.marketplace_ledger_line import keep_facts


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_journal_bill_id = fields.Many2one(
        "account.journal",
        string="Self-billing Journal",
        domain="[('type', '=', 'purchase'), ('is_self_billing', '=', True)]",
        check_company=True,
        help="Bills that the company makes for vendors whose goods it sells itself.",
    )

    def _marketplace_setup(self):
        result = super()._marketplace_setup()
        for company in self:
            scoped = company.with_company(company).sudo()
            scoped._marketplace_create_journals(
                {
                    "marketplace_journal_bill_id": (
                        "MKB",
                        self.env._("Marketplace self-billing"),
                    ),
                },
                type="purchase",
                is_self_billing=True,
                refund_sequence=True,
                default_account_id=scoped._marketplace_account("PURCHASES").id,
                # A bill that the vendor contests must be correctable.
                restrict_mode_hash_table=False,
            )
        return result

    def _marketplace_purchase_taxes(self, rates):
        """Return {rate: the company's purchase tax of it, price excluded}.

        :param rates: percentages as Decimal; none is needed for 0.
        :raises MarketplaceError: naming the rate that has no tax.
        """
        self.ensure_one()
        Tax = self.env["account.tax"].sudo().with_context(active_test=False)
        taxes = Tax.search(
            [
                *Tax._check_company_domain(self),
                ("type_tax_use", "=", "purchase"),
                ("amount_type", "=", "percent"),
                ("tax_exigibility", "=", "on_invoice"),
                ("is_domestic", "=", True),
            ],
            order="active DESC, sequence, id",
        )
        found = {}
        for rate in rates:
            fitting = taxes.filtered(
                lambda tax, rate=rate: Decimal(str(tax.amount)) == rate
                and not tax.price_include
            )[:1]
            if rate and not fitting:
                raise MarketplaceError(
                    self.env._(
                        "%(company)s has no purchase tax of %(rate)s %%, price "
                        "excluded. Create it under Accounting › Configuration › Taxes.",
                        company=self.display_name,
                        rate=rate,
                    )
                )
            if fitting and not fitting.active:
                fitting.active = True
            found[rate] = fitting if rate else Tax.browse()
        return found


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_journal_bill_id = fields.Many2one(
        related="company_id.marketplace_journal_bill_id", readonly=False
    )


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    event = fields.Selection(
        selection_add=[("advance_applied", "Customer advance applied")],
        ondelete={"advance_applied": keep_facts},
    )

    @api.model
    def _journal_field_by_event(self):
        return {
            **super()._journal_field_by_event(),
            "advance_applied": "marketplace_journal_order_id",
        }
