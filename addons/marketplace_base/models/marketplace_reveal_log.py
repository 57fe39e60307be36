"""Show account numbers in part; note who asked for the whole, and why."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from .masked_number import mask_number
from .res_partner import GROUPS_BANK


class MarketplaceRevealLog(models.Model):
    """Keep who was shown which account number, when and why; written once."""

    _name = "marketplace.reveal.log"
    _description = "Bank Data Shown"
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    date = fields.Datetime(required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", string="Shown to", required=True)
    partner_id = fields.Many2one(
        "res.partner", string="Holder", required=True, index=True, ondelete="restrict"
    )
    number_masked = fields.Char(string="Account", required=True)
    res_model = fields.Char(string="Seen On", required=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model")
    reason = fields.Text(required=True)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_written_by_reveal()
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise AccessError(self.env._("What was shown stays written."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("What was shown stays written."))

    def _check_written_by_reveal(self):
        if not self.env.su:
            raise AccessError(self.env._("Only showing an account writes this log."))


class MarketplaceReveal(models.TransientModel):
    """Ask why, write it down, show the number."""

    _name = "marketplace.reveal"
    _description = "Show an Account Number"

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(required=True, readonly=True)
    reason = fields.Text(required=True)
    log_id = fields.Many2one("marketplace.reveal.log", readonly=True)
    number = fields.Char(string="Account Number", compute="_compute_number")

    @api.depends("log_id")
    def _compute_number(self):
        for wizard in self:
            # sudo: the wizard is its user's own, who may not read every log
            log = wizard.log_id.sudo()
            shown = log.user_id == self.env.user and (log.res_model, log.res_id) == (
                wizard.res_model,
                wizard.res_id,
            )
            wizard.number = shown and wizard._record()._revealed_number()[1]

    def _record(self):
        """Return the record that holds the account, which the user may read.

        :raises AccessError: when he may not, or the record holds no account.
        """
        model = self.env.get(self.res_model)
        if model is None or not hasattr(model, "_revealed_number"):
            raise AccessError(self.env._("This record holds no account number."))
        record = model.browse(self.res_id)
        record.check_access("read")
        return record

    def action_reveal(self):
        """Write down who asks for what and why, then show it."""
        self.ensure_one()
        holder, number = self._record()._revealed_number()
        # sudo: nobody may write the log but this
        self.log_id = (
            self.env["marketplace.reveal.log"]
            .sudo()
            .create(
                {
                    "date": fields.Datetime.now(),
                    "user_id": self.env.uid,
                    "partner_id": holder.id,
                    "number_masked": mask_number(number),
                    "res_model": self.res_model,
                    "res_id": self.res_id,
                    "reason": self.reason,
                }
            )
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Account Number"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    number_masked = fields.Char(
        string="Account", compute="_compute_number_masked", groups=GROUPS_BANK
    )

    @api.depends("sanitized_acc_number")
    def _compute_number_masked(self):
        for account in self:
            account.number_masked = mask_number(account.sanitized_acc_number or "")

    def action_reveal(self):
        """Ask why the whole number is wanted."""
        self.ensure_one()
        return reveal_action(self)

    def _revealed_number(self):
        """Return the holder and the number; only bank roles get it.

        :raises AccessError: for anybody else.
        """
        self.ensure_one()
        self._check_field_access(self._fields["number_masked"], "read")
        return self.partner_id, self.sanitized_acc_number or ""


def reveal_action(record):
    """Return the action that asks why a record's account number is wanted."""
    return {
        "type": "ir.actions.act_window",
        "name": record.env._("Show the Account Number"),
        "res_model": "marketplace.reveal",
        "view_mode": "form",
        "target": "new",
        "context": {
            "default_res_model": record._name,
            "default_res_id": record.id,
        },
    }
