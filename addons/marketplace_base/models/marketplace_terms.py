import base64

from odoo import api, fields, models
from odoo.fields import Domain

from ..const import TERMS_KINDS, TERMS_STATES, TERMS_TRANSITIONS
from ..exceptions import MarketplaceError

REPORT = "marketplace_base.report_terms_acceptance"


class MarketplaceTerms(models.Model):
    """Text that vendors agree to, in one version: terms of use or billing mandate."""

    _name = "marketplace.terms"
    _description = "Vendor Terms"
    _inherit = ["marketplace.state.mixin", "mail.thread"]
    _order = "company_id, kind, version desc, id desc"
    _state_transitions = TERMS_TRANSITIONS

    name = fields.Char(string="Title", required=True)
    kind = fields.Selection(TERMS_KINDS, required=True, default="terms", tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    version = fields.Integer(readonly=True, copy=False, help="Given at publication.")
    state = fields.Selection(
        TERMS_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    date_effective = fields.Date(
        string="Effective From",
        copy=False,
        tracking=True,
        help="Until that day the version before counts; vendors are asked to agree as "
        "soon as this one is published.",
    )
    body = fields.Html(required=True)
    acceptance_ids = fields.One2many("marketplace.terms.acceptance", "terms_id")
    acceptance_count = fields.Integer(compute="_compute_acceptance_count")

    _version_uniq = models.UniqueIndex(
        "(company_id, kind, version) WHERE state = 'published'",
        "This version is published already.",
    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for terms in self:
            number = f" v{terms.version}" if terms.version else ""
            terms.display_name = f"{terms.name or ''}{number}"

    def _compute_acceptance_count(self):
        counts = dict(
            self.env["marketplace.terms.acceptance"]._read_group(
                [("terms_id", "in", self.ids)], ["terms_id"], ["__count"]
            )
        )
        for terms in self:
            terms.acceptance_count = counts.get(terms._origin, 0)

    # -- CRUD -----------------------------------------------------------------------

    def write(self, vals):
        frozen = {"name", "kind", "company_id", "date_effective", "body"}
        if frozen & vals.keys():
            for terms in self.filtered(lambda terms: terms.state == "published"):
                raise MarketplaceError(
                    self.env._(
                        "%(terms)s is published: vendors agreed to this very text. "
                        "Duplicate it for a new version.",
                        terms=terms.display_name,
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if published := self.filtered(lambda terms: terms.state == "published"):
            raise MarketplaceError(
                self.env._(
                    "%(terms)s is published: it is kept as proof.",
                    terms=published[0].display_name,
                )
            )

    # -- publication ----------------------------------------------------------------

    def action_publish(self):
        """Publish each text as the next version of its kind; all are asked again."""
        for terms in self.filtered(lambda terms: terms.state == "draft"):
            [[last]] = self._read_group(
                [
                    ("company_id", "=", terms.company_id.id),
                    ("kind", "=", terms.kind),
                    ("state", "=", "published"),
                ],
                aggregates=["version:max"],
            )
            terms._transition(
                "published",
                {
                    "version": (last or 0) + 1,
                    "date_effective": terms.date_effective
                    or fields.Date.context_today(self),
                },
            )
        return True

    @api.model
    def _published(self, companies, date=None):
        """Return the newest published text of each kind and company.

        :param date: only those effective on that day; all when None.
        :return: {(company, kind): terms}
        """
        domain = Domain("state", "=", "published") & Domain(
            "company_id", "in", companies.ids
        )
        if date:
            domain &= Domain("date_effective", "<=", date)
        newest = {}
        for terms in self.search(domain, order="version desc"):
            newest.setdefault((terms.company_id, terms.kind), terms)
        return newest

    @api.private
    def _accept(self, vendor, ip_address):
        """Record that the user agrees in the name of a vendor; keep the text as PDF.

        A second call returns the first acceptance.

        :param ip_address: where the user's request came from.
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        acceptances = self.env["marketplace.terms.acceptance"]
        existing = acceptances.search(
            [("terms_id", "=", self.id), ("vendor_id", "=", vendor.id)]
        )
        if existing:
            return existing
        if self.state != "published":
            raise MarketplaceError(
                self.env._("%(terms)s is not published.", terms=self.display_name)
            )
        acceptance = acceptances.create(
            {
                "terms_id": self.id,
                "vendor_id": vendor.id,
                "user_id": self.env.uid,
                "date": fields.Datetime.now(),
                "ip_address": ip_address,
            }
        )
        # the proof has to be a file also where reports are not rendered (tests)
        reports = self.env["ir.actions.report"].with_context(
            force_report_rendering=True
        )
        content, _type = reports._render_qweb_pdf(REPORT, acceptance.ids)
        acceptance.pdf = base64.b64encode(content)
        return acceptance


class MarketplaceTermsAcceptance(models.Model):
    """Proof that a vendor agreed to a text: who, when, from where, to what."""

    _name = "marketplace.terms.acceptance"
    _description = "Acceptance of Vendor Terms"
    _order = "date desc, id desc"
    _rec_name = "terms_id"

    terms_id = fields.Many2one(
        "marketplace.terms",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    terms_name = fields.Char(related="terms_id.name", string="Title")
    company_id = fields.Many2one(
        related="terms_id.company_id", store=True, precompute=True, index=True
    )
    kind = fields.Selection(related="terms_id.kind", store=True, precompute=True)
    version = fields.Integer(related="terms_id.version", store=True, precompute=True)
    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="restrict"
    )
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    ip_address = fields.Char(string="IP Address", required=True, readonly=True)
    pdf = fields.Binary(string="Copy", attachment=True, readonly=True)
    date_revoked = fields.Datetime(string="Revoked On", readonly=True)

    _vendor_uniq = models.UniqueIndex(
        "(terms_id, vendor_id)", "The vendor agreed to this version already."
    )

    def _pdf_name(self):
        self.ensure_one()
        return f"{self.terms_name} v{self.version}.pdf"

    def action_revoke(self):
        """End mandates: no document is issued in the name of the vendor any more."""
        self.check_access("read")
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise MarketplaceError(
                self.env._("Revoking a mandate needs the role Accountant.")
            )
        live = self.filtered(lambda a: a.kind == "mandate" and not a.date_revoked)
        # sudo: acceptances are written by nobody; this is the one thing that changes
        live.sudo().date_revoked = fields.Datetime.now()
        return True
