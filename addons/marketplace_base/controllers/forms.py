"""Limits of what a person types into a form."""

from ..engine.numbers import has_decimals, parse_number

__all__ = ["TEXT_MAX_CHARS", "has_decimals", "parse_number"]

TEXT_MAX_CHARS = 64
