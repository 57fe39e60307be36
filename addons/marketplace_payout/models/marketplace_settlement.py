from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import CARRY_REASONS, SETTLEMENT_STATES, SETTLEMENT_TRANSITIONS
from .marketplace_payout import LIVE_STATES
from .res_users import GROUPS_PAYOUT


class MarketplaceSettlement(models.Model):
    """Close one vendor's account up to a cut-off day, in one currency.

    Opening + movements = payout + reserve + carried forward. Settlements of a vendor
    form a chain: each opens with what the one before carried. They are written by
    :meth:`_run` only.
    """

    _name = "marketplace.settlement"
    _description = "Vendor Settlement"
    _inherit = ["portal.mixin", "mail.thread", "marketplace.state.mixin"]
    _order = "date_cutoff desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"
    _state_transitions = SETTLEMENT_TRANSITIONS

    name = fields.Char(string="Number", required=True, readonly=True, index="trigram")
    vendor_id = fields.Many2one("res.partner", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    date_cutoff = fields.Date(
        string="Cut-off",
        required=True,
        readonly=True,
        help="Last day whose movements are settled.",
    )
    previous_id = fields.Many2one(
        "marketplace.settlement",
        string="Previous Settlement",
        readonly=True,
        help="The settlement whose balance carried forward opens this one.",
    )
    state = fields.Selection(
        SETTLEMENT_STATES,
        required=True,
        readonly=True,
        default="confirmed",
    )
    amount_opening = fields.Monetary(string="Opening", readonly=True)
    amount_movements = fields.Monetary(string="Movements", readonly=True)
    amount_payout = fields.Monetary(string="To Pay", readonly=True)
    amount_carried = fields.Monetary(string="Carried Forward", readonly=True)
    carry_reason = fields.Selection(
        CARRY_REASONS, string="Carried Because", readonly=True
    )
    date_notified = fields.Datetime(
        string="Vendor Notified",
        readonly=True,
        help="When the vendor was told that his statement is ready.",
    )
    ledger_line_ids = fields.One2many(
        "marketplace.ledger.line", "settlement_id", string="Ledger Lines", readonly=True
    )
    payout_ids = fields.One2many(
        "marketplace.payout",
        "settlement_id",
        string="Payouts and Refusals",
        readonly=True,
        groups=GROUPS_PAYOUT,
    )
    payout_id = fields.Many2one(
        "marketplace.payout",
        compute="_compute_payout_id",
        groups=GROUPS_PAYOUT,
    )
    invoice_ids = fields.Many2many(
        "account.move", string="Commission Invoices", compute="_compute_invoice_ids"
    )
    invoice_count = fields.Integer(compute="_compute_invoice_ids")
    amount_commission_waiting = fields.Monetary(
        string="Commission Waiting",
        compute="_compute_amount_commission_waiting",
        help="Commission on order lines delivered in part by the cut-off and not "
        "invoiced since: it follows once the rest is delivered or refunded.",
    )

    # One chain per vendor and currency: no settlement has two successors, and there
    # is one beginning. Two runs at once cannot open with the same balance.
    _previous_uniq = models.UniqueIndex(
        "(previous_id) WHERE previous_id IS NOT NULL AND state <> 'cancelled'",
        "This vendor is being settled by another run. Try again in a moment.",
    )
    _first_uniq = models.UniqueIndex(
        "(company_id, vendor_id, currency_id)"
        " WHERE previous_id IS NULL AND state <> 'cancelled'",
        "This vendor is being settled by another run. Try again in a moment.",
    )
    _vendor_idx = models.Index("(company_id, vendor_id, currency_id, date_cutoff DESC)")
    _identity = models.Constraint(
        "CHECK (amount_opening + amount_movements"
        " = amount_payout + COALESCE(amount_reserved, 0) + amount_carried)",
        "Opening and movements must equal payout, reserve and amount carried forward.",
    )
    _payout_positive = models.Constraint(
        "CHECK (amount_payout >= 0)", "A settlement never pays a negative amount."
    )

    # -- computes -------------------------------------------------------------------

    @api.depends("payout_ids.state")
    def _compute_payout_id(self):
        for settlement in self:
            settlement.payout_id = settlement.payout_ids.filtered(
                lambda payout: payout.state in LIVE_STATES
            )[:1]

    @api.depends("ledger_line_ids")
    def _compute_invoice_ids(self):
        for settlement in self:
            # sudo: order desk and auditors see which documents a statement nets; the
            # documents themselves follow their own rules.
            lines = settlement.sudo().ledger_line_ids
            moves = lines.move_id.filtered(lambda move: move.move_type != "entry")
            settlement.invoice_ids = moves.sudo(False)
            settlement.invoice_count = len(moves)

    @api.depends("vendor_id", "date_cutoff")
    def _compute_amount_commission_waiting(self):
        Line = self.env["marketplace.commission.line"].sudo()
        for settlement in self:
            waiting = Line.search(
                [
                    ("company_id", "=", settlement.company_id.id),
                    ("vendor_id", "=", settlement.vendor_id.id),
                    ("currency_id", "=", settlement.currency_id.id),
                    ("date", "<=", settlement.date_cutoff),
                    ("move_line_id", "=", False),
                ]
            )._waiting(settlement.date_cutoff)
            settlement.amount_commission_waiting = sum(waiting.mapped("amount"))

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for settlement in self:
            settlement.access_url = f"/my/marketplace/statements/{settlement.id}"
        return result

    # -- state gate -----------------------------------------------------------------

    @api.private
    def _transition(self, target, values=None):
        """Move settlements; a cancelled one gives its ledger lines back.

        :raises MarketplaceError: naming each settlement that may not move.
        """
        if target == "cancelled" and (problems := self._cancel_problems()):
            raise MarketplaceError("\n".join(problems))
        moved = super()._transition(target, values)
        if target == "cancelled":
            moved._release_lines()
            moved._give_back()
        return moved

    def _cancel_problems(self):
        """Return, in words, what keeps settlements from being cancelled."""
        successors = self.search(
            [("previous_id", "in", self.ids), ("state", "!=", "cancelled")]
        )
        problems = [
            self.env._(
                "%(settlement)s is followed by %(next)s, which opens with its balance. "
                "Cancel the later one first.",
                settlement=successor.previous_id.name,
                next=successor.name,
            )
            for successor in successors - self
        ]
        problems += [
            self.env._(
                "%(settlement)s is in payout run %(run)s. Cancel the run first, if it "
                "has not been sent.",
                settlement=settlement.name,
                run=settlement.payout_id.run_id.name,
            )
            for settlement in self
            if settlement.payout_id
        ]
        return problems

    def _release_lines(self):
        """Give claimed lines back: the next settlement of the vendor takes them.

        Commission invoices and netting entries stay, they are facts.
        """
        if not self:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE marketplace_ledger_line SET settlement_id = NULL"
                " WHERE settlement_id IN %s",
                tuple(self.ids),
            )
        )
        self.env["marketplace.ledger.line"].invalidate_model(["settlement_id"])
        self.invalidate_recordset(["ledger_line_ids"])

    # -- actions --------------------------------------------------------------------

    def action_cancel(self):
        """Cancel settlements that are the last of their vendor and not paid."""
        self.check_access("read")
        self._check_settling_right()
        # sudo: the right is checked above; nobody writes settlements by hand.
        self.sudo()._transition("cancelled")
        return True

    def _check_settling_right(self):
        """Let only accountants settle; settlements have no write access at all.

        :raises AccessError: for anybody else.
        """
        if not self.env.su and not self.env.user.has_group(
            "marketplace_base.group_accountant"
        ):
            raise AccessError(
                self.env._("Only marketplace accountants settle vendors.")
            )

    def action_view_invoices(self):
        """Open the commission invoices and credit notes netted by the settlement."""
        return self.invoice_ids._get_records_action(
            name=self.env._("Commission Invoices")
        )

    def action_view_ledger(self):
        """Open the ledger lines that the settlement claimed."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_base.marketplace_ledger_line_action"
        )
        return {
            **action,
            "domain": [("settlement_id", "in", self.ids)],
            "context": {},
        }

    def action_view_run(self):
        """Open the payout run that pays the settlement."""
        return self.payout_id.run_id._get_records_action()
