from werkzeug.exceptions import NotFound

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

from ..exceptions import MarketplaceError
from .res_partner import GROUP_VIEWER

VENDOR_ROLES = ("owner", "catalogue", "orders", "finance")
ROLE_FIELDS = tuple(f"is_{role}" for role in VENDOR_ROLES)
# A suspended or closed vendor still finishes his orders and reads his statements.
PORTAL_VENDOR_STATES = ("approved", "suspended", "closed")
# People and API keys of one vendor, at most.
VENDOR_USERS_MAX = 50

# Unforgeable by RPC: lets the end of the retention period take the last owner's access.
ACCESS_GATE = object()


class MarketplaceVendorRoleMixin(models.AbstractModel):
    """Roles within one vendor; an owner has them all."""

    _name = "marketplace.vendor.role.mixin"
    _description = "Roles within a Vendor"

    is_owner = fields.Boolean(
        string="Owner",
        help="Does all that the other roles do, and manages users, API keys, bank "
        "account, identity papers and terms.",
    )
    is_catalogue = fields.Boolean(string="Catalogue", help="Manages offers.")
    is_orders = fields.Boolean(string="Orders", help="Ships orders.")
    is_finance = fields.Boolean(
        string="Finance", help="Reads balances, statements and invoices."
    )

    _some_role = models.Constraint(
        "CHECK (is_owner OR is_catalogue OR is_orders OR is_finance)",
        "Choose at least one role.",
    )

    def _has_role(self, role):
        """Tell whether one record has a role, as such or as owner; none has none."""
        return bool(self) and (self.is_owner or self[f"is_{role}"])

    def _role_names(self):
        """Return the names of the roles, in the language of the reader."""
        return [
            self._fields[name]._description_string(self.env)
            for name in ROLE_FIELDS
            if self[name]
        ]


class MarketplaceVendorUser(models.Model):
    """A person who acts for a vendor in the portal, and the one gate to his records.

    The record rules of all that vendors read by RPC follow these rows.
    """

    _name = "marketplace.vendor.user"
    _description = "Vendor User"
    _inherit = "marketplace.vendor.role.mixin"
    _order = "vendor_id, id"
    _rec_name = "user_id"

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    user_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("share", "=", True)],
        help="A portal user. One person may belong to several vendors.",
    )
    active = fields.Boolean(default=True)
    login = fields.Char(related="user_id.login")
    login_date = fields.Datetime(related="user_id.login_date", string="Last Seen")

    _vendor_user_uniq = models.UniqueIndex(
        "(vendor_id, user_id)", "This person is a user of the vendor already."
    )

    # -- constraints ----------------------------------------------------------------

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    @api.constrains("user_id")
    def _check_portal_user(self):
        for member in self:
            if not member.user_id._is_portal():
                raise MarketplaceError(
                    self.env._(
                        "%(user)s is no portal user: vendors work in the portal, "
                        "colleagues do not act for them.",
                        user=member.user_id.name,
                    )
                )

    # -- CRUD: somebody must be left who can manage the users -----------------------

    def write(self, vals):
        vendors = self.env["res.partner"]
        if not vals.keys().isdisjoint({"is_owner", "active", "vendor_id", "user_id"}):
            vendors = self.filtered("is_owner").vendor_id
            vendors._vendor_users_take_turn()
        result = super().write(vals)
        self._check_owner_left(vendors, self.browse())
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_not_last_owner(self):
        vendors = self.filtered("is_owner").vendor_id
        vendors._vendor_users_take_turn()
        self._check_owner_left(vendors, self)

    def _check_owner_left(self, vendors, leaving):
        """Refuse that a vendor loses his last owner.

        :raises MarketplaceError: naming the vendors.
        """
        if not vendors or (
            self.env.context.get("marketplace_access_gate") is ACCESS_GATE
        ):
            return
        owned = self.search(
            [
                ("vendor_id", "in", vendors.ids),
                ("is_owner", "=", True),
                ("user_id.active", "=", True),
                ("id", "not in", leaving.ids),
            ]
        ).vendor_id
        if orphans := vendors - owned:
            raise MarketplaceError(
                self.env._(
                    "%(vendor)s would have no owner left. Make somebody else owner "
                    "first.",
                    vendor=", ".join(orphans.mapped("name")),
                )
            )

    # -- gate -----------------------------------------------------------------------

    @api.model
    def _of_user(self, user):
        """Return the memberships of a portal user that open a portal, in sudo."""
        # sudo: the user's own memberships, named by the domain
        return self.sudo().search(
            [
                ("user_id", "=", user.id),
                ("user_id.share", "=", True),
                ("vendor_id.vendor_state", "in", PORTAL_VENDOR_STATES),
            ]
        )

    def _owned_domain(self, model_name):
        """Return which records of a model the vendor of a member is shown; to extend.

        Of no member, it matches nothing.

        :param model_name: a model with a ``vendor_id``, named by the code.
        """
        domain = [("vendor_id", "in", self.vendor_id.ids)]
        if model_name == "sale.order":
            # A quotation is still the operator's business.
            domain.append(("state", "in", ("sale", "cancel")))
            # A held order is hidden from its vendor until somebody releases it.
            domain.append(("is_on_hold", "=", False))
            # Cancelled before he saw it, it never was his business.
            domain += [
                "|",
                ("date_vendor_visible", "!=", False),
                ("hold_ids", "=", False),
            ]
        return domain

    def _search_owned(self, model_name, domain):
        """Return the model, as superuser, and the domain narrowed to the vendor."""
        # sudo: the vendor's right is the domain.
        model = self.env[model_name].sudo()
        return model, Domain(domain) & Domain(self._owned_domain(model_name))

    def _get_owned(self, model_name, record_id):
        """Return the superuser record ``record_id`` of the member's vendor.

        :param model_name: a model with a ``vendor_id``, named by the code.
        :param record_id: the id the user gave.
        :raises NotFound: when it does not exist or is another vendor's: the answer
            must not tell which.
        """
        model, domain = self._search_owned(model_name, [("id", "=", record_id)])
        record = model.with_context(active_test=False).search(domain, limit=1)
        if not record:
            raise NotFound()
        return record.with_context(active_test=True)


