"""Settle and invoice the commission of agents with the OCA addon.

In a database of its own that holds Odoo and that addon only, so that neither side pays
for what the other adds to invoices; in the same process, so that both are measured
alike.
"""

from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Date
from odoo.modules.registry import Registry
from odoo.tools import date_utils

RATE = 12.0


class Peer:
    """Hold as many agents and posted invoice lines as the marketplace has."""

    def __init__(self, database, agents, lines_per_agent):
        self.cursor = Registry(database).cursor()
        self.env = api.Environment(self.cursor, SUPERUSER_ID, {})
        self.bills = self.env["account.move"]
        self._fill(agents, lines_per_agent)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.cursor.close()

    def _fill(self, count, lines_per_agent):
        """Post one customer invoice per agent, in the month before."""
        env = self.env(
            context={"tracking_disable": True, "mail_create_nosubscribe": True}
        )
        commission = env["commission"].create(
            {"name": "Bench", "commission_type": "fixed", "fix_qty": RATE}
        )
        agents = env["res.partner"].create(
            [
                {
                    "name": f"Agent {rank}",
                    "is_company": True,
                    "agent": True,
                    "commission_id": commission.id,
                    "settlement": "monthly",
                    "country_id": env.ref("base.fr").id,
                }
                for rank in range(count)
            ]
        )
        customer = env["res.partner"].create({"name": "Bench customer"})
        self.product = env["product.product"].create(
            {"name": "Commission", "type": "service"}
        )
        article = env["product.product"].create(
            {"name": "Article", "type": "service", "list_price": 10}
        )
        day = date_utils.subtract(Date.today().replace(day=1), days=1)
        env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": day,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": article.id,
                                "price_unit": 10 + rank % 5,
                                "agent_ids": [
                                    Command.create(
                                        {
                                            "agent_id": agent.id,
                                            "commission_id": commission.id,
                                        }
                                    )
                                ],
                            }
                        )
                        for rank in range(lines_per_agent)
                    ],
                }
                for agent in agents
            ]
        )._post(soft=False)
        self.lines = count * lines_per_agent
        env.flush_all()

    def invoice(self):
        """Settle all agents up to today and make their bills, as its wizards do."""
        Settle = self.env["commission.make.settle"]
        action = Settle.create({"settlement_type": "sale_invoice"}).action_settle()
        [[_field, _operator, ids]] = action["domain"]
        settlements = self.env["commission.settlement"].browse(ids)
        assert len(settlements.line_ids) == self.lines, len(settlements.line_ids)
        Invoice = self.env["commission.make.invoice"].with_context(
            settlement_ids=settlements.ids
        )
        action = Invoice.create({"product_id": self.product.id}).button_create()
        [[_field, _operator, ids]] = action["domain"]
        self.bills = self.env["account.move"].browse(ids)
        self.env.flush_all()

    def post(self):
        """Post the bills, which its wizards leave as drafts."""
        self.bills._post(soft=False)
        self.env.flush_all()
