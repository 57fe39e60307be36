"""Take refunds over from a storefront: all of a batch, or words why not."""

from collections import defaultdict

from odoo import api, models

from ..const import QUANTITY_DECIMALS
from ..engine.money import to_minor
from ..engine.refund import RefundError, Wanted, plan, refund


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    @api.model
    @api.private
    def _import_batch(self, payloads):
        """Record refunds that the customer already got.

        A refund known by its reference is returned as it is. One with problems is not
        written; the others are.

        :param payloads: [{company_id, channel, order_ref, ref, payment_ref (optional),
            date, amount_minor (None: the sum of the rest), reason, note,
            lines: [{line_ref, quantity, amount_minor (None: the price of the units)}],
            shipping_minor, borne_by, psp_ref, vendor_id}]. ``reason`` is a code of
            REFUND_REASONS, others are kept as a note. Borne by "operator", it is an
            amount and no lines. A line may give its ``tax_minor``. ``psp_ref`` is the
            provider's own reference: told by shop and by file, a refund is one; ``ref``
            may be left out then. ``vendor_id`` limits an amount without lines.
        :return: (refunds, {index of a payload: its problems, in words}).
        """
        payloads = [
            {**payload, "ref": payload.get("ref") or payload["psp_ref"]}
            for payload in payloads
        ]
        refs = [payload["ref"] for payload in payloads]
        known = {
            (record.company_id.id, record.channel, record.external_ref): record
            for record in self.search([("external_ref", "in", refs)])
        }
        problems = self._match_psp_refs(payloads, known)
        groups = self._import_groups(payloads)
        lines = self.env["sale.order.line"].union(
            *(group.sale_order_ids.order_line for group in groups.values())
        )
        money = lines.filtered("amount_vendor")._marketplace_ledger_state()
        states = {line: item.state for line, item in money.items()}
        left = self._import_payments_left(groups.values())
        taxes = lines._marketplace_taxes_back()
        vals_list, psp_keys, aliases = {}, {}, {}
        for index, payload in enumerate(payloads):
            key = (payload["company_id"], payload["channel"], payload["ref"])
            if key in known or key in vals_list or index in problems:
                continue
            psp_key = (payload["company_id"], payload.get("psp_ref"))
            if psp_key[1] and psp_key in psp_keys:
                aliases[key] = psp_keys[psp_key]
                continue
            group = groups.get((*key[:2], payload["order_ref"]))
            messages, vals = self._import_vals(payload, group, states, left, taxes)
            if messages:
                problems[index] = messages
            else:
                vals_list[key] = vals
                psp_keys[psp_key] = key
        created = self.create(list(vals_list.values()))
        created._apply()
        known.update(zip(vals_list, created, strict=True))
        known.update((key, known[first]) for key, first in aliases.items())
        keys = [(p["company_id"], p["channel"], p["ref"]) for p in payloads]
        return self.browse(known[key].id for key in keys if key in known), problems

    @api.model
    def _import_groups(self, payloads):
        """Return {(company id, channel, order reference): order group}."""
        refs = {payload["order_ref"] for payload in payloads}
        return {
            (group.company_id.id, group.channel, group.external_ref): group
            for group in self.env["marketplace.order"].search(
                [("external_ref", "in", list(refs))]
            )
        }

    @api.model
    def _import_payments_left(self, groups):
        """Return {group: {captured payment: minor units not given back}}."""
        left = defaultdict(dict)
        for group in groups:
            minor = group.currency_id._marketplace_minor
            for payment in group.payment_ids:
                if payment.state == "captured":
                    left[group][payment] = minor(payment.amount_left)
        return left

    @api.model
    def _import_vals(self, payload, group, states, left, taxes):
        """Return (problems, values) of a refund; bring the other figures forward.

        Refunds of one order in one batch thus see each other.
        """
        if not group:
            return [
                self.env._(
                    "Refund %(ref)s: order %(order)s is not imported.",
                    ref=payload["ref"],
                    order=payload["order_ref"],
                )
            ], None
        if payload.get("borne_by") == "operator":
            return self._import_goodwill_vals(payload, group, left)
        vendor_id = payload.get("vendor_id")
        own = {
            line: states[line]
            for line in group.sale_order_ids.order_line
            if line in states and vendor_id in (None, line.order_id.vendor_id.id)
        }
        by_ref = {
            line.external_ref: line for line in own if line.marketplace_kind == "goods"
        }
        messages = [
            self.env._(
                "Refund %(ref)s: order %(order)s has no line %(line)s.",
                ref=payload["ref"],
                order=group.display_name,
                line=item["line_ref"],
            )
            for item in payload.get("lines") or []
            if item["line_ref"] not in by_ref
        ]
        if messages:
            return messages, None
        given = self._given_taxes(payload, by_ref)
        try:
            shares = plan(
                payload.get("amount_minor"),
                [
                    Wanted(
                        by_ref[item["line_ref"]],
                        to_minor(item["quantity"], QUANTITY_DECIMALS),
                        item.get("amount_minor"),
                    )
                    for item in payload.get("lines") or []
                ],
                payload.get("shipping_minor") or 0,
                own,
                [line for line in own if line.marketplace_kind == "shipping"],
                0 if vendor_id else group._rounding_left_minor(),
            )
            self._check_given_taxes(given, shares.parts, own, taxes)
            after = {
                part.line: refund(own[part.line], part.quantity, part.amount)[1]
                for part in shares.parts
            }
        except RefundError as error:
            return [self._too_much(group, error, payload["ref"])], None
        total = shares.excess + sum(part.amount for part in shares.parts)
        payment = self._import_payment(
            payload, left[group], total, [part.line for part in shares.parts]
        )
        if not payment:
            return [self._import_nothing_left(payload, group, total)], None
        left[group][payment] -= total
        states.update(after)
        vals = self._prepare_plan_vals(shares, group.currency_id)
        self._add_given_taxes(given, group.currency_id, vals["line_ids"])
        return [], {**self._prepare_import_vals(payload, group, payment), **vals}

    @api.model
    def _import_goodwill_vals(self, payload, group, left):
        """Return (problems, values) of a refund that the operator pays."""
        total = payload.get("amount_minor") or 0
        if payload.get("lines") or payload.get("shipping_minor") or total <= 0:
            return [
                self.env._(
                    "Refund %(ref)s is paid by the operator: it has an amount and no "
                    "lines.",
                    ref=payload["ref"],
                )
            ], None
        payment = self._import_payment(payload, left[group], total)
        if not payment:
            return [self._import_nothing_left(payload, group, total)], None
        left[group][payment] -= total
        return [], {
            **self._prepare_import_vals(payload, group, payment),
            "borne_by": "operator",
            "amount": group.currency_id._marketplace_amount(total),
        }

    @api.model
    def _import_nothing_left(self, payload, group, minor):
        """Return, in words, that no payment has so much left to give back."""
        return self.env._(
            "Refund %(ref)s: no captured payment of %(order)s has %(amount)s left.",
            ref=payload["ref"],
            order=group.display_name,
            amount=group.currency_id.format(
                group.currency_id._marketplace_amount(minor)
            ),
        )

    @api.model
    def _import_payment(self, payload, left, total, lines=None):
        """Return the payment the money went back on; None when none has enough.

        :param lines: order lines the money is for, None for a gesture of ours.
        """
        ref = payload.get("payment_ref")
        fitting = [
            payment
            for payment, minor in left.items()
            if minor >= total > 0 and (not ref or payment.external_ref == ref)
        ]
        return max(fitting, key=lambda payment: left[payment], default=None)

    @api.model
    def _prepare_import_vals(self, payload, group, payment):
        reasons = dict(self._fields["reason_code"]._description_selection(self.env))
        reason = payload.get("reason")
        note = payload.get("note")
        return {
            "order_id": group.id,
            "payment_id": payment.id,
            "external_ref": payload["ref"],
            "psp_ref": payload.get("psp_ref"),
            "vendor_id": payload.get("vendor_id"),
            "date": payload["date"],
            "reason_code": reason if reason in reasons else "other",
            "note": note if reason in reasons else note or reason,
        }
