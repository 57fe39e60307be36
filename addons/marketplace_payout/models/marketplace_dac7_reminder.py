"""Ask vendors for what the yearly report needs of them, and keep the evidence."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.marketplace_base.models.res_partner import GROUP_VIEWER

from .. import dac7_xml
from ..const_dac7 import (
    DAC7_BATCH,
    DAC7_BLOCK_DAYS,
    DAC7_REMINDER_DAYS,
    DAC7_REMINDERS,
)


class MarketplaceDac7Reminder(models.Model):
    """One reminder to one vendor: when, for what, to whom, and when he answered.

    Reminders are open until the data is complete; then the next gap starts anew.
    """

    _name = "marketplace.dac7.reminder"
    _description = "DAC7 Reminder"
    _inherit = ["marketplace.dac7.frozen"]
    _order = "date desc, id desc"
    _rec_name = "vendor_id"

    vendor_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    kind = fields.Selection(DAC7_REMINDERS, required=True)
    date = fields.Date(string="Sent On", required=True)
    missing = fields.Char(string="Asked For", required=True)
    sent_to = fields.Char(help="Addresses that the mail went to.")
    date_deadline = fields.Date(
        string="Answer Until", help="After it, the company's measure is taken."
    )
    date_answered = fields.Date(
        string="Complete On", help="When the data was found complete."
    )
    date_blocked = fields.Date(
        string="Measure Taken On", help="When payouts were held or sales stopped."
    )

    _open_uniq = models.UniqueIndex(
        "(vendor_id, company_id, kind) WHERE date_answered IS NULL",
        "The vendor has this reminder already.",
    )

    def action_open_vendor(self):
        """Open the vendor, to complete his data."""
        self.ensure_one()
        return self.vendor_id._get_records_action()

    # -- job ------------------------------------------------------------------------

    @api.model
    def _cron_chase(self):
        """Remind vendors of every company, and take its measure after the deadline."""
        cron = self.env["ir.cron"]
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("marketplace_dac7_block", "!=", "off")])
        )
        for company in companies:
            last = 0
            while vendors := self._vendors_to_chase(company, last):
                last = vendors[-1].id
                self._chase(vendors, company, company._marketplace_today())
                if not cron._commit_progress(len(vendors)):
                    return

    @api.model
    def _vendors_to_chase(self, company, after_id=0):
        """Return the next vendors to look at: they sell, or have a reminder open."""
        selling = Domain("vendor_state", "=", "approved") & Domain(
            "vendor_contract_ids",
            "any",
            [("company_id", "=", company.id), ("state", "=", "active")],
        )
        reminded = Domain(
            "dac7_reminder_ids",
            "any",
            [("company_id", "=", company.id), ("date_answered", "=", False)],
        )
        # sudo: the job decides, not the rights of whoever runs it
        return (
            self.env["res.partner"]
            .sudo()
            .search(
                Domain("is_marketplace_vendor", "=", True)
                & Domain("id", ">", after_id)
                & (selling | reminded),
                order="id",
                limit=DAC7_BATCH,
            )
        )

    @api.model
    @api.private
    def _chase(self, vendors, company, today):
        """Close, send or act on reminders of some vendors; each step once.

        :return: the reminders sent.
        """
        unlocked = self._frozen_unlocked()
        opened = unlocked.search(
            [
                ("vendor_id", "in", vendors.ids),
                ("company_id", "=", company.id),
                ("date_answered", "=", False),
            ]
        )
        missing = {
            vendor: lacks
            for vendor in vendors
            if (lacks := vendor._identity_missing("dac7"))
        }
        answered = opened.filtered(lambda r: r.vendor_id not in missing)
        answered.date_answered = today
        answered.vendor_id.filtered("dac7_block_date").dac7_block_date = False
        answered.filtered("date_blocked").vendor_id._lift_dac7_suspension()
        sold = self._sellers_among(vendors.browse([v.id for v in missing]), company)
        by_vendor = opened.grouped("vendor_id")
        vals_list, late = [], unlocked.browse()
        for vendor in sold:
            own = by_vendor.get(vendor, unlocked).grouped("kind")
            first = own.get("first")
            kind = None
            if not first:
                kind = "first"
            elif "second" not in own:
                due = first.date + timedelta(days=DAC7_REMINDER_DAYS)
                kind = "second" if due <= today else None
            elif first.date + timedelta(days=DAC7_BLOCK_DAYS) <= today:
                late |= own["second"]
            if kind:
                start = first.date if first else today
                vals_list.append(
                    {
                        "vendor_id": vendor.id,
                        "company_id": company.id,
                        "kind": kind,
                        "date": today,
                        "missing": ", ".join(missing[vendor]),
                        "date_deadline": start + timedelta(days=DAC7_BLOCK_DAYS),
                    }
                )
        late.filtered(lambda reminder: not reminder.date_blocked)._block(today)
        sent = unlocked.create(vals_list)
        sent._send()
        return sent.with_env(self.env)

    @api.model
    def _sellers_among(self, vendors, company):
        """Return those who have sold something and could be reported."""
        groups = (
            self.env["marketplace.ledger.line"]
            .sudo()
            ._read_group(
                [("vendor_id", "in", vendors.ids), ("company_id", "=", company.id)],
                ["vendor_id"],
            )
        )
        sold = {vendor.id for (vendor,) in groups}
        return vendors.filtered(
            lambda vendor: vendor.id in sold
            and (
                not vendor.country_id or vendor.country_id.code in dac7_xml.EU_COUNTRIES
            )
        )

    def _send(self):
        """Mail the reminders, in the vendors' languages; the mails are kept."""
        if not self:
            return
        for reminder in self:
            ids = reminder.vendor_id._vendor_mail_partner_ids(
                "notify_documents", "owner"
            )
            partners = self.env["res.partner"].browse(map(int, ids.split(",")))
            reminder.sent_to = ", ".join(
                email for email in partners.mapped("email") if email
            )
        template = self.env.ref("marketplace_payout.mail_template_dac7_reminder")
        template.sudo().send_mail_batch(
            self.filtered("sent_to").ids,
            email_layout_xmlid="mail.mail_notification_light",
        )

    def _block(self, today):
        """Take the measure of the company against vendors who did not answer."""
        for company, own in self.grouped("company_id").items():
            mode = company.marketplace_dac7_block
            if mode not in ("payout", "sale"):
                continue
            own.date_blocked = today
            if mode == "payout":
                own.vendor_id.dac7_block_date = today
                continue
            own.vendor_id.filtered(
                lambda vendor: vendor.vendor_state == "approved"
            )._vendor_transition(
                "suspended",
                reason=self.env._(
                    "Two reminders for the data of the DAC7 report were not answered "
                    "within %(days)s days.",
                    days=DAC7_BLOCK_DAYS,
                ),
                reason_code="documents",
                history_vals={"payouts": "continue", "is_dac7": True},
            )

    def _deadline_text(self):
        """Return the last day to answer, in the vendor's language."""
        self.ensure_one()
        return format_date(self.env, self.date_deadline, self.vendor_id.lang)


