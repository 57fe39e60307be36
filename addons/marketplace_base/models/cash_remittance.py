"""Remittances of carriers are reports like those of providers, by tracking number."""

from collections import defaultdict

from odoo import models
from odoo.fields import Domain


class MarketplacePspSettlement(models.Model):
    _inherit = "marketplace.psp.settlement"

    def action_post(self):
        """Note parcels that the carrier pays for as collected, then as remitted."""
        drafts = self.filtered(lambda one: one.state == "draft")
        drafts.line_ids._collect_told()
        result = super().action_post()
        drafts.line_ids._note_remitted()
        return result


class MarketplacePspSettlementLine(models.Model):
    _inherit = "marketplace.psp.settlement.line"

    def action_match(self):
        """Match cash on delivery too: posted lines prove that it was collected."""
        posted = self.filtered(lambda line: line.settlement_state == "posted")
        posted._collect_told()
        result = super().action_match()
        posted._note_remitted()
        return result

    def _match_company(self, company):
        """Say of cash that waits for this remittance why it is not matched yet."""
        super()._match_company(company)
        for line, collection in self._cash_to_collect().items():
            line.problem = self.env._(
                "%(parcel)s is still to collect: posting notes it as collected.",
                parcel=collection.display_name,
            )

    def action_unmatch(self):
        """Wait again for the cash that the lines were matched with."""
        collections = self._cash_of_payments()
        result = super().action_unmatch()
        remitted = [
            collection
            for line, collection in collections.items()
            if collection.remittance_line_id == line
        ]
        # sudo: the right to undo the match was checked
        self.env["marketplace.cash.collection"].sudo().union(
            *remitted
        )._undo_remittance()
        return result

    def _collect_told(self):
        """Note cash as collected that the carrier is paying, on the day it tells."""
        told = self._cash_to_collect()
        for date, lines in (
            self.browse(line.id for line in told).grouped("date").items()
        ):
            collections = self.env["marketplace.cash.collection"].union(
                *(told[line] for line in lines)
            )
            for company, own in collections.grouped("company_id").items():
                moment = company._marketplace_day_start(date)
                own._note_collected("carrier", moment)

    def _cash_to_collect(self):
        """Return {line: collection} of lines that name a parcel not noted yet."""
        lines = self.filtered(
            lambda line: line.kind == "charge" and not line.target_key
        )
        refs = {ref for line in lines for ref in line._references()}
        if not refs:
            return {}
        # sudo: reading what is matched follows from the right to write the lines
        waiting = (
            self.env["marketplace.cash.collection"]
            .sudo()
            .search(
                Domain("company_id", "in", lines.company_id.ids)
                & Domain("state", "=", "to_collect")
                & (
                    Domain("tracking_ref", "in", list(refs))
                    | Domain("shipment_id.name", "in", list(refs))
                )
            )
        )
        by_ref = defaultdict(waiting.browse)
        for one in waiting:
            for ref in {one.tracking_ref, one.shipment_id.name} & refs:
                by_ref[ref] |= one
        result = {}
        for line in lines:
            named = waiting.browse().union(*(by_ref[ref] for ref in line._references()))
            found = named.filtered(line._is_cash_of)
            if len(found) == 1:
                result[line] = found
        return result

    def _is_cash_of(self, collection):
        """Say whether a line may tell of the cash: company, currency and carrier."""
        self.ensure_one()
        carrier = collection.carrier_id.commercial_partner_id
        return (
            collection.company_id == self.company_id
            and collection.currency_id == self.currency_id
            and carrier == self.psp_partner_id.commercial_partner_id
        )

    def _cash_of_payments(self):
        """Return {line: collection} of lines matched with cash on delivery."""
        payments = {
            line: int(line.target_key.partition(":")[2])
            for line in self
            if (line.target_key or "").startswith("capture:")
        }
        # sudo: as for the match itself
        collections = (
            self.env["marketplace.cash.collection"]
            .sudo()
            .search([("payment_id", "in", list(payments.values()))])
        )
        by_payment = {one.payment_id.id: one for one in collections}
        return {
            line: by_payment[payment]
            for line, payment in payments.items()
            if payment in by_payment
        }

    def _note_remitted(self):
        """Move cash that posted lines tell of to remitted."""
        posted = self.filtered(lambda line: line.settlement_state == "posted")
        lines = {one: line for line, one in posted._cash_of_payments().items()}
        if lines:
            self.env["marketplace.cash.collection"].sudo().union(*lines)._remit(lines)
