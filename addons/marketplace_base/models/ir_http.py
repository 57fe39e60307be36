from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from odoo import models
from odoo.http import request

from .marketplace_vendor_api import API_MODEL, KEY_ATTRIBUTE


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_bearer(cls):
        """Let vendor API keys, and nothing else, call the vendor API.

        A session or another key of Odoo is refused there; a vendor API key is refused
        everywhere else, its secret has a scope of its own.
        """
        if not request.httprequest.path.startswith(f"/json/2/{API_MODEL}/"):
            return super()._auth_method_bearer()
        kind, _sep, token = request.httprequest.headers.get(
            "Authorization", ""
        ).partition(" ")
        key = None
        if kind.lower() == "bearer":
            key = request.env["marketplace.vendor.api.key"]._authenticate(token.strip())
        if not key:
            raise Unauthorized(
                "Send a valid vendor API key: Authorization: Bearer mkp_...",
                www_authenticate=WWWAuthenticate("bearer"),
            )
        request.update_env(user=key.user_id.id)
        request.session.can_save = False  # stateless
        setattr(request, KEY_ATTRIBUTE, key.id)
        cls._auth_method_user()
