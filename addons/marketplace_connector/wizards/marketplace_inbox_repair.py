"""Map what orders in quarantine name and nobody mapped; then replay them all."""

from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.marketplace_base.engine.split import SHARING
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..models.marketplace_message_failure import MAPPING_FAULTS

KINDS = [
    ("offer", "Offer"),
    ("tax", "Tax"),
    ("discount", "Promotion"),
    ("fee", "Fee"),
]
KIND_BY_FAULT = {
    "unknown_sku": "offer",
    "sku_of_several": "offer",
    "unknown_tax": "tax",
    "unknown_tax_rate": "tax",
    "unknown_discount": "discount",
    "fee_without_product": "fee",
}


class MarketplaceInboxRepair(models.TransientModel):
    """Ask for what one message misses. What the shop sent is never edited."""

    _name = "marketplace.inbox.repair"
    _description = "Repair of a Message"
    _rec_name = "message_id"

    message_id = fields.Many2one(
        "marketplace.inbox", required=True, readonly=True, ondelete="cascade"
    )
    storefront_id = fields.Many2one(related="message_id.storefront_id")
    company_id = fields.Many2one(related="message_id.company_id")
    reason = fields.Text(related="message_id.reason")
    line_ids = fields.One2many("marketplace.inbox.repair.line", "wizard_id")
    alike_count = fields.Integer(
        string="Messages Replayed",
        compute="_compute_alike_count",
        help="This one and all others of the storefront that something is not mapped "
        "for.",
    )

    @api.depends("message_id")
    def _compute_alike_count(self):
        for wizard in self:
            wizard.alike_count = len(wizard._find_alike())

    def _find_alike(self):
        return self.message_id | self.env["marketplace.inbox"].search(
            [
                ("storefront_id", "=", self.storefront_id.id),
                ("state", "=", "quarantine"),
                ("failure", "=", "mapping"),
            ]
        )

    @api.model
    @api.private
    def _open_for(self, message):
        """Return a repair with one line for each thing that is missing.

        :raises MarketplaceError: when there is nothing to choose.
        """
        message.check_access("write")
        if not message.can_repair:
            raise MarketplaceError(
                self.env._(
                    "%(message)s misses no mapping: read its reason, mend the cause, "
                    "then replay.",
                    message=message.display_name,
                )
            )
        rows = {}
        for fault in message.fault_codes:
            if fault["code"] in MAPPING_FAULTS:
                vals = self._prepare_line(message, fault)
                key = (vals["kind"], vals.get("shop_ref"), vals.get("rate"))
                rows.setdefault(key, vals)
        return self.create(
            {
                "message_id": message.id,
                "line_ids": [fields.Command.create(vals) for vals in rows.values()],
            }
        )

    def _prepare_line(self, message, fault):
        kind = KIND_BY_FAULT[fault["code"]]
        told = fault["values"]
        vals = {"kind": kind, "label": told.get("name")}
        if kind == "offer":
            order = message._parse_order()
            ref = fault["path"].partition(".")[2]
            line = next(line for line in order.lines if line.ref == ref)
            vals.update(shop_ref=line.offer_ref, label=f"{line.sku} · {line.name}")
        elif kind == "tax":
            rate = Decimal(told["rate"])
            vals.update(
                shop_ref=told["code"],
                rate=float(rate),
                label=f"{told['code']} {rate * 100:.2f} %".strip(),
            )
        elif kind == "discount":
            vals.update(shop_ref=told["code"], label=told["code"])
        return vals

    def action_apply(self):
        """Store what was chosen on the storefront, and replay what waited for it."""
        self.ensure_one()
        self.message_id.check_access("write")
        # sudo: whoever mends orders may say what a word of the shop means; the right
        # to mend was checked above.
        wizard = self.sudo()
        for line in wizard.line_ids:
            line._apply()
        alike = self._find_alike()
        wizard.storefront_id.message_post(
            body=self.env._(
                "%(user)s mapped %(things)s from message %(message)s.",
                user=self.env.user.name,
                things=", ".join(wizard.line_ids.mapped("display_name")),
                message=self.message_id.display_name,
            )
        )
        replayed = alike.action_replay()
        replayed["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return replayed


class MarketplaceInboxRepairLine(models.TransientModel):
    _name = "marketplace.inbox.repair.line"
    _description = "Missing Mapping"

    wizard_id = fields.Many2one(
        "marketplace.inbox.repair", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="wizard_id.company_id")
    kind = fields.Selection(KINDS, string="Missing", required=True, readonly=True)
    label = fields.Char(string="In the Shop", readonly=True)
    shop_ref = fields.Char(readonly=True)
    rate = fields.Float(digits=(6, 5), readonly=True)
    offer_id = fields.Many2one(
        "marketplace.offer",
        domain="[('company_id', '=', company_id)]",
        context={"active_test": False},
    )
    tax_id = fields.Many2one(
        "account.tax",
        domain="[('company_id', '=', company_id), ('type_tax_use', '=', 'sale'),"
        " ('price_include', '=', True)]",
    )
    funder = fields.Selection(
        lambda self: [
            item
            for item in self.env["marketplace.storefront.discount"]
            ._fields["funder"]
            ._description_selection(self.env)
            if item[0] != SHARING
        ],
        string="Paid by",
    )
    product_id = fields.Many2one(
        "product.product", string="Product of Fees", domain=[("type", "=", "service")]
    )

    @api.depends("kind", "label")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for line in self:
            line.display_name = f"{kinds[line.kind]} “{line.label or ''}”"

    def _apply(self):
        """Store one mapping.

        :raises MarketplaceError: when nothing was chosen.
        """
        self.ensure_one()
        chosen = {
            "offer": self.offer_id,
            "tax": self.tax_id or not self.rate,
            "discount": self.funder,
            "fee": self.product_id,
        }[self.kind]
        if not chosen:
            raise MarketplaceError(
                self.env._("Choose what %(thing)s is.", thing=self.display_name)
            )
        getattr(self, f"_apply_{self.kind}")(self.wizard_id.storefront_id)

    def _apply_offer(self, storefront):
        Binding = self.env["marketplace.binding"]
        known = Binding._by_external(storefront, "offer", [self.shop_ref])
        known.get(self.shop_ref, Binding).unlink()
        Binding._bind(storefront, "offer", {self.shop_ref: self.offer_id})

    def _apply_tax(self, storefront):
        self.env["marketplace.storefront.tax"].create(
            {
                "storefront_id": storefront.id,
                "code": self.shop_ref or self.tax_id.name,
                "rate": self.rate,
                "tax_id": self.tax_id.id,
            }
        )

    def _apply_discount(self, storefront):
        self.env["marketplace.storefront.discount"].create(
            {
                "storefront_id": storefront.id,
                "code": self.shop_ref,
                "funder": self.funder,
            }
        )

    def _apply_fee(self, storefront):
        storefront.fee_product_id = self.product_id
