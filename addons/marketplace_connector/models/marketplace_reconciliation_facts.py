"""What shop, back office, ledger and provider tell, as facts to compare."""

from dataclasses import dataclass, field
from datetime import UTC, timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import split_every

from ..adapters.errors import DocumentError
from ..engine.change import total_of
from ..engine.contract import OrderState, PaymentKind, PaymentState, RefundState
from ..engine.mapping import agreed
from ..engine.reconcile import CHANGED, TOLD, UNREAD, UNSENT, Fact

PROVIDER_FLOWS = {"charge": "capture", "refund": "refund", "transfer": "payout"}
# A provider dates a movement within so many days of ours, and reports it by then.
PROVIDER_LAG = timedelta(days=3)
# What an order that is not here waits for, by the state of its newest message.
HINTS = {
    "quarantine": "quarantine",
    "new": "waiting",
    "retry": "waiting",
    "ignored": "ignored",
    "done": "",
}
UNFINISHED = ("new", "retry", "quarantine")


@dataclass(slots=True)
class Sides:
    """The facts of both sides; by reference, order groups here and shop numbers."""

    shop: list[Fact] = field(default_factory=list)
    ours: list[Fact] = field(default_factory=list)
    groups: dict = field(default_factory=dict)
    numbers: dict = field(default_factory=dict)


