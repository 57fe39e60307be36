from odoo import fields, models

from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.addons.base_iban.models.res_partner_bank import validate_iban

from ..exceptions import MarketplaceError

# Accounts of one vendor, the old ones included, before he must ask the operator.
ACCOUNTS_MAX = 10
CLOSURE_DAYS_MAX = 365


class ResPartner(models.Model):
    """What an owner of the vendor does by himself; the portal's gate comes before."""

    _inherit = "res.partner"

    def _vendor_plan_closure(self, date_start, date_end, note=None):
        """Close the vendor for some days, both included, and return the closure.

        :param date_start: as a form sends it, year-month-day.
        :raises MarketplaceError: when the days are wrong or taken.
        """
        self.ensure_one()
        # sudo: the vendor's own closures
        closures = self.env["marketplace.vendor.closure"].sudo()
        try:
            start = fields.Date.to_date(date_start or None)
            end = fields.Date.to_date(date_end or None)
        except ValueError:
            start = end = None
        if not start or not end:
            raise MarketplaceError(
                self.env._("Choose the first and the last day of the closure.")
            )
        if end < start:
            raise MarketplaceError(
                self.env._("The last day comes before the first one.")
            )
        if start < closures._vendor_today():
            raise MarketplaceError(self.env._("The first day has passed already."))
        if (end - start).days >= CLOSURE_DAYS_MAX:
            raise MarketplaceError(
                self.env._(
                    "A closure lasts at most %(limit)s days.", limit=CLOSURE_DAYS_MAX
                )
            )
        taken = closures.search(
            [
                ("vendor_id", "=", self.id),
                ("date_start", "<=", end),
                ("date_end", ">=", start),
            ],
            limit=1,
        )
        if taken:
            raise MarketplaceError(
                self.env._(
                    "You are closed from %(start)s to %(end)s already: cancel that "
                    "closure first.",
                    start=taken.date_start,
                    end=taken.date_end,
                )
            )
        return closures.create(
            {
                "vendor_id": self.id,
                "date_start": start,
                "date_end": end,
                "note": note or False,
            }
        )

    # -- bank account ---------------------------------------------------------------

    def _vendor_propose_account(self, iban, holder):
        """Enter an account for the vendor's payouts; people check it before its use.

        The mails, the second person and the cooling-off of a changed account apply as
        for one that a colleague enters.

        :raises UserError: when it is no IBAN, known already, or one too many.
        """
        self.ensure_one()
        # sudo: an owner proposes, two colleagues decide
        vendor = self.sudo()
        accounts = vendor.env["res.partner.bank"].with_context(active_test=False)
        validate_iban(iban)
        if not holder:
            raise MarketplaceError(self.env._("Say who holds the account."))
        own = accounts.search([("partner_id", "=", vendor.id)])
        if sanitize_account_number(iban) in own.mapped("sanitized_acc_number"):
            raise MarketplaceError(self.env._("We have this account already."))
        if len(own) >= ACCOUNTS_MAX:
            raise MarketplaceError(
                self.env._("Ask the marketplace to enter one more account.")
            )
        account = accounts.create(
            {"partner_id": vendor.id, "acc_number": iban, "acc_holder_name": holder}
        )
        vendor.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Check the bank account the vendor proposes"),
            user_id=vendor._marketplace_responsible().id,
        )
        return account

    def _vendor_accounts(self):
        """Return what the vendor may know of his accounts, newest first."""
        self.ensure_one()
        # sudo: his own accounts, their numbers masked
        vendor = self.sudo()
        now = fields.Datetime.now()
        rows = []
        for account in vendor.bank_ids.sorted("id", reverse=True):
            if account == vendor.payout_bank_account_id:
                state = "used"
            elif not account.is_second_approved:
                state = "to_check"
            elif account.date_usable and account.date_usable > now:
                state = "cooling"
            else:
                state = "approved"
            rows.append(
                {
                    "number": account._masked_number(),
                    "holder": account.acc_holder_name or vendor.name,
                    "state": state,
                    "date_usable": account.date_usable
                    if account.date_usable and account.date_usable > now
                    else None,
                    "date_entered": account.date_payee_changed or account.create_date,
                }
            )
        return rows
