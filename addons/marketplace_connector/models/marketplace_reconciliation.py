"""The nightly comparison of shops, back office, ledger and payment provider."""

from collections import defaultdict
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.queue_job.job import identity_exact

from ..const import REREAD_DAYS
from ..engine.reconcile import compare_provider, compare_shop
from ..reconciliation import FLOWS

SHOP_FLOWS = ("order", "capture", "refund")
SIDES = ("shop", "ours", "provider")
PROVIDER_KEY = "provider:"  # of gaps against the provider's reports
BOOKS_KEY = "books:"  # of gaps against the ledger, and of what shops are told


class MarketplaceReconciliationDay(models.Model):
    """Counts and amounts of one day and one flow, side by side."""

    _name = "marketplace.reconciliation.day"
    _description = "Reconciliation by Day"
    _order = "day desc, storefront_id, flow"
    _rec_name = "day"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    storefront_id = fields.Many2one(
        "marketplace.storefront",
        readonly=True,
        index=True,
        ondelete="cascade",
        help="Empty for what belongs to no shop: commissions, payouts, and what the "
        "provider's reports say.",
    )
    day = fields.Date(required=True, readonly=True)
    flow = fields.Selection(FLOWS, string="About", required=True, readonly=True)
    count_shop = fields.Integer(string="Shop, Count", readonly=True)
    amount_shop = fields.Monetary(string="Shop", readonly=True)
    count_ours = fields.Integer(string="Ours, Count", readonly=True)
    amount_ours = fields.Monetary(string="Ours", readonly=True)
    count_provider = fields.Integer(string="Provider or Ledger, Count", readonly=True)
    amount_provider = fields.Monetary(string="Provider or Ledger", readonly=True)
    gap_count = fields.Integer(string="Gaps", compute="_compute_gap_count")

    _day_uniq = models.UniqueIndex(
        "(company_id, COALESCE(storefront_id, 0), day, flow)",
        "This day is already listed.",
    )

    def _compute_gap_count(self):
        counts = {
            (storefront, day, flow): count
            for storefront, day, flow, count in self.env[
                "marketplace.reconciliation.gap"
            ]._read_group(
                [
                    ("company_id", "in", self.company_id.ids),
                    ("day", "in", self.mapped("day")),
                    ("state", "=", "open"),
                ],
                ["storefront_id", "day:day", "flow"],
                ["__count"],
            )
        }
        for row in self:
            row.gap_count = counts.get((row.storefront_id, row.day, row.flow), 0)

    def action_open_gaps(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Gaps of %(day)s", day=self.day),
            "res_model": "marketplace.reconciliation.gap",
            "view_mode": "list,form",
            "domain": [
                ("company_id", "=", self.company_id.id),
                ("storefront_id", "=", self.storefront_id.id),
                ("day", "=", self.day),
                ("flow", "=", self.flow),
            ],
            "context": {"create": False},
        }

    @api.model
    @api.private
    def _replace(self, company, storefront, flows, start, end, sides):
        """Write the rows of a period anew.

        :param sides: {"shop" | "ours" | "provider": facts}.
        """
        self.search(
            [
                ("company_id", "=", company.id),
                ("storefront_id", "=", storefront.id),
                ("flow", "in", flows),
                ("day", ">=", start),
                ("day", "<=", end),
            ]
        ).unlink()
        totals = defaultdict(lambda: {side: [0, 0] for side in SIDES})
        for side, facts in sides.items():
            for fact in facts:
                if fact.flow in flows and start <= fact.day <= end:
                    cell = totals[fact.day, fact.flow][side]
                    cell[0] += 1
                    cell[1] += fact.amount
        amount = company.currency_id._marketplace_amount
        self.create(
            [
                {
                    "company_id": company.id,
                    "storefront_id": storefront.id,
                    "day": day,
                    "flow": flow,
                    **{f"count_{side}": cell[0] for side, cell in cells.items()},
                    **{
                        f"amount_{side}": amount(cell[1])
                        for side, cell in cells.items()
                    },
                }
                for (day, flow), cells in sorted(totals.items())
            ]
        )


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    date_reconciled = fields.Datetime(
        string="Last Comparison",
        copy=False,
        readonly=True,
        help="When all recent orders of the shop were last compared with ours.",
    )
    gap_count = fields.Integer(string="Gaps", compute="_compute_gap_count")

    def _compute_gap_count(self):
        counts = dict(
            self.env["marketplace.reconciliation.gap"]._read_group(
                [("storefront_id", "in", self.ids), ("state", "=", "open")],
                ["storefront_id"],
                ["__count"],
            )
        )
        for storefront in self:
            storefront.gap_count = counts.get(storefront, 0)

    def action_view_gaps(self):
        return self._open(
            self.env._("Gaps"),
            "marketplace.reconciliation.gap",
            [("state", "=", "open")],
        )

    @api.private
    def _reconcile_shop(self, start=None, end=None, refs=()):
        """Compare the orders placed in a period, and further ones, with ours.

        Open gaps of earlier orders are looked at again as well.

        :raises ShopError: when the shop cannot be read; nothing is closed then.
        """
        self.ensure_one()
        Gap = self.env["marketplace.reconciliation.gap"]
        own = [("storefront_id", "=", self.id), ("shop_order_ref", "!=", False)]
        looked_at = [*own, ("shop_order_ref", "in", list(refs))]
        if start:
            # The gaps of the period, whatever became of their orders since.
            pending = Gap.search([*own, ("state", "in", ["open", "accepted"])])
            refs = set(refs) | set(pending.mapped("shop_order_ref"))
            looked_at = [*own, ("shop_order_ref", "in", list(refs))]
        sides = self._gather_sides(start, end, refs)
        found = {
            f"{gap.flow}:{gap.order}:{gap.ref}": self._prepare_gap(gap, sides)
            for gap in compare_shop(sides.shop, sides.ours)
        }
        not_books = [
            "!",
            ("key", "=like", f"{PROVIDER_KEY}%"),
            "!",
            ("key", "=like", f"{BOOKS_KEY}%"),
        ]
        Gap._settle_found(self.company_id, self, found, [*looked_at, *not_books])
        if start:
            self.env["marketplace.reconciliation.day"]._replace(
                self.company_id,
                self,
                SHOP_FLOWS,
                start,
                end,
                {"shop": sides.shop, "ours": sides.ours},
            )
            self.date_reconciled = fields.Datetime.now()

    def _prepare_gap(self, gap, sides):
        group = sides.groups.get(gap.order)
        values = self.company_id._prepare_gap_amounts(gap)
        values.update(
            shop_order_ref=gap.order,
            shop_order_number=sides.numbers.get(gap.order)
            or (group and group.external_number),
            order_id=group.id if group else False,
        )
        if gap.cause == "refund_unsent":
            values.update(
                res_model="marketplace.refund",
                res_id=int(gap.ref.partition("-")[2]),
            )
        return values

    def _job_reconcile(self, start, end):
        """Compare a period; what the shop cannot tell now is compared tomorrow."""
        self.ensure_one()
        if self.state != "connected":
            return
        with self._problems_reported():
            self._reconcile_shop(fields.Date.to_date(start), fields.Date.to_date(end))

    def _queue_reconciliation(self, start, end):
        for storefront in self:
            storefront._delay()._job_reconcile(
                fields.Date.to_string(start), fields.Date.to_string(end)
            )

    @api.model
    def _cron_reconcile(self):
        """Queue the nightly comparison of what was bought lately, and of the books."""
        storefronts = self.search([("state", "=", "connected")])
        for company, own in storefronts.grouped("company_id").items():
            today = company._marketplace_today()
            for storefront in own:
                days = max(storefront.reread_days, 1)
                storefront._queue_reconciliation(today - timedelta(days=days), today)
            company._queue_reconciliation(today - timedelta(days=REREAD_DAYS), today)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _prepare_gap_amounts(self, gap):
        """Return the values of a gap that come from its amounts."""
        amount = self.currency_id._marketplace_amount
        other = gap.shop if gap.provider is None else gap.provider
        return {
            "flow": gap.flow,
            "cause": gap.cause,
            "day": gap.day,
            "external_ref": gap.ref,
            "is_in_shop": gap.shop is not None,
            "is_ours": gap.ours is not None,
            "is_at_provider": gap.provider is not None,
            "amount_shop": amount(gap.shop or 0),
            "amount_ours": amount(gap.ours or 0),
            "amount_provider": amount(gap.provider or 0),
            "amount": amount((other or 0) - (gap.ours or 0)),
        }

    @api.private
    def _reconcile_books(self, start, end):
        """Compare ours with the provider's reports, the ledger, and what shops know."""
        self.ensure_one()
        Gap = self.env["marketplace.reconciliation.gap"]
        [(oldest,)] = Gap._read_group(
            [
                ("company_id", "=", self.id),
                ("state", "in", ["open", "accepted"]),
                "|",
                ("key", "=like", f"{PROVIDER_KEY}%"),
                ("key", "=like", f"{BOOKS_KEY}%"),
            ],
            [],
            ["day:min"],
        )
        start = min(start, oldest or start)
        found = defaultdict(dict)
        ours, provider, reported = self._gather_provider(start, end)
        Order = self.env["marketplace.order"]
        for gap in compare_provider(ours, provider, reported):
            group = Order.browse(int(gap.order or 0)).exists() if gap.order else Order
            found[group.storefront_id][f"{PROVIDER_KEY}{gap.flow}:{gap.ref}"] = {
                **self._prepare_gap_amounts(gap),
                "order_id": group.id,
                "shop_order_ref": group.external_ref,
                "shop_order_number": group.external_number,
            }
        documents, ledger, gaps = self._compare_documents(start, end)
        for storefront, key, values in gaps:
            found[storefront][f"{BOOKS_KEY}{key}"] = values
        none = self.env["marketplace.storefront"]
        for storefront in none.search([("company_id", "=", self.id)]) | none.union(
            *found
        ):
            self._settle_books(storefront, found[storefront])
        self._settle_books(none, found[none])
        self.env["marketplace.reconciliation.day"]._replace(
            self,
            none,
            [code for code, _label in FLOWS],
            start,
            end,
            {"ours": [*ours, *documents], "provider": [*provider, *ledger]},
        )

    def _settle_books(self, storefront, found):
        self.env["marketplace.reconciliation.gap"]._settle_found(
            self,
            storefront,
            found,
            [
                "|",
                ("key", "=like", f"{PROVIDER_KEY}%"),
                ("key", "=like", f"{BOOKS_KEY}%"),
            ],
        )

    def _job_reconcile_books(self, start, end):
        self.ensure_one()
        self._reconcile_books(fields.Date.to_date(start), fields.Date.to_date(end))

    def _queue_reconciliation(self, start, end):
        for company in self:
            job = company.with_user(SUPERUSER_ID).with_company(company)
            job.with_delay(
                channel="root.marketplace", identity_key=identity_exact
            )._job_reconcile_books(
                fields.Date.to_string(start), fields.Date.to_string(end)
            )
