from odoo import fields
from odoo.fields import Command

from .common import MarketplaceCommon


class ReturnsCommon(MarketplaceCommon):
    """Sell and deliver three mugs at 20.00 and a tray at 30.00 of one vendor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.mug = cls._create_offer(cls.vendor, 20.0)
        cls.tray = cls._create_offer(cls.vendor, 30.0)

    @classmethod
    def _deliver(cls, lines=None, date="2026-03-02", **options):
        """Return a group bought and delivered on a Monday."""
        group = cls._import_order(
            lines or [(cls.mug, 3), (cls.tray, 1)], date=f"{date} 10:00:00", **options
        )
        cls._ship_and_deliver(group, date=date)
        return group

    @classmethod
    def _line(cls, group, offer):
        return group.sale_order_ids.order_line.filtered(
            lambda line: line.offer_id == offer
        )

    @classmethod
    def _ask_return(cls, group, lines, date="2026-03-10", **vals):
        """Return a requested return: [(offer, quantity)]."""
        return cls.env["marketplace.return"].create(
            {
                "sale_order_id": cls._line(group, lines[0][0]).order_id.id,
                "date": fields.Date.to_date(date),
                "line_ids": [
                    Command.create(
                        {
                            "sale_line_id": cls._line(group, offer).id,
                            "quantity": quantity,
                        }
                    )
                    for offer, quantity in lines
                ],
                **vals,
            }
        )

    @classmethod
    def _receive(cls, record):
        record.action_accept()
        record.action_receive()
        return record

    def _refund_of(self, record):
        """Return the draft refund that the button of a return makes."""
        action = record.action_refund()
        return self.env["marketplace.refund"].browse(action["res_id"])
