import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.csv_file import write_csv
from ..exceptions import MarketplaceError

# Records of one mass action.
MASS_ACTION_MAX = 1000

# Model -> (field that shows what changed, methods a mass action may call).
MASS_ACTIONS = {
    "res.partner": (
        "vendor_state",
        (
            "action_vendor_invite",
            "action_vendor_onboard",
            "action_vendor_submit",
            "action_vendor_approve",
        ),
    ),
    "marketplace.contract": ("state", ("action_activate", "action_end")),
    "marketplace.offer": ("active", ("action_archive", "action_unarchive")),
    "marketplace.kyc.document": ("state", ("action_accept",)),
    "marketplace.shipment": (
        "state",
        ("action_ship", "action_deliver", "action_cancel"),
    ),
    "marketplace.refund": ("state", ("action_apply",)),
}
# Nobody is told of what is only tried.
PREVIEW_CONTEXT = {
    "tracking_disable": True,
    "mail_notify_force_send": False,
    "mail_notrack": True,
}


class MarketplaceMassAction(models.TransientModel):
    """Act on many records, say first what each would become, then what each became."""

    _name = "marketplace.mass.action"
    _description = "Mass Action"

    model_name = fields.Char(
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_model"),
    )
    method = fields.Selection("_selection_method", string="Action", required=True)
    step = fields.Selection(
        [("choice", "Choice"), ("preview", "Preview"), ("done", "Done")],
        required=True,
        readonly=True,
        default="choice",
    )
    line_ids = fields.One2many(
        "marketplace.mass.action.line", "wizard_id", readonly=True
    )
    done_count = fields.Integer(string="Done", compute="_compute_counts")
    unchanged_count = fields.Integer(string="Unchanged", compute="_compute_counts")
    refused_count = fields.Integer(string="Refused", compute="_compute_counts")
    file = fields.Binary(string="Result", readonly=True, attachment=False)
    file_name = fields.Char(default="result.csv")

    @api.model
    def _mass_actions(self):
        """Return {model: (field that shows the change, methods)}; to extend."""
        return MASS_ACTIONS

    @api.model
    def _method_labels(self):
        """Return the label of each method that a mass action may call; to extend."""
        _ = self.env._
        return {
            "action_vendor_invite": _("Mark invited"),
            "action_vendor_onboard": _("Start onboarding"),
            "action_vendor_submit": _("Submit for review"),
            "action_vendor_approve": _("Approve"),
            "action_activate": _("Activate"),
            "action_end": _("End today"),
            "action_archive": _("Archive"),
            "action_unarchive": _("Unarchive"),
            "action_accept": _("Accept"),
            "action_ship": _("Mark shipped"),
            "action_deliver": _("Mark delivered"),
            "action_cancel": _("Cancel"),
            "action_apply": _("Apply"),
        }

    @api.model
    def _selection_method(self):
        model = self.env.context.get("active_model")
        actions = self._mass_actions()
        names = actions[model][1] if model in actions else self._method_labels()
        labels = self._method_labels()
        return [(name, labels[name]) for name in names]

    @api.model_create_multi
    def create(self, vals_list):
        """Take the records selected in the list, which no form can change."""
        lines = self._prepare_lines()
        return super().create([{**vals, "line_ids": lines} for vals in vals_list])

    @api.model
    def _prepare_lines(self):
        ids = self.env.context.get("active_ids") or []
        model = self.env.context.get("active_model")
        if model not in self._mass_actions():
            return []
        if len(ids) > MASS_ACTION_MAX:
            raise MarketplaceError(
                self.env._(
                    "%(count)s records are selected: choose at most %(limit)s.",
                    count=len(ids),
                    limit=MASS_ACTION_MAX,
                )
            )
        return [
            fields.Command.create({"res_id": record.id, "name": record.display_name})
            for record in self.env[model].browse(ids)
        ]

    @api.depends("line_ids.outcome")
    def _compute_counts(self):
        for wizard in self:
            outcomes = wizard.line_ids.mapped("outcome")
            wizard.done_count = outcomes.count("done")
            wizard.unchanged_count = outcomes.count("unchanged")
            wizard.refused_count = outcomes.count("refused")

    # -- acting ---------------------------------------------------------------------

    def action_preview(self):
        """Say what would become of each record: the action itself, undone."""
        self.ensure_one()
        wizard = self.with_context(**PREVIEW_CONTEXT)
        with self.env.cr.savepoint() as savepoint:
            results = wizard._run()
            savepoint.rollback()
        self._store(results, "preview")
        return self._reopen()

    def action_apply(self):
        """Act on each record; what one refuses leaves the others alone."""
        self.ensure_one()
        if self.step == "done":
            return self._reopen()
        self._store(self._run(), "done")
        return self._reopen()

    def _run(self):
        """Call the method on every record.

        All at once first, which is quick; when one refuses, one by one.

        :return: {record id: (outcome, what it says)}.
        """
        field_name, methods = self._mass_actions()[self.model_name]
        if self.method not in methods:
            raise MarketplaceError(
                self.env._("Choose an action that fits the records of the list.")
            )
        records = self.env[self.model_name].browse(self.line_ids.mapped("res_id"))
        records = records.exists()
        before = self._shown(records, field_name)
        refusals = self._call(records)
        if refusals:
            refusals = {}
            for record in records:
                refusals |= self._call(record)
        after = self._shown(records, field_name)
        results = {}
        for record in records:
            old, new = before[record.id], after[record.id]
            if record.id in refusals:
                results[record.id] = ("refused", refusals[record.id])
            elif old == new:
                results[record.id] = ("unchanged", old)
            else:
                results[record.id] = ("done", f"{old} → {new}")
        return results

    def _call(self, records):
        """Call the method; return {record id: refusal} of all of them, or nothing."""
        try:
            with self.env.cr.savepoint():
                getattr(records, self.method)()
        except UserError as error:
            return dict.fromkeys(records.ids, str(error))
        return {}

    def _shown(self, records, field_name):
        """Return {record id: value of the field, in words}."""
        field = records._fields[field_name]
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            return {r.id: labels.get(r[field_name], "") for r in records}
        yes, no = self.env._("Active"), self.env._("Archived")
        return {r.id: yes if r[field_name] else no for r in records}

    def _store(self, results, step):
        """Write the result of each record, and all of them as a CSV file."""
        gone = ("refused", self.env._("It was deleted meanwhile."))
        for line in self.line_ids:
            line.outcome, line.message = results.get(line.res_id, gone)
        self.step = step
        labels = dict(self.line_ids._fields["outcome"]._description_selection(self.env))
        content = write_csv(
            [self.env._("Record"), self.env._("Result"), self.env._("Details")],
            [(line.name, labels[line.outcome], line.message) for line in self.line_ids],
        )
        self.file = base64.b64encode(content)

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mass Action"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"active_model": self.model_name},
        }


class MarketplaceMassActionLine(models.TransientModel):
    _name = "marketplace.mass.action.line"
    _description = "Record of a Mass Action"
    _order = "outcome desc, id"

    wizard_id = fields.Many2one(
        "marketplace.mass.action", required=True, index=True, ondelete="cascade"
    )
    res_id = fields.Integer(required=True, readonly=True)
    name = fields.Char(string="Record", readonly=True)
    outcome = fields.Selection(
        [("done", "Done"), ("unchanged", "Unchanged"), ("refused", "Refused")],
        string="Result",
        readonly=True,
    )
    message = fields.Char(string="Details", readonly=True)
