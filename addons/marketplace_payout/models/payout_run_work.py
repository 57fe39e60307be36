"""Do a payout run over many vendors in chunks: settle, list, send, reconcile.

Each chunk is one transaction that also writes how far the run has come. A process that
is killed loses its last chunk at most; whoever goes on, starts after the last one kept.
"""

import logging

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const import WORK_BATCH
from .res_users import PREPARER

_logger = logging.getLogger(__name__)

WORKS = [("settle", "Settling vendors"), ("letter", "Reconciling payouts")]


class MarketplacePayoutRun(models.Model):
    _inherit = "marketplace.payout.run"

    date_cutoff = fields.Date(
        string="Settled Up To",
        readonly=True,
        copy=False,
        help="Last day whose movements the run settled before it listed its payouts. "
        "What is recorded later for a later day is not in it.",
    )
    scope_vendor_ids = fields.Many2many(
        "res.partner",
        string="Only These Vendors",
        readonly=True,
        copy=False,
        help="Every vendor when empty.",
    )
    work = fields.Selection(
        WORKS,
        string="Under Way",
        readonly=True,
        copy=False,
        help="What the server does for the run, chunk by chunk; empty when nothing.",
    )
    work_done = fields.Integer(string="Done", readonly=True, copy=False)
    work_total = fields.Integer(string="To Do", readonly=True, copy=False)
    work_last_id = fields.Integer(
        readonly=True,
        copy=False,
        help="Last vendor, or payout, of the chunks that are done: they go by number.",
    )
    work_error = fields.Text(string="Stopped Because", readonly=True, copy=False)
    work_progress = fields.Float(string="Progress", compute="_compute_work_progress")

    _work_idx = models.Index("(id) WHERE work IS NOT NULL")
    _settling_uniq = models.UniqueIndex(
        "(company_id) WHERE work = 'settle' AND state = 'draft'",
        "A payout run of this company is settling vendors already: wait for it, or "
        "cancel it.",
    )

    @api.depends("work_done", "work_total")
    def _compute_work_progress(self):
        for run in self:
            run.work_progress = (
                100 * run.work_done / run.work_total if run.work_total else 0
            )

    # -- start ----------------------------------------------------------------------

    @api.model
    @api.private
    def _start(self, cutoff, date, company, journal=None, vendors=None, **rail):
        """Make a run that settles vendors first; :meth:`_work_chunk` does the work.

        The cut-off must be over in the company's time zone: what happens while the
        run works belongs to a later day, and to the next run.

        :param rail: as for :meth:`_prepare`.
        :return: the run, in draft, nothing settled yet.
        """
        if cutoff >= company._marketplace_today():
            raise MarketplaceError(
                self.env._(
                    "The cut-off %(date)s is not over: choose a day before today.",
                    date=cutoff,
                )
            )
        run = self._create_run(date, company, journal, **rail)
        run.write(
            {
                "date_cutoff": cutoff,
                "scope_vendor_ids": [
                    fields.Command.set(vendors.ids if vendors else [])
                ],
            }
        )
        run._rank_vendors()
        run._begin_work("settle", self.env["res.partner"].search_count(run._scope()))
        return run.with_env(self.env)

    def _rank_vendors(self):
        """Count vendors as customers and suppliers before any chunk begins.

        Odoo gives a partner his first rank with his first invoice: his row would stay
        locked until the end of the chunk, and whoever posts his sales would wait.
        """
        Partner = self.env["res.partner"].with_context(tracking_disable=True)
        for field in ("customer_rank", "supplier_rank"):
            unranked = self._scope() & fields.Domain(field, "=", 0)
            Partner.search(unranked).write({field: 1})

    @api.model
    @api.private
    def _continue_or_start(self, cutoff, date, company):
        """Return the run of a cut-off, a new one when there is none.

        For callers that are to be started again after a crash: an error that stopped
        the run is looked at anew.

        :raises AccessError: for who may not settle vendors or prepare payouts.
        """
        self._check_starting_right()
        run = self.search(
            [
                ("company_id", "=", company.id),
                ("date_cutoff", "=", cutoff),
                ("state", "!=", "cancelled"),
            ],
            limit=1,
        )
        return run or self._start(cutoff, date, company)

    @api.model
    def _check_starting_right(self):
        """Let only an accountant who prepares payouts start a run with settling."""
        self._check_role(PREPARER)
        self.env["marketplace.settlement"]._check_settling_right()

    def _scope(self):
        """Return the domain of the vendors to settle, archived ones included."""
        domain = fields.Domain("is_marketplace_vendor", "=", True)
        domain &= fields.Domain("active", "in", (True, False))
        if self.scope_vendor_ids:
            domain &= fields.Domain("id", "in", self.scope_vendor_ids.ids)
        return domain

    def _begin_work(self, work, total):
        self.write(
            {
                "work": work,
                "work_done": 0,
                "work_total": total,
                "work_last_id": 0,
                "work_error": False,
            }
        )
        # sudo: the job acts by its own right
        self.env.ref("marketplace_payout.ir_cron_work").sudo()._trigger()

    # -- chunks ---------------------------------------------------------------------

    @api.private
    def _work_chunk(self):
        """Do the next chunk of the run's work; the caller commits it.

        :return: how many records were looked at; None when there is nothing left.
        :raises LockError: when another process works on the run.
        """
        run = self.sudo()  # callers check who may start and go on
        run.ensure_one()
        run.lock_for_update(allow_referencing=True)
        # Also what earlier chunks read: of no use here, it makes each one slower.
        self.env.invalidate_all()
        if not run.work:
            return None
        todo = run._settle_chunk() if run.work == "settle" else run._letter_chunk()
        if todo:
            run.write(
                {
                    "work_done": run.work_done + len(todo),
                    "work_last_id": todo[-1:].id,
                    "work_error": False,
                }
            )
        else:
            run.write({"work": False, "work_error": False})
        return len(todo)

    @api.model
    def _work_batch(self):
        """Return how many vendors or payouts one transaction takes."""
        return self.env.context.get("marketplace_work_batch") or WORK_BATCH

    def _settle_chunk(self):
        """Settle the next vendors; list the payouts once there are none left."""
        domain = self._scope() & fields.Domain("id", ">", self.work_last_id)
        vendors = self.env["res.partner"].search(
            domain, order="id", limit=self._work_batch()
        )
        if vendors:
            self.env["marketplace.settlement"]._run(
                self.date_cutoff, self.company_id, vendors
            )
        else:
            self._list_payouts(self.scope_vendor_ids or None)
        return vendors

    def _letter_chunk(self):
        """Reconcile the next payouts with what they pay."""
        payouts = self.env["marketplace.payout"].search(
            [
                ("run_id", "=", self.id),
                ("state", "!=", "excluded"),
                ("id", ">", self.work_last_id),
            ],
            order="id",
            limit=self._work_batch(),
        )
        payouts._letter()
        return payouts

    def _letter(self, payouts):
        """Reconcile few payouts at once; leave many to the job."""
        if len(payouts) <= self._work_batch():
            payouts._letter()
        else:
            self._begin_work("letter", len(payouts))

    @api.model
    def _cron_work(self):
        """Go on with the runs that have work, and commit each chunk."""
        cron = self.env["ir.cron"]
        for run in self.search([("work", "!=", False), ("work_error", "=", False)]):
            while run._try_chunk():
                if not cron._commit_progress(1, remaining=1 if run.work else 0):
                    return

    def _try_chunk(self):
        """Do a chunk; write on the run what stops it, and tell who started it.

        :return: whether to go on.
        """
        try:
            with self.env.cr.savepoint():
                return self._work_chunk() is not None
        except LockError:
            return False  # another process does it
        except UserError as error:
            _logger.warning("%s stopped: %s", self.name, error)
            self.work_error = str(error)
            self.message_post(
                body=str(error), partner_ids=self.create_uid.partner_id.ids
            )
            return False

    # -- gate -----------------------------------------------------------------------

    def _transition(self, target, values=None):
        """Stop the work of a cancelled run: what it settled waits for the next."""
        if target == "cancelled":
            values = {**(values or {}), "work": False, "work_error": False}
        return super()._transition(target, values)

    def action_check(self):
        for run in self.filtered(lambda run: run.work == "settle"):
            raise MarketplaceError(
                self.env._(
                    "%(run)s is settling vendors still: %(done)s of %(total)s. Check "
                    "it once its payouts are listed.",
                    run=run.name,
                    done=run.work_done,
                    total=run.work_total,
                )
            )
        return super().action_check()

    # -- actions --------------------------------------------------------------------

    def action_resume(self):
        """Go on with a run that an error stopped, once its cause is gone."""
        run = self._check_role(PREPARER)
        run.work_error = False
        self.env.ref("marketplace_payout.ir_cron_work").sudo()._trigger()
        return True


class MarketplacePayout(models.Model):
    _inherit = "marketplace.payout"

    def _letter(self):
        """Reconcile payouts with what they pay; what is reconciled is left alone."""
        plan = self.settlement_id._items_to_reconcile()
        self.env["account.move.line"]._marketplace_reconcile(plan)
