"""What keeps many commission documents cheap to make at once."""

from odoo import api, models
from odoo.fields import Command
from odoo.tools import SQL


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _marketplace_tell_amounts(self, company, vals_list):
        """Add to invoices to create what Odoo would write on their lines afterwards.

        That is the balance of each line and the report tags of its taxes: written one
        document at a time, they cost as much as a fifth of creating and posting it.
        Odoo compares and corrects what it computes otherwise, as under a tax included
        in the price.

        :param vals_list: customer invoices and credit notes of one company; each line
            gives ``price_unit``, ``quantity`` 1 and ``tax_ids`` in one command. In
            another currency they are left as they are.
        """
        tags = {}
        for vals in vals_list:
            if vals["currency_id"] != company.currency_id.id:
                continue
            is_refund = vals["move_type"] == "out_refund"
            for _command, _id, line in vals["invoice_line_ids"]:
                [(_command, _id, tax_ids)] = line["tax_ids"]
                key = tuple(tax_ids or ()), is_refund
                if key not in tags:
                    taxes = self.env["account.tax"].browse(key[0])
                    tags[key] = taxes._marketplace_base_tags(is_refund).ids
                balance = line["price_unit"] if is_refund else -line["price_unit"]
                line["amount_currency"] = line["balance"] = balance
                line["tax_tag_ids"] = [Command.set(tags[key])]


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    @api.model
    def _link_invoice_lines(self, carriers):
        """Write on commission lines which invoice line carries them, in one statement.

        :param carriers: {invoice line: commission lines}.
        """
        links = [
            (line_id, item.id, item.move_id.id)
            for item, lines in carriers.items()
            for line_id in lines.ids
        ]
        if not links:
            return
        ids, items, moves = map(list, zip(*links, strict=True))
        self.env.cr.execute(
            SQL(
                "UPDATE marketplace_commission_line AS line"
                " SET move_line_id = link.item, move_id = link.move,"
                " write_uid = %s, write_date = NOW() AT TIME ZONE 'UTC'"
                " FROM UNNEST(%s, %s, %s) AS link (id, item, move)"
                " WHERE line.id = link.id",
                self.env.uid,
                ids,
                items,
                moves,
            )
        )
        linked = self.browse(ids)
        linked.modified(["move_line_id"])
        self.env.remove_to_compute(self._fields["move_id"], linked)
        linked.invalidate_recordset(["move_line_id", "move_id"], flush=False)
        self.env["account.move"].browse(moves).invalidate_recordset(
            ["marketplace_commission_line_ids"], flush=False
        )
