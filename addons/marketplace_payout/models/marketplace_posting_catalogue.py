"""Say on which accounts each event of the ledger is posted: for accountants, to print.

Journals and accounts are those the posting uses; the pairs of roles are named here, and
the nightly check reports a pair that the ledger holds and the catalogue does not.
"""

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.marketplace_base.const import HEALTH_DAYS
from odoo.addons.marketplace_base.models.marketplace_ledger_line import ROLE_SELECTION

# Where customers' money comes from, what a sale credits, and who may bear a loss.
CUSTOMER = ("PSP_CLEARING", "GIFT_CARDS")
# Where the price of a sale comes from: that, or the cash that its vendor keeps.
PAID = (*CUSTOMER, "VENDOR_CASH")
# Of what we sell ourselves, the customer's money is an advance.
SOLD = ("VENDOR_PENDING", "CUST_ADVANCE", "SHIPPING_INC", "VAT_DEEMED", "VAT_OUT")
# A discount of ours on it is a lower price: nothing is funded.
FUNDED = tuple(role for role in SOLD if role != "CUST_ADVANCE")
GIVEN_UP = (*SOLD, "VENDOR_DUE", "OPERATOR_COST")
GIVEN_BACK = ("DISCOUNT_MKT", "OPERATOR_COST")
# Where the money of a payout leaves from, and comes back to.
PAYOUT_SOURCES = ("PAYOUT_TRANSIT", "BANK", "PSP_CLEARING")


def pairs(debits, credits):
    """Return every (debit, credit) of two different roles."""
    return [
        (debit, credit) for debit in debits for credit in credits if debit != credit
    ]


def both_ways(debit, credit):
    """Return a movement and the same one taken back."""
    return [(debit, credit), (credit, debit)]


class MarketplaceLedgerLine(models.Model):
    _inherit = "marketplace.ledger.line"

    @api.model
    def _posting_pairs(self):
        """Return {event: [(role debited, role credited)]}; new events extend it."""
        return {
            "capture": pairs(PAID, (*SOLD, "OPERATOR_COST")),
            "discount_funding": pairs(("DISCOUNT_MKT",), FUNDED),
            "shipping_funding": pairs(("DISCOUNT_MKT",), FUNDED),
            "rounding": pairs(("OPERATOR_COST",), SOLD)
            + pairs(PAID, ("OPERATOR_COST",)),
            "on_account": pairs(("CUST_COLLECT",), SOLD),
            "collection": pairs(PAID, ("CUST_COLLECT",)),
            "collection_loss": pairs(("BAD_DEBT",), ("CUST_COLLECT", "PSP_CLEARING")),
            "entitlement": [("VENDOR_PENDING", "VENDOR_DUE")],
            "vendor_cash": both_ways("VENDOR_DUE", "VENDOR_CASH"),
            "cash_commission": both_ways("VENDOR_DUE", "VENDOR_AR"),
            "refund": pairs(
                GIVEN_UP, (*PAID, "CUST_COLLECT", "CUST_REFUND", *GIVEN_BACK)
            ),
            "goodwill": pairs(("OPERATOR_COST",), (*CUSTOMER, "CUST_REFUND")),
            "return_label": [("OPERATOR_COST", "VENDOR_DUE")],
            "dispute_opened": [("DISPUTES", "PSP_CLEARING")],
            "dispute_fee": [("PSP_FEES", "PSP_CLEARING")],
            "dispute_won": [("PSP_CLEARING", "DISPUTES")],
            "dispute_recovered": pairs(("PSP_CLEARING", *GIVEN_BACK), GIVEN_UP),
            "dispute_relieved": [("PSP_CLEARING", "OPERATOR_COST")],
            "dispute_fee_back": [("PSP_CLEARING", "PSP_FEES")],
            "dispute_lost": pairs(GIVEN_UP, ("DISPUTES", *GIVEN_BACK)),
            "dispute_borne": [("OPERATOR_COST", "DISPUTES")],
            "psp_settlement": both_ways("BANK", "PSP_CLEARING"),
            "psp_fee": [("PSP_FEES", "PSP_CLEARING")],
            "psp_difference": both_ways("PSP_FEES", "PSP_CLEARING")
            + both_ways("OPERATOR_COST", "PSP_CLEARING"),
            "commission": both_ways("VENDOR_AR", "COMMISSION"),
            "commission_tax": both_ways("VENDOR_AR", "VAT_OUT"),
            "fee": both_ways("VENDOR_AR", "COMMISSION")
            + both_ways("VENDOR_AR", "SUBSCRIPTION"),
            "advance_applied": both_ways("CUST_ADVANCE", "CUST_AR"),
            "netting": both_ways("VENDOR_DUE", "VENDOR_AR"),
            "reserve_hold": [("VENDOR_DUE", "VENDOR_RESERVE")],
            "reserve_release": [("VENDOR_RESERVE", "VENDOR_DUE")],
            "statement_correction": [("OPERATOR_COST", "VENDOR_DUE")],
            "debt_payment": [("BANK", "VENDOR_DUE")],
            "impairment": [("IMPAIRMENT_COST", "IMPAIRMENT")],
            "impairment_back": [("IMPAIRMENT", "IMPAIRMENT_BACK")],
            "write_off": [("BAD_DEBT", "VENDOR_DUE")],
            "unclaimed": [("VENDOR_DUE", "UNCLAIMED_INCOME")],
            "payout": pairs(("VENDOR_DUE",), PAYOUT_SOURCES),
            "payout_bank": [("PAYOUT_TRANSIT", "BANK")],
            "payout_psp": [("PAYOUT_TRANSIT", "PSP_CLEARING")],
            "payout_return": pairs((*PAYOUT_SOURCES, "PSP_FEES"), ("VENDOR_DUE",)),
            "accrual": both_ways("ACCRUED_INCOME", "COMMISSION")
            + both_ways("ACCRUED_INCOME", "VAT_ACCRUED"),
            "psp_accrual": both_ways("PSP_FEES", "ACCRUED_PSP"),
            "psp_accrual_reversal": both_ways("PSP_FEES", "ACCRUED_PSP"),
            "accrual_reversal": both_ways("COMMISSION", "ACCRUED_INCOME")
            + both_ways("VAT_ACCRUED", "ACCRUED_INCOME"),
        }


