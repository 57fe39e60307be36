"""Take changes of purchases over from a storefront: applied, or words why not."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from .marketplace_order_amendment import REFUND_REASONS


class MarketplaceOrderAmendment(models.Model):
    _inherit = "marketplace.order.amendment"

    @api.model
    @api.private
    def _amend_batch(self, payloads):
        """Apply changes that a storefront made to purchases imported before.

        A change known by its reference is returned as it is and nothing is written.
        One with problems is not written; the others are.

        :param payloads: [{company_id, channel, order_ref, ref, date, reason,
            reason_code (of REFUND_REASONS, optional),
            lines: [{line_ref or sale_line_id, quantity (None: as it is), gross_minor
                (None: at the price it has)} for a line of the order: the units the
                customer has after the change, without those refunded, and what he
                pays for them;
                or {ref, offer_id or product_id, name, quantity, gross_minor, tax_ids}
                for a line that is added],
            payments: as of ``marketplace.payment._record_batch``}].
        :return: (amendments, {index of a payload: its problems, in words}).
        """
        Refund = self.env["marketplace.refund"]
        groups = Refund._import_groups(payloads)
        known = {
            (record.company_id.id, record.channel, record.external_ref): record
            for record in self.search(
                [("external_ref", "in", [payload["ref"] for payload in payloads])]
            )
        }
        problems = {}
        for index, payload in enumerate(payloads):
            key = (payload["company_id"], payload["channel"], payload["ref"])
            if key in known:
                continue
            group = groups.get((*key[:2], payload["order_ref"]))
            messages = self._amend_problems(payload, group)
            if not messages:
                try:
                    with self.env.cr.savepoint():
                        known[key] = self._amend(payload, group)
                except UserError as error:
                    messages = [str(error)]
            if messages:
                problems[index] = messages
        keys = dict.fromkeys(
            (p["company_id"], p["channel"], p["ref"]) for p in payloads
        )
        return self.browse(known[key].id for key in keys if key in known), problems

    @api.model
    def _amend_problems(self, payload, group):
        """Return, in words, what a payload names that does not exist."""
        if not group:
            return [
                self.env._(
                    "Change %(ref)s: order %(order)s is not imported.",
                    ref=payload["ref"],
                    order=payload["order_ref"],
                )
            ]
        refs = set(group.sale_order_ids.order_line.mapped("external_ref"))
        return [
            self.env._(
                "Change %(ref)s: order %(order)s has no line %(line)s.",
                ref=payload["ref"],
                order=group.display_name,
                line=item["line_ref"],
            )
            for item in payload["lines"]
            if item.get("line_ref") and item["line_ref"] not in refs
        ]

    @api.model
    def _amend(self, payload, group):
        """Create and apply one amendment, and record its payments."""
        reasons = dict(REFUND_REASONS)
        amendment = self.create(
            {
                "order_id": group.id,
                "external_ref": payload["ref"],
                "date": payload["date"],
                "reason": payload["reason"],
                "reason_code": (
                    payload.get("reason_code")
                    if payload.get("reason_code") in reasons
                    else "other"
                ),
                "line_ids": [
                    Command.create(self._prepare_amend_line_vals(item, group))
                    for item in payload["lines"]
                ],
            }
        )
        amendment._apply()
        self.env["marketplace.payment"]._record_batch(
            group, payload.get("payments") or []
        )
        return amendment

    @api.model
    def _prepare_amend_line_vals(self, item, group):
        """Return the values of one line of a payload."""
        amount = group.currency_id._marketplace_amount
        vals = {}
        if item.get("line_ref") or item.get("sale_line_id"):
            line = group.sale_order_ids.order_line.filtered(
                lambda line: (
                    line.id == item["sale_line_id"]
                    if item.get("sale_line_id")
                    else line.external_ref == item["line_ref"]
                )
            )[:1]
            vals["sale_line_id"] = line.id
            quantity = item.get("quantity")
            if quantity is None:
                refunded = line._marketplace_quantities_refunded()
                quantity = line.product_uom_qty - refunded.get(line.id, 0.0)
        else:
            quantity = item["quantity"]
            vals.update(
                offer_id=item.get("offer_id"),
                product_id=item.get("product_id"),
                name=item["name"],
                external_ref=item["ref"],
                tax_ids=[Command.set(item["tax_ids"])],
            )
            if item.get("offer_id"):
                del vals["product_id"]
        vals["quantity_new"] = quantity
        if item.get("gross_minor") is not None and quantity:
            vals["price_new"] = amount(item["gross_minor"]) / quantity
        return vals
