"""Write quantities for people and for forms."""

from decimal import Decimal

from odoo.tools import formatLang


def format_number(number):
    """Return a number as a form field holds it: no exponent, no trailing zeros.

    >>> format_number(3.0), format_number(12.5), format_number(0.0)
    ('3', '12.5', '0')
    """
    return f"{Decimal(str(number)).normalize():f}"


def format_quantity(env, quantity):
    """Return a quantity in the user's language, whole numbers without decimals."""
    decimals = format_number(quantity).partition(".")[2]
    return formatLang(env, quantity, digits=len(decimals))