class MarketplacePostingCatalogue(models.TransientModel):
    """One movement of one event: account debited, account credited, journal."""

    _name = "marketplace.posting.catalogue"
    _description = "Posting Catalogue"
    _order = "sequence, id"
    _rec_name = "event"

    sequence = fields.Integer(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    event = fields.Char(readonly=True)
    role_debit = fields.Selection(ROLE_SELECTION, string="Debit", readonly=True)
    account_debit_id = fields.Many2one(
        "account.account", string="Account Debited", readonly=True
    )
    role_credit = fields.Selection(ROLE_SELECTION, string="Credit", readonly=True)
    account_credit_id = fields.Many2one(
        "account.account", string="Account Credited", readonly=True
    )
    journal_id = fields.Many2one("account.journal", readonly=True)

    @api.model
    @api.private
    def _build(self, company):
        """Return the catalogue of a company, as its ledger would post today."""
        Ledger = self.env["marketplace.ledger.line"]
        # sudo: the set-up of the company is read, nothing of it is changed
        company = company.sudo()
        accounts = {
            role.code: role.account_id.id for role in company.marketplace_role_ids
        }
        journals = Ledger._journal_field_by_event()
        catalogue = Ledger._posting_pairs()
        events = dict(Ledger._fields["event"]._description_selection(self.env))
        # sudo: the rows are made for their reader, who writes nothing
        return self.sudo().create(
            [
                {
                    "sequence": sequence,
                    "company_id": company.id,
                    "event": label,
                    "role_debit": debit,
                    "account_debit_id": accounts.get(debit),
                    "role_credit": credit,
                    "account_credit_id": accounts.get(credit),
                    "journal_id": company[journals[event]].id,
                }
                for sequence, (event, label) in enumerate(events.items())
                for debit, credit in catalogue.get(event, [(False, False)])
            ]
        )

    @api.model
    def action_catalogue(self):
        """List the catalogue of the company one works in."""
        self.check_access("read")
        rows = self._build(self.env.company)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_posting_catalogue_action"
        )
        return {**action, "domain": [("id", "in", rows.ids)]}


class ResCompany(models.Model):
    _inherit = "res.company"

    def _marketplace_posting_catalogue(self):
        """Return the rows of the printed catalogue, by event."""
        rows = self.env["marketplace.posting.catalogue"]._build(self)
        return rows.grouped("event")


class MarketplaceHealth(models.AbstractModel):
    _inherit = "marketplace.health"

    @api.model
    @api.private
    def _check(self, company):
        return [*super()._check(company), *self._check_catalogue(company)]

    def _check_catalogue(self, company):
        """Name movements of the ledger that the posting catalogue does not show."""
        Ledger = self.env["marketplace.ledger.line"]
        Ledger.flush_model(["event", "role_debit", "role_credit", "date_event"])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT event, role_debit, role_credit"
                " FROM marketplace_ledger_line"
                " WHERE company_id = %s AND date_event >= %s ORDER BY 1, 2, 3",
                company.id,
                fields.Date.subtract(fields.Date.today(), days=HEALTH_DAYS),
            )
        )
        catalogue = Ledger._posting_pairs()
        return [
            self.env._(
                "The posting catalogue does not show %(event)s: %(debit)s to "
                "%(credit)s.",
                event=event,
                debit=debit,
                credit=credit,
            )
            for event, debit, credit in rows
            if (debit, credit) not in catalogue.get(event, ())
        ]
