"""Pure Python: no Odoo, no clock, no input or output."""
