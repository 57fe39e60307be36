"""Runs in an Odoo shell: builds the asset bundles once, for all copies to come.

Only those that pages of the back office and the portal load; Odoo knows thirty more.
"""
# ruff: noqa: F821 (``env`` is the shell's)

BUNDLES = (
    "web.assets_web",
    "web.assets_frontend",
    "web.assets_frontend_minimal",
    "web.assets_frontend_lazy",
    "web.assets_backend_lazy",
    "bus.websocket_worker_assets",
)

qweb = env["ir.qweb"]
for name in BUNDLES:
    qweb._get_asset_bundle(name, css=False, js=True).js()
    qweb._get_asset_bundle(name, css=True, js=False).css()
