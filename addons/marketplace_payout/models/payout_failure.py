"""What follows a payout that failed or came back: account, hold, mails, activity."""

from odoo import api, fields, models
from odoo.tools import SQL, formatLang
from odoo.tools.mail import plaintext2html

from odoo.addons.marketplace_base.models.res_partner import GROUPS_BANK

from ..const_rails import ATTEMPTS_MAX
from .payout_cause import cause_of

# Payouts named in the activity of one run.
NAMED_PAYOUTS = 20


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_payout_attempts_max = fields.Integer(
        string="Failed Payouts Before a Hold",
        default=ATTEMPTS_MAX,
        help="After so many payouts of a vendor that fail or come back in a row, his "
        "payouts are on hold until somebody lifts it. Zero: never.",
    )

    _payout_attempts_positive = models.Constraint(
        "CHECK (marketplace_payout_attempts_max >= 0)",
        "The number of failed payouts before a hold is zero or more.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_payout_attempts_max = fields.Integer(
        related="company_id.marketplace_payout_attempts_max", readonly=False
    )


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    payout_failure_code = fields.Char(
        readonly=True,
        copy=False,
        groups=GROUPS_BANK,
        help="Reason code of the payout that failed on this account; cleared when a "
        "second person approves the account again.",
    )
    payout_failure_cause = fields.Char(
        string="Payout Refused Because",
        compute="_compute_payout_failure_cause",
        groups=GROUPS_BANK,
    )

    @api.depends("payout_failure_code")
    @api.depends_context("lang")
    def _compute_payout_failure_cause(self):
        for account in self:
            code = account.payout_failure_code
            account.payout_failure_cause = code and self.env._(cause_of(code).text)

    def _record_approval(self, approved):
        result = super()._record_approval(approved)
        if approved:
            # sudo: the approval itself was checked
            self.sudo().payout_failure_code = False
        return result


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    def _after_failure(self):
        """Flag accounts, hold vendors who fail too often, tell who has to act."""
        if not self:
            return
        self._flag_accounts()
        self._hold_repeated()
        template = self.env.ref("marketplace_payout.mail_template_payout_failed")
        # sudo: the answer of the bank decides that the mail leaves
        template.sudo().send_mail_batch(
            self.ids, email_layout_xmlid="mail.mail_notification_light"
        )
        for run, payouts in self.grouped("run_id").items():
            payouts._schedule_follow_up(run)

    def _flag_accounts(self):
        """Withdraw the trust from accounts that refused the money.

        A fault of ours (no funds, a file the bank cannot read) says nothing of them.
        """
        # sudo: a fact from the bank weighs more than the right to edit accounts
        faulty = self.sudo().filtered(
            lambda payout: payout.rail != "psp"
            and cause_of(payout.failure_code).by_vendor
        )
        faulty.partner_bank_id.allow_out_payment = False
        for payout in faulty:
            payout.partner_bank_id.payout_failure_code = payout.failure_code or "MS03"

    def _hold_repeated(self):
        """Put vendors on hold whose last payouts failed in a row, by company."""
        failures = self._failures_in_a_row()
        for payout in self:
            limit = payout.company_id.marketplace_payout_attempts_max
            count = failures.get((payout.company_id.id, payout.vendor_id.id), 0)
            if limit and count >= limit:
                # sudo: the ceiling is the accountants' setting
                payout.vendor_id.sudo().write(
                    {
                        "payout_hold": True,
                        "payout_hold_reason": self.env._(
                            "%(count)s payouts failed in a row, the last because: "
                            "%(cause)s",
                            count=count,
                            cause=payout.failure_cause,
                        ),
                    }
                )

    def _failures_in_a_row(self):
        """Return {(company id, vendor id): payouts failed since the last one paid}."""
        self.env["marketplace.payout"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payout.company_id, payout.vendor_id, COUNT(*)
                  FROM marketplace_payout AS payout
                 WHERE payout.vendor_id IN %(vendors)s
                   AND payout.state IN ('failed', 'returned')
                   AND payout.id > COALESCE((
                           SELECT MAX(paid.id)
                             FROM marketplace_payout AS paid
                            WHERE paid.vendor_id = payout.vendor_id
                              AND paid.company_id = payout.company_id
                              AND paid.state = 'confirmed'), 0)
              GROUP BY payout.company_id, payout.vendor_id
                """,
                vendors=tuple(self.vendor_id.ids),
            )
        )
        return {(company, vendor): count for company, vendor, count in rows}

    def _schedule_follow_up(self, run):
        """Put what came back on the desk of the person who prepared the run."""
        named = [
            self.env._(
                "%(reference)s, %(vendor)s, %(amount)s: %(cause)s",
                reference=payout.end_to_end_id,
                vendor=payout.vendor_id.name,
                amount=formatLang(
                    self.env, payout.amount, currency_obj=payout.currency_id
                ),
                cause=payout.failure_cause,
            )
            for payout in self[:NAMED_PAYOUTS]
        ]
        if more := len(self) - len(named):
            named.append(self.env._("and %(count)s more", count=more))
        run.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._(
                "%(count)s payouts failed or came back", count=len(self)
            ),
            note=plaintext2html("\n".join(named)),
            user_id=(run.prepared_by_id or self.env.user).id,
        )

    def _failure_advice(self):
        """Return what the vendor is to do about a failed payout, in his language."""
        self.ensure_one()
        if not cause_of(self.failure_code).by_vendor:
            return self.env._("You have nothing to do: we pay again.")
        if self.rail == "psp":
            return self.env._(
                "Please check your account at the payment provider. We pay again once "
                "it can receive money."
            )
        return self.env._(
            "Please check your bank account in the vendor portal and enter another one "
            "if need be. We pay again once it is approved."
        )

    def _masked_account(self):
        """Return the end of the account number, as a mail may show it."""
        # sudo: the vendor's own account, all but four characters hidden
        iban = self.sudo().iban
        return iban and f"•••• {iban[-4:]}"


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    def _lost_payout(self):
        """Return the last payout that did not arrive, none when one is under way."""
        self.ensure_one()
        # sudo: the vendor's own statement says why he has no money yet
        settlement = self.sudo()
        if settlement.payout_id or settlement.state != "confirmed":
            return settlement.payout_id.browse()
        return settlement.payout_ids.filtered(
            lambda payout: payout.state in ("failed", "returned")
        ).sorted("id")[-1:]
