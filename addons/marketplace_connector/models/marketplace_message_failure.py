"""What kind of failure holds a message back, for whoever looks at many of them."""

from odoo import fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import (
    AuthError,
    DocumentError,
    InvalidError,
    ThrottledError,
    UnknownOutcomeError,
)

FAILURES = [
    ("access", "Access refused"),
    ("throttled", "Too many calls"),
    ("unreachable", "Shop does not answer"),
    ("unsure", "No answer: it may be done"),
    ("refused", "Refused by the shop"),
    ("unreadable", "Unreadable"),
    ("mapping", "Something is not mapped"),
    ("data", "Does not add up"),
    ("changed", "Changed in the shop"),
    ("rules", "Against our rules"),
]
BY_ERROR = (
    (AuthError, "access"),
    (ThrottledError, "throttled"),
    (UnknownOutcomeError, "unsure"),
    (InvalidError, "refused"),
    (DocumentError, "unreadable"),
)
KEPT_FIELDS = {
    "storefront_id",
    "kind",
    "source",
    "external_ref",
    "delivery_id",
    "digest",
    "payload",
}
# Faults that the repair wizard can mend; what they need is chosen there.
MAPPING_FAULTS = {
    "unknown_sku",
    "sku_of_several",
    "unknown_tax",
    "unknown_tax_rate",
    "unknown_discount",
    "fee_without_product",
}


def failure_of(error):
    """Return the code of the failure that an error of an adapter is."""
    return next((code for kind, code in BY_ERROR if isinstance(error, kind)), None) or (
        "unreachable"
    )


class MarketplaceMessageMixin(models.AbstractModel):
    _inherit = "marketplace.message.mixin"

    failure = fields.Selection(FAILURES, string="Kind of Problem", readonly=True)

    def _postpone(self, error):
        res = super()._postpone(error)
        self.failure = failure_of(error)
        return res

    def _close(self, state, reason=False):
        """Forget the failure of what is over."""
        over = state in ("done", "ignored", "cancelled")
        if over:
            self.filtered("failure").failure = False
        return super()._close(state, reason)


class MarketplaceOutbox(models.Model):
    _inherit = "marketplace.outbox"

    def _close(self, state, reason=False):
        if state == "failed":
            self.filtered(lambda message: not message.failure).failure = "refused"
        res = super()._close(state, reason)
        if state == "done":
            self.storefront_id._count_success("out")
        return res

    def _fail(self, error):
        self.failure = failure_of(error)
        # What one record is refused for says nothing about the exchange.
        way = None if isinstance(error, InvalidError) else "out"
        outward = self.with_context(marketplace_exchange_way=way)
        return super(MarketplaceOutbox, outward)._fail(error)


class MarketplaceInbox(models.Model):
    _inherit = "marketplace.inbox"

    fault_codes = fields.Json(
        readonly=True, help="What stands against an import, for the repair."
    )
    can_repair = fields.Boolean(compute="_compute_can_repair")

    def write(self, vals):
        """Keep what the shop said: it is mended around it, never in it.

        :raises MarketplaceError: when a payload, or what names it, is written.
        """
        if KEPT_FIELDS & vals.keys():
            raise MarketplaceError(
                self.env._(
                    "What a shop sent is kept as it came. Map or mend the cause, then "
                    "replay."
                )
            )
        return super().write(vals)

    def _compute_can_repair(self):
        for message in self:
            message.can_repair = message.state == "quarantine" and any(
                fault["code"] in MAPPING_FAULTS for fault in message.fault_codes or ()
            )

    def _quarantine_faults(self, faults):
        """Keep the faults beside their words: the repair asks for what is missing."""
        res = super()._quarantine_faults(faults)
        codes = {fault.code for fault in faults}
        self.write(
            {
                "failure": "mapping" if codes & MAPPING_FAULTS else "data",
                "fault_codes": [
                    {
                        "code": fault.code,
                        "path": fault.path,
                        "values": {key: str(value) for key, value in fault.values},
                    }
                    for fault in faults
                ],
            }
        )
        return res

    def _close(self, state, reason=False):
        res = super()._close(state, reason)
        if state == "quarantine":
            self.fault_codes = False  # of an earlier attempt
            for message in self:
                message.failure = message._find_failure()
        return res

    def _find_failure(self):
        if self.change_kind:
            return "changed"
        try:
            self._parse_order()
        except DocumentError:
            return "unreadable"
        return "rules"

    def action_replay(self):
        """Forget what stood against an import before it is tried again."""
        self.write({"failure": False, "fault_codes": False})
        return super().action_replay()

    def action_repair(self):
        """Ask for what the message misses, and replay it and those like it."""
        self.ensure_one()
        wizard = self.env["marketplace.inbox.repair"]._open_for(self)
        return {
            **wizard._get_records_action(),
            "name": self.env._("Repair"),
            "target": "new",
        }

    def action_replay_alike(self):
        """Replay everything in quarantine of the same storefronts and failures."""
        alike = self.search(
            [
                ("storefront_id", "in", self.storefront_id.ids),
                ("state", "=", "quarantine"),
                ("failure", "in", self.mapped("failure")),
            ]
        )
        return alike.action_replay()
