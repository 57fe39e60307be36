"""Let every test import ``odoo.addons.marketplace_*`` from this checkout."""

from pathlib import Path

import odoo.addons

ADDONS = str(Path(__file__).parent / "addons")
if ADDONS not in odoo.addons.__path__:
    odoo.addons.__path__.append(ADDONS)
    # As Odoo's own start does: a change of sys.path must not undo the line above.
    odoo.addons.__path__._path_finder = lambda *_args: None
