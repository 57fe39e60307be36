import ast
from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# Records of one queue given to its owner by one run of the nightly job.
ASSIGN_BATCH = 500


class MarketplaceWorkQueue(models.Model):
    """What waits for somebody: records of one model that a domain selects.

    Addons add queues as data. With an owner, the nightly job gives each record an
    activity, and closes it when the record has left the queue.
    """

    _name = "marketplace.work.queue"
    _description = "Work Queue"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Char(
        string="What to Do", translate=True, help="Said to whoever opens the queue."
    )
    model_name = fields.Char(string="Model", required=True, readonly=True)
    domain = fields.Char(string="Selection", required=True, readonly=True)
    date_field = fields.Char(
        required=True,
        readonly=True,
        default="create_date",
        help="Field of the records that says since when they wait.",
    )
    days_max = fields.Integer(
        string="Days to Handle",
        default=2,
        help="A record that waits longer is late.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        domain=[("share", "=", False)],
        help="Gets an activity for each record of the queue.",
    )
    item_count = fields.Integer(string="Waiting", compute="_compute_items")
    late_count = fields.Integer(string="Late", compute="_compute_items")
    date_oldest = fields.Date(string="Oldest", compute="_compute_items")
    is_reachable = fields.Boolean(
        compute="_compute_items",
        help="Whether you may read the records of the queue.",
    )

    _days_positive = models.Constraint(
        "CHECK (days_max >= 0)", "The days to handle a record are zero or more."
    )

    @api.constrains("model_name", "domain", "date_field")
    def _check_selection(self):
        """Refuse a queue that could not be counted.

        :raises ValidationError: naming the queue and what is wrong.
        """
        for queue in self:
            model = self.env.get(queue.model_name)
            if model is None or queue.date_field not in model._fields:
                raise ValidationError(
                    self.env._(
                        "Work queue %(queue)s: %(model)s has no field %(field)s.",
                        queue=queue.name,
                        field=queue.date_field,
                        model=queue.model_name,
                    )
                )
            try:
                queue._item_domain().validate(model)
            except (SyntaxError, ValueError) as error:
                raise ValidationError(
                    self.env._(
                        "Work queue %(queue)s: its selection cannot be read "
                        "(%(error)s).",
                        queue=queue.name,
                        error=error,
                    )
                ) from error

    def _item_domain(self):
        """Return the domain of the records of one queue."""
        self.ensure_one()
        return Domain(ast.literal_eval(self.domain))

    @api.depends("model_name", "domain", "date_field", "days_max")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_items(self):
        now = fields.Datetime.now()
        for queue in self:
            model = self.env.get(queue.model_name)
            queue.is_reachable = model is not None and model.has_access("read")
            if not queue.is_reachable:
                queue.item_count = queue.late_count = 0
                queue.date_oldest = False
                continue
            domain = queue._item_domain()
            [(queue.item_count, oldest)] = model._read_group(
                domain, [], ["__count", f"{queue.date_field}:min"]
            )
            queue.date_oldest = oldest
            limit = fields.Datetime.subtract(now, days=queue.days_max)
            queue.late_count = bool(queue.item_count) and model.search_count(
                domain & Domain(queue.date_field, "<", limit)
            )

    def action_open(self):
        """Open the records that wait, the oldest first."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self.model_name,
            "view_mode": "list,form,activity"
            if self._has_activities()
            else "list,form",
            "domain": list(self._item_domain()),
            "context": {"create": False},
            "help": f"<p class='o_view_nocontent_smiling_face'>"
            f"{self.env._('Nothing waits here')}</p>",
        }

    def _has_activities(self):
        return "activity_ids" in self.env[self.model_name]._fields

    # -- owners ---------------------------------------------------------------------

    @api.model
    def _cron_assign(self):
        """Give new records of owned queues an activity, and close those dealt with."""
        queues = self.search([("user_id", "!=", False)])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(queues))
        for queue in queues:
            if queue._has_activities():
                queue._assign()
            if not cron._commit_progress(1):
                return

    def _assign(self):
        """Bring the activities of one queue up to what waits in it."""
        self.ensure_one()
        items = self.env[self.model_name].search(self._item_domain())
        activities = self.env["mail.activity"].search(
            [("marketplace_queue_id", "=", self.id)]
        )
        done = activities.filtered(lambda a: a.res_id not in items._ids)
        if done:
            done.action_feedback(feedback=self.env._("Dealt with."))
        known = set((activities - done).mapped("res_id"))
        fresh = items.filtered(lambda item: item.id not in known)[:ASSIGN_BATCH]
        # The owner opens his queue: no message for each of its records.
        fresh = fresh.with_context(mail_activity_quick_update=True)
        for day, records in fresh.grouped(self._deadline).items():
            records.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=day,
                summary=self.name,
                note=self.description or "",
                user_id=self.user_id.id,
                marketplace_queue_id=self.id,
            )

    def _deadline(self, record):
        """Return the day until which a record should be dealt with."""
        since = record[self.date_field] or fields.Datetime.now()
        if not isinstance(since, datetime):
            since = datetime.combine(since, time())
        return fields.Date.add(since.date(), days=self.days_max)


class MailActivity(models.Model):
    _inherit = "mail.activity"

    marketplace_queue_id = fields.Many2one(
        "marketplace.work.queue",
        string="Work Queue",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )

    _marketplace_queue_uniq = models.UniqueIndex(
        "(marketplace_queue_id, res_id) "
        "WHERE marketplace_queue_id IS NOT NULL AND active",
        "This record of the work queue has its activity.",
    )
