"""Let the upgrade write the rules of the portal anew: they now follow roles."""


def migrate(cr, version):
    cr.execute(
        "UPDATE ir_model_data SET noupdate = false WHERE model = 'ir.rule'"
        " AND module LIKE 'marketplace\\_%' AND name LIKE '%\\_rule\\_portal'"
    )
