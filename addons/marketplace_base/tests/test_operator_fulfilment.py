from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError
from .common import MarketplaceCommon


@tagged("post_install", "-at_install", "marketplace")
class TestOperatorFulfilment(MarketplaceCommon):
    """The operator's warehouse ships what a vendor owns, and only that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["stock.warehouse"].create(
            {"name": "Main", "code": "WH", "company_id": cls.company.id}
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.vendor = cls._create_vendor("Alma")
        cls.other = cls._create_vendor("Bruno")
        cls.offer = cls._create_offer(
            cls.vendor, 10.0, quantity=0, is_operator_fulfilled=True
        )
        cls.product = cls.offer.product_id
        cls.own = cls._create_offer(cls.vendor, 4.0)

    @classmethod
    def _receive(cls, quantity, offer=None):
        offer = offer or cls.offer
        action = offer.action_receive_stock()
        picking = cls.env["stock.picking"].browse(action["res_id"])
        picking.move_ids.product_uom_qty = quantity
        picking.action_confirm()
        cls._validate(picking)
        return picking

    @classmethod
    def _validate(cls, picking, quantity=None):
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty if quantity is None else quantity
            move.picked = True
        picking.with_context(skip_backorder=True).button_validate()

    def _on_hand(self, owner):
        return sum(
            self.env["stock.quant"]
            .search(
                [
                    ("product_id", "=", self.product.id),
                    ("owner_id", "=", owner.id),
                    ("location_id", "child_of", self.stock.id),
                ]
            )
            .mapped("quantity")
        )

    def _order(self, quantity=2, **options):
        return self._import_order([(self.offer, quantity)], **options).sale_order_ids

    # -- stock offered --------------------------------------------------------------

    def test_receipt_is_the_vendors_and_is_offered(self):
        """What comes in has his name on it, and is on sale at once."""
        self.assertFalse(self.offer.is_sellable)
        picking = self._receive(5)
        self.assertEqual(picking.owner_id, self.vendor)
        self.assertEqual(self._on_hand(self.vendor), 5)
        self.assertEqual(self.offer.quantity, 5)
        self.assertTrue(self.offer.is_sellable)

    def test_stock_offered_follows_orders_and_parcels(self):
        """Sold is no longer offered; leaving changes nothing more."""
        self._receive(5)
        order = self._order(2)
        self.assertEqual(self.offer.quantity, 3)
        self._validate(order.picking_ids)
        self.assertEqual(self.offer.quantity, 3)
        self.assertEqual(self._on_hand(self.vendor), 3)

    def test_stock_is_not_typed(self):
        """It is counted; saying the same figure again is no error."""
        self._receive(5)
        self.offer.write({"quantity": 5, "price": 11.0})
        with self.assertRaisesRegex(MarketplaceError, "counted there"):
            self.offer.quantity = 9
        self.offer.write({"is_operator_fulfilled": False, "quantity": 9})
        self.assertEqual(self.offer.quantity, 9)

    def test_inventory_count_is_offered(self):
        """An adjustment of the vendor's quant is seen too."""
        self._receive(5)
        quant = (
            self.env["stock.quant"]
            .search(
                [
                    ("product_id", "=", self.product.id),
                    ("owner_id", "=", self.vendor.id),
                ]
            )
            .filtered(lambda q: q.location_id == self.stock)
        )
        quant.with_context(inventory_mode=True).inventory_quantity = 4
        quant.action_apply_inventory()
        self.assertEqual(self.offer.quantity, 4)

    def test_counting_costs_the_same_for_many_offers(self):
        """Batch: queries do not grow with the offers."""
        offers = self.offer
        for _number in range(4):
            offers |= self._create_offer(
                self.vendor, 3.0, quantity=0, is_operator_fulfilled=True
            )
        counts = []
        for batch in (self.offer, offers):
            batch._count_operator_stock()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._count_operator_stock()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_product_without_inventory_is_refused(self):
        service = self.env["product.product"].create(
            {"name": "Advice", "type": "service"}
        )
        with self.assertRaisesRegex(MarketplaceError, "inventory is tracked"):
            self._create_offer(
                self.vendor, 3.0, product=service, is_operator_fulfilled=True
            )

    def test_receiving_needs_an_offer_of_the_warehouse(self):
        with self.assertRaisesRegex(MarketplaceError, "tick “Shipped by"):
            self.own.action_receive_stock()

    # -- reservation ----------------------------------------------------------------

    def test_order_launches_one_transfer_of_the_vendors_stock(self):
        """A transfer with the vendor as owner, reserved at confirmation."""
        self._receive(5)
        order = self._import_order([(self.offer, 2), (self.own, 1)]).sale_order_ids
        self.assertEqual(len(order.picking_ids), 1)
        self.assertEqual(order.picking_ids.owner_id, self.vendor)
        self.assertEqual(order.picking_ids.move_ids.product_id, self.product)
        self.assertEqual(order.picking_ids.state, "assigned")
        self.assertEqual(order.picking_ids.move_line_ids.owner_id, self.vendor)

    def test_one_transfer_per_vendor_order(self):
        """Two vendors of one basket are two transfers."""
        twin = self._create_offer(
            self.other, 7.0, quantity=0, is_operator_fulfilled=True
        )
        self._receive(5)
        self._receive(5, twin)
        group = self._import_order([(self.offer, 1), (twin, 1)])
        pickings = group.sale_order_ids.picking_ids
        self.assertEqual(len(pickings), 2)
        self.assertEqual(pickings.owner_id, self.vendor | self.other)

    def test_stock_of_others_is_never_taken(self):
        """Neither the operator's nor another vendor's serves the order."""
        twin = self._create_offer(
            self.other,
            7.0,
            product=self.product,
            quantity=0,
            is_operator_fulfilled=True,
        )
        self._receive(5, twin)
        self.env["stock.quant"]._update_available_quantity(self.product, self.stock, 5)
        self._receive(1)
        order = self._order(2)
        self.assertEqual(order.picking_ids.move_ids.quantity, 1)
        self.assertEqual(order.picking_ids.move_line_ids.owner_id, self.vendor)
        # Forced through, the missing unit is the vendor's debt of stock.
        self._validate(order.picking_ids)
        self.assertEqual(self._on_hand(self.vendor), -1)
        self.assertEqual(self._on_hand(self.env["res.partner"]), 5)
        self.assertEqual(self._on_hand(self.other), 5)
        self.assertEqual(self.offer.quantity, 0)

    def test_owner_cannot_be_taken_off_a_transfer(self):
        """Cleared by hand on the transfer and its lines, it is his all the same."""
        self._receive(5)
        self.env["stock.quant"]._update_available_quantity(self.product, self.stock, 5)
        order = self._order(2)
        picking = order.picking_ids
        picking.owner_id = False
        picking.move_line_ids.owner_id = False
        self._validate(picking)
        self.assertEqual(self._on_hand(self.vendor), 3)
        self.assertEqual(self._on_hand(self.env["res.partner"]), 5)

    def test_operators_sale_leaves_the_vendors_stock_alone(self):
        """The other way round: his own deliveries do not see it."""
        self._receive(5)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    fields.Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 1,
                            "offer_id": False,
                        }
                    )
                ],
            }
        )
        order.order_line.offer_id = False
        order.action_confirm()
        self.assertFalse(order.vendor_id)
        self.assertEqual(order.picking_ids.state, "confirmed")
        self.assertFalse(order.picking_ids.move_line_ids)

    def test_delivery_in_two_steps_keeps_the_owner(self):
        """Pick, then ship: the parcel leaves with the second transfer."""
        self.warehouse.delivery_steps = "pick_ship"
        self._receive(5)
        order = self._order(2)
        self._validate(order.picking_ids)
        self.assertFalse(order.marketplace_shipment_ids)
        ship = order.picking_ids.filtered(lambda picking: picking.state != "done")
        self.assertEqual(len(ship), 1)
        self.assertEqual(ship.owner_id, self.vendor)
        self._validate(ship)
        self.assertEqual(order.marketplace_shipment_ids.state, "shipped")
        self.assertEqual(order.marketplace_shipment_ids.picking_id, ship)

    # -- parcels --------------------------------------------------------------------

    def test_transfer_makes_the_parcel_and_the_money_due(self):
        """Everything goes on as with a parcel of the vendor's own."""
        self._receive(5)
        order = self._order(2)
        order.picking_ids.write(
            {"marketplace_carrier": "Colissimo", "marketplace_tracking": "6A1"}
        )
        self._validate(order.picking_ids)
        shipment = order.marketplace_shipment_ids
        self.assertRecordValues(
            shipment,
            [{"state": "shipped", "carrier_name": "Colissimo", "tracking_ref": "6A1"}],
        )
        self.assertEqual(order.marketplace_shipping_state, "shipped")
        self.assertEqual(order.order_line.qty_delivered, 0)
        shipment.action_deliver()
        self.assertEqual(order.order_line.qty_delivered, 2)
        self.assertBalances(self.vendor, due=20.0)
        self.assertTiedOut()

    def test_transfer_is_never_two_parcels(self):
        """Neither by the code called again, nor in the database."""
        self._receive(5)
        order = self._order(2)
        picking = order.picking_ids
        self._validate(picking)
        picking._create_marketplace_shipments()
        self.assertEqual(len(order.marketplace_shipment_ids), 1)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self.env["marketplace.shipment"].create(
                {"sale_order_id": order.id, "picking_id": picking.id}
            )

    def test_partial_transfer_leaves_a_backorder(self):
        """Each transfer is a parcel of what it held."""
        self._receive(5)
        order = self._order(3)
        first = order.picking_ids
        self._validate(first, quantity=1)
        self.assertEqual(order.marketplace_shipment_ids.line_ids.quantity, 1)
        self.assertEqual(order.marketplace_shipping_state, "to_ship")
        rest = order.picking_ids - first
        self.assertEqual(rest.move_ids.product_uom_qty, 2)
        self.assertEqual(rest.owner_id, self.vendor)
        self._validate(rest)
        order.marketplace_shipment_ids.action_deliver()
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertBalances(self.vendor, due=30.0)

    def test_more_than_ordered_cannot_leave(self):
        self._receive(5)
        order = self._order(2)
        with self.assertRaisesRegex(MarketplaceError, ": 1 more than was ordered"):
            self._validate(order.picking_ids, quantity=3)

    def test_vendor_cannot_ship_what_the_warehouse_ships(self):
        """He ships the rest of his order; the transfer to validate is named."""
        self._receive(5)
        order = self._import_order([(self.offer, 2), (self.own, 1)]).sale_order_ids
        shipment = self.env["marketplace.shipment"]._create_for_order(order)
        self.assertEqual(shipment.line_ids.sale_line_id.offer_id, self.own)
        line = order.order_line.filtered("is_operator_fulfilled")
        with self.assertRaisesRegex(MarketplaceError, order.picking_ids.name):
            self.env["marketplace.shipment"]._create_for_order(order, {line.id: 1})
        self._receive(1)
        only = self._order(1)
        with self.assertRaisesRegex(MarketplaceError, "nothing left to ship"):
            self.env["marketplace.shipment"]._create_for_order(only)
        self.assertTrue(order.is_shipped_by_vendor)
        self.assertFalse(only.is_shipped_by_vendor, "no button to ship for him")

    def test_warehouse_user_needs_no_marketplace_right(self):
        """Validating the transfer is his whole job."""
        self._receive(5)
        order = self._order(2)
        keeper = new_test_user(self.env, "keeper", groups="stock.group_stock_user")
        self._validate(order.picking_ids.with_user(keeper))
        self.assertEqual(order.marketplace_shipment_ids.state, "shipped")

    # -- undoing --------------------------------------------------------------------

    def test_cancelled_order_cancels_the_transfer(self):
        """And puts the stock on sale again."""
        self._receive(5)
        order = self._order(2, captured=False)
        self.assertEqual(self.offer.quantity, 3)
        order._action_cancel()
        self.assertEqual(order.picking_ids.state, "cancel")
        self.assertEqual(self.offer.quantity, 5)

    def test_refund_before_it_left_stops_the_warehouse(self):
        """Units refunded are not picked; the last refund cancels the transfer."""
        self._receive(5)
        order = self._order(3)
        line = order.order_line
        group = order.marketplace_order_id
        self._refund(group, [(line, 1, None)])
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 2)
        self.assertEqual(order.picking_ids.move_ids.quantity, 2)
        self.assertEqual(self.offer.quantity, 3)
        self._refund(group, [(line, 2, None)])
        self.assertEqual(order.picking_ids.state, "cancel")
        self.assertEqual(self.offer.quantity, 5)

    def test_goods_sent_back_are_the_vendors_again(self):
        """A return makes no parcel, and his stock is offered again."""
        self._receive(5)
        order = self._order(2)
        self._validate(order.picking_ids)
        back = self._return(order.picking_ids)
        self.assertEqual(back.owner_id, self.vendor)
        self.assertEqual(self._on_hand(self.vendor), 5)
        self.assertEqual(self.offer.quantity, 5)
        self.assertEqual(len(order.marketplace_shipment_ids), 1)

    def _return(self, picking):
        wizard = Form(
            self.env["stock.return.picking"].with_context(
                active_id=picking.id, active_model="stock.picking"
            )
        ).save()
        for line in wizard.product_return_moves:
            line.quantity = line.move_id.quantity
        back = wizard._create_return()
        self._validate(back)
        return back

    # -- valuation (C8) -------------------------------------------------------------

    def test_vendor_stock_is_never_in_the_operators_valuation(self):
        """Receipt, sale and return of owned goods: no entry, no value.

        The same movements of the operator's own goods do book: the test would see it.
        """
        accounts = self.env["account.account"].search(
            [("company_ids", "=", self.company.id)], limit=2
        )
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "general")], limit=1
        )
        self.company.account_stock_journal_id = journal
        category = self.env["product.category"].create(
            {
                "name": "Valued",
                "property_valuation": "real_time",
                "property_cost_method": "average",
                "property_stock_valuation_account_id": accounts[0].id,
            }
        )
        self.product.categ_id = category
        self.product.standard_price = 6.0
        locations = (
            self.vendor.property_stock_supplier | self.customer.property_stock_customer
        )
        locations.valuation_account_id = accounts[1]

        def figures():
            self.env.invalidate_all()
            moves = self.env["stock.move"].search(
                [("product_id", "=", self.product.id), ("state", "=", "done")]
            )
            return (
                self.env["account.move"].search_count(
                    [("journal_id", "=", journal.id), ("state", "=", "posted")]
                ),
                sum(moves.mapped("value")),
                self.product.total_value,
                self.product.standard_price,
            )

        before = figures()
        self._receive(5)
        order = self._order(2)
        self._validate(order.picking_ids)
        self._return(order.picking_ids)
        self.assertEqual(self._on_hand(self.vendor), 5)
        entries = figures()
        # The ledger books the sale in its own journals.
        self.assertEqual(entries, before)
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_id": self.vendor.property_stock_supplier.id,
                "location_dest_id": self.stock.id,
                "move_ids": [
                    fields.Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 1,
                            "location_id": self.vendor.property_stock_supplier.id,
                            "location_dest_id": self.stock.id,
                        }
                    )
                ],
            }
        )
        picking.action_confirm()
        self._validate(picking)
        after = figures()
        self.assertEqual(after[0], before[0] + 1)
        self.assertEqual(after[2], before[2] + 6.0)

    def test_vendor_reads_no_transfer(self):
        """The portal shows parcels, not the warehouse."""
        self._receive(5)
        order = self._order(2)
        self._validate(order.picking_ids)
        user = self.vendor.user_ids
        shipment = order.marketplace_shipment_ids.with_user(user)
        self.assertTrue(shipment.name)
        with self.assertRaises(UserError):
            shipment.read(["picking_id"])
