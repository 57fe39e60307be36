"""Commission documents and payouts: ours, the ledger, and what the shops were told."""

from collections import defaultdict

from odoo import models
from odoo.fields import Domain

from ..engine.reconcile import Fact
from .marketplace_settlement import INVOICE_KINDS

PAID_STATES = ("sent", "unresolved", "confirmed")
# sale lines of an agent that carry commission
CHARGED_KIND = "goods"


class ResCompany(models.Model):
    _inherit = "res.company"

    def _compare_documents(self, start, end):
        """Return (facts of ours, facts of the ledger, gaps) of a period.

        :return: gaps as [(storefront, key, values)].
        """
        self.ensure_one()
        # sudo: comparing is the system's act
        env = self.sudo().env
        own = Domain("company_id", "=", self.id)
        moves = env["account.move"].search(
            own
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", list(INVOICE_KINDS))
            & Domain("marketplace_vendor_id", "!=", False)
            & Domain("invoice_date", ">=", start)
            & Domain("invoice_date", "<=", end)
        )
        payouts = env["marketplace.payout"].search(
            own
            & Domain("state", "in", PAID_STATES)
            & Domain("run_id.date", ">=", start)
            & Domain("run_id.date", "<=", end)
        )
        booked_moves = self._booked_documents(moves)
        moves = moves.filtered(
            lambda move: (
                move.id in booked_moves or move.marketplace_commission_line_ids
            )
        )
        booked_payouts = self._booked_payouts(payouts)
        documents, ledger, gaps = [], [], []
        for flow, records, booked in (
            ("commission", moves, booked_moves),
            ("payout", payouts, booked_payouts),
        ):
            for record in records:
                fact = self._document_fact(flow, record)
                documents.append(fact)
                amount = booked.get(record.id)
                if amount is not None:
                    ledger.append(Fact(flow, fact.refs, "", amount, fact.day))
                if amount != fact.amount:
                    gaps.append(self._document_gap(flow, record, fact, amount))
            gaps += self._untold(flow, records)
        gaps += self._uncharged(start, end)
        return documents, ledger, gaps

    def _document_fact(self, flow, record):
        minor = record.currency_id._marketplace_minor
        if flow == "payout":
            return Fact(
                flow,
                frozenset([record.end_to_end_id]),
                "",
                minor(record.amount),
                record.date,
            )
        sign = -1 if record.move_type == "out_refund" else 1
        amount = sign * minor(record.amount_total)
        return Fact(flow, frozenset([record.name]), "", amount, record.invoice_date)

    def _document_gap(self, flow, record, fact, booked):
        amount = record.currency_id._marketplace_amount
        values = {
            "flow": flow,
            "cause": f"{flow}_ledger",
            "day": fact.day,
            "external_ref": min(fact.refs),
            "is_ours": True,
            "is_at_provider": booked is not None,
            "amount_ours": amount(fact.amount),
            "amount_provider": amount(booked or 0),
            "amount": amount((booked or 0) - fact.amount),
            "res_model": record._name,
            "res_id": record.id,
        }
        none = self.env["marketplace.storefront"]
        return none, f"{flow}:{record.id}", values

    def _booked_documents(self, moves):
        """Return {document id: minor units the ledger says the vendor owes for it}."""
        keys = {f"commission:{move.id}": move for move in moves}
        return {
            keys[key].id: amount
            for key, amount in self._signed_sums("VENDOR_AR", keys).items()
        }

    def _booked_payouts(self, payouts):
        """Return {payout id: minor units that its order moved in the ledger}."""
        keys = {f"payout:{payout.id}": payout for payout in payouts}
        groups = (
            self.sudo()
            .env["marketplace.ledger.line"]
            ._read_group(
                [("company_id", "=", self.id), ("source_key", "in", list(keys))],
                ["source_key", "currency_id"],
                ["amount:sum"],
            )
        )
        return {
            keys[key].id: currency._marketplace_minor(amount)
            for key, currency, amount in groups
        }

    def _signed_sums(self, role, keys):
        """Return {event key: debits less credits of a role, minor units}."""
        sums = defaultdict(int)
        Ledger = self.sudo().env["marketplace.ledger.line"]
        for side, sign in (("role_debit", 1), ("role_credit", -1)):
            for key, currency, amount in Ledger._read_group(
                [
                    ("company_id", "=", self.id),
                    ("event_key", "in", list(keys)),
                    (side, "=", role),
                ],
                ["event_key", "currency_id"],
                ["amount:sum"],
            ):
                sums[key] += sign * currency._marketplace_minor(amount)
        return sums

    # -- told to the shops ------------------------------------------------------------

    def _untold(self, flow, records):
        """Return the gaps of records that a shop with a place for them has not."""
        env = self.sudo().env
        object_type = "invoice" if flow == "commission" else "payout"
        settled = self._settled_only(flow, records)
        gaps = []
        for storefront in env["marketplace.storefront"].search(
            [("company_id", "=", self.id), ("state", "=", "connected")]
        ):
            if not storefront._get_adapter().capabilities.vendor_record_batch_max:
                continue
            Binding = env["marketplace.binding"]
            vendor_field = (
                "marketplace_vendor_id" if flow == "commission" else "vendor_id"
            )
            vendors = settled.mapped(vendor_field)
            here = Binding._by_record(storefront, "vendor", vendors)
            told = Binding._by_record(storefront, object_type, settled)
            for record in settled:
                if record[vendor_field].id not in here or record.id in told:
                    continue
                fact = self._document_fact(flow, record)
                _none, key, values = self._document_gap(flow, record, fact, None)
                values.update(
                    cause=f"{flow}_untold",
                    amount_provider=0.0,
                    amount=record.currency_id._marketplace_amount(-fact.amount),
                )
                gaps.append((storefront, f"untold:{key}", values))
        return gaps

    def _settled_only(self, flow, records):
        """Return the documents that statements name: only those go to the shops."""
        if flow == "payout":
            return records
        keys = {f"commission:{move.id}" for move in records}
        lines = (
            self.sudo()
            .env["marketplace.ledger.line"]
            .search_fetch(
                [
                    ("company_id", "=", self.id),
                    ("event_key", "in", list(keys)),
                    ("settlement_id", "!=", False),
                ],
                ["event_key"],
            )
        )
        named = set(lines.mapped("event_key"))
        return records.filtered(lambda move: f"commission:{move.id}" in named)

    # -- not charged ------------------------------------------------------------------

    def _uncharged(self, start, end):
        """Return the gaps of goods of agents that carry no commission."""
        since, until = self._marketplace_period(start, end)
        env = self.sudo().env
        lines = env["sale.order.line"].search(
            [
                ("company_id", "=", self.id),
                ("order_id.marketplace_order_id.date_order", ">=", since),
                ("order_id.marketplace_order_id.date_order", "<", until),
                ("order_id.state", "=", "sale"),
                ("order_id.posture", "=", "agent"),
                ("order_id.contract_id.commission_plan_id", "!=", False),
                ("marketplace_kind", "=", CHARGED_KIND),
                ("commission_line_ids", "=", False),
            ]
        )
        gaps = []
        for line in lines:
            group = line.order_id.marketplace_order_id
            values = {
                "flow": "commission",
                "cause": "commission_missing",
                "day": self._marketplace_day(group.date_order),
                "external_ref": line.external_ref or line.display_name,
                "is_ours": False,
                "amount_ours": 0.0,
                "amount": 0.0,
                "order_id": group.id,
                "shop_order_ref": group.external_ref,
                "shop_order_number": group.external_number,
                "res_model": line._name,
                "res_id": line.id,
            }
            gaps.append((group.storefront_id, f"uncharged:{line.id}", values))
        return gaps
