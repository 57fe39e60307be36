"""Medusa 2 (REST), plain, and Mercur 2, the marketplace on it."""

from .adapter import MedusaAdapter, MercurAdapter

__all__ = ["MedusaAdapter", "MercurAdapter"]
