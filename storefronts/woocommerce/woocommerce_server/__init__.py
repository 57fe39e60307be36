"""A WooCommerce shop with Dokan, as its REST API shows it, in one process.

WooCommerce cannot be had as a package on the machines that run the tests.  This server
keeps to the published reference of the API (woocommerce.github.io, "REST API v3";
developer.woocommerce.com, "Order fulfillments"; dokan "REST API, stores") and is itself
checked by WooCommerce's own API tests, see ``storefronts/woocommerce/README.md``.
"""
