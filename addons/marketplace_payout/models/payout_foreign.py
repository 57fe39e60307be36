"""Pay vendors outside SEPA: a list that a person orders at the bank, line by line.

The list is frozen when the run is checked: approval, file and screen say the same.
"""

import hashlib
import json

from odoo import api, fields, models

from odoo.addons.marketplace_base.engine.csv_file import write_csv
from odoo.addons.marketplace_base.engine.money import from_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_base.models.res_partner import GROUPS_BANK

from ..engine.foreign_transfer import ForeignPayee, foreign_problems
from .res_users import GROUPS_PAYOUT

# Where the money goes when no IBAN says it, next to the number.
ROUTING_FIELDS = ("bank_id", "clearing_number")


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    transfer_purpose = fields.Char(
        string="Purpose of Transfers",
        tracking=True,
        groups=GROUPS_BANK,
        help="What the payee's bank and its central bank want to know of a transfer "
        "outside SEPA, such as “Goods sold online” or a code of the country.",
    )

    def write(self, vals):
        """Treat another bank of an account without IBAN as another account."""
        if not vals.keys() & set(ROUTING_FIELDS):
            return super().write(vals)
        before = {
            account: [account[name] for name in ROUTING_FIELDS] for account in self
        }
        result = super().write(vals)
        changed = self.filtered(
            lambda account: account.acc_type != "iban"
            and before[account] != [account[name] for name in ROUTING_FIELDS]
        )
        if changed:
            changed._record_payee_change()
        return result

    def _marketplace_needs_iban(self, vendor):
        return (
            super()._marketplace_needs_iban(vendor)
            # sudo: says how the vendor is paid to who checks one of his accounts
            and vendor.sudo().payout_rail != "foreign"
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _prepare_foreign_payee(self):
        """Return what the list would say of the vendor."""
        account = self.payout_bank_account_id
        bank = account.bank_id
        town = " ".join(part for part in (bank.zip, bank.city) if part)
        address = (bank.street, bank.street2, town)
        return ForeignPayee(
            name=account.acc_holder_name or self.name or "",
            address=", ".join(part for part in (self.street, self.street2) if part),
            town=" ".join(part for part in (self.zip, self.city) if part)
            if self.city
            else "",
            country=self.country_id.code or "",
            account=account.sanitized_acc_number or "",
            currency=account.currency_id.name or "",
            bic=bank.bic or "",
            bank=bank.name or "",
            bank_address=", ".join(part for part in address if part),
            bank_country=bank.country.code or "",
            clearing=account.clearing_number or "",
            purpose=account.transfer_purpose or "",
        )

    def _vendor_is_paid_abroad(self):
        """Return whether the vendor is paid outside SEPA, for his own portal."""
        # sudo: the caller has passed the gate, shows no account
        return self.sudo().payout_rail == "foreign"

    def _payee_problems(self):
        if self.payout_rail != "foreign":
            return super()._payee_problems()
        words = self._foreign_problem_words()
        return [
            words[field, problem]
            for field, problem in foreign_problems(self._prepare_foreign_payee())
        ]

    def _foreign_problem_words(self):
        """Return {(field, problem): sentence}, each with the vendor's name."""
        labels = {
            "name": self.env._("account holder"),
            "town": self.env._("town of the vendor"),
            "country": self.env._("country of the vendor"),
            "account": self.env._("account number"),
            "currency": self.env._("currency of the bank account"),
            "bic": self.env._("BIC of the bank"),
            "bank": self.env._("name of the bank, or its clearing number"),
            "bank_address": self.env._("address of the bank, or its clearing number"),
            "bank_country": self.env._("country of the bank"),
            "purpose": self.env._("purpose of transfers, on the bank account"),
        }
        words = {
            (field, "missing"): self.env._(
                "%(vendor)s is paid outside SEPA and lacks: %(field)s.",
                vendor=self.name,
                field=label,
            )
            for field, label in labels.items()
        }
        words["bic", "format"] = self.env._(
            "%(vendor)s is paid outside SEPA, and the BIC of his bank is not one: it "
            "has 8 or 11 letters and digits, such as CHASUS33.",
            vendor=self.name,
        )
        return words


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    transfer_name = fields.Char(
        string="Account Holder", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_address = fields.Char(
        string="Address", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_town = fields.Char(
        string="Town", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_country = fields.Char(
        string="Country", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_currency = fields.Char(
        string="Currency of the Account",
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="The bank converts when it is not that of the payout.",
    )
    transfer_bic = fields.Char(
        string="BIC", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_bank = fields.Char(
        string="Bank", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_bank_address = fields.Char(
        string="Address of the Bank", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_bank_country = fields.Char(
        string="Country of the Bank", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )
    transfer_clearing = fields.Char(
        string="Clearing Number",
        readonly=True,
        copy=False,
        groups=GROUPS_PAYOUT,
        help="Code of the bank in its country: routing number, sort code, IFSC, BSB.",
    )
    transfer_purpose = fields.Char(
        string="Purpose", readonly=True, copy=False, groups=GROUPS_PAYOUT
    )

    def _transfer_columns(self):
        """Return the columns of the list: (label, value of each payout by a function).

        Amounts are exact decimals with a point, as many digits as the currency has.
        """

        def column(name):
            label = self._fields[name]._description_string(self.env)
            return label, lambda payout: payout[name] or ""

        return [
            column("end_to_end_id"),
            (self.env._("Vendor"), lambda payout: payout.vendor_id.name),
            (self.env._("Currency"), lambda payout: payout.currency_id.name),
            (self.env._("Amount"), lambda payout: payout._transfer_amount()),
            column("transfer_name"),
            column("transfer_address"),
            column("transfer_town"),
            column("transfer_country"),
            (self.env._("Account Number"), lambda payout: payout.iban),
            column("transfer_currency"),
            column("transfer_bic"),
            column("transfer_clearing"),
            column("transfer_bank"),
            column("transfer_bank_address"),
            column("transfer_bank_country"),
            column("transfer_purpose"),
            (self.env._("Text"), lambda payout: payout._remittance()),
        ]

    def _transfer_amount(self):
        currency = self.currency_id
        minor = currency._marketplace_minor(self.amount)
        return from_minor(minor, currency.decimal_places)

    def action_confirm_transfer(self):
        """Record that the bank debited the transfers of the list today."""
        payouts = self._check_payout_role(
            "marketplace_payout.group_payout_preparer",
            "marketplace_payout.group_payout_approver",
            "marketplace_base.group_accountant",
        )
        if wrong := payouts.filtered(lambda payout: payout.rail != "foreign"):
            raise MarketplaceError(
                self.env._(
                    "%(payouts)s: only transfers outside SEPA are confirmed one by "
                    "one. Confirm the others on their run.",
                    payouts=", ".join(wrong.mapped("end_to_end_id")),
                )
            )
        payouts.filtered(lambda payout: payout.state == "sent")._set_paid(
            fields.Date.context_today(self)
        )
        return True


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    @api.model
    def _prepare_rail_vals(
        self, company, journal=None, foreign_currency=None, **options
    ):
        vals = super()._prepare_rail_vals(company, journal, **options)
        if foreign_currency:
            vals |= {"rail": "foreign", "currency_id": foreign_currency.id}
        return vals

    def _prepare_payout_vals(self, reason, account):
        vals = super()._prepare_payout_vals(reason, account)
        if self.rail != "foreign":
            return vals
        payee = account.partner_id._prepare_foreign_payee()._asdict()
        del payee["account"]  # kept as the number of the payout
        return {**vals, **{f"transfer_{name}": text for name, text in payee.items()}}

    def _current_fingerprint(self):
        """Bind the approval to every field that a person types at the bank."""
        digest = super()._current_fingerprint()
        if self.rail != "foreign":
            return digest
        content = [digest]
        for payout in self.payout_ids.sorted("id"):
            payee = payout.vendor_id._prepare_foreign_payee()
            listed = [
                payout[f"transfer_{name}"]
                for name in payee._fields
                if name != "account"
            ]
            content.append([payout.id, payee, listed])
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _create_file(self, payouts):
        """Return the attachment that holds the list; no bank reads it by itself."""
        if self.rail != "foreign":
            return super()._create_file(payouts)
        columns = payouts._transfer_columns()
        content = write_csv(
            [label for label, _value in columns],
            [[value(payout) for _label, value in columns] for payout in payouts],
        )
        return self.env["ir.attachment"].create(
            {
                "name": f"{self.name.replace('/', '-')}.csv",
                "raw": content,
                "mimetype": "text/csv",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def action_view_transfers(self):
        """Open the list of the run, on screen."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.payout_foreign_action"
        )
        return {**action, "domain": [("run_id", "=", self.id)], "context": {}}


class MarketplaceContract(models.Model):
    _inherit = "marketplace.contract"

    payout_charge_foreign = fields.Monetary(
        string="Charge per Transfer outside SEPA",
        tracking=True,
        help="Charged for each payout by a transfer outside SEPA, before VAT, once it "
        "is paid; on the next statement.",
    )

    _payout_charge_foreign_positive = models.Constraint(
        "CHECK (payout_charge_foreign >= 0)",
        "What is charged for a payout is zero or more.",
    )
