from odoo import api, fields, models

from ..const import NAME_MATCHES
from ..engine.names import compare_names
from ..exceptions import MarketplaceError
from .res_partner import GROUPS_BANK

# Who gets the money: a change of any of these is a change of the account.
PAYEE_FIELDS = ("acc_number", "acc_holder_name", "partner_id")


class ResPartnerBank(models.Model):
    """Guard the accounts of vendors: four eyes, cooling-off, nothing unseen."""

    _inherit = "res.partner.bank"

    payee_changed_by_id = fields.Many2one(
        "res.users", string="Entered By", readonly=True, copy=False, groups=GROUPS_BANK
    )
    date_payee_changed = fields.Datetime(
        string="Entered On", readonly=True, copy=False, groups=GROUPS_BANK
    )
    date_usable = fields.Datetime(
        string="Usable From",
        readonly=True,
        copy=False,
        groups=GROUPS_BANK,
        help="End of the cooling-off that follows a change of account.",
    )
    approved_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, tracking=True, groups=GROUPS_BANK
    )
    date_approved = fields.Datetime(readonly=True, copy=False, groups=GROUPS_BANK)
    is_second_approved = fields.Boolean(
        string="Approved by a Second Person",
        readonly=True,
        copy=False,
        groups=GROUPS_BANK,
    )
    name_match = fields.Selection(
        NAME_MATCHES,
        compute="_compute_name_match",
        store=True,
        readonly=False,
        tracking=True,
        groups=GROUPS_BANK,
        help="Whether the holder's name is the vendor's. Compared here; overwrite it "
        "with the answer of the bank.",
    )
    is_vendor_account = fields.Boolean(related="partner_id.is_marketplace_vendor")

    @api.depends("acc_holder_name", "partner_id.name")
    def _compute_name_match(self):
        for account in self:
            account.name_match = compare_names(
                account.acc_holder_name or "", account.partner_id.name or ""
            )

    # -- CRUD -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # nobody trusts what he types himself: a second person does
            owners = self.env["res.partner"].browse(
                [vals.get("partner_id") for vals in vals_list if vals.get("partner_id")]
            )
            vendors = set(owners.filtered("is_marketplace_vendor").ids)
            vals_list = [
                {**vals, "allow_out_payment": False}
                if vals.get("partner_id") in vendors
                else vals
                for vals in vals_list
            ]
        accounts = super().create(vals_list)
        accounts._record_payee_change()
        accounts.filtered("allow_out_payment")._record_approval(True)
        return accounts

    def write(self, vals):
        if vals.get("allow_out_payment"):
            self._check_second_person(vals)
        before = {account: [account[name] for name in PAYEE_FIELDS] for account in self}
        result = super().write(vals)
        changed = self.filtered(
            lambda account: before[account] != [account[name] for name in PAYEE_FIELDS]
        )
        if changed:
            changed._record_payee_change()
        if "allow_out_payment" in vals:
            self._record_approval(vals["allow_out_payment"])
        return result

    def _check_second_person(self, vals):
        """Refuse that the person who entered a vendor's account also approves it.

        :param vals: of the write that approves; it may enter a new number as well.
        """
        if self.env.su:
            return
        enters = not vals.keys().isdisjoint(PAYEE_FIELDS)
        for account in self.filtered("partner_id.is_marketplace_vendor"):
            # sudo: compares with who entered the account, shows nothing of it
            if enters or account.sudo().payee_changed_by_id == self.env.user:
                raise MarketplaceError(
                    self.env._(
                        "You entered the account %(account)s of %(vendor)s: somebody "
                        "else has to approve it.",
                        account=account.display_name,
                        vendor=account.partner_id.name,
                    )
                )

    def _record_payee_change(self):
        """Note who changed the account; start the cooling-off when it is not the first.

        An approval given to what the account was before is void.
        """
        now = fields.Datetime.now()
        hours = self.env.company.marketplace_bank_cooling_hours
        # sudo: whoever changes an account leaves these traces
        for account in self.sudo():
            owner = account.partner_id
            is_change = bool(owner.date_first_bank_account)
            if not is_change:
                owner.date_first_bank_account = now
            account.write(
                {
                    "payee_changed_by_id": self.env.uid,
                    "date_payee_changed": now,
                    "date_usable": is_change and fields.Datetime.add(now, hours=hours),
                    "is_second_approved": False,
                    "approved_by_id": False,
                    "date_approved": False,
                }
            )
            if is_change and owner.is_marketplace_vendor:
                account._mail_payee_change()

    def _record_approval(self, approved):
        # sudo: the trust itself was checked; this says who gave it
        self.sudo().write(
            {
                "is_second_approved": approved,
                "approved_by_id": approved and self.env.uid,
                "date_approved": approved and fields.Datetime.now(),
            }
        )

    def _mail_payee_change(self):
        """Tell the vendor and the accountants that an account of his has changed."""
        self.ensure_one()
        accountants = self.env.ref("marketplace_base.group_accountant").sudo()
        colleagues = accountants.all_user_ids.filtered(
            lambda user: user.active and not user.share and user.email
        )
        for xmlid, recipients in (
            ("mail_template_bank_change_vendor", self.partner_id),
            ("mail_template_bank_change_operator", colleagues.partner_id),
        ):
            # sudo: the change itself decides that these mails leave
            template = self.env.ref(f"marketplace_base.{xmlid}").sudo()
            template.send_mail(
                self.id,
                email_values={"recipient_ids": recipients.ids, "email_to": False},
            )

    def _masked_number(self):
        """Return the number of the account as a mail may show it."""
        return f"•••• {(self.sanitized_acc_number or '')[-4:]}"

    # -- payouts --------------------------------------------------------------------

    def _marketplace_payout_problems(self, vendor):
        problems = super()._marketplace_payout_problems(vendor)
        # sudo: says what is wrong with the account, shows nothing of it
        account = self.sudo()
        if account.allow_out_payment and not account.is_second_approved:
            problems.append(self.env._("no second person has approved the account"))
        if account.date_usable and account.date_usable > fields.Datetime.now():
            problems.append(
                self.env._(
                    "the account was changed lately, it can be used from %(date)s UTC",
                    date=account.date_usable,
                )
            )
        if account.name_match == "no_match":
            problems.append(
                self.env._(
                    "the holder %(holder)s is not the vendor",
                    holder=account.acc_holder_name,
                )
            )
        return problems


class ResPartner(models.Model):
    _inherit = "res.partner"

    date_first_bank_account = fields.Datetime(
        readonly=True,
        copy=False,
        groups=GROUPS_BANK,
        help="Accounts entered later than the first one have a cooling-off.",
    )


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_bank_cooling_hours = fields.Integer(
        string="Cooling-off of Bank Accounts (hours)",
        default=48,
        help="Hours before a changed account of a vendor can be paid.",
    )

    _bank_cooling_positive = models.Constraint(
        "CHECK (marketplace_bank_cooling_hours >= 0)",
        "The cooling-off of bank accounts is zero or more hours.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_bank_cooling_hours = fields.Integer(
        related="company_id.marketplace_bank_cooling_hours", readonly=False
    )
