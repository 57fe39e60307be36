from odoo import api, fields, models

from ..exceptions import MarketplaceError

# What says who the vendor is: a change waits for the operator. {field: longest text}
IDENTITY_FIELDS = {
    "name": 128,
    "street": 128,
    "street2": 128,
    "zip": 24,
    "city": 64,
    "vat": 32,
}
# What a vendor changes by himself: how the marketplace reaches him.
CONTACT_FIELDS = {"phone": 32, "website": 128}
CHANGE_STATES = [
    ("requested", "To Check"),
    ("accepted", "Accepted"),
    ("refused", "Refused"),
]


class MarketplaceVendorChange(models.Model):
    """A change of a vendor's identity that he asked for; one field each."""

    _name = "marketplace.vendor.change"
    _description = "Vendor Change Request"
    _inherit = "marketplace.state.mixin"
    _order = "id desc"
    _rec_name = "vendor_id"
    _state_transitions = {"accepted": {"requested"}, "refused": {"requested"}}

    vendor_id = fields.Many2one(
        "res.partner", required=True, readonly=True, index=True, ondelete="cascade"
    )
    field_name = fields.Selection(
        "_selection_field_name", string="Field", required=True, readonly=True
    )
    value_old = fields.Char(string="Is Now", readonly=True)
    value_new = fields.Char(string="Becomes", readonly=True)
    state = fields.Selection(
        CHANGE_STATES, required=True, readonly=True, default="requested", index=True
    )
    user_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    reviewer_id = fields.Many2one("res.users", string="Checked By", readonly=True)
    date_review = fields.Datetime(string="Checked On", readonly=True)
    refusal_reason = fields.Char(help="The vendor reads it in his portal.")

    _one_open = models.UniqueIndex(
        "(vendor_id, field_name) WHERE state = 'requested'",
        "A change of this field waits already.",
    )

    @api.model
    def _selection_field_name(self):
        partner = self.env["res.partner"]
        return [
            (name, partner._fields[name]._description_string(self.env))
            for name in IDENTITY_FIELDS
        ]

    # -- actions --------------------------------------------------------------------

    def action_accept(self):
        """Write the new values on the vendors; needs the right to write them."""
        self.check_access("write")
        moved = self._transition("accepted", self._prepare_review_vals())
        for vendor, changes in moved.grouped("vendor_id").items():
            vendor.write({change.field_name: change.value_new for change in changes})
        return True

    def action_refuse(self):
        """Leave the vendors as they are, for the reason typed on each request."""
        self.check_access("write")
        for change in self:
            if not (change.refusal_reason or "").strip():
                raise MarketplaceError(
                    self.env._(
                        "Say why the change of %(vendor)s is refused: the vendor reads "
                        "it.",
                        vendor=change.vendor_id.name,
                    )
                )
        self._transition("refused", self._prepare_review_vals())
        return True

    def _prepare_review_vals(self):
        return {"reviewer_id": self.env.uid, "date_review": fields.Datetime.now()}


class ResPartner(models.Model):
    """What a vendor changes of his own data in the portal."""

    _inherit = "res.partner"

    def _vendor_change(self, values, user):
        """Write the contact data a vendor typed; ask for a check of the identity.

        A request of the same field that still waits is replaced.

        :param values: {field: text} of ``CONTACT_FIELDS`` and ``IDENTITY_FIELDS``.
        :return: the requests made, in sudo.
        :raises MarketplaceError: listing every field that is too long or empty.
        """
        self.ensure_one()
        # sudo: an owner of the vendor, who passed the gate of the portal
        vendor = self.sudo()
        values = {
            name: text.strip()
            for name, text in values.items()
            if text.strip() != (vendor[name] or "")
        }
        limits = CONTACT_FIELDS | IDENTITY_FIELDS
        problems = [
            self.env._(
                "%(field)s takes at most %(limit)s characters.",
                field=vendor._fields[name]._description_string(self.env),
                limit=limits[name],
            )
            for name, text in values.items()
            if len(text) > limits[name]
        ]
        if "name" in values and not values["name"]:
            problems.append(self.env._("The name cannot be empty."))
        if problems:
            raise MarketplaceError("\n".join(problems))
        contact = {n: values[n] or False for n in CONTACT_FIELDS if n in values}
        if contact:
            vendor.write(contact)
        asked = {name: values[name] for name in IDENTITY_FIELDS if name in values}
        requests = vendor.env["marketplace.vendor.change"]
        requests.search(
            [
                ("vendor_id", "=", vendor.id),
                ("field_name", "in", list(asked)),
                ("state", "=", "requested"),
            ]
        ).unlink()
        made = requests.create(
            [
                {
                    "vendor_id": vendor.id,
                    "field_name": name,
                    "value_old": vendor[name],
                    "value_new": text,
                    "user_id": user.id,
                }
                for name, text in asked.items()
            ]
        )
        if made:
            vendor.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Check the change the vendor asks for"),
                user_id=vendor._marketplace_responsible().id,
            )
        return made
