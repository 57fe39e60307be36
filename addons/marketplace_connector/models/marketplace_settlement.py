"""Statements, commission invoices and payouts, under one number here and there."""

from odoo import api, models

from ..adapters.errors import ShopError
from ..engine.contract import RecordKind, VendorRecord

INVOICE_KINDS = {
    "out_invoice": RecordKind.INVOICE,
    "out_refund": RecordKind.CREDIT_NOTE,
}


class MarketplaceSettlement(models.Model):
    _inherit = "marketplace.settlement"

    @api.model_create_multi
    def create(self, vals_list):
        settlements = super().create(vals_list)
        settlements._tell_storefronts()
        return settlements

    def _transition(self, target, values=None):
        moved = super()._transition(target, values)
        moved._tell_storefronts()
        return moved

    def _tell_storefronts(self):
        """Queue statements for the shops that have a place for them."""
        # sudo: who settles need not see storefronts
        storefronts = self.env["marketplace.storefront"].sudo()
        for storefront in storefronts.search([("state", "!=", "draft")]):
            if storefront._get_adapter().capabilities.vendor_record_batch_max:
                company = storefront.company_id
                self.env["marketplace.outbox"]._enqueue(
                    storefront,
                    "settlement",
                    self.filtered(lambda item, own=company: item.company_id == own),
                )


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    def _transition(self, target, values=None):
        moved = super()._transition(target, values)
        moved.settlement_id._tell_storefronts()
        return moved


class MarketplaceOutbox(models.Model):
    _inherit = "marketplace.outbox"

    def _send_settlement(self):
        """Show vendors their statements, with the documents and payouts in them."""
        storefront = self.storefront_id
        try:
            refused = storefront._push_vendor_records(self._records())
        except ShopError as error:
            self._fail(error)
            return
        for message in self.filtered(lambda message: message.res_id in refused):
            message._close("failed", refused[message.res_id])
        self.filtered(lambda message: message.res_id not in refused)._close("done")


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    def _push_vendor_records(self, settlements):
        """Send what changed of statements; return {settlement id: why it was refused}.

        Vendors that this shop does not know are none of its business.
        """
        self.ensure_one()
        # A shop may keep the records of a vendor as one list: two writers at once
        # would take away each other's rows.
        self.env.cr.execute(
            "SELECT pg_advisory_xact_lock(hashtext('marketplace_records'), %s)",
            [self.id],
        )
        known = self.env["marketplace.binding"]._by_record(
            self, "vendor", settlements.vendor_id
        )
        settlements = settlements.filtered(lambda item: item.vendor_id.id in known)
        adapter = self._get_adapter()
        batch = adapter.capabilities.vendor_record_batch_max
        refused = {}
        for object_type, specs in self._prepare_vendor_records(settlements).items():
            report = self._push_changed(
                object_type, specs, adapter.push_vendor_records, batch
            )
            for record, why in report["refused"].items():
                refused.setdefault(self._settlement_of(record, settlements).id, why)
        return refused

    def _settlement_of(self, record, settlements):
        if record._name == "marketplace.settlement":
            return record
        if record._name == "marketplace.payout":
            return record.settlement_id
        return settlements.filtered(lambda item: record in item.invoice_ids)[:1]

    def _prepare_vendor_records(self, settlements):
        """Return {object type: {record: what the shop is told of it}}."""
        statements, invoices, payouts = {}, {}, {}
        for settlement in settlements:
            vendor_ref = f"vendor-{settlement.vendor_id.id}"
            statements[settlement] = self._prepare_vendor_record(
                settlement,
                RecordKind.STATEMENT,
                vendor_ref,
                settlement.name,
                settlement.date_cutoff,
                settlement.amount_payout,
                f"{settlement.access_url}/pdf",
            )
            for move in settlement.invoice_ids.filtered(
                lambda move: move.move_type in INVOICE_KINDS
            ):
                invoices[move] = self._prepare_vendor_record(
                    move,
                    INVOICE_KINDS[move.move_type],
                    vendor_ref,
                    move.name,
                    move.invoice_date,
                    move.amount_total,
                    f"{move.access_url}?report_type=pdf&download=true",
                    state=move.payment_state,
                )
            for payout in settlement.payout_ids._paid():
                payouts[payout] = self._prepare_vendor_record(
                    payout,
                    RecordKind.PAYOUT,
                    vendor_ref,
                    payout.end_to_end_id,
                    payout.date,
                    payout.amount,
                    f"{settlement.access_url}/pdf",
                )
        return {"statement": statements, "invoice": invoices, "payout": payouts}

    def _prepare_vendor_record(
        self, record, kind, vendor_ref, number, day, amount, path, state=None
    ):
        return VendorRecord(
            ref=f"{kind.value}-{record.id}",
            kind=kind,
            vendor_ref=vendor_ref,
            number=number,
            date=day,
            amount=record.currency_id._marketplace_minor(amount),
            currency=record.currency_id.name,
            state=state or record.state,
            url=f"{self.get_base_url()}{path}",
        )
