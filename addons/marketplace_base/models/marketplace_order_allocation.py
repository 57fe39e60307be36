"""How the shared amounts of a purchase were shared, kept for people."""

from markupsafe import Markup

from odoo import api, fields, models

from ..engine.share import NET, QUANTITY, WEIGHT
from ..engine.split import OPERATOR

ALLOCATION_KEYS = [
    (NET, "Net amount"),
    (QUANTITY, "Quantity"),
    (WEIGHT, "Weight"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    marketplace_allocation_key = fields.Selection(
        ALLOCATION_KEYS,
        string="Share Amounts by",
        required=True,
        default=NET,
        help="What the delivery and the discounts of a whole order are shared by, "
        "between its lines and vendors. An order may declare another key.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketplace_allocation_key = fields.Selection(
        related="company_id.marketplace_allocation_key", readonly=False, required=True
    )


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    allocations = fields.Json(
        readonly=True,
        copy=False,
        help="Each shared amount, its key, and the part of each receiver in minor "
        "units, with the units that rounding down left over.",
    )
    allocation_text = fields.Html(
        string="Shared Amounts", compute="_compute_allocation_text", sanitize=False
    )

    @api.model
    def _prepare_allocations(self, result, currency):
        """Return, as data, how the engine shared the amounts of one purchase."""
        return [
            {
                "kind": item.kind,
                "ref": item.ref,
                "key": item.key,
                "decimals": currency.decimal_places,
                "portions": [
                    [portion.receiver, portion.weight, portion.amount, portion.residual]
                    for portion in item.portions
                ],
            }
            for item in result.allocations
        ]

    @api.depends("allocations")
    @api.depends_context("lang")
    def _compute_allocation_text(self):
        for group in self:
            group.allocation_text = Markup().join(
                group._render_allocation(item) for item in group.allocations or []
            )

    def _render_allocation(self, item):
        """Return one shared amount as a small table."""
        self.ensure_one()
        keys = dict(
            self.env["res.company"]
            ._fields["marketplace_allocation_key"]
            ._description_selection(self.env)
        )
        kinds = {"shipping": self.env._("Delivery"), "discount": self.env._("Discount")}
        names = self._allocation_names(item)
        amount = self.currency_id._marketplace_amount
        total = sum(portion[2] for portion in item["portions"])
        rows = Markup().join(
            Markup(
                "<tr><td>%s</td><td class='text-end'>%s</td>"
                "<td class='text-end'>%s</td><td class='text-end'>%s</td></tr>"
            )
            % (
                names.get(receiver, receiver),
                f"{weight / (sum(p[1] for p in item['portions']) or 1):.2%}",
                self.currency_id.format(amount(part)),
                self.currency_id.format(amount(residual)) if residual else "",
            )
            for receiver, weight, part, residual in item["portions"]
        )
        return Markup(
            "<h5>%s</h5><table class='table table-sm'><thead><tr><th>%s</th>"
            "<th class='text-end'>%s</th><th class='text-end'>%s</th>"
            "<th class='text-end'>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            f"{kinds[item['kind']]} {item['ref']}: "
            f"{self.currency_id.format(amount(total))}",
            self.env._("For"),
            keys[item["key"]],
            self.env._("Part"),
            self.env._("of which left over by rounding"),
            rows,
        )

    def _allocation_names(self, item):
        """Return {receiver: name}: vendors of a delivery, lines of a discount."""
        if item["kind"] == "shipping":
            vendors = self.env["res.partner"].browse(
                [portion[0] for portion in item["portions"] if portion[0] != OPERATOR]
            )
            return {
                OPERATOR: self.company_id.name,
                **{vendor.id: vendor.display_name for vendor in vendors.exists()},
            }
        lines = self.sale_order_ids.order_line
        return {
            **{str(line.id): line.name for line in lines},
            **{line.external_ref: line.name for line in lines if line.external_ref},
        }
