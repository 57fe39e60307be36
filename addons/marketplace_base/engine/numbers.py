"""Read the numbers that vendors type or send, without a request nor a record."""

from decimal import Decimal, InvalidOperation

TEXT_MAX_CHARS = 64
# Above it a float no longer holds every cent: nobody types such a price or stock.
NUMBER_MAX = Decimal(10**12)


def parse_number(text):
    """Return the decimal a person typed, or None when it is none from 0 to the limit.

    >>> parse_number(" 12,50 "), parse_number("0")
    (Decimal('12.50'), Decimal('0'))
    >>> parse_number("-1"), parse_number("1e99"), parse_number("NaN"), parse_number("a")
    (None, None, None, None)
    """
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not number.is_finite() or not 0 <= number < NUMBER_MAX:
        return None
    return number


def has_decimals(number, decimal_places):
    """Tell whether a decimal needs no more than that many decimal places.

    >>> has_decimals(Decimal("12.500"), 2), has_decimals(Decimal("12.505"), 2)
    (True, False)
    """
    return -number.normalize().as_tuple().exponent <= decimal_places