class MarketplaceStorefront(models.Model):
    _inherit = "marketplace.storefront"

    def _gather_sides(self, start=None, end=None, refs=()):
        """Return what shop and back office tell of orders.

        :param start: first day on which orders were placed; None: only ``refs``.
        :param end: last day.
        :param refs: further orders of the shop.
        :raises ShopError: when the shop cannot be read.
        """
        self.ensure_one()
        sides, told, wanted = Sides(), {}, set(refs)
        if start:
            since, until = self.company_id._marketplace_period(start, end)
            for document in self._iter_placed(since, until):
                self._read_document(document, told)
            wanted.update(
                group.external_ref
                for group in self.env["marketplace.order"].search_fetch(
                    [
                        ("storefront_id", "=", self.id),
                        ("date_order", ">=", since),
                        ("date_order", "<", until),
                    ],
                    ["external_ref"],
                )
            )
        # A page may have been told while an order was written; and who knows what the
        # shop's own clock says of its placing.
        adapter = self._get_adapter()
        missing = sorted(wanted - told.keys())
        for part in split_every(adapter.capabilities.order_page_max, missing):
            for document in adapter.fetch_orders(part):
                self._read_document(document, told)
        groups = self.env["marketplace.order"].search(
            [
                ("storefront_id", "=", self.id),
                ("external_ref", "in", list(wanted | told.keys())),
            ]
        )
        sides.groups = {group.external_ref: group for group in groups}
        self._gather_shop(sides, told)
        self._gather_ours(sides, told)
        return sides

    def _iter_placed(self, since, until):
        """Yield the orders of the shop placed between two moments (naive UTC)."""
        adapter = self._get_adapter()
        limit = adapter.capabilities.order_page_max
        cursor, complete = "", False
        while not complete:
            page = adapter.pull_placed_orders(
                _aware(since), _aware(until), cursor, limit
            )
            yield from page.documents
            cursor, complete = page.cursor, page.complete

    def _read_document(self, document, told):
        """Add {reference: order, or None when it is unreadable} to ``told``."""
        try:
            order = self._get_adapter().parse_order(document.payload)
            told[document.ref] = self._with_payment_kinds(order)
        except DocumentError:
            told[document.ref] = None

    # -- shop -----------------------------------------------------------------------

    def _gather_shop(self, sides, told):
        states = self._newest_states(told)
        today = self.company_id._marketplace_today()
        for ref, order in told.items():
            sides.numbers[ref] = order.number if order else False
            here = ref in sides.groups
            state = states.get(ref, "done")
            if not here and order and order.state is OrderState.CANCELLED:
                continue  # cancelled before its import: no sale, by design
            if here:
                hint = UNREAD if state in UNFINISHED else ""
            else:
                hint = HINTS[state]
            if order is None:
                sides.shop.append(Fact("order", frozenset([ref]), ref, 0, today, hint))
                continue
            sides.shop.extend(self._facts_of(order, hint))

    def _newest_states(self, refs):
        """Return {reference: state of the newest message about the order}."""
        Inbox = self.env["marketplace.inbox"]
        newest = Inbox.browse(
            last
            for _ref, last in Inbox._read_group(
                [
                    ("storefront_id", "=", self.id),
                    ("kind", "=", "order"),
                    ("external_ref", "in", list(refs)),
                ],
                ["external_ref"],
                ["id:max"],
            )
        )
        newest.fetch(["external_ref", "state"])
        return {message.external_ref: message.state for message in newest}

    def _facts_of(self, order, hint):
        """Yield the facts of one order of the shop."""
        day = self.company_id._marketplace_day
        refunds = [
            refund
            for refund in order.refunds
            if refund.amount
            and (
                refund.state is RefundState.DONE
                # On its way: ours counts as soon as it is decided.
                or (refund.state is RefundState.PENDING and refund.our_ref)
            )
        ]
        yield Fact(
            "order",
            frozenset([order.ref]),
            order.ref,
            total_of(order),
            day(order.placed_at.replace(tzinfo=None)),
            hint,
            covered=sum(refund.amount for refund in refunds),
        )
        for payment in order.payments:
            if payment.kind is PaymentKind.CASH_ON_DELIVERY:
                continue  # collected parcel by parcel, which the shop does not tell
            if payment.state is PaymentState.CAPTURED and payment.amount:
                yield Fact(
                    "capture",
                    frozenset([payment.ref]),
                    order.ref,
                    payment.amount,
                    day(payment.at.replace(tzinfo=None)),
                )
        for refund in refunds:
            yield Fact(
                "refund",
                frozenset(filter(None, [refund.ref, refund.our_ref])),
                order.ref,
                refund.amount,
                day(refund.at.replace(tzinfo=None)),
            )

    # -- here -----------------------------------------------------------------------

    def _gather_ours(self, sides, told):
        groups = self.env["marketplace.order"].union(*sides.groups.values())
        bindings = self.env["marketplace.binding"]._by_external(
            self, "order", sides.groups
        )
        tolerance = self.currency_id._marketplace_minor(self.tolerance)
        for ref, group in sides.groups.items():
            binding, order = bindings.get(ref), told.get(ref)
            amount = self.currency_id._marketplace_minor(group.amount_payable)
            hint = TOLD if binding else ""
            if ref in told and (not order or not binding):
                hint = CHANGED
            elif order:
                hint = CHANGED if binding.content_hash != agreed(order) else ""
                if abs(amount - total_of(order)) <= tolerance:
                    amount = total_of(order)  # booked as rounding
            day = self.company_id._marketplace_day(group.date_order)
            sides.ours.append(Fact("order", frozenset([ref]), ref, amount, day, hint))
        for payment in groups.payment_ids.filtered(
            lambda p: p.state == "captured" and not p.cash_collection_id
        ):
            sides.ours.append(payment._reconcile_fact())
        for refund in groups.refund_ids._told_to_shops():
            sides.ours.append(refund._reconcile_fact())


class MarketplacePayment(models.Model):
    _inherit = "marketplace.payment"

    def _reconcile_fact(self, refs=None, order=None):
        self.ensure_one()
        return Fact(
            "capture",
            frozenset(refs or [self.external_ref or f"payment-{self.id}"]),
            order or self.order_id.external_ref,
            self.currency_id._marketplace_minor(self.amount),
            self._ledger_date(),
        )


