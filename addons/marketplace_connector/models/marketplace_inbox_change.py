from collections import defaultdict

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.marketplace_base.const import QUANTITY_DECIMALS
from odoo.addons.marketplace_base.engine.money import allocate, from_minor, to_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import DocumentError
from ..engine.change import Verdict, judge, total_of
from ..engine.contract import Document, Fee, Line, OrderState
from ..engine.idempotency import fingerprint
from ..engine.mapping import SHARE, Mapper, agreed, map_payments
from .marketplace_refund import TOLD_BY_SHOP

CHANGE_KINDS = [
    ("edited", "Edited"),
    ("cancelled", "Cancelled"),
    ("deleted", "Deleted"),
]
CHANGE_STAGES = [
    ("open", "Before invoice and payout"),
    ("invoiced", "After invoice"),
    ("paid_out", "After payout"),
]


class MarketplaceInbox(models.Model):
    """Follow what the shop changes in orders that are imported already."""

    _inherit = "marketplace.inbox"

    change_kind = fields.Selection(CHANGE_KINDS, string="Change", readonly=True)
    change_stage = fields.Selection(
        CHANGE_STAGES,
        string="Changed",
        readonly=True,
        help="How far the order was here when the shop changed it. What was invoiced "
        "or paid out stays; the change is booked on its own day.",
    )

    # -- one batch --------------------------------------------------------------------

    def _follow_known(self, storefront, orders, bindings):
        """Return {message: (group, order)} of orders that are as here, or made so."""
        Group = self.env["marketplace.order"]
        matched = {}
        for message, order in orders.items():
            binding = bindings[order.ref]
            group = Group.browse(binding.res_id)
            if order.revision < binding.revision:
                message._close(
                    "done",
                    self.env._("The shop had said something newer before."),
                )
            elif binding.content_hash == agreed(order) or message._follow(
                storefront, group, order, binding
            ):
                matched[message] = (group, order)
        return matched

    def _follow(self, storefront, group, order, binding):
        """Follow a change of one order; return whether both sides agree again."""
        self.ensure_one()
        cancelled = order.state is OrderState.CANCELLED
        self.write(
            {
                "order_id": group.id,
                "change_kind": "cancelled" if cancelled else "edited",
                "change_stage": group._get_change_stage(),
            }
        )
        held = group._get_held_lines()
        minor = group.currency_id._marketplace_minor
        change = judge(
            self._read_agreed(binding),
            order,
            {ref: self._count_units(units) for ref, units in held.items()},
            minor(group.amount_payable),
            minor(storefront.tolerance),
        )
        if change.verdict is Verdict.APPLY:
            problem = self._apply_change(storefront, group, order, change, held)
        elif change.verdict is Verdict.ASK:
            problem = self._describe_change(group, order, change)
        else:
            problem = None
        if problem:
            self._close("quarantine", problem)
            return False
        self._agree(binding, order)
        return True

    def _count_units(self, units):
        """Return how many units order lines hold; a shared delivery is one."""
        shared = next(iter(units)).marketplace_kind == "shipping"
        return 1 if shared else sum(units.values())

    def _agree(self, binding, order):
        """Note that the order is here as the shop tells it now."""
        binding.write(
            {
                "content_hash": agreed(order),
                "inbox_id": self.id,
                "revision": order.revision,
            }
        )

    def _read_agreed(self, binding):
        """Return the order as both sides agreed on it last, None when it is lost."""
        if not binding.inbox_id:
            return None
        try:
            return binding.inbox_id._parse_order()
        except DocumentError:
            return None  # the adapter reads another version of the shop by now

    # -- apply ------------------------------------------------------------------------

    def _apply_change(self, storefront, group, order, change, held):
        """Amend the order as the shop did; return what stands against it, in words."""
        lines, problems = self._prepare_change_lines(
            storefront, group, order, change, held
        )
        if problems:
            return "\n".join(problems)
        payload = {
            "company_id": group.company_id.id,
            "channel": storefront.code,
            "order_ref": order.ref,
            "ref": f"{order.ref}:{self.id}",
            "date": group.company_id._marketplace_today(),
            "reason": self.env._(
                "%(change)s in the shop. %(stage)s.",
                change=self._label("change_kind"),
                stage=self._label("change_stage"),
            ),
            "lines": lines,
            "payments": map_payments(order.payments),
        }
        Amendment = self.env["marketplace.order.amendment"]
        try:
            with self.env.cr.savepoint():
                # The shop knows of its own change: nothing of it is sent back.
                _amendments, problems = Amendment.with_context(
                    marketplace_told_by_shop=TOLD_BY_SHOP
                )._amend_batch([payload])
                if problems:
                    return "\n".join(problems[0])
                self._check_payable(storefront, group, order, change.offset)
        except UserError as error:
            return str(error)
        return None

    def _check_payable(self, storefront, group, order, offset):
        """Compare what the customer has to pay after a change with what the shop says.

        :param offset: minor units that he paid and got back before, by refunds alone.
        :raises MarketplaceError: stating both.
        """
        currency = group.currency_id
        group.invalidate_recordset(["amount_payable"])
        ours = currency._marketplace_minor(group.amount_payable) - offset
        gap = total_of(order) - ours
        if abs(gap) > currency._marketplace_minor(storefront.tolerance):
            raise MarketplaceError(
                self.env._(
                    "After the change the customer has to pay %(shop)s in the shop "
                    "and %(ours)s here. Amend the order here, then mark this message "
                    "as corrected.",
                    shop=currency.format(currency._marketplace_amount(total_of(order))),
                    ours=currency.format(currency._marketplace_amount(ours)),
                )
            )

    def _prepare_change_lines(self, storefront, group, order, change, held):
        """Return (lines of an amendment, problems in words)."""
        lines = []
        for ref in (*change.lowered, *change.raised, *change.repriced):
            part = change.parts.get(ref)
            charged = part.charged if part else 0
            if part and not isinstance(part.item, Line) and len(held[ref]) > 1:
                lines += self._share_charge(held[ref], charged)
            else:
                lines += self._spread_units(
                    held[ref], part.quantity if part else 0, charged
                )
        if not change.added:
            return lines, []
        mapper = Mapper(order, self._gather_tables(storefront, [order]))
        for ref in change.added:
            part = change.parts[ref]
            item = part.item
            values = mapper.fee(item) if isinstance(item, Fee) else mapper.line(item)
            lines.append({**values, "gross_minor": part.charged})
        return lines, [self._describe_fault(fault) for fault in mapper.faults]

    def _spread_units(self, units, wanted, charged):
        """Return the amendment of the order lines that hold one line of the shop.

        Units are taken off what was added last.

        :param units: {order line: units}, the first one bought first.
        :param charged: for all units; only told where one order line holds them.
        """
        if len(units) == 1:
            (line,) = units
            return [self._change_item(line, wanted, charged if wanted else None)]
        items, left = [], wanted
        *first, last = units
        if wanted >= sum(units.values()):
            return [
                self._change_item(last, wanted - sum(units[line] for line in first))
            ]
        for line, quantity in units.items():
            kept = min(left, quantity)
            left -= kept
            if kept < quantity:
                items.append(self._change_item(line, kept))
        return items

    def _share_charge(self, units, charged):
        """Return the amendment of a delivery that several vendors share."""
        minor = next(iter(units)).currency_id._marketplace_minor
        weights = [minor(line.amount_vendor) for line in units]
        return [
            self._change_item(line, 1, part)
            for line, part in zip(units, allocate(charged, weights), strict=True)
        ]

    def _change_item(self, line, quantity, charged=None):
        return {
            "sale_line_id": line.id,
            "quantity": float(quantity),
            "gross_minor": charged,
        }

    # -- ask --------------------------------------------------------------------------

    def _describe_change(self, group, order, change):
        """Say in words what the shop changed, and what is left to do."""
        currency = group.currency_id
        names = {
            ref: ", ".join(dict.fromkeys(line.name for line in lines))
            for ref, lines in group._get_held_lines().items()
        }
        names.update((ref, part.item.name) for ref, part in change.parts.items())

        def listed(refs):
            return ", ".join(f"“{names[ref]}”" for ref in refs)

        sentences = [
            self.env._(
                "%(change)s in the shop after its import. %(stage)s.",
                change=self._label("change_kind"),
                stage=self._label("change_stage"),
            )
        ]
        for refs, words in (
            (change.lowered, self.env._("Fewer units: %(names)s.")),
            (change.raised, self.env._("More units: %(names)s.")),
            (change.added, self.env._("Added: %(names)s.")),
            (change.repriced, self.env._("Another price: %(names)s.")),
        ):
            if refs:
                sentences.append(words % {"names": listed(refs)})
        if change.excess:
            sentences.append(
                self.env._(
                    "%(amount)s is to be given back to the customer. Give it back in "
                    "the shop, and this goes on by itself; or refund it here, and the "
                    "shop is told.",
                    amount=currency.format(currency._marketplace_amount(change.excess)),
                )
            )
        else:
            sentences.append(
                self.env._(
                    "The customer has to pay %(shop)s in the shop and %(ours)s here. "
                    "Amend the order here, then mark this message as corrected.",
                    shop=currency.format(currency._marketplace_amount(total_of(order))),
                    ours=currency.format(group.amount_payable),
                )
            )
        return "\n".join(sentences)

    def _label(self, name):
        return self._fields[name].convert_to_export(self[name], self)

    def _quarantine_deleted(self, storefront, refs):
        """Ask what to do about imported orders that the shop knows no more."""
        bindings = self.env["marketplace.binding"]._by_external(
            storefront, "order", refs
        )
        Group = self.env["marketplace.order"]
        for message in self.filtered(lambda message: message.external_ref in bindings):
            group = Group.browse(bindings[message.external_ref].res_id)
            message.write(
                {
                    "order_id": group.id,
                    "change_kind": "deleted",
                    "change_stage": group._get_change_stage(),
                }
            )
            message._close(
                "quarantine",
                self.env._(
                    "The shop knows %(order)s no more: it was deleted there. "
                    "%(stage)s. Cancel or refund it here if it is no sale, then mark "
                    "this message as corrected.",
                    order=group.display_name,
                    stage=message._label("change_stage"),
                ),
            )

    def _store_deleted(self, storefront, refs):
        """Store, once each, that the shop knows orders no more, and ask about them."""
        documents = [
            Document("event", ref, "", {"id": ref}, fingerprint(["deleted", ref]))
            for ref in refs
        ]
        stored = self._store_documents(storefront, documents, "poll")
        stored.topic = "order.deleted"
        stored._quarantine_deleted(storefront, refs)

    # -- actions ----------------------------------------------------------------------

    def action_corrected(self):
        """Take the order as it is here for what the shop tells, and go on with it."""
        for message in self.filtered("order_id"):
            if message.state != "quarantine":
                continue
            if message.kind == "event":  # of an order that is gone
                message.action_ignore()
                continue
            binding = self.env["marketplace.binding"]._by_external(
                message.storefront_id, "order", [message.external_ref]
            )[message.external_ref]
            # sudo: the order desk decides, the binding follows
            message._agree(binding.sudo(), message._parse_order())
            message.order_id.message_post(
                body=self.env._(
                    "%(user)s corrected here what the shop changed: %(message)s.",
                    user=self.env.user.name,
                    message=message.display_name,
                )
            )
            message.action_replay()
        return True


