from collections import defaultdict

from odoo import api, fields, models

from ..const import BINDING_TYPES


class MarketplaceBinding(models.Model):
    """Tie a record to what a storefront calls it.

    The unique index is what makes an import happen once: of two transactions that
    import the same object, one fails and is done again, and finds the other's work.
    """

    _name = "marketplace.binding"
    _description = "Storefront Binding"
    _order = "id desc"
    _rec_name = "external_id"

    storefront_id = fields.Many2one(
        "marketplace.storefront", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="storefront_id.company_id")
    object_type = fields.Selection(BINDING_TYPES, required=True, readonly=True)
    external_id = fields.Char(string="Storefront ID", required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    content_hash = fields.Char(
        readonly=True,
        help="Fingerprint of what was last exchanged: what has not changed is not sent "
        "again.",
    )
    inbox_id = fields.Many2one(
        "marketplace.inbox",
        string="Agreed Document",
        readonly=True,
        ondelete="set null",
        help="What the shop said when both sides last agreed on an order.",
    )
    revision = fields.Integer(
        readonly=True, help="Of the shop; what is older is not taken any more."
    )
    stock_hash = fields.Char(
        readonly=True, help="Fingerprint of the stock that was last sent."
    )

    _external_uniq = models.UniqueIndex(
        "(storefront_id, object_type, external_id)",
        "This object of the storefront is already known.",
    )
    _record_idx = models.Index("(storefront_id, object_type, res_id)")

    @api.model
    @api.private
    def _by_external(self, storefront, object_type, external_ids):
        """Return {external id: binding} of those known, in one query."""
        found = self.search(
            [
                ("storefront_id", "=", storefront.id),
                ("object_type", "=", object_type),
                ("external_id", "in", list(external_ids)),
            ]
        )
        return {binding.external_id: binding for binding in found}

    @api.private
    def _living(self, bindings):
        """Return those whose record exists; what was deleted can be imported anew.

        :param bindings: {key: binding}.
        """
        gone = self.browse()
        for model, own in self.union(*bindings.values()).grouped("res_model").items():
            living = set(self.env[model].browse(own.mapped("res_id")).exists()._ids)
            gone |= own.filtered(lambda item, living=living: item.res_id not in living)
        left = {key: item for key, item in bindings.items() if item not in gone}
        gone.unlink()
        return left

    @api.model
    @api.private
    def _by_record(self, storefront, object_type, records):
        """Return {record id: binding} of those known, in one query."""
        found = self.search(
            [
                ("storefront_id", "=", storefront.id),
                ("object_type", "=", object_type),
                ("res_id", "in", records.ids),
            ],
            order="id",
        )
        return {binding.res_id: binding for binding in found}

    @api.model
    @api.private
    def _bind(self, storefront, object_type, records_by_external, values=None):
        """Create bindings in one batch: {external id: record}.

        :param values: {external id: further values}.
        """
        values = values or {}
        return self.create(
            [
                {
                    "storefront_id": storefront.id,
                    "object_type": object_type,
                    "external_id": external_id,
                    "res_model": record._name,
                    "res_id": record.id,
                    **values.get(external_id, {}),
                }
                for external_id, record in records_by_external.items()
            ]
        )

    @api.model
    @api.private
    def _write_hashes(self, field_name, hash_by_binding):
        """Store fingerprints with one write per distinct value."""
        by_hash = defaultdict(self.browse)
        for binding, value in hash_by_binding.items():
            by_hash[value] |= binding
        for value, bindings in by_hash.items():
            bindings[field_name] = value

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
