import base64
import binascii

from odoo import models

from ..engine.numbers import parse_number
from ..exceptions import MarketplaceError

# Longest text of a call, beside files.
API_TEXT_MAX_CHARS = 10_000


class MarketplaceVendorApi(models.AbstractModel):
    """Read what a client sent: its types are anybody's guess until here."""

    _inherit = "marketplace.vendor.api"

    def _api_text(self, name, value):
        """Return a text, empty for null.

        :raises MarketplaceError: when it is none, or too long.
        """
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > API_TEXT_MAX_CHARS:
            raise MarketplaceError(
                self.env._(
                    "“%(name)s” is a text of at most %(limit)s characters.",
                    name=name,
                    limit=API_TEXT_MAX_CHARS,
                )
            )
        return value

    def _api_form(self, name, values, known):
        """Return the texts of an object, as a form would send them.

        :param known: names it may have.
        :raises MarketplaceError: naming what is no text or unknown.
        """
        if not isinstance(values, dict):
            raise MarketplaceError(self.env._("“%(name)s” is an object.", name=name))
        if unknown := sorted(set(values) - set(known)):
            raise MarketplaceError(
                self.env._(
                    "“%(name)s” has no %(unknown)s. It has: %(known)s.",
                    name=name,
                    unknown=", ".join(unknown)[:API_TEXT_MAX_CHARS],
                    known=", ".join(known),
                )
            )
        return {key: self._api_text(key, value) for key, value in values.items()}

    def _api_decimal(self, name, value):
        """Return an amount sent as text, as a float; None when absent."""
        if value is None:
            return None
        number = parse_number(value) if isinstance(value, str) else None
        if number is None:
            raise MarketplaceError(
                self.env._("“%(name)s” is a text such as “12.50”.", name=name)
            )
        return float(number)

    def _api_file(self, name, content):
        """Return a file sent in base 64; empty for null."""
        try:
            return base64.b64decode(self._api_base64(content), validate=True)
        except (binascii.Error, ValueError) as error:
            raise MarketplaceError(
                self.env._("“%(name)s” is a file in base 64.", name=name)
            ) from error

    def _api_base64(self, content):
        # Above the limit of a text: a file has its own limits, checked on its bytes.
        if content is not None and not isinstance(content, str):
            raise ValueError("not a text")
        return content or ""

    def _api_lines(self, order, line_ids):
        """Return lines of an order by the ids a client sent.

        :raises MarketplaceError: naming the ids that are no lines of it.
        """
        lines = order.order_line.grouped("id")
        if not isinstance(line_ids, list) or any(type(i) is not int for i in line_ids):
            raise MarketplaceError(
                self.env._("“%(name)s” is a list of line ids.", name="line_ids")
            )
        if unknown := [str(i) for i in line_ids if i not in lines]:
            raise MarketplaceError(
                self.env._(
                    "%(order)s has no line %(line)s.",
                    order=order.name,
                    line=", ".join(unknown[:20]),
                )
            )
        return order.order_line.filtered(lambda line: line.id in line_ids)

    def _api_encoded(self, content):
        return base64.b64encode(content).decode()

    def _api_choice(self, name, value, codes):
        """Return a code a client sent.

        :raises MarketplaceError: when it is none of the codes.
        """
        if value not in codes:
            raise MarketplaceError(
                self.env._(
                    "“%(name)s” is one of %(codes)s.",
                    name=name,
                    codes=", ".join(codes),
                )
            )
        return value
