"""Who is the master of which data, and what becomes of a write from the other side."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every
from odoo.tools.translate import LazyTranslate

from .marketplace_storefront_push import hash_content

# Sentences of module constants are translated where they are shown.
# pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)

OURS, SHOP = _lt("Here"), _lt("The shop")
# (what, master, what becomes of a write of the other side)
MASTERSHIP = [
    (
        _lt("Product: name, description, category, barcode"),
        OURS,
        _lt("Name: logged as a conflict, ours is sent again. Others: overwritten."),
    ),
    (_lt("Price"), OURS, _lt("Logged as a conflict; ours is sent again.")),
    (_lt("On sale or not"), OURS, _lt("Logged as a conflict; ours is sent again.")),
    (
        _lt("Stock"),
        OURS,
        _lt("The shop takes off what it sells; ours is set with the next change."),
    ),
    (
        _lt("Tax of an offer"),
        OURS,
        _lt("Overwritten. An order with a tax that is not mapped is held."),
    ),
    (_lt("Vendors"), OURS, _lt("Overwritten with the next change.")),
    (
        _lt("Orders: what was bought, at which price, by whom"),
        SHOP,
        _lt(
            "Fields of an imported order are refused here; an amendment that the "
            "shop does not know is a gap."
        ),
    ),
    (
        _lt("Payments"),
        SHOP,
        _lt("A captured payment is refused to be changed; what differs is a gap."),
    ),
    (
        _lt("Refunds"),
        _lt("Who decides them"),
        _lt("Told to the other side once; what differs is a gap."),
    ),
    (
        _lt("Shipments, acceptance"),
        OURS,
        _lt("What staff ships in the shop is refused here as shipped already."),
    ),
    (
        _lt("Commissions, statements, payouts"),
        OURS,
        _lt("The shop shows what it is told, and writes nothing back."),
    ),
]
CONFLICT_FIELDS = [
    ("price", "Price"),
    ("name", "Name"),
    ("active", "On Sale"),
    ("deleted", "Deleted in the Shop"),
]


class MarketplaceMastershipConflict(models.Model):
    """The shop's staff changed what is decided here; what was kept is ours."""

    _name = "marketplace.mastership.conflict"
    _description = "Conflict with a Shop"
    _order = "date_seen desc, id desc"
    _rec_name = "offer_id"

    storefront_id = fields.Many2one(
        "marketplace.storefront",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="storefront_id.company_id", store=True, precompute=True
    )
    offer_id = fields.Many2one(
        "marketplace.offer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    vendor_id = fields.Many2one(related="offer_id.vendor_id")
    field_name = fields.Selection(
        CONFLICT_FIELDS, string="What", required=True, readonly=True
    )
    value_ours = fields.Char(string="Ours", readonly=True)
    value_shop = fields.Char(string="In the Shop", readonly=True)
    kept = fields.Selection(
        [("ours", "Ours")], required=True, readonly=True, default="ours"
    )
    date_seen = fields.Datetime(
        string="Seen on", required=True, readonly=True, default=fields.Datetime.now
    )
    date_settled = fields.Datetime(
        string="Settled on",
        readonly=True,
        help="When the shop was seen to show ours again.",
    )

    _open_uniq = models.UniqueIndex(
        "(storefront_id, offer_id, field_name) WHERE date_settled IS NULL",
        "This conflict is already logged.",
    )


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    mastership = fields.Html(
        string="Who Decides What", compute="_compute_mastership", sanitize=False
    )
    conflict_count = fields.Integer(
        string="Conflicts", compute="_compute_conflict_count"
    )

    @api.depends_context("lang")
    def _compute_mastership(self):
        words = self.env._
        rows = Markup("").join(
            Markup("<tr><td>%s</td><td><b>%s</b></td><td>%s</td></tr>")
            % (words(what), words(master), words(other))
            for what, master, other in MASTERSHIP
        )
        heads = (
            self.env._("Data"),
            self.env._("Decided by"),
            self.env._("A write of the other side"),
        )
        head = Markup("<tr><th>%s</th><th>%s</th><th>%s</th></tr>") % heads
        table = Markup('<table class="table table-sm"><thead>%s</thead>%s</table>')
        self.mastership = table % (head, rows)

    def _compute_conflict_count(self):
        counts = dict(
            self.env["marketplace.mastership.conflict"]._read_group(
                [("storefront_id", "in", self.ids), ("date_settled", "=", False)],
                ["storefront_id"],
                ["__count"],
            )
        )
        for storefront in self:
            storefront.conflict_count = counts.get(storefront, 0)

    def action_view_conflicts(self):
        return self._open(
            self.env._("Conflicts"), "marketplace.mastership.conflict", []
        )

    def _job_find_conflicts(self):
        """Read back what the shop shows of our offers, and send ours where it differs.

        Only where the platform tells it.
        """
        self.ensure_one()
        if self.state != "connected":
            return
        with self._problems_reported():
            self._find_conflicts()

    def _find_conflicts(self):
        """Log and mend offers that the shop shows otherwise than it was told.

        :raises ShopError: when the shop cannot be read.
        """
        self.ensure_one()
        adapter = self._get_adapter()
        if not adapter.capabilities.reads_offers:
            return
        bindings = self.env["marketplace.binding"].search(
            [("storefront_id", "=", self.id), ("object_type", "=", "offer")]
        )
        for part in split_every(
            adapter.capabilities.offer_batch_max, bindings.ids, bindings.browse
        ):
            shown = {
                offer.ref: offer
                for offer in adapter.read_offers(part.mapped("external_id"))
            }
            self._settle_conflicts(part, shown)

    def _settle_conflicts(self, bindings, shown):
        """Log the conflicts of a batch, settle those that are over, send ours again."""
        offers = (
            self.env["marketplace.offer"]
            .with_context(active_test=False, lang=self._get_lang())
            .browse(bindings.mapped("res_id"))
            .exists()
        )
        by_offer = {binding.res_id: binding for binding in bindings}
        specs, _refused = self._prepare_offers(offers, by_offer)
        found = {}
        for offer, spec in specs.items():
            binding = by_offer[offer.id]
            # What is not sent yet differs for a reason.
            if binding.content_hash == hash_content(spec):
                conflicts = self._compare_offer(spec, shown.get(binding.external_id))
                for name, values in conflicts.items():
                    found[offer, name] = values
        Conflict = self.env["marketplace.mastership.conflict"]
        known = {
            (conflict.offer_id.id, conflict.field_name): conflict
            for conflict in Conflict.search(
                Domain("storefront_id", "=", self.id)
                & Domain("offer_id", "in", offers.ids)
                & Domain("date_settled", "=", False)
            )
        }
        fresh = []
        for (offer, name), (ours, theirs) in found.items():
            conflict = known.pop((offer.id, name), None)
            if conflict:
                conflict.value_shop = theirs
            else:
                fresh.append(
                    {
                        "storefront_id": self.id,
                        "offer_id": offer.id,
                        "field_name": name,
                        "value_ours": ours,
                        "value_shop": theirs,
                    }
                )
        Conflict.create(fresh)
        Conflict.union(*known.values()).date_settled = fields.Datetime.now()
        self._send_ours({offer for offer, _name in found}, by_offer, shown)

    def _compare_offer(self, spec, shown):
        """Return {field: (ours, theirs) in words} of what the shop shows otherwise."""
        if not shown:
            return {"deleted": ("", "")} if spec.active else {}
        currency = self.currency_id
        words = {True: self.env._("On sale"), False: self.env._("Not on sale")}
        conflicts = {}
        if shown.price != spec.price:
            conflicts["price"] = tuple(
                currency.format(currency._marketplace_amount(price))
                for price in (spec.price, shown.price)
            )
        # How the rest of a name is put together is the platform's.
        if not shown.name.startswith(spec.product_name):
            conflicts["name"] = (spec.product_name, shown.name)
        if shown.active != spec.active:
            conflicts["active"] = (words[spec.active], words[shown.active])
        return conflicts

    def _send_ours(self, offers, by_offer, shown):
        """Queue offers as if they had never been sent as they are."""
        offers = self.env["marketplace.offer"].union(*offers)
        bindings = self.env["marketplace.binding"].union(
            *(by_offer[offer.id] for offer in offers)
        )
        bindings.content_hash = False
        # One that is gone is made anew, with its stock.
        bindings.filtered(lambda binding: binding.external_id not in shown).unlink()
        self.env["marketplace.outbox"]._enqueue(self, "offer", offers)

    @api.model
    def _cron_reconcile(self):
        """Look nightly for what the shops' staff changed, too."""
        res = super()._cron_reconcile()
        for storefront in self.search([("state", "=", "connected")]):
            storefront._delay()._job_find_conflicts()
        return res
