"""Runs in an Odoo shell: builds the asset bundles once, for all copies to come."""
# ruff: noqa: F821 (``env`` is the shell's)

env["ir.qweb"]._pregenerate_assets_bundles()
