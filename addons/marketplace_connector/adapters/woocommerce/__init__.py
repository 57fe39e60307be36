"""WooCommerce 10 (REST v3), with Dokan for the vendors."""

from .adapter import WooCommerceAdapter

__all__ = ["WooCommerceAdapter"]
