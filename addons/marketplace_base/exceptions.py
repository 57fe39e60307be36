from odoo.exceptions import UserError


class MarketplaceError(UserError):
    """Refuse an operation; the message names the record and what to do."""

    # The web client knows dialogs by class name: subclasses must borrow one, or the
    # message is replaced by "Oops! Something went wrong".
    context = {"exception_class": "odoo.exceptions.UserError"}


class MissingRoleError(MarketplaceError):
    """Refuse an event because an account role is not mapped to an account."""