class MarketplaceOrder(models.Model):
    _inherit = "marketplace.order"

    def _get_change_stage(self):
        """Return how far the books are with an order, a code of CHANGE_STAGES."""
        self.ensure_one()
        # sudo: who imports need not see settlements and documents
        group = self.sudo()
        settlements = group.ledger_line_ids.settlement_id
        states = set(settlements.mapped("state")) - {"cancelled"}
        if states & {"closed", "netted"}:
            return "paid_out"
        documents = self.env["marketplace.vendor.document"].sudo()
        if states or documents.search_count(
            [("sale_order_id", "in", group.sale_order_ids.ids)], limit=1
        ):
            return "invoiced"
        return "open"

    def _get_held_lines(self):
        """Return {reference in the shop: {order line: units}} of what is bought.

        Units cancelled before payment are no more; refunded ones were bought.
        """
        self.ensure_one()
        held = defaultdict(dict)
        lines = self.sale_order_ids.filtered(lambda o: o.state == "sale").order_line
        for line in lines.sorted("id"):
            origin = line.amendment_line_id.sale_line_id or line
            if not origin.external_ref or line.is_supplement:
                continue
            gone = sum(
                item.quantity
                for item in line.marketplace_refund_line_ids
                if item.refund_id.state == "done" and item.refund_id._is_unpaid()
            )
            units = to_minor(line.product_uom_qty - gone, QUANTITY_DECIMALS)
            ref = origin.external_ref
            if line.marketplace_kind == "shipping":
                ref = ref.split(SHARE)[0]
            held[ref][line] = from_minor(units, QUANTITY_DECIMALS)
        return {ref: units for ref, units in held.items() if sum(units.values())}
