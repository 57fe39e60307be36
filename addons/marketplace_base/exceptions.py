from odoo.exceptions import UserError


class MarketplaceError(UserError):
    """Refuse an operation; the message names the record and what to do."""


class MissingRoleError(MarketplaceError):
    """Refuse an event because an account role is not mapped to an account."""