class ResPartner(models.Model):
    """Who acts for a vendor."""

    _inherit = "res.partner"

    vendor_user_ids = fields.One2many(
        "marketplace.vendor.user",
        "vendor_id",
        string="Portal Users",
        groups=GROUP_VIEWER,
    )

    def _vendor_users_take_turn(self):
        """Make whoever takes owners away from these vendors follow one another.

        Isolation is REPEATABLE READ: a transaction that gets a mere lock after ours
        still reads the owners that were before us. The update changes nothing, but
        PostgreSQL then refuses that transaction, and Odoo does it again.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "UPDATE res_partner SET write_uid = write_uid WHERE id IN ("
                    "SELECT id FROM res_partner WHERE id IN %s ORDER BY id"
                    " FOR NO KEY UPDATE)",
                    tuple(self.ids),
                )
            )

    def _vendor_portal_balances(self):
        """Return one dict of buckets per company and currency of the vendor.

        The figures are those of the back office: the ledger's own sums, positive when
        owed to the vendor, in the currency of the row.
        """
        self.ensure_one()
        # sudo: sums of the vendor's own lines, the caller has passed the gate
        vendor = self.sudo()
        ledger = vendor.env["marketplace.ledger.line"]
        rows = []
        for company in vendor.vendor_contract_ids.company_id or self.env.company:
            balances = ledger._vendor_balances(vendor, company=company)
            # A vendor without movement sees zeros, not a hole.
            balances.setdefault(
                (vendor.id, company.currency_id.id), ledger._buckets({})
            )
            for (_vendor_id, currency_id), buckets in balances.items():
                currency = self.env["res.currency"].browse(currency_id)
                rows.append(
                    {
                        **buckets,
                        "company": company,
                        "currency": currency,
                        "next_payout": vendor._vendor_next_payout(
                            company, currency, buckets
                        ),
                    }
                )
        return rows

    def _vendor_next_payout(self, company, currency, buckets):
        """Return when the vendor is paid next and how much as things stand; to extend.

        :param buckets: what the vendor is owed, in currency units.
        :return: {"date": day or None when nobody knows, "amount": in currency units},
            or None when no addon pays vendors.
        """
        return None

    # -- approval -------------------------------------------------------------------

    def _vendor_members(self):
        """Return the memberships of vendors in sudo, ended ones included."""
        # sudo: whoever decides on a vendor decides on his users
        return (
            self.env["marketplace.vendor.user"]
            .sudo()
            .with_context(active_test=False)
            .search([("vendor_id", "in", self.ids)])
        )

    def _vendor_users(self):
        """Count the people who act for the vendor among his users, whoever they are."""
        users = dict(super()._vendor_users())
        for vendor, members in self._vendor_members().grouped("vendor_id").items():
            users[vendor] = users.get(vendor, members.user_id.browse()) | (
                members.user_id
            )
        return users

    def _vendor_grant_portal_access(self):
        """Let former users in again, and see to it that the vendor has an owner."""
        result = super()._vendor_grant_portal_access()
        self._vendor_make_owners()
        return result

    def _vendor_make_owners(self):
        """Make the own portal users of vendors without owner their owners."""
        members = self._vendor_members()
        members.filtered(lambda member: not member.active).active = True
        owned = members.filtered(lambda m: m.is_owner and m.user_id.active).vendor_id
        users = (self - owned)._vendor_users()
        for vendor, own in users.items():
            own = own.filtered(lambda user: user.active and user._is_portal())
            known = members.filtered(
                lambda m, v=vendor, u=own: m.vendor_id == v and m.user_id in u
            )
            known.is_owner = True
            members.create(
                [
                    {"vendor_id": vendor.id, "user_id": user.id, "is_owner": True}
                    for user in own - known.user_id
                ]
            )

    # -- invitation -----------------------------------------------------------------

    def _vendor_invite_user(self, name, email, roles, lang=None):
        """Let one more person act for the vendor, and mail an invitation.

        Who has a portal account already gets this vendor beside the others. A new
        person gets a contact of its own: the native pages of Odoo show a contact all
        that is addressed to its company, whatever the role.

        :param roles: of ``VENDOR_ROLES``.
        :param lang: code of the language of the mail and the portal; the vendor's
            when not given.
        :return: the membership, in sudo.
        :raises MarketplaceError: when the address cannot be invited, and why.
        """
        self.ensure_one()
        login = email_normalize(email or "")
        if not login:
            raise MarketplaceError(self.env._("Type a valid e-mail address."))
        if not roles:
            raise MarketplaceError(self.env._("Choose at least one role."))
        members = self._vendor_members()
        if len(members) >= VENDOR_USERS_MAX:
            raise MarketplaceError(
                self.env._(
                    "%(vendor)s has %(limit)s users, more are not possible. Remove "
                    "those who have left.",
                    vendor=self.name,
                    limit=VENDOR_USERS_MAX,
                )
            )
        # sudo: the caller may manage the vendor's users, the groups are the portal's
        users = self.env["res.users"].sudo().with_context(active_test=False)
        user = users.search([("login", "=", login)], limit=1)
        if user in members.user_id:
            raise MarketplaceError(
                self.env._(
                    "%(email)s is a user of %(vendor)s already.",
                    email=login,
                    vendor=self.name,
                )
            )
        if user and not (user.active and user._is_portal()):
            raise MarketplaceError(
                self.env._(
                    "%(email)s cannot be invited: use another address, or ask the "
                    "marketplace.",
                    email=login,
                )
            )
        is_new = not user
        if is_new:
            user = self._vendor_create_user(name or login, login, lang or self.lang)
        member = members.create(
            {
                "vendor_id": self.id,
                "user_id": user.id,
                **{f"is_{role}": True for role in roles},
            }
        )
        if is_new:
            self._vendor_invite(user)
        else:
            template = self.env.ref("marketplace_base.mail_template_vendor_user_added")
            # sudo: the invitation above decides that this mail leaves
            template.sudo().send_mail(member.id)
        return member

    def _vendor_create_user(self, name, login, lang):
        """Return a new portal user of the vendor, in sudo."""
        # sudo: see the caller
        contact = self.sudo().create(
            {"name": name, "email": login, "lang": lang, "company_id": False}
        )
        vals = {**self._prepare_vendor_user_vals(), "login": login, "email": login}
        return (
            self.env["res.users"]
            .sudo()
            .with_context(no_reset_password=True)
            ._create_user_from_template({**vals, "partner_id": contact.id})
        )
