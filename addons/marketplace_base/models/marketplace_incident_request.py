"""Take over incidents that customers open: all of a batch, or words why not.

Public to the connector and to integrators through it; the storefront's reference makes
a repetition harmless.
"""

from odoo import api, models

from ..const_returns import INCIDENT_REASONS


class MarketplaceIncident(models.Model):
    _inherit = "marketplace.incident"

    @api.model
    @api.private
    def _open_batch(self, payloads):
        """Record incidents that customers open; known references are left alone.

        :param payloads: [{company_id, channel, order_ref, ref, line_ref, date, reason,
            note (optional)}]. ``reason`` is a code of INCIDENT_REASONS; others count
            as "other" and go to the note.
        :return: (incidents, {index of a payload: its problems, in words}).
        """
        known = {
            (record.company_id.id, record.channel, record.external_ref): record
            for record in self.search(
                [("external_ref", "in", [payload["ref"] for payload in payloads])]
            )
        }
        groups = self.env["marketplace.refund"]._import_groups(payloads)
        lines = self.env["sale.order.line"].union(
            *(group.sale_order_ids.order_line for group in groups.values())
        )
        busy = lines._marketplace_line_in_dispute()
        vals_list, problems = {}, {}
        for index, payload in enumerate(payloads):
            key = (payload["company_id"], payload["channel"], payload["ref"])
            if key in known or key in vals_list:
                continue
            group = groups.get((*key[:2], payload["order_ref"]))
            line = group and group.sale_order_ids.order_line.filtered(
                lambda line, ref=payload["line_ref"]: line.external_ref == ref
                and line.order_id.vendor_id
            )
            if not line or line.id in busy:
                problems[index] = [self._open_problem(payload, group, line)]
                continue
            busy.add(line.id)
            vals_list[key] = self._open_vals(payload, line)
        created = self.create(list(vals_list.values()))
        known.update(zip(vals_list, created, strict=True))
        keys = [(p["company_id"], p["channel"], p["ref"]) for p in payloads]
        return self.union(*(known[key] for key in keys if key in known)), problems

    @api.model
    def _open_problem(self, payload, group, line):
        """Return, in words, why an incident cannot be opened."""
        if not group:
            return self.env._(
                "Incident %(ref)s: order %(order)s is not imported.",
                ref=payload["ref"],
                order=payload["order_ref"],
            )
        if not line:
            return self.env._(
                "Incident %(ref)s: order %(order)s has no line %(line)s of a vendor.",
                ref=payload["ref"],
                order=group.display_name,
                line=payload["line_ref"],
            )
        return self.env._(
            "Incident %(ref)s: another incident is open for %(line)s.",
            ref=payload["ref"],
            line=line.display_name,
        )

    @api.model
    def _open_vals(self, payload, line):
        codes = dict(INCIDENT_REASONS)
        reason, note = payload.get("reason"), payload.get("note")
        return {
            "sale_line_id": line.id,
            "opened_by": "customer",
            "external_ref": payload["ref"],
            "date": payload["date"],
            "reason_code": reason if reason in codes else "other",
            "note": note if reason in codes else note or reason,
        }
