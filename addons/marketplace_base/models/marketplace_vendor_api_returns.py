from odoo import models
from odoo.tools import html2plaintext

from ..const_returns import INCIDENT_STATES, RETURN_STATES
from ..exceptions import MarketplaceError
from .marketplace_vendor_api import vendor_action


class MarketplaceVendorApi(models.AbstractModel):
    """Returns and incidents in the vendor API."""

    _inherit = "marketplace.vendor.api"

    @vendor_action("orders")
    def list_returns(self, member, state=None, limit=80, offset=0):
        """Return the vendor's returns, the newest first."""
        return self._api_states(
            member,
            "marketplace.return",
            (state, RETURN_STATES),
            ("returns", self._api_return),
            limit,
            offset,
        )

    @vendor_action("orders")
    def get_return(self, member, return_id):
        """Return one return with its lines."""
        return self._api_return(self._api_get(member, "marketplace.return", return_id))

    @vendor_action("orders")
    def accept_return(self, member, return_id, label_cost=None):
        """Accept a return, and return it.

        :param label_cost: what the label costs, as text; the label is not the
            vendor's when not given.
        """
        record = self._api_get(member, "marketplace.return", return_id)
        record._vendor_accept(self._api_decimal("label_cost", label_cost))
        return self._api_return(record)

    @vendor_action("orders")
    def refuse_return(self, member, return_id, reason):
        """Refuse a return, with the reason the customer is told, and return it."""
        record = self._api_get(member, "marketplace.return", return_id)
        record._vendor_refuse(self._api_text("reason", reason))
        return self._api_return(record)

    @vendor_action("orders")
    def receive_return(self, member, return_id):
        """Take note that the goods came back, and return the return."""
        record = self._api_get(member, "marketplace.return", return_id)
        record.action_receive()
        return self._api_return(record)

    @vendor_action("orders")
    def check_return(self, member, return_id, checks):
        """Note what is compliant of a return, and return it.

        :param checks: {id of each line as text: {"compliant": units, "disposal":
            "restock" or "destroy"}}; disposal may be left out.
        """
        record = self._api_get(member, "marketplace.return", return_id)
        lines = {str(line.id): line for line in record.line_ids}
        if not isinstance(checks, dict) or not all(
            key in lines
            and isinstance(row, dict)
            and self._api_is_number(row.get("compliant"))
            for key, row in checks.items()
        ):
            raise MarketplaceError(
                self.env._(
                    "“checks” maps the line ids of %(return_name)s to objects with a "
                    "number in “compliant”.",
                    return_name=record.name,
                )
            )
        record._vendor_check(
            {
                lines[key]: (row["compliant"], row.get("disposal"))
                for key, row in checks.items()
            }
        )
        return self._api_return(record)

    # -- incidents ------------------------------------------------------------------

    @vendor_action("orders")
    def list_incidents(self, member, state=None, limit=80, offset=0):
        """Return the incidents on the vendor's orders, the newest first."""
        return self._api_states(
            member,
            "marketplace.incident",
            (state, INCIDENT_STATES),
            ("incidents", self._api_incident),
            limit,
            offset,
        )

    @vendor_action("orders")
    def get_incident(self, member, incident_id):
        """Return one incident with what was written about it."""
        incident = self._api_get(member, "marketplace.incident", incident_id)
        return self._api_incident_messages(incident)

    @vendor_action("orders")
    def reply_incident(self, member, incident_id, message):
        """Answer an incident, and return it with what was written about it."""
        incident = self._api_get(member, "marketplace.incident", incident_id)
        incident._vendor_reply(self._api_text("message", message), member.user_id)
        return self._api_incident_messages(incident)

    @vendor_action("orders")
    def open_incident(self, member, order_id, line_id, reason, note=""):
        """Report a problem with a line of an order, and return the incident."""
        order = self._api_get(member, "sale.order", order_id)
        incident = order._vendor_open_incident(
            self._api_lines(order, [line_id]),
            self._api_text("reason", reason),
            self._api_text("note", note),
        )
        return self._api_incident(incident)

    # -- answers --------------------------------------------------------------------

    def _api_states(self, member, model_name, wanted, answer, limit, offset):
        """Return a page of records of one state, or of all.

        :param wanted: the state or None, and the states there are.
        :param answer: name of the list, and the function that describes a record.
        """
        (state, states), (name, describe) = wanted, answer
        domain = []
        if state is not None:
            self._api_choice("state", state, dict(states))
            domain.append(("state", "=", state))
        records, total = self._api_page(
            member, model_name, domain, "id desc", limit, offset
        )
        return {"total": total, name: [describe(record) for record in records]}

    def _api_return(self, record):
        return {
            "id": record.id,
            "name": record.name,
            "order_id": record.sale_order_id.id,
            "state": record.state,
            "reason": record.reason_code,
            "note": record.note or None,
            "date": self._api_date(record.date),
            "answer_until": self._api_date(record.date_answer),
            "label_payer": record.label_payer or None,
            "label_cost": self._api_amount(record.label_cost, record.currency_id),
            "carrier_name": record.carrier_name or None,
            "tracking_ref": record.tracking_ref or None,
            "refusal_reason": record.refusal_reason or None,
            "lines": [
                {
                    "id": line.id,
                    "line_id": line.sale_line_id.id,
                    "sku": line.sale_line_id.offer_id.vendor_sku or None,
                    "quantity": line.quantity,
                    "compliant": line.quantity_compliant,
                    "disposal": line.disposal or None,
                }
                for line in record.line_ids
            ],
        }

    def _api_incident(self, incident):
        return {
            "id": incident.id,
            "name": incident.name,
            "order_id": incident.sale_order_id.id,
            "line_id": incident.sale_line_id.id,
            "state": incident.state,
            "opened_by": incident.opened_by,
            "reason": incident.reason_code,
            "note": incident.note or None,
            "date": self._api_date(incident.date),
            "settle_until": self._api_date(incident.date_deadline),
            "amount_frozen": self._api_amount(
                incident.amount_frozen, incident.currency_id
            ),
        }

    def _api_incident_messages(self, incident):
        return {
            **self._api_incident(incident),
            "messages": [
                {
                    "date": self._api_date(message.date),
                    "author": message.author_id.name or None,
                    "body": html2plaintext(message.body),
                }
                for message in incident._vendor_messages()
            ],
        }
