"""Take over what customers ask for at a storefront: all of a batch, or words why not.

Public to the connector and to integrators through it; the storefront's reference makes
a repetition harmless.
"""

from collections import defaultdict

from odoo import api, models
from odoo.fields import Command

from ..const_returns import RETURN_REASONS
from ..formatting import format_quantity


class MarketplaceReturn(models.Model):
    _inherit = "marketplace.return"

    @api.model
    @api.private
    def _request_batch(self, payloads):
        """Record returns that customers ask for; known references are left alone.

        A request over several vendors makes one return per vendor order, under the
        same reference. One with problems is not written; the others are.

        :param payloads: [{company_id, channel, order_ref, ref, date, reason, note
            (optional), lines: [{line_ref, quantity, reason (optional)}]}]. ``reason``
            is a code of RETURN_REASONS; others count as "other" and go to the note.
        :return: (returns, {index of a payload: its problems, in words}).
        """
        refs = [payload["ref"] for payload in payloads]
        known = self.search([("external_ref", "in", refs)]).grouped(
            lambda record: (record.company_id.id, record.channel, record.external_ref)
        )
        groups = self.env["marketplace.refund"]._import_groups(payloads)
        lines = self.env["sale.order.line"].union(
            *(group.sale_order_ids.order_line for group in groups.values())
        )
        lines = lines.filtered(
            lambda line: line.marketplace_kind == "goods" and line.order_id.vendor_id
        )
        left = lines._marketplace_units_returnable()
        wanted, problems = {}, {}
        for index, payload in enumerate(payloads):
            key = (payload["company_id"], payload["channel"], payload["ref"])
            if key in known or key in wanted:
                continue
            group = groups.get((*key[:2], payload["order_ref"]))
            messages, vals_list = self._request_vals(payload, group, left)
            if messages:
                problems[index] = messages
            else:
                wanted[key] = vals_list
        created = iter(self.create([vals for own in wanted.values() for vals in own]))
        for key, vals_list in wanted.items():
            known[key] = self.union(*(next(created) for _vals in vals_list))
        keys = [(p["company_id"], p["channel"], p["ref"]) for p in payloads]
        return self.union(*(known[key] for key in keys if key in known)), problems

    @api.model
    def _request_vals(self, payload, group, left):
        """Return (problems, values of one return per vendor order).

        :param left: {line of a vendor's goods: units that may come back}; brought
            forward, so that requests of one batch see each other.
        """
        if not group:
            return [
                self.env._(
                    "Return %(ref)s: order %(order)s is not imported.",
                    ref=payload["ref"],
                    order=payload["order_ref"],
                )
            ], []
        by_ref = {
            line.external_ref: line
            for line in group.sale_order_ids.order_line
            if line in left
        }
        messages = [
            self.env._(
                "Return %(ref)s: order %(order)s has no line %(line)s of a vendor.",
                ref=payload["ref"],
                order=group.display_name,
                line=item["line_ref"],
            )
            for item in payload["lines"]
            if item["line_ref"] not in by_ref
        ]
        if messages:
            return messages, []
        refs = [item["line_ref"] for item in payload["lines"]]
        positive = all(item["quantity"] > 0 for item in payload["lines"])
        if not refs or not positive or len(refs) > len(set(refs)):
            return [
                self.env._(
                    "Return %(ref)s: name each line once, with a quantity above zero.",
                    ref=payload["ref"],
                )
            ], []
        if messages := self._request_excess(payload, by_ref, left):
            return messages, []
        codes = dict(RETURN_REASONS)
        reason = payload.get("reason")
        note = payload.get("note")
        by_order = {}
        for item in payload["lines"]:
            line = by_ref[item["line_ref"]]
            vals = {"sale_line_id": line.id, "quantity": item["quantity"]}
            if item.get("reason") in codes:
                vals["reason_code"] = item["reason"]
            by_order.setdefault(line.order_id, []).append(Command.create(vals))
        return [], [
            {
                "sale_order_id": order.id,
                "external_ref": payload["ref"],
                "date": payload["date"],
                "reason_code": reason if reason in codes else "other",
                "note": note if reason in codes else note or reason,
                "line_ids": lines,
            }
            for order, lines in by_order.items()
        ]

    @api.model
    def _request_excess(self, payload, by_ref, left):
        """Return, in words, which units cannot come back; take the others off."""
        asked = defaultdict(float)
        for item in payload["lines"]:
            asked[by_ref[item["line_ref"]]] += item["quantity"]
        messages = [
            self.env._(
                "Return %(ref)s: only %(left)s delivered units of %(line)s are in no "
                "return and not refunded.",
                ref=payload["ref"],
                left=format_quantity(self.env, max(left[line], 0.0)),
                line=line.display_name,
            )
            for line, quantity in asked.items()
            if line.product_uom_id.compare(quantity, left[line]) > 0
        ]
        if not messages:
            for line, quantity in asked.items():
                left[line] -= quantity
        return messages
