"""Keep what VIES answered on the VAT numbers of vendors."""

from datetime import timedelta

from stdnum.eu import vat as eu_vat

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .. import vies

VIES_STATES = [
    ("valid", "Valid"),
    ("invalid", "Not Valid"),
    ("unavailable", "No Answer"),
]
# Numbers asked for in one run of the cron: the service limits its callers.
BATCH = 200
# A caller can send any context value over RPC, but never this very object.
_VIES_TOKEN = object()


class MarketplaceViesCheck(models.Model):
    """Hold one answer of VIES: the proof a document without VAT rests on."""

    _name = "marketplace.vies.check"
    _description = "VIES Check"
    _order = "date desc, id desc"
    _rec_name = "vat"

    company_id = fields.Many2one("res.company", required=True, index=True)
    vendor_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="restrict"
    )
    vat = fields.Char(string="VAT Number", required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    state = fields.Selection(VIES_STATES, string="Answer", required=True)
    name = fields.Char(string="Name in VIES")
    address = fields.Char(string="Address in VIES")
    reference = fields.Char(
        string="Consultation Number",
        help="Given by VIES when it knows who asks: set the VAT number of the company.",
    )
    message = fields.Char(help="Why there is no answer.")

    @api.model_create_multi
    def create(self, vals_list):
        self._check_token()
        return super().create(vals_list)

    def write(self, vals):
        self._check_token()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._check_token()

    def _check_token(self):
        if self.env.context.get("marketplace_vies_token") is not _VIES_TOKEN:
            raise AccessError(
                self.env._("Answers of VIES are proofs: ask again to get a new one.")
            )

    @api.model
    @api.private
    def _record(self, company, vendor, answer):
        """Keep an answer; one that a number is not valid alerts the accountants."""
        # sudo: what VIES answers is kept, whoever asked; the token guards it.
        check = (
            self.sudo()
            .with_context(marketplace_vies_token=_VIES_TOKEN)
            .create(
                {
                    "company_id": company.id,
                    "vendor_id": vendor.id,
                    "vat": vendor._vies_number(),
                    **answer._asdict(),
                }
            )
        )
        if answer.state == "invalid":
            company._marketplace_alert_vat(
                vendor,
                self.env._(
                    "VIES does not know %(number)s. From now on commission documents "
                    "carry your VAT; those already issued stay. Ask the vendor for "
                    "his number.",
                    number=check.vat,
                ),
            )
        return check.with_env(self.env)

    @api.model
    @api.private
    def _latest(self, company, vendors):
        """Return the last real answer on the present number: {vendor: check}.

        An answer on another number, or none, proves nothing.
        """
        # sudo: the tax of a document must not depend on who makes it.
        checks = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("vendor_id", "in", vendors.ids),
                ("state", "!=", "unavailable"),
            ],
            order="date, id",
        )
        return {
            check.vendor_id: check
            for check in checks
            if check.vat == check.vendor_id._vies_number()
        }

    @api.model
    @api.private
    def _check(self, company, vendors):
        """Ask VIES about the numbers of vendors and keep the answers."""
        # sudo: an address of a public service, not an access to settings.
        url = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("marketplace_commission.vies_url", vies.URL)
        )
        requester = company.partner_id._vies_number()
        checks = self.browse()
        for vendor in vendors:
            answer = vies.check_number(vendor._vies_number(), requester, url)
            checks |= self._record(company, vendor, answer)
        return checks

    @api.model
    def _cron_recheck(self):
        """Ask again about numbers whose last answer is old, or that never had one."""
        # pylint: disable-next=no-search-all
        for company in self.env["res.company"].search([]):
            if not company.marketplace_journal_commission_id:
                continue
            contracts = self.env["marketplace.contract"].search(
                [("company_id", "=", company.id), ("state", "=", "active")]
            )
            cases = company._marketplace_vat_cases(contracts.vendor_id)
            vendors = contracts.vendor_id.filtered(
                lambda vendor, cases=cases: cases[vendor] == "eu"
            )
            latest = self._latest(company, vendors)
            # A day ahead of its end, the proof is renewed before it is missed.
            since = fields.Datetime.now() - timedelta(
                days=max(company.marketplace_vies_days - 1, 0)
            )
            due = vendors.filtered(
                lambda vendor, latest=latest, since=since: (
                    vendor not in latest or latest[vendor].date < since
                )
            )
            self._check(company, due[:BATCH])


class ResPartner(models.Model):
    _inherit = "res.partner"

    vies_check_ids = fields.One2many(
        "marketplace.vies.check",
        "vendor_id",
        string="VIES Checks",
        groups="marketplace_base.group_viewer",
    )
    marketplace_vat_position_id = fields.Many2one(
        "account.fiscal.position",
        string="VAT on Commission",
        company_dependent=True,
        groups="marketplace_base.group_accountant",
        tracking=True,
        help="Decides the tax of his commission documents instead of country and VAT "
        "number; for documents to come.",
    )
    marketplace_vat_reason = fields.Char(
        string="Reason of This VAT",
        company_dependent=True,
        groups="marketplace_base.group_accountant",
        tracking=True,
    )

    is_vat_to_check = fields.Boolean(
        compute="_compute_is_vat_to_check",
        search="_search_is_vat_to_check",
        groups="marketplace_base.group_viewer",
        help="Somebody is asked to look at the VAT on his commission.",
    )

    def _compute_is_vat_to_check(self):
        kind = self.env.ref("marketplace_commission.activity_type_vat")
        for vendor in self:
            vendor.is_vat_to_check = kind in vendor.activity_ids.activity_type_id

    def _search_is_vat_to_check(self, operator, value):
        if operator != "in":
            return NotImplemented
        kind = self.env.ref("marketplace_commission.activity_type_vat")
        found = Domain("activity_ids.activity_type_id", "in", kind.ids)
        return found if True in value else ~found

    @api.constrains("marketplace_vat_position_id", "marketplace_vat_reason")
    def _check_vat_reason(self):
        for vendor in self.sudo():  # sudo: fields of the accountants
            if (
                vendor.marketplace_vat_position_id
                and not (vendor.marketplace_vat_reason or "").strip()
            ):
                raise MarketplaceError(
                    self.env._(
                        "%(vendor)s: say why commission is taxed as “%(position)s”.",
                        vendor=vendor.display_name,
                        position=vendor.marketplace_vat_position_id.name,
                    )
                )

    def _vies_number(self):
        """Return the VAT number as VIES takes it, empty when it cannot be one."""
        self.ensure_one()
        try:
            number = eu_vat.compact(self.vat or "") if eu_vat.is_valid(self.vat) else ""
        except ValueError:
            return ""
        # VIES knows Greece as EL only.
        return f"EL{number[2:]}" if number.startswith("GR") else number

    def action_check_vies(self):
        """Ask VIES about the VAT number now."""
        self.check_access("write")
        company = self.env.company
        for vendor, case in company._marketplace_vat_cases(self).items():
            if case != "eu":
                raise MarketplaceError(
                    self.env._(
                        "%(vendor)s has no VAT number of another member state that "
                        "can be looked up. Check his country and number.",
                        vendor=vendor.display_name,
                    )
                )
        self.env["marketplace.vies.check"]._check(company, self)
        return True
