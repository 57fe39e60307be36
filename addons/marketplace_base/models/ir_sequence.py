from odoo import models
from odoo.tools import SQL


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    def _marketplace_next_many(self, code, company, count):
        """Draw many numbers of a sequence at once, in two queries.

        Sequences by date range, or without gaps, are drawn one by one as Odoo does.

        :return: list of ``count`` names, in increasing order.
        """
        scoped = self.with_company(company)
        sequence = scoped.search(
            [("code", "=", code), ("company_id", "in", [company.id, False])],
            order="company_id",
            limit=1,
        )
        if sequence.use_date_range or sequence.implementation != "standard":
            return [sequence.next_by_id() for _rank in range(count)]
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence.id:03d}",
                count,
            )
        )
        return [sequence.get_next_char(number) for (number,) in rows]
