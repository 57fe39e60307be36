"""The one way from a request to a vendor's records."""

from werkzeug.exceptions import Forbidden, NotFound

from odoo.http import request

HOME = "/my/marketplace"
SESSION_KEY = "marketplace_vendor_id"
ANY_ROLE = "any"

# Who opens the pages of each section of the portal, the first word after its address.
# An owner opens all; a section that is not named here is the owners' alone.
SECTION_ROLES = {
    "": ANY_ROLE,
    "switch": ANY_ROLE,
    "orders": "orders",
    "parcels": "orders",
    "messages": "orders",
    "returns": "orders",
    "incidents": "orders",
    "offers": "catalogue",
    "shipping": "catalogue",
    "holidays": "catalogue",
    "account": ANY_ROLE,
    "downloads": ANY_ROLE,
}


def section_role(path):
    """Return the role that opens an address of the portal.

    >>> section_role("/my/marketplace/orders/7/ship"), section_role("/my/marketplace")
    ('orders', 'any')
    >>> section_role("/my/marketplace/unheard-of")
    'owner'
    """
    section = path.removeprefix(HOME).strip("/").partition("/")[0]
    return SECTION_ROLES.get(section, "owner")


class VendorGate:
    """Mix into a portal controller to load the records of the user's vendor.

    Vendors have no access to ``sale.order`` nor to products and customers: pages are
    rendered from superuser records. Nothing may reach a page but through these methods,
    which put the vendor of the session in the search itself. The models' side of the
    gate, shared with the vendor API, is ``marketplace.vendor.user``.
    """

    def _marketplace_member_or_empty(self):
        """Return how the user belongs to the vendor he works for, in sudo, or nothing.

        Who belongs to several vendors works for the one he chose, else for the first.
        """
        members = request.env["marketplace.vendor.user"]._of_user(request.env.user)
        chosen = request.session.get(SESSION_KEY)
        return members.filtered(lambda m: m.vendor_id.id == chosen)[:1] or members[:1]

    def _marketplace_vendor_or_empty(self):
        """Return the vendor the user works for, superuser record, or an empty set."""
        return self._marketplace_member_or_empty().vendor_id

    def _marketplace_member(self):
        """Return how the user belongs to his vendor, for the page he asks for.

        :raises NotFound: when the user belongs to no vendor that has a portal.
        :raises Forbidden: when his role does not open the page.
        """
        member = self._marketplace_member_or_empty()
        if not member:
            raise NotFound()
        if not self._may_open(request.httprequest.path, member):
            raise Forbidden(
                request.env._(
                    "Your role does not open this page. Ask an owner of %(vendor)s.",
                    vendor=member.vendor_id.name,
                )
            )
        return member

    def _may_open(self, path, member):
        role = section_role(path)
        return role == ANY_ROLE or member._has_role(role)

    def _marketplace_vendor(self):
        """Return the vendor of the user, who may open the page; see the member."""
        return self._marketplace_member().vendor_id

    def _search_owned(self, model_name, domain):
        """Return the model, as superuser, and the domain narrowed to the vendor."""
        return self._marketplace_member_or_empty()._search_owned(model_name, domain)

    def _get_owned(self, model_name, record_id):
        """Return the superuser record ``record_id`` of the user's vendor.

        :param model_name: a model with a ``vendor_id``, named by the code.
        :param record_id: the id the user gave.
        :raises NotFound: when it does not exist or is another vendor's: the answer
            must not tell which.
        """
        return self._marketplace_member()._get_owned(model_name, record_id)
