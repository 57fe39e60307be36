from lxml import html

from odoo.http import Request
from odoo.tests import HttpCase

from .common import MarketplaceCommon


class PortalCase(MarketplaceCommon, HttpCase):
    """Open pages of the vendor portal as a vendor's user."""

    def _login(self, vendor):
        login = vendor.user_ids.login
        self.authenticate(login, login)

    def _get(self, path, status=200):
        response = self.url_open(path)
        self.assertEqual(response.status_code, status, path)
        return html.fromstring(response.content)

    def _post(self, path, status=200, **data):
        data["csrf_token"] = Request.csrf_token(self)
        response = self.url_open(path, data=data)
        self.assertEqual(response.status_code, status, path)
        return html.fromstring(response.content)

    def _text(self, page, css_class):
        return " ".join(
            " ".join(node.itertext()) for node in page.find_class(css_class)
        )