class MarketplaceRefund(models.Model):
    _inherit = "marketplace.refund"

    def _told_to_shops(self):
        """Return the refunds that move money in the shop as well."""
        return self.filtered(
            lambda refund: (
                refund.state == "done"
                and not refund.dispute_id
                and not refund._is_unpaid()
                and not refund.currency_id.is_zero(refund.amount)
            )
        )

    def _reconcile_fact(self, refs=None, order=None):
        self.ensure_one()
        names = [self.external_ref, self.psp_ref, f"refund-{self.id}"]
        return Fact(
            "refund",
            frozenset(refs or filter(None, names)),
            order or self.order_id.external_ref,
            self.currency_id._marketplace_minor(self.amount),
            self.date,
            "" if self.external_ref else UNSENT,
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    # -- provider -------------------------------------------------------------------

    def _gather_provider(self, start, end):
        """Return (facts of ours, facts of the provider, {flow: days it reported}).

        The ``order`` of a fact of ours is the id of its order group.
        """
        self.ensure_one()
        Line = self.env["marketplace.psp.settlement.line"]
        own = Domain("company_id", "=", self.id) & Domain(
            "kind", "in", list(PROVIDER_FLOWS)
        )
        reported = {}
        for kind, first, last in Line._read_group(
            own, ["kind"], ["date:min", "date:max"]
        ):
            reported[PROVIDER_FLOWS[kind]] = (first, last - PROVIDER_LAG)
        # Refunds are rarer than payments: those reports tell how far they reach.
        if "capture" in reported:
            reported["refund"] = reported["capture"]
        lines = Line.search(
            own
            & Domain("date", ">=", start - PROVIDER_LAG)
            & Domain("date", "<=", end + PROVIDER_LAG)
        )
        refs = {ref for line in lines for ref in line._references()}
        ours = self._gather_known(start, end, refs) if reported else []
        provider = [
            Fact(
                PROVIDER_FLOWS[line.kind],
                frozenset(line._references() or [line.identifier]),
                "",
                abs(line.currency_id._marketplace_minor(line.amount_gross)),
                line.date,
            )
            for line in lines
            if not line.currency_id.is_zero(line.amount_gross)
        ]
        return ours, provider, reported

    def _gather_known(self, start, end, refs):
        """Return what the provider should tell: of the period, or named by it."""
        since, until = self._marketplace_period(start, end)
        own = Domain("company_id", "=", self.id)
        named = Domain("external_ref", "in", list(refs)) | Domain(
            "psp_ref", "in", list(refs)
        )
        payments = self.env["marketplace.payment"].search(
            own
            & Domain("state", "=", "captured")
            & Domain("kind", "=", "psp")
            & (named | (Domain("date", ">=", since) & Domain("date", "<", until)))
        )
        refunds = self.env["marketplace.refund"].search(
            own
            & Domain("state", "=", "done")
            & Domain("payment_id.kind", "=", "psp")
            & (named | (Domain("date", ">=", start) & Domain("date", "<=", end)))
        )
        payouts = self.env["marketplace.payout"].search(
            own
            & Domain("run_id.rail", "=", "psp")
            & Domain("state", "in", ["confirmed", "returned"])
            & (
                Domain("psp_reference", "in", list(refs))
                | (
                    Domain("run_id.date", ">=", start)
                    & Domain("run_id.date", "<=", end)
                )
            )
        )
        return [
            *(
                payment._reconcile_fact(
                    _names(payment.external_ref, payment.psp_ref, payment),
                    str(payment.order_id.id),
                )
                for payment in payments
            ),
            *(
                refund._reconcile_fact(
                    _names(refund.external_ref, refund.psp_ref, refund),
                    str(refund.order_id.id),
                )
                for refund in refunds._told_to_shops()
            ),
            *(
                Fact(
                    "payout",
                    frozenset(_names(payout.psp_reference, False, payout)),
                    "",
                    payout.currency_id._marketplace_minor(payout.amount),
                    payout.date,
                )
                for payout in payouts
            ),
        ]


def _names(first, second, record):
    """Return the references of a record, or a name of ours when it has none."""
    return list(filter(None, [first, second])) or [f"{record._name},{record.id}"]


def _aware(moment):
    return moment.replace(tzinfo=UTC)
