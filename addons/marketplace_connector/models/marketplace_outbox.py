from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.marketplace_base.const import QUANTITY_DECIMALS
from odoo.addons.marketplace_base.engine.money import from_minor, to_minor
from odoo.addons.marketplace_base.formatting import format_quantity

from ..adapters.errors import InvalidError, ShopError
from ..const import (
    CATALOGUE_KINDS,
    LOAD_OFFERS,
    OUTBOX_KINDS,
    OUTBOX_STATES,
    OUTBOX_TRANSITIONS,
    PARCEL_STATES,
    PROCESS_BATCH,
)
from ..engine import contract


class MarketplaceOutbox(models.Model):
    """Something changed here that a shop must know.

    A message commits with the change it is about, and says only which record changed:
    what is sent is the record as it is then, so messages about one record cannot
    overtake each other, and several waiting ones are sent as one.
    """

    _name = "marketplace.outbox"
    _description = "Storefront Outbox"
    _inherit = ["marketplace.message.mixin"]
    _order = "id desc"
    _state_transitions = OUTBOX_TRANSITIONS
    _waiting_states = ("pending", "retry")
    _tired_state = "failed"

    kind = fields.Selection(OUTBOX_KINDS, required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    vendor_id = fields.Many2one(
        "res.partner",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Whose record it is.",
    )
    key = fields.Char(
        string="Idempotency Key",
        compute="_compute_key",
        help="Our reference in the shop: sent twice, it acts once.",
    )
    state = fields.Selection(
        OUTBOX_STATES, required=True, readonly=True, default="pending", copy=False
    )
    _todo_idx = models.Index("(storefront_id, id) WHERE state IN ('pending', 'retry')")
    _failed_idx = models.Index("(storefront_id, state) WHERE state = 'failed'")

    @api.depends("kind", "res_id")
    def _compute_key(self):
        for message in self:
            message.key = f"{message.kind}-{message.res_id}"

    @api.depends("kind", "res_id")
    def _compute_display_name(self):
        for message in self:
            message.display_name = f"OUT/{message.id or 0:06d} {message.key}"

    # -- queueing -------------------------------------------------------------------

    @api.model
    @api.private
    def _enqueue_everywhere(self, kind, records):
        """Queue a change for every connected storefront of the records' companies."""
        if not records:
            return
        # sudo: the change is the user's right, telling the shops is the system's duty.
        storefronts = self.env["marketplace.storefront"].sudo()
        for storefront in storefronts.search([("state", "!=", "draft")]):
            company = storefront.company_id
            own = records.filtered(
                lambda record, company=company: not record.company_id
                or record.company_id == company
            )
            self._enqueue(storefront, kind, own)

    @api.model
    @api.private
    def _enqueue(self, storefront, kind, records):
        """Queue a change of records for one storefront, in the change's transaction."""
        if not records:
            return
        # sudo: as above; whoever may change the record need not see the outbox.
        self.sudo().create(
            [
                {
                    "storefront_id": storefront.id,
                    "kind": kind,
                    "res_model": record._name,
                    "res_id": record.id,
                    "vendor_id": self._vendor_of(record).id,
                }
                for record in records
            ]
        )
        storefront._delay()._job_send_outbox()

    @api.model
    def _vendor_of(self, record):
        """Return the vendor a record belongs to, empty when it has none."""
        if record._name == "res.partner":
            return record
        if "vendor_id" in record._fields:
            return record.vendor_id
        return self.env["res.partner"]

    # -- sending --------------------------------------------------------------------

    @api.model
    @api.private
    def _send_waiting(self, storefront, limit=PROCESS_BATCH):
        """Send a batch of waiting messages; return how many were handled.

        What goes by the page is taken by the page, beside the others.
        """
        by_page = Domain("kind", "in", CATALOGUE_KINDS)
        taken = self._take_waiting(storefront, limit, ~by_page)
        taken |= self._take_waiting(storefront, max(limit, LOAD_OFFERS), by_page)
        for kind, messages in taken.grouped("kind").items():
            getattr(messages, f"_send_{kind}")()
        return len(taken)

    def _records(self):
        """Return the records the messages are about; those deleted are gone."""
        records = self.env[self[0].res_model].browse(set(self.mapped("res_id")))
        return records.with_context(active_test=False).exists()

    def _send_vendor(self):
        self._send_catalogue(self.storefront_id._push_vendors)

    def _send_offer(self):
        self._send_catalogue(self.storefront_id._push_offers)

    def _send_catalogue(self, push):
        """Send vendors or offers by the batch; the storefront sends what changed."""
        records = self._records()
        if self[0].kind == "vendor":
            # Vendors the shop does not have come with their first offer.
            records = records.browse(
                self.env["marketplace.binding"]._by_record(
                    self.storefront_id, "vendor", records
                )
            )
        try:
            report = push(records)
        except ShopError as error:
            self._fail(error)
            return
        reasons = {record.id: why for record, why in report["refused"].items()}
        refused = self.filtered(lambda message: message.res_id in reasons)
        for message in refused:
            message._close("failed", reasons[message.res_id])
        sent = self - refused
        sent._close("done")
        self._close_overtaken(self.storefront_id, self[0].kind, sent.mapped("res_id"))

    @api.model
    @api.private
    def _close_overtaken(self, storefront, kind, res_ids):
        """End what the shop once refused of records it has taken as they are now."""
        self.search(
            [
                ("storefront_id", "=", storefront.id),
                ("state", "=", "failed"),
                ("kind", "=", kind),
                ("res_id", "in", res_ids),
            ]
        )._close("done")

    def _send_fulfilment(self):
        push = self.storefront_id._get_adapter().push_fulfilment
        self._send_alone(PARCEL_STATES, self._prepare_fulfilment, push)

    def _send_refund(self):
        push = self.storefront_id._get_adapter().push_refund
        self._send_alone(("done",), self._prepare_refund, push)

    def _send_cancellation(self):
        """Take units that nobody paid off orders of the shop."""
        adapter = self.storefront_id._get_adapter()
        if adapter.capabilities.cancels_orders:
            self._send_alone(
                ("done",), self._prepare_cancellation, adapter.cancel_order
            )
            return
        self._close(
            "failed",
            self.env._(
                "The shop takes no cancellation from outside: cancel the units there, "
                "then cancel this message."
            ),
        )

    def _send_alone(self, states, prepare, push):
        """Send records one by one: a fault of one leaves the others alone.

        :param states: in which a record is of interest to the shop.
        """
        records = {record.id: record for record in self._records()}
        for res_id, messages in self.grouped("res_id").items():
            record = records.get(res_id)
            if not record or record.state not in states:
                messages._close("cancelled", self.env._("There is nothing to send."))
                continue
            try:
                result = push(prepare(record, messages[0].key))
            except ShopError as error:
                messages._fail(error)
                if not isinstance(error, InvalidError):
                    break  # the others would fare no better
            else:
                if self[0].kind != "cancellation":
                    record.external_ref = result.external_id
                messages._close("done", result.note or False)

    def _prepare_fulfilment(self, shipment, key):
        return contract.FulfilmentCommand(
            ref=key,
            order_ref=shipment.marketplace_order_id.external_ref,
            lines=tuple(self._prepare_quantity(item) for item in shipment.line_ids),
            carrier=shipment.carrier_name or "",
            tracking=shipment.tracking_ref or "",
            state=contract.FulfilmentState(shipment.state),
        )

    def _prepare_refund(self, refund, key):
        capabilities = self.storefront_id._get_adapter().capabilities
        by_lines = capabilities.refund_model is contract.RefundModel.LINES
        return contract.RefundCommand(
            ref=key,
            order_ref=refund.order_id.external_ref,
            payment_ref=refund.payment_id._shop_ref(),
            amount=refund.currency_id._marketplace_minor(refund.amount),
            reason=self._reason_of(refund),
            lines=self._prepare_units(refund) if by_lines else (),
        )

    def _reason_of(self, refund):
        shown = refund.with_context(lang=self.storefront_id._get_lang())
        return shown._fields["reason_code"].convert_to_export(shown.reason_code, shown)

    def _prepare_units(self, refund):
        """Return the pieces of a refund, those of services and deliveries left out."""
        return tuple(
            self._prepare_quantity(item)
            for item in refund.line_ids
            if item.quantity and item.sale_line_id.marketplace_kind == "goods"
        )

    def _prepare_cancellation(self, refund, key):
        """Return the cancellation of units, or of all that is left of an order."""
        group = refund.order_id
        whole = group.currency_id.is_zero(group.amount_payable)
        return contract.CancelCommand(
            ref=key,
            order_ref=group.external_ref,
            reason=self._reason_of(refund),
            lines=() if whole else self._prepare_units(refund),
        )

    def _prepare_quantity(self, item):
        """Return the quantity of a line of a parcel or refund.

        :raises InvalidError: for a part of a piece, in a shop that sells whole ones.
        """
        quantity = from_minor(
            to_minor(item.quantity, QUANTITY_DECIMALS), QUANTITY_DECIMALS
        )
        if quantity == int(quantity):
            quantity = int(quantity)
        elif self.storefront_id._get_adapter().capabilities.whole_units:
            raise InvalidError(
                self.env._(
                    "%(line)s: the shop takes whole units only, and this is "
                    "%(quantity)s. Tell the shop by hand, then cancel this message.",
                    line=item.sale_line_id.display_name,
                    quantity=format_quantity(self.env, item.quantity),
                )
            )
        line = item.sale_line_id
        origin = line.amendment_line_id.sale_line_id or line
        return contract.LineQuantity(origin.external_ref, quantity)

    def _fail(self, error):
        """Give up what the shop refuses; try the rest again later.

        An unknown outcome is tried again too: every command looks first whether it was
        done already.
        """
        self.storefront_id._record_problem(error)
        if isinstance(error, InvalidError):
            self._close("failed", str(error))
        else:
            self._postpone(error)

    # -- actions --------------------------------------------------------------------

    def action_send_again(self):
        """Send refused or cancelled messages again."""
        self._transition("pending", {"attempts": 0, "date_retry": False})
        for storefront in self.storefront_id:
            storefront._delay()._job_send_outbox()
        return True

    def action_cancel(self):
        """Give up messages that need not be sent any more."""
        reason = self.env._("Cancelled by %(user)s.", user=self.env.user.name)
        self._close("cancelled", reason)
        return True

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
