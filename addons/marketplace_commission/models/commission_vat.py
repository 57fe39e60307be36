"""Decide the VAT of commission documents, vendor by vendor."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

# Who the vendor is for the VAT on commission; see the legal mentions of each.
VAT_CASES = [
    ("domestic", "Same Country, Registered for VAT"),
    ("franchise", "Same Country, Not Registered for VAT"),
    ("eu", "Other Member State, VAT Number in VIES"),
    ("eu_no_vat", "Other Member State, No Proven VAT Number"),
    ("outside", "Outside the EU"),
    ("private", "Private Person"),
    ("override", "Decided by Hand"),
]
VIES_POLICIES = [
    ("charge", "Charge our VAT"),
    ("hold", "Hold the document"),
]


class CommissionVat(NamedTuple):
    """What decides the tax of a document."""

    position: object
    case: str
    check: object


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_vies_days = fields.Integer(
        string="Days a VIES Answer Counts",
        default=90,
        help="An older answer is asked for again by the daily check.",
    )
    marketplace_vies_policy = fields.Selection(
        VIES_POLICIES,
        string="Without an Answer of VIES",
        default="charge",
        required=True,
        help="What to do with commission of a vendor in another member state whose "
        "number has no recent answer. It never goes untaxed.",
    )
    marketplace_vat_on_debits = fields.Boolean(
        string="VAT on Debits",
        default=True,
        help="The company opted to pay VAT on services when invoiced; its documents "
        "say so.",
    )

    _vies_days_positive = models.Constraint(
        "CHECK (marketplace_vies_days > 0)", "An answer of VIES counts at least a day."
    )

    def _marketplace_eu_countries(self):
        return self.env.ref("base.europe").sudo().country_ids

    def _marketplace_vat_cases(self, vendors):
        """Return {vendor: VAT case} by their own data, numbers not yet proven."""
        self.ensure_one()
        europe = self._marketplace_eu_countries()
        return {
            # sudo: who he is for VAT, whoever invoices
            vendor: self._marketplace_vat_case(vendor.sudo(), europe)
            for vendor in vendors
        }

    def _marketplace_vat_case(self, vendor, europe):
        home = self.account_fiscal_country_id
        if vendor.vendor_kind == "private":
            return "private"
        if vendor.country_id == home:
            exempt = vendor.is_vat_exempt or not vendor.vat
            return "franchise" if exempt else "domestic"
        if home in europe and vendor.country_id in europe:
            return "eu" if vendor._vies_number() else "eu_no_vat"
        return "outside"

    def _marketplace_commission_vat(self, vendors, date):
        """Return what decides the VAT of each vendor: {vendor: CommissionVat}.

        Vendors whose documents wait for VIES are left out, and the accountants told.

        :param date: of the documents.
        :raises MarketplaceError: naming the vendors that need a fiscal position and
            have none.
        """
        self.ensure_one()
        vendors = vendors.sudo().with_company(self)
        positions = self._marketplace_fiscal_positions(vendors)
        cases = self._marketplace_vat_cases(vendors)
        self._marketplace_check_positions(positions, cases)
        Check = self.env["marketplace.vies.check"]
        in_eu = vendors.filtered(lambda vendor: cases[vendor] == "eu")
        checks = Check._latest(self, in_eu) if in_eu else {}
        since = datetime.combine(date, time.min) - timedelta(
            days=self.marketplace_vies_days
        )
        none = self.env["account.fiscal.position"].sudo()
        decisions = {}
        for vendor in vendors:
            case, position, check = cases[vendor], positions[vendor], Check
            if vendor.marketplace_vat_position_id:
                case, position = "override", vendor.marketplace_vat_position_id
            elif case == "eu":
                check = checks.get(vendor, Check)
                is_fresh = check and check.date >= since
                if not is_fresh and self.marketplace_vies_policy == "hold":
                    self._marketplace_alert_vat(
                        vendor,
                        self.env._(
                            "His commission is not invoiced: VIES has not confirmed "
                            "%(number)s lately. Ask again, or choose the VAT by hand.",
                            number=vendor.vat,
                        ),
                    )
                    continue
                if not is_fresh or check.state != "valid":
                    case, position = "eu_no_vat", none
            decisions[vendor] = CommissionVat(position, case, check)
        return decisions

    def _marketplace_check_positions(self, positions, cases):
        """Refuse vendors whose VAT nothing decides, before anything is written.

        :raises MarketplaceError: naming them.
        """
        missing = self.env["res.partner"]
        europe = self._marketplace_eu_countries()
        for vendor, case in cases.items():
            if vendor.marketplace_vat_position_id:
                continue
            home = vendor.country_id == self.account_fiscal_country_id
            by_hand = vendor.property_account_position_id
            in_eu = vendor.country_id in europe
            if (
                not vendor.country_id
                # Where a private person's service takes place, nobody guesses.
                or (case == "private" and not home and not in_eu and not by_hand)
                or (case in ("eu", "outside") and not positions[vendor])
            ):
                missing |= vendor
        if missing:
            raise MarketplaceError(
                self.env._(
                    "%(vendors)s: nothing says how their commission is taxed. Set "
                    "their country, a fiscal position that fits it, or the VAT on "
                    "commission of the vendor with its reason. Nothing was invoiced.",
                    vendors=", ".join(missing.mapped("display_name")),
                )
            )

    def _marketplace_alert_vat(self, vendor, note):
        """Raise an activity on a vendor, or renew it while it is open."""
        kind = "marketplace_commission.activity_type_vat"
        activities = vendor.sudo().activity_ids  # sudo: alerts are the system's
        known = activities.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(kind)
        )
        if known:
            known.note = note
            return
        accountants = self.env.ref("marketplace_base.group_accountant").sudo()
        user = accountants.all_user_ids.filtered(
            lambda user: self in user.company_ids and not user.share
        )[:1]
        vendor.sudo().activity_schedule(
            kind, note=note, user_id=(user or self.env.user).id
        )
