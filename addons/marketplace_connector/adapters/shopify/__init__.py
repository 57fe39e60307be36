"""Shopify (Admin GraphQL 2026-10), with the vendor in the field of the product."""

from .adapter import ShopifyAdapter

__all__ = ["ShopifyAdapter"]
