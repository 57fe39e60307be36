"""Cash collected at the door: by a carrier who remits it, or kept by the vendor."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain

from ..exceptions import MarketplaceError

CASH_STATES = [
    ("to_collect", "To Collect"),
    ("collected", "Collected"),
    ("remitted", "Remitted"),
    ("kept", "Kept by the Vendor"),
    ("refused", "Refused at the Door"),
    ("lost", "Written Off"),
]
CASH_TRANSITIONS = {
    "collected": {"to_collect", "remitted"},
    "remitted": {"collected"},
    "kept": {"to_collect"},
    "refused": {"to_collect"},
    "lost": {"collected"},
}
# What the parcel and the carrier say: nobody types it.
FACTS = {
    "shipment_id",
    "amount",
    "line_ids",
    "payment_id",
    "remittance_line_id",
    "date_collected",
    "date_remitted",
    "date_expected",
}


class MarketplaceCashCollection(models.Model):
    """The cash of one parcel: what the carrier takes from the customer.

    Collected, it is a payment of the purchase which the carrier holds: he owes it like
    a payment service provider, until the remittance that names the parcel is posted.
    """

    _name = "marketplace.cash.collection"
    _description = "Cash on Delivery"
    _inherit = ["marketplace.state.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_expected, id"
    _rec_name = "shipment_id"
    _rec_names_search = ["shipment_id.name", "shipment_id.tracking_ref"]
    _state_transitions = CASH_TRANSITIONS

    shipment_id = fields.Many2one(
        "marketplace.shipment",
        string="Parcel",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        related="shipment_id.company_id", store=True, precompute=True, index=True
    )
    marketplace_order_id = fields.Many2one(
        related="shipment_id.marketplace_order_id",
        string="Order Group",
        store=True,
        precompute=True,
        index=True,
    )
    sale_order_id = fields.Many2one(related="shipment_id.sale_order_id")
    vendor_id = fields.Many2one(
        related="shipment_id.vendor_id", string="Vendor", store=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="marketplace_order_id.partner_id", string="Customer"
    )
    currency_id = fields.Many2one(related="marketplace_order_id.currency_id")
    tracking_ref = fields.Char(
        related="shipment_id.tracking_ref", store=True, index="btree_not_null"
    )
    carrier_id = fields.Many2one(
        "res.partner",
        string="Collected by",
        required=True,
        tracking=True,
        help="Who collects the cash and owes it to us: a carrier, or the vendor "
        "himself. Correct it before it is collected when another took the parcel.",
    )
    amount = fields.Monetary(
        string="To Collect",
        readonly=True,
        help="Fixed when the parcel left: its goods, and the delivery with the first "
        "parcel of an order, less what was paid already.",
    )
    line_ids = fields.One2many(
        "marketplace.cash.collection.line",
        "collection_id",
        string="Parts",
        readonly=True,
    )
    state = fields.Selection(
        CASH_STATES,
        required=True,
        readonly=True,
        default="to_collect",
        copy=False,
        tracking=True,
        index=True,
    )
    date_collected = fields.Datetime(string="Collected on", readonly=True, copy=False)
    date_remitted = fields.Date(string="Remitted on", readonly=True, copy=False)
    date_expected = fields.Date(
        string="Remittance Expected by",
        readonly=True,
        copy=False,
        help="Days of the marketplace settings after the parcel left, then after it "
        "was collected.",
    )
    is_missing = fields.Boolean(
        string="Missing",
        compute="_compute_is_missing",
        search="_search_is_missing",
        help="Not remitted by the day it was expected.",
    )
    days_late = fields.Integer(compute="_compute_is_missing", aggregator=None)
    payment_id = fields.Many2one(
        "marketplace.payment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    remittance_line_id = fields.Many2one(
        "marketplace.psp.settlement.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    remittance_id = fields.Many2one(
        related="remittance_line_id.settlement_id", string="Remittance"
    )
    amount_remitted = fields.Monetary(
        related="remittance_line_id.amount_gross", string="Remitted"
    )

    _shipment_uniq = models.UniqueIndex(
        "(shipment_id)", "The cash of this parcel is recorded already."
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("state", "date_expected", "company_id")
    def _compute_is_missing(self):
        for collection in self:
            today = collection.company_id._marketplace_today()
            expected = collection.date_expected
            waits = collection.state in ("to_collect", "collected") and expected
            collection.is_missing = bool(waits) and expected < today
            collection.days_late = max((today - expected).days, 0) if waits else 0

    def _search_is_missing(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        late = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date_expected", "<", company._marketplace_today())
            for company in self.env["res.company"]._marketplace_companies()
        )
        return Domain("state", "in", ("to_collect", "collected")) & late

    # -- CRUD -----------------------------------------------------------------------

    def write(self, vals):
        if FACTS & vals.keys():
            self._check_state_gate()
        if "carrier_id" in vals and any(one.state != "to_collect" for one in self):
            raise MarketplaceError(
                self.env._(
                    "%(parcels)s: who collected the cash owes it, it cannot be "
                    "another carrier now.",
                    parcels=", ".join(self.mapped("display_name")),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise MarketplaceError(
            self.env._("What a carrier is to collect is kept; note it as refused.")
        )

    # -- gate -----------------------------------------------------------------------

    def action_collect(self):
        """Note that the carrier handed the parcels over and took the cash."""
        self.check_access("write")
        self._note_collected("operator", fields.Datetime.now())
        return True

    @api.private
    def _note_collected(self, source, moment):
        """Deliver parcels that are on their way, and count their cash as paid.

        :param source: who says so, a code of DELIVERY_SOURCES.
        :param moment: UTC.
        """
        # sudo: cash follows the parcel, whoever reports it
        waiting = self.sudo().filtered(lambda one: one.state == "to_collect")
        on_way = waiting.shipment_id.filtered(lambda one: one.state == "shipped")
        # Delivering collects.
        on_way._deliver(source, moment)
        waiting._collect(moment)

    @api.private
    def _collect(self, moment):
        """Record the cash of parcels as payments that their carriers hold, once."""
        self.sale_order_id._marketplace_take_turn()
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        todo = self.filtered(lambda one: one.state == "to_collect")
        # sudo: the payment follows the parcel, whoever reports it
        payments = (
            self.env["marketplace.payment"]
            .sudo()
            .create([one._prepare_payment_vals(moment) for one in todo])
        )
        for collection, payment in zip(todo, payments, strict=True):
            collection._state_unlocked().write(
                {
                    "payment_id": payment.id,
                    "date_collected": moment,
                    "date_expected": collection._expected(moment),
                }
            )
        # Read for all parcels at once: each payment looks at its own.
        todo.line_ids.fetch(["sale_line_id", "amount", "amount_funded"])
        for state, own in todo.grouped(lambda one: one._state_collected()).items():
            own._transition(state)
        payments._change_state("captured")

    def _state_collected(self):
        """Return the state of cash that the customer has paid; to extend."""
        self.ensure_one()
        return "collected"

    def _prepare_payment_vals(self, moment):
        self.ensure_one()
        return {
            "order_id": self.marketplace_order_id.id,
            "external_ref": self.shipment_id.name,
            "psp_ref": self.tracking_ref,
            "provider": self.env._("Cash on delivery"),
            "psp_partner_id": self.carrier_id.id,
            "amount": self.amount,
            "date": moment,
        }

    def _expected(self, moment):
        """Return the day by which the carrier should have remitted."""
        self.ensure_one()
        company = self.company_id.sudo()
        return fields.Date.add(
            company._marketplace_day(moment), days=company.marketplace_cash_days
        )

    def action_refuse(self):
        """Take parcels back that customers refused: nothing was collected.

        Their units are cancelled, and the delivery with the last of them: the customer
        owes nothing for them, and what we guaranteed of them is taken back.
        """
        self.check_access("write")
        self.sale_order_id._marketplace_take_turn()
        refused = self._transition("refused")
        # sudo: whoever may note the refusal may have it carried out
        refused = refused.sudo()
        refused.shipment_id._transition("returned")
        self.env["marketplace.order.amendment"].sudo().create(
            [
                own._prepare_cancellation(group)
                for group, own in refused.grouped("marketplace_order_id").items()
            ]
        )._apply()
        return True

    def _prepare_cancellation(self, group):
        """Return the amendment that cancels what refused parcels of a purchase held."""
        gone = defaultdict(float)
        for item in self.shipment_id.line_ids:
            gone[item.sale_line_id] += item.quantity
        wanted = {
            line: line._marketplace_quantity_kept() - quantity
            for line, quantity in gone.items()
        }
        left = group.sale_order_ids.order_line._marketplace_quantities_to_ship()
        for line in self.line_ids.sale_line_id - self.shipment_id.line_ids.sale_line_id:
            goods = line.order_id.order_line.filtered(
                lambda own: own._marketplace_ships()
            )
            # A later parcel of the order brings the delivery fee.
            if not any(left[own.id] > gone[own] for own in goods):
                wanted[line] = 0.0
        return {
            "order_id": group.id,
            "reason_code": "other",
            "reason": self.env._(
                "Refused at the door: %(parcels)s.",
                parcels=", ".join(self.mapped("display_name")),
            ),
            "line_ids": [
                Command.create({"sale_line_id": line.id, "quantity_new": quantity})
                for line, quantity in wanted.items()
            ],
        }

    @api.private
    def _remit(self, lines):
        """Note the lines of posted remittances that tell of this cash.

        :param lines: {collection: line}.
        """
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        todo = self.filtered(lambda one: one.state == "collected")
        for collection in todo:
            line = lines[collection]
            collection._state_unlocked().write(
                {
                    "remittance_line_id": line.id,
                    "date_remitted": line.settlement_id.date,
                }
            )
        todo._transition("remitted")
        todo.shipment_id._schedule_entitlement()

    @api.private
    def _undo_remittance(self):
        """Wait again for cash whose remittance told of something else.

        What became due to its vendor meanwhile stays due: we paid on the carrier's
        word.
        """
        undone = self.filtered(lambda one: one.state == "remitted")
        undone._transition(
            "collected", {"date_remitted": False, "remittance_line_id": False}
        )

    def action_write_off(self):
        """Bear what carriers collected and will never remit; vendors get their part."""
        if not self.env.user.has_group("marketplace_base.group_accountant"):
            raise AccessError(self.env._("Only accountants write cash off."))
        lost = self._transition("lost")
        # sudo: the right was checked; nobody writes the ledger himself
        self.env["marketplace.ledger.line"].sudo()._record(
            [one._prepare_loss_entry() for one in lost]
        )
        lost.sudo().shipment_id._schedule_entitlement()
        return True

    def _prepare_loss_entry(self):
        """Return the loss; with the payment's key, so that clearing shows neither."""
        self.ensure_one()
        return {
            "company_id": self.company_id.id,
            "marketplace_order_id": self.marketplace_order_id.id,
            "event": "collection_loss",
            "event_key": f"capture:{self.payment_id.id}",
            "source_key": f"cash_loss:{self.id}",
            "role_debit": "BAD_DEBT",
            "role_credit": "PSP_CLEARING",
            "amount": self.amount,
            "currency_id": self.currency_id.id,
            "date_event": self.company_id._marketplace_today(),
            "counterparty_id": self.carrier_id.commercial_partner_id.id,
        }

    # -- actions --------------------------------------------------------------------

    def action_remit(self):
        """Ask for the carrier's remittance that pays this cash."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record a Remittance"),
            "res_model": "marketplace.cash.remittance",
            "view_mode": "form",
            "target": "new",
            "context": {"default_collection_ids": self.ids},
        }

    def action_view_remittance(self):
        """Open the remittance that paid the cash."""
        self.ensure_one()
        return self.remittance_id._get_records_action()


class MarketplaceCashCollectionLine(models.Model):
    """What of the cash of a parcel pays one order line."""

    _name = "marketplace.cash.collection.line"
    _description = "Cash on Delivery of a Line"
    _order = "collection_id, id"
    _rec_name = "sale_line_id"

    collection_id = fields.Many2one(
        "marketplace.cash.collection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="collection_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="collection_id.currency_id")
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Order Line",
        required=True,
        index=True,
        ondelete="restrict",
    )
    amount = fields.Monetary(string="To Collect")
    amount_funded = fields.Monetary(
        string="Paid by the Marketplace",
        help="Discounts of ours on it, credited to the vendor with the cash.",
    )

    _sale_line_uniq = models.UniqueIndex(
        "(collection_id, sale_line_id)", "An order line is part of the cash once."
    )
