"""Adapters by key.  An addon for another platform adds its class here."""

from .base import Adapter
from .medusa import MedusaAdapter, MercurAdapter
from .shopify import ShopifyAdapter
from .vendure import VendureAdapter
from .woocommerce import WooCommerceAdapter

ADAPTERS: dict[str, type[Adapter]] = {
    "shopify": ShopifyAdapter,
    "vendure": VendureAdapter,
    "medusa": MedusaAdapter,
    "mercur": MercurAdapter,
    "woocommerce": WooCommerceAdapter,
}
