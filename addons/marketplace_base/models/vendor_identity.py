from odoo import api, fields, models

from ..const import DAC7_EXCLUSIONS, IDENTITY_USES, LEGAL_FORMS, VENDOR_KINDS
from ..engine.identity import check_number
from ..exceptions import MarketplaceError
from .res_partner import GROUP_VIEWER

# Birth data of people: those who need it for onboarding or for the tax authority.
GROUPS_PERSONAL = (
    "marketplace_base.group_catalogue,marketplace_base.group_accountant,"
    "marketplace_base.group_auditor"
)


class ResPartner(models.Model):
    """Legal identity of a vendor, and what it still lacks for each use."""

    _inherit = "res.partner"

    vendor_kind = fields.Selection(
        VENDOR_KINDS,
        string="Sells As",
        groups=GROUP_VIEWER,
        help="A private person sells outside of any business: no VAT, no invoice.",
    )
    vendor_legal_form = fields.Selection(
        LEGAL_FORMS, string="Legal Form", groups=GROUP_VIEWER
    )
    vendor_first_name = fields.Char(string="First Name", groups=GROUP_VIEWER)
    vendor_last_name = fields.Char(string="Last Name", groups=GROUP_VIEWER)
    vendor_birth_date = fields.Date(string="Born On", groups=GROUPS_PERSONAL)
    vendor_birth_city = fields.Char(string="Born In", groups=GROUPS_PERSONAL)
    vendor_birth_country_id = fields.Many2one(
        "res.country", string="Country of Birth", groups=GROUPS_PERSONAL
    )
    is_vat_exempt = fields.Boolean(
        string="Not Registered for VAT",
        groups=GROUP_VIEWER,
        help="Small business exemption: invoices carry no VAT and no VAT number.",
    )
    vendor_number_ids = fields.One2many(
        "marketplace.vendor.number", "vendor_id", string="Numbers", groups=GROUP_VIEWER
    )
    fiscal_representative_id = fields.Many2one(
        "res.partner",
        groups=GROUP_VIEWER,
        help="Answers for the VAT of a vendor established outside of the EU.",
    )
    establishment_country_ids = fields.Many2many(
        "res.country",
        "marketplace_vendor_establishment_rel",
        string="Establishments",
        groups=GROUP_VIEWER,
        help="Countries where the vendor has a permanent establishment.",
    )
    einvoice_scheme = fields.Char(
        string="E-invoicing Scheme",
        groups=GROUP_VIEWER,
        help="Electronic address scheme (EAS code list), for example 0225 in France.",
    )
    einvoice_address = fields.Char(string="E-invoicing Address", groups=GROUP_VIEWER)
    dac7_exclusion = fields.Selection(
        DAC7_EXCLUSIONS,
        string="Not Reported (DAC7)",
        groups=GROUP_VIEWER,
        help="Why the tax authority gets no report about this vendor; keep the proof "
        "among his documents.",
    )
    completeness_invoice = fields.Integer(
        string="Ready for Invoices",
        compute="_compute_completeness",
        groups=GROUP_VIEWER,
        help="Percentage of the data that invoices in his name need.",
    )
    completeness_dac7 = fields.Integer(
        string="Ready for DAC7",
        compute="_compute_completeness",
        groups=GROUP_VIEWER,
        help="Percentage of the data that the yearly tax report needs.",
    )
    completeness_sepa = fields.Integer(
        string="Ready for Payouts",
        compute="_compute_completeness",
        groups=GROUP_VIEWER,
        help="Percentage of the data that a SEPA transfer needs.",
    )
    identity_missing = fields.Text(
        string="Still Missing", compute="_compute_completeness", groups=GROUP_VIEWER
    )

    _einvoice_scheme_format = models.Constraint(
        "CHECK (einvoice_scheme ~ '^([0-9]{4}|[A-Z]{2})$')",
        "A scheme of electronic addresses is a code of the EAS list: four digits or "
        "two capitals.",
    )

    def _prepare_vendor_vals(self, vals):
        """Take a new vendor for a professional when nothing else is said."""
        prepared = super()._prepare_vendor_vals(vals)
        # sudo: asks whether the field is still empty, whoever makes the vendor
        if not (vals.get("vendor_kind") or self.sudo().vendor_kind):
            prepared["vendor_kind"] = "professional"
        return prepared

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vat", "country_id", "is_marketplace_vendor")
    def _check_vendor_vat(self):
        for partner in self:
            if not (partner.is_marketplace_vendor and partner.vat):
                continue
            if (
                check_number("vat", partner.country_id.code or "", partner.vat).valid
                is False
            ):
                raise MarketplaceError(
                    self.env._(
                        "“%(vat)s” is no VAT number: the length or the check digits of "
                        "%(vendor)s's number are wrong.",
                        vat=partner.vat,
                        vendor=partner.name,
                    )
                )

    # -- completeness ---------------------------------------------------------------

    @api.depends(
        "name",
        "street",
        "zip",
        "city",
        "country_id",
        "vat",
        "company_registry",
        "vendor_kind",
        "vendor_legal_form",
        "vendor_first_name",
        "vendor_last_name",
        "vendor_birth_date",
        "vendor_birth_city",
        "vendor_birth_country_id",
        "is_vat_exempt",
        "vendor_number_ids.kind",
        "einvoice_scheme",
        "einvoice_address",
        "dac7_exclusion",
        "payout_bank_account_id",
    )
    def _compute_completeness(self):
        for partner in self:
            lines = []
            for use, _label in IDENTITY_USES:
                needs = partner._identity_needs(use)
                missing = [label for label, there in needs if not there]
                share = 100 * (len(needs) - len(missing)) // (len(needs) or 1)
                partner[f"completeness_{use}"] = share if needs else 100
                if missing:
                    lines.append(
                        f"{partner._identity_use_label(use)}: " + ", ".join(missing)
                    )
            partner.identity_missing = "\n".join(lines)

    def _identity_use_label(self, use):
        return {
            "invoice": self.env._("Invoices"),
            "dac7": self.env._("DAC7"),
            "sepa": self.env._("SEPA payouts"),
        }[use]

    def _identity_missing(self, use):
        """Return, in words, what the vendor lacks for a use: see ``IDENTITY_USES``."""
        self.ensure_one()
        return [label for label, there in self._identity_needs(use) if not there]

    def _identity_needs(self, use):
        """Return what a use needs of the vendor: [(in words, whether it is there)].

        Invoices: art. 242 nonies A of annex II of the French tax code, the widest we
        know. DAC7: annex V of directive 2011/16, section II B. SEPA: structured
        addresses of the scheme as of November 2026.
        """
        self.ensure_one()
        # sudo: whether data is there, not the data
        return getattr(self.sudo(), f"_identity_needs_{use}")()

    def _identity_needs_address(self):
        return [
            (self.env._("name"), self.name),
            (self.env._("street"), self.street),
            (self.env._("postcode"), self.zip),
            (self.env._("town"), self.city),
            (self.env._("country"), self.country_id),
        ]

    def _identity_registry_known(self):
        """Return whether a registry number is there: in a row, or Odoo's own field.

        The latter holds a SIREN or a SIRET in France, and is not checked by Odoo.
        """
        kinds = {"registry", "establishment"}
        if not kinds.isdisjoint(self.vendor_number_ids.mapped("kind")):
            return True
        country = self.country_id.code or ""
        return bool(self.company_registry) and any(
            check_number(kind, country, self.company_registry).valid is not False
            for kind in kinds
        )

    def _identity_needs_invoice(self):
        if self.vendor_kind == "private":
            return []
        needs = [
            *self._identity_needs_address(),
            (self.env._("legal form"), self.vendor_legal_form),
            (self.env._("registry number"), self._identity_registry_known()),
            (self.env._("VAT number"), self.vat or self.is_vat_exempt),
        ]
        if self.country_id.code == "FR":
            needs.append(
                (
                    self.env._("e-invoicing address"),
                    self.einvoice_scheme and self.einvoice_address,
                )
            )
        return needs

    def _identity_needs_dac7(self):
        if self.dac7_exclusion:
            return []
        tin = self.vendor_number_ids.filtered(lambda number: number.kind == "tin")
        needs = [
            *self._identity_needs_address(),
            (self.env._("payout account"), self.payout_bank_account_id),
        ]
        if self.vendor_kind != "private" and self.vendor_legal_form != "sole_trader":
            return [
                *needs,
                (self.env._("tax identification number"), tin),
                (self.env._("registry number"), self._identity_registry_known()),
            ]
        birth_place = self.vendor_birth_city and self.vendor_birth_country_id
        return [
            *needs,
            (
                self.env._("first and last name"),
                self.vendor_first_name and self.vendor_last_name,
            ),
            (self.env._("date of birth"), self.vendor_birth_date),
            (
                self.env._("tax identification number or place of birth"),
                tin or birth_place,
            ),
        ]

    def _identity_needs_sepa(self):
        account = self.payout_bank_account_id
        return [
            (self.env._("payout account"), account),
            (self.env._("name"), account.acc_holder_name or self.name),
            (self.env._("town"), self.city),
            (self.env._("country"), self.country_id),
        ]
