"""What shop, back office and provider do not tell alike: found, mended, closed."""

from odoo import api, fields, models
from odoo.tools.translate import LazyTranslate

from odoo.addons.marketplace_base.exceptions import MarketplaceError
from odoo.addons.marketplace_payout.models.marketplace_close_check import Check

from ..adapters.errors import ShopError
from ..reconciliation import ADVICE, CAUSES, FIXES, FLOWS, GAP_STATES, GAP_TRANSITIONS

# A label of a constant is translated where it is shown.
# pylint: disable=prefer-env-translation
_lt = LazyTranslate(__name__)
AGREE = _lt("Shops, books and provider agree")


class MarketplaceReconciliationGap(models.Model):
    """One thing that the sides do not tell alike, with its cause.

    It closes by itself when the next comparison finds the sides to agree.
    """

    _name = "marketplace.reconciliation.gap"
    _description = "Reconciliation Gap"
    _inherit = ["mail.thread", "mail.activity.mixin", "marketplace.state.mixin"]
    _order = "state desc, day desc, id desc"
    _rec_name = "external_ref"
    _rec_names_search = ["external_ref", "shop_order_number", "order_id.name"]
    _state_transitions = GAP_TRANSITIONS

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    storefront_id = fields.Many2one(
        "marketplace.storefront", readonly=True, index=True, ondelete="cascade"
    )
    key = fields.Char(required=True, readonly=True)
    flow = fields.Selection(FLOWS, string="About", required=True, readonly=True)
    cause = fields.Selection(CAUSES, required=True, readonly=True, tracking=True)
    advice = fields.Char(string="What to Do", compute="_compute_advice")
    has_fix = fields.Boolean(compute="_compute_advice")
    day = fields.Date(required=True, readonly=True, help="Day of the fact itself.")
    external_ref = fields.Char(string="Reference", readonly=True, index="trigram")
    shop_order_ref = fields.Char(string="Storefront Reference", readonly=True)
    shop_order_number = fields.Char(string="Order in the Shop", readonly=True)
    order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    is_in_shop = fields.Boolean(readonly=True)
    is_ours = fields.Boolean(string="Here", readonly=True)
    is_at_provider = fields.Boolean(readonly=True)
    amount_shop = fields.Monetary(string="Shop", readonly=True)
    amount_ours = fields.Monetary(string="Ours", readonly=True)
    amount_provider = fields.Monetary(
        string="Provider or Ledger",
        readonly=True,
        help="What the provider's reports say; for commission documents and payouts "
        "that the ledger tells otherwise, what the ledger says.",
    )
    amount = fields.Monetary(
        string="Difference",
        readonly=True,
        help="The other side less ours. Positive: something is missing here.",
    )
    date_found = fields.Datetime(
        string="Found on", required=True, readonly=True, default=fields.Datetime.now
    )
    date_seen = fields.Datetime(string="Last Seen", readonly=True)
    date_closed = fields.Datetime(string="Closed on", readonly=True)
    age_days = fields.Integer(string="Age (days)", compute="_compute_age_days")
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        tracking=True,
        domain=[("share", "=", False)],
        help="Looks after it; first the person in charge of the storefront.",
    )
    accept_reason = fields.Char(
        string="Accepted Because",
        tracking=True,
        help="Write it before you accept: the gap stays as it is and is asked about no "
        "more, unless its cause or its amount changes.",
    )
    state = fields.Selection(
        GAP_STATES, required=True, readonly=True, default="open", tracking=True
    )

    _key_uniq = models.UniqueIndex(
        "(company_id, COALESCE(storefront_id, 0), key)",
        "This gap is already known.",
    )
    _open_idx = models.Index("(company_id, day) WHERE state = 'open'")

    # -- computes -------------------------------------------------------------------

    @api.depends("cause")
    @api.depends_context("lang")
    def _compute_advice(self):
        for gap in self:
            words = ADVICE.get(gap.cause)
            gap.advice = words and self.env._(words)
            gap.has_fix = gap.cause in FIXES

    @api.depends("cause", "external_ref", "shop_order_ref", "shop_order_number")
    def _compute_display_name(self):
        causes = dict(self._fields["cause"]._description_selection(self.env))
        for gap in self:
            name = (
                gap.order_id.display_name
                or gap.shop_order_number
                or gap.shop_order_ref
                or gap.external_ref
            )
            gap.display_name = f"{causes.get(gap.cause, '')}: {name or ''}"

    @api.depends("date_found", "date_closed")
    def _compute_age_days(self):
        now = fields.Datetime.now()
        for gap in self:
            gap.age_days = ((gap.date_closed or now) - gap.date_found).days

    # -- what a comparison found ----------------------------------------------------

    @api.model
    @api.private
    def _settle_found(self, company, storefront, found, looked_at):
        """Bring the gaps in line with what a comparison found.

        :param found: {key: values}.
        :param looked_at: domain of the gaps that the comparison would have found
            again.
        """
        now = fields.Datetime.now()
        own = [
            ("company_id", "=", company.id),
            ("storefront_id", "=", storefront.id),
        ]
        known = {
            gap.key: gap for gap in self.search([*own, ("key", "in", list(found))])
        }
        fresh = []
        for key, vals in found.items():
            if key in known:
                known[key]._see_again(vals, now)
            else:
                fresh.append(
                    {
                        **vals,
                        "key": key,
                        "company_id": company.id,
                        "storefront_id": storefront.id,
                        "user_id": storefront.user_id.id,
                        "date_found": now,
                        "date_seen": now,
                    }
                )
        self.create(fresh)
        gone = self.search(
            [
                *own,
                ("state", "in", ["open", "accepted"]),
                ("key", "not in", list(found)),
                *looked_at,
            ]
        )
        gone._close_agreed()

    def _see_again(self, vals, now):
        """Take what a comparison says now; what is not as it was is open again."""
        self.ensure_one()
        currency = self.currency_id
        same = self.cause == vals["cause"] and not currency.compare_amounts(
            self.amount, vals["amount"]
        )
        if self.state == "closed":
            vals = {**vals, "date_found": now, "date_closed": False}
        self.write({**vals, "date_seen": now})
        if self.state == "closed" or not same:
            self._transition("open", {"accept_reason": False})

    def _close_agreed(self):
        self._transition("closed", {"date_closed": fields.Datetime.now()})
        self.activity_ids.action_feedback(feedback=self.env._("The sides agree."))

    # -- actions --------------------------------------------------------------------

    def action_accept(self):
        """Leave gaps as they are; each says why."""
        silent = self.filtered(lambda gap: not gap.accept_reason)
        if silent:
            raise MarketplaceError(
                self.env._(
                    "Write first why it stays as it is: %(gaps)s.",
                    gaps=", ".join(silent.mapped("display_name")),
                )
            )
        self._transition("accepted")
        return True

    def action_reopen(self):
        self._transition("open", {"accept_reason": False})
        return True

    def action_fix(self):
        """Do what mends each gap, where one click can, then compare again."""
        self.check_access("write")
        fixable = self.filtered(lambda gap: gap.has_fix and gap.state == "open")
        if not fixable:
            raise MarketplaceError(
                self.env._("No click mends these: read what to do on each.")
            )
        # sudo: to read, replay and tell is the system's act; the right to ask for it
        # was checked above.
        for gap in fixable.sudo():
            try:
                getattr(gap, FIXES[gap.cause])()
            except ShopError as error:
                raise MarketplaceError(str(error)) from error
        fixable.sudo()._compare_again()
        return fixable._tell_outcome()

    def action_compare(self):
        """Compare these again now."""
        self.check_access("write")
        # sudo: as for a fix
        self.sudo()._compare_again()
        return self._tell_outcome()

    def _tell_outcome(self):
        """Return the notification of how many of these are left."""
        left = self.filtered(lambda gap: gap.state != "closed")
        return self.env["marketplace.storefront"]._notify(
            self.env._(
                "Closed: %(closed)s. Still there: %(left)s.",
                closed=len(self - left),
                left=len(left),
            ),
            "warning" if left else "success",
        )

    def action_open_record(self):
        """Open what the gap is about: its record, its order, or its messages."""
        self.ensure_one()
        if self.res_model:
            return self.env[self.res_model].browse(self.res_id)._get_records_action()
        if self.order_id:
            return self.order_id._get_records_action()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Messages"),
            "res_model": "marketplace.inbox",
            "view_mode": "list,form",
            "domain": [
                ("storefront_id", "=", self.storefront_id.id),
                ("external_ref", "=", self.shop_order_ref),
            ],
            "context": {"create": False},
        }

    # -- fixes ----------------------------------------------------------------------

    def _newest_message(self):
        return self.env["marketplace.inbox"].search(
            [
                ("storefront_id", "=", self.storefront_id.id),
                ("kind", "=", "order"),
                ("external_ref", "=", self.shop_order_ref),
            ],
            order="id desc",
            limit=1,
        )

    def _fix_read_again(self):
        """Read the order of the shop and import what it says."""
        storefront, ref = self.storefront_id, self.shop_order_ref
        Inbox = self.env["marketplace.inbox"]
        documents = storefront._get_adapter().fetch_orders([ref])
        if not documents:
            Inbox._store_deleted(storefront, {ref})
            return
        Inbox._store_again(storefront, documents)
        self._newest_message().action_replay()

    def _fix_replay(self):
        self._newest_message().action_replay()

    def _fix_send(self):
        """Queue the refund again; a message that waits is sent in its turn."""
        refund = self.env["marketplace.refund"].browse(self.res_id)
        Outbox = self.env["marketplace.outbox"]
        messages = Outbox.search(
            [
                ("storefront_id", "=", self.storefront_id.id),
                ("kind", "=", "refund"),
                ("res_id", "=", refund.id),
            ]
        )
        if messages:
            messages.filtered(
                lambda message: message.state in ("failed", "cancelled")
            ).action_send_again()
        else:
            Outbox._enqueue(self.storefront_id, "refund", refund)
        Outbox._send_waiting(self.storefront_id)

    def _fix_charge(self):
        line = self.env["sale.order.line"].browse(self.res_id)
        self.env["marketplace.commission.line"]._charge(line)

    def _fix_tell(self):
        """Send the statement that names the document or payout once more."""
        record = self.env[self.res_model].browse(self.res_id)
        if record._name == "marketplace.payout":
            settlements = record.settlement_id
        else:
            settlements = (
                self.env["marketplace.ledger.line"]
                .search([("event_key", "=", f"commission:{record.id}")])
                .settlement_id
            )
        Outbox = self.env["marketplace.outbox"]
        Outbox._enqueue(self.storefront_id, "settlement", settlements)
        Outbox._send_waiting(self.storefront_id)

    def _compare_again(self):
        """Compare what these gaps are about, and nothing else of the shop."""
        for storefront, gaps in self.grouped("storefront_id").items():
            refs = set(filter(None, gaps.mapped("shop_order_ref")))
            if storefront and refs:
                storefront._reconcile_shop(refs=refs)
        for company, gaps in self.grouped("company_id").items():
            days = gaps.mapped("day")
            company._reconcile_books(min(days), max(days))


class MarketplaceClose(models.Model):
    _inherit = "marketplace.close"

    @api.model
    def _close_checks(self):
        return {
            **super()._close_checks(),
            "reconciliation": Check(AGREE, "_find_gaps", True),
        }

    def _find_gaps(self):
        gaps = self.env["marketplace.reconciliation.gap"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "open"),
                ("day", "<=", self.date_end),
            ]
        )
        minor = self.currency_id._marketplace_minor
        total = sum(abs(minor(gap.amount)) for gap in gaps)
        return self._found(
            gaps, "day", amount=self.currency_id._marketplace_amount(total)
        )
