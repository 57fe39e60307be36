"""Keep each day a line was expected to be paid on, and why it moved."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.models.res_partner import GROUP_VIEWER

from ..engine.payout_date import MOVE_CAUSES, move_cause
from .expected_payout import PAYOUT_DATE_REASONS

# Reasons after which a line is followed no more, once its money cannot come back.
FINAL_REASONS = ("paid", "nothing")
# A SEPA transfer is returned within weeks; after these days nothing moves any more.
FOLLOW_DAYS = 60
MOVE_BATCH = 500


class MarketplacePayoutDateMove(models.Model):
    """One move of the expected payout day of one order line; written once."""

    _name = "marketplace.payout.date.move"
    _description = "Move of an Expected Payout"
    _order = "id desc"
    _rec_name = "sale_line_id"

    sale_line_id = fields.Many2one(
        "sale.order.line", required=True, readonly=True, index=True, ondelete="cascade"
    )
    sale_order_id = fields.Many2one(
        related="sale_line_id.order_id", store=True, precompute=True, index=True
    )
    vendor_id = fields.Many2one(
        related="sale_order_id.vendor_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="sale_line_id.company_id", store=True, precompute=True, index=True
    )
    date = fields.Date(string="Noted On", required=True, readonly=True)
    date_old = fields.Date(
        string="Expected Before", readonly=True, help="Empty: nobody knew."
    )
    date_new = fields.Date(
        string="Expected Since", readonly=True, help="Empty: nobody knows."
    )
    delay_days = fields.Integer(
        string="Days Later",
        compute="_compute_delay_days",
        store=True,
        precompute=True,
        aggregator="avg",
        help="Negative when it is paid sooner; zero when one of the days is unknown.",
    )
    cause = fields.Selection(MOVE_CAUSES, required=True, readonly=True)

    @api.depends("date_old", "date_new")
    def _compute_delay_days(self):
        for move in self:
            known = move.date_old and move.date_new
            move.delay_days = known and (move.date_new - move.date_old).days

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Moves of payout days are noted by the job."))
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self.env._("What a vendor was told stays written."))


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    payout_date_noted = fields.Date(
        string="Payout Expected, as Noted",
        readonly=True,
        copy=False,
        groups=GROUP_VIEWER,
    )
    payout_reason_noted = fields.Selection(
        PAYOUT_DATE_REASONS,
        string="Payout Because, as Noted",
        readonly=True,
        copy=False,
        groups=GROUP_VIEWER,
    )
    payout_date_final = fields.Date(
        string="Paid, as Noted On", readonly=True, copy=False, groups=GROUP_VIEWER
    )
    payout_date_move_ids = fields.One2many(
        "marketplace.payout.date.move",
        "sale_line_id",
        string="Moves of the Payout",
        readonly=True,
        groups=GROUP_VIEWER,
    )

    @api.model
    def _cron_note_payout_dates(self):
        """Note the expected payout of the lines whose money is on its way."""
        cron = self.env["ir.cron"]
        last = 0
        while lines := self._lines_to_follow(last):
            last = lines[-1].id
            lines._note_payout_dates()
            if not cron._commit_progress(len(lines)):
                break

    @api.model
    def _lines_to_follow(self, after_id=0):
        """Return the next lines of vendors that can still be paid, or come back."""
        limit = fields.Date.subtract(fields.Date.context_today(self), days=FOLLOW_DAYS)
        # sudo: the job notes, whoever runs it
        return self.sudo().search(
            [
                ("id", ">", after_id),
                ("marketplace_kind", "in", ("goods", "shipping")),
                ("order_id.vendor_id", "!=", False),
                ("order_id.marketplace_order_id", "!=", False),
                ("order_id.state", "!=", "draft"),
                "|",
                ("payout_date_final", "=", False),
                ("payout_date_final", ">", limit),
            ],
            order="id",
            limit=MOVE_BATCH,
        )

    def _note_payout_dates(self):
        """Note what is expected now; where a day moved, the move and its cause.

        :return: the moves.
        """
        vals_list, noted = [], defaultdict(lambda: self.browse())
        for line, found in self._marketplace_expected_payouts().items():
            today = line.company_id._marketplace_today()
            before, day = line.payout_date_noted, found.date or False
            reason = line.payout_reason_noted
            if (before, reason) == (day, found.reason):
                continue
            final = found.reason in FINAL_REASONS and today
            noted[day, found.reason, final] |= line
            if reason and before != day:
                # "today" is not over: the transfer may leave in the afternoon
                is_over = bool(before and before < today)
                vals_list.append(
                    {
                        "sale_line_id": line.id,
                        "date": today,
                        "date_old": before,
                        "date_new": day,
                        "cause": move_cause(reason, found.reason, is_over),
                    }
                )
        for (day, reason, final), lines in noted.items():
            lines.write(
                {
                    "payout_date_noted": day,
                    "payout_reason_noted": reason,
                    "payout_date_final": final,
                }
            )
        return self.env["marketplace.payout.date.move"].sudo().create(vals_list)

    def _payout_moves_told(self):
        """Return what the vendor is told of the moves of his line, newest first."""
        self.ensure_one()
        # sudo: the vendor's own line, the caller has passed the gate
        moves = self.sudo().payout_date_move_ids
        causes = dict(moves._fields["cause"]._description_selection(self.env))
        return [(move, causes[move.cause]) for move in moves]


class SaleOrder(models.Model):
    _inherit = "sale.order"

    payout_move_count = fields.Integer(
        compute="_compute_payout_move_count", groups=GROUP_VIEWER
    )

    def _compute_payout_move_count(self):
        counts = dict(
            self.env["marketplace.payout.date.move"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.payout_move_count = counts.get(order._origin, 0)

    def action_view_payout_moves(self):
        """Open the moves of the expected payouts of the order."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "marketplace_payout.marketplace_payout_date_move_action"
        )
        return {
            **action,
            "domain": [("sale_order_id", "=", self.id)],
            "context": {},
        }
