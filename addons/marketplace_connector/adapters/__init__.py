"""One sub-package per platform.  No Odoo import: values in, values out."""
