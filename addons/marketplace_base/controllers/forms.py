"""What the pages of the portal read forms with."""

from ..engine.numbers import TEXT_MAX_CHARS, has_decimals, parse_number

__all__ = ["TEXT_MAX_CHARS", "has_decimals", "parse_number"]
