"""The one way from a request to a vendor's records."""

from werkzeug.exceptions import NotFound

from odoo.fields import Domain
from odoo.http import request

# A suspended or closed vendor still finishes his orders and reads his statements.
PORTAL_VENDOR_STATES = ("approved", "suspended", "closed")


class VendorGate:
    """Mix into a portal controller to load the records of the user's vendor.

    Vendors have no access to ``sale.order`` nor to products and customers: pages are
    rendered from superuser records. Nothing may reach a page but through these methods,
    which put the vendor of the session in the search itself.
    """

    def _marketplace_vendor_or_empty(self):
        """Return the vendor of the user, superuser record, or an empty recordset."""
        partner = request.env.user.partner_id.commercial_partner_id
        if (
            partner.is_marketplace_vendor
            and partner.vendor_state in PORTAL_VENDOR_STATES
        ):
            return partner
        return partner.browse()

    def _marketplace_vendor(self):
        """Return the vendor of the user.

        :raises NotFound: when the user belongs to no vendor that has a portal.
        """
        vendor = self._marketplace_vendor_or_empty()
        if not vendor:
            raise NotFound()
        return vendor

    def _owned_domain(self, model_name):
        """Return which records of a model the portal shows its vendor; to extend.

        Of a user without vendor, it matches nothing.

        :param model_name: a model with a ``vendor_id``, named by the code.
        """
        domain = [("vendor_id", "in", self._marketplace_vendor_or_empty().ids)]
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
        model = request.env[model_name].sudo()
        return model, Domain(domain) & Domain(self._owned_domain(model_name))

    def _get_owned(self, model_name, record_id):
        """Return the superuser record ``record_id`` of the user's vendor.

        :param model_name: a model with a ``vendor_id``, named by the code.
        :param record_id: the id the user gave.
        :raises NotFound: when it does not exist or is another vendor's: the answer
            must not tell which.
        """
        self._marketplace_vendor()
        model, domain = self._search_owned(model_name, [("id", "=", record_id)])
        record = model.with_context(active_test=False).search(domain, limit=1)
        if not record:
            raise NotFound()
        return record.with_context(active_test=True)
