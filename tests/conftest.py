"""Settings of the top-level tests that run with Odoo."""

import os


def pytest_configure(config):
    """Give Odoo the HTTP port that the runner told the shop to call.

    pytest-odoo takes any free port; the shop is started before it and has to know.
    """
    port = os.environ.get("MKP_HTTP_PORT")
    if port and config.pluginmanager.hasplugin("odoo"):
        import pytest_odoo

        pytest_odoo._get_available_random_port = lambda: int(port)
