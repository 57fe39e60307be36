"""Vendure 3.7 (GraphQL), with our marketplace plugin in the shop."""

from .adapter import VendureAdapter

__all__ = ["VendureAdapter"]
