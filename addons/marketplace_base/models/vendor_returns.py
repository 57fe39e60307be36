"""What a vendor does with returns, incidents and refunds, in his portal or by program.

The gate comes before: the caller has found the record among the vendor's own.
"""

from odoo import models
from odoo.tools import plaintext2html

from ..const_returns import INCIDENT_REASONS, RETURN_DISPOSALS, RETURN_REASONS
from ..exceptions import MarketplaceError
from ..formatting import format_number

NOTE_MAX_CHARS = 2000
REFUSAL_MAX_CHARS = 1000
# What a vendor gives as the reason of a refund.
REFUND_REQUEST_REASONS = (
    *(code for code, _label in RETURN_REASONS),
    "out_of_stock",
    "not_received",
)


class MarketplaceReturn(models.Model):
    _inherit = "marketplace.return"

    def _vendor_accept(self, label_cost=None):
        """Accept a return.

        :param label_cost: what the label costs, in currency units; kept when not given.
        """
        self.ensure_one()
        if label_cost is not None and self.state == "requested":
            self.label_cost = self.currency_id.round(label_cost)
        return self.action_accept()

    def _vendor_refuse(self, reason):
        """Refuse a return.

        :raises MarketplaceError: without a reason.
        """
        self.ensure_one()
        if self.state == "requested":
            self.refusal_reason = (reason or "")[:REFUSAL_MAX_CHARS]
        return self.action_refuse()

    def _vendor_check(self, checks):
        """Note what is compliant of each line, and what becomes of the goods.

        :param checks: {line: (compliant units or None when nobody typed a number,
            code of RETURN_DISPOSALS or None)} for every line.
        :raises MarketplaceError: naming the first line with more units than returned.
        """
        self.ensure_one()
        if self.state == "received":
            for line in self.line_ids:
                compliant, disposal = checks.get(line, (None, None))
                if compliant is None or not 0 <= compliant <= line.quantity:
                    raise MarketplaceError(
                        self.env._(
                            "%(product)s: type a number from 0 to %(quantity)s.",
                            product=line.product_id.display_name,
                            quantity=format_number(line.quantity),
                        )
                    )
                line.quantity_compliant = compliant
                if disposal in dict(RETURN_DISPOSALS):
                    line.disposal = disposal
        if any(self.line_ids.mapped("quantity_compliant")):
            return self.action_compliant()
        return self.action_non_compliant()


class MarketplaceIncident(models.Model):
    _inherit = "marketplace.incident"

    def _vendor_reply(self, text, user):
        """Write the vendor's message on an incident, and return it.

        :param text: plain text of at most ``NOTE_MAX_CHARS``.
        """
        self.ensure_one()
        text = (text or "").strip()
        if not text or len(text) > NOTE_MAX_CHARS:
            raise MarketplaceError(
                self.env._(
                    "Write a message of %(limit)s characters at most.",
                    limit=NOTE_MAX_CHARS,
                )
            )
        return self.message_post(
            body=plaintext2html(text),
            author_id=user.partner_id.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _vendor_messages(self):
        """Return what the vendor reads of the messages on an incident, oldest first."""
        public = self.env.ref("mail.mt_comment")
        return self.message_ids.filtered(
            lambda message: message.message_type in ("comment", "email")
            and message.subtype_id == public
            and not message.is_internal
        ).sorted("id")


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _vendor_problem_lines(self):
        """Return the lines that a vendor may refund, or report a problem with."""
        return self.order_line.filtered(
            lambda line: line.marketplace_kind == "goods"
            and line.order_id.state == "sale"
            and line.order_id.marketplace_order_id
        )

    def _vendor_open_incident(self, line, reason, note):
        """Open an incident on a line of a vendor order.

        :raises MarketplaceError: when the line is not one of the order's, or has an
            incident, or the reason is unknown.
        """
        self.ensure_one()
        line = line & self._vendor_problem_lines()
        if not line:
            raise MarketplaceError(self.env._("Choose a product of the order."))
        if line._marketplace_line_in_dispute():
            raise MarketplaceError(
                self.env._("An incident is open for this product already.")
            )
        if reason not in dict(INCIDENT_REASONS):
            raise MarketplaceError(self.env._("Choose what is wrong."))
        return self.env["marketplace.incident"].create(
            {
                "sale_line_id": line.id,
                "opened_by": "vendor",
                "reason_code": reason,
                "note": (note or "").strip()[:NOTE_MAX_CHARS],
            }
        )

    def _vendor_refund_reasons(self):
        """Return the reasons a vendor may give, in the reader's language."""
        labels = dict(
            self.env["marketplace.refund"]
            ._fields["reason_code"]
            ._description_selection(self.env)
        )
        return [(code, labels[code]) for code in REFUND_REQUEST_REASONS]

    def _vendor_request_refund(self, quantities, reason, note):
        """Refund units of a vendor order, or ask the operator for it.

        :param quantities: {line id: units}.
        :return: the refund, done or waiting.
        :raises MarketplaceError: without units or reason, or when nothing is left.
        """
        self.ensure_one()
        units = {
            line: quantities[line.id]
            for line in self._vendor_problem_lines()
            if quantities.get(line.id)
        }
        if len(units) < len([q for q in quantities.values() if q]) or not units:
            raise MarketplaceError(
                self.env._(
                    "Nothing to refund: give a quantity for one product of %(order)s.",
                    order=self.name,
                )
            )
        if reason not in REFUND_REQUEST_REASONS:
            raise MarketplaceError(self.env._("Choose a reason."))
        return self.env["marketplace.refund"]._request_by_vendor(
            units, reason, (note or "").strip()[:NOTE_MAX_CHARS]
        )