class ResPartner(models.Model):
    _inherit = "res.partner"

    dac7_reminder_ids = fields.One2many(
        "marketplace.dac7.reminder",
        "vendor_id",
        string="DAC7 Reminders",
        readonly=True,
        groups=GROUP_VIEWER,
    )
    dac7_block_date = fields.Date(
        string="Payouts Held for DAC7 Since",
        readonly=True,
        copy=False,
        tracking=True,
        groups=GROUP_VIEWER,
        help="Two reminders for tax data were not answered in 60 days. Payouts go on "
        "as soon as the data is complete.",
    )

    def _lift_dac7_suspension(self):
        """Let vendors sell again who were suspended for tax data alone.

        Who was suspended by somebody since, for whatever reason, stays so; who lacks
        something else for his approval does too, and his chatter says what.
        """
        waiting = self.filtered(
            lambda vendor: vendor.vendor_state == "suspended"
            and vendor.vendor_history_ids.sorted()[:1].is_dac7
        )
        lacking = waiting._vendor_approval_problems()
        for vendor, missing in lacking.items():
            vendor.message_post(
                body=self.env._(
                    "The tax data is complete. Still suspended, for: %(missing)s.",
                    missing=", ".join(missing),
                )
            )
        ready = waiting.filtered(lambda vendor: vendor not in lacking)
        ready._vendor_transition(
            "approved", reason=self.env._("The data of the DAC7 report is complete.")
        )

    def _is_dac7_blocked(self):
        """Return whether payouts are held for tax data that is missing still."""
        self.ensure_one()
        # sudo: tells the cause, shows nothing of the data
        vendor = self.sudo()
        return bool(vendor.dac7_block_date and vendor._identity_missing("dac7"))
