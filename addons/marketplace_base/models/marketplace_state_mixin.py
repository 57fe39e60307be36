from odoo import api, models

from ..exceptions import MarketplaceError

# Unforgeable by RPC: a client can send any context value, never this object.
STATE_GATE = object()


class MarketplaceStateMixin(models.AbstractModel):
    """Give a document one gate through which its state changes."""

    _name = "marketplace.state.mixin"
    _description = "Marketplace State Gate"

    # {target: states it may be reached from}
    _state_transitions = {}

    @api.model_create_multi
    def create(self, vals_list):
        given = "default_state" in self.env.context
        if given or any("state" in vals for vals in vals_list):
            self._check_state_gate()
        return super().create(vals_list)

    def write(self, vals):
        if "state" in vals:
            self._check_state_gate()
        return super().write(vals)

    def _check_state_gate(self):
        if self.env.context.get("marketplace_state_gate") is not STATE_GATE:
            raise MarketplaceError(
                self.env._("Use the buttons of the document to change its state.")
            )

    def _state_unlocked(self):
        """Return self able to write states; only the document's own code calls it."""
        return self.with_context(marketplace_state_gate=STATE_GATE)

    @api.private
    def _transition(self, target, values=None):
        """Move records to a state, once; return those that moved.

        Rows are locked and read again first, so that two callers never both act;
        records already there are left alone.

        :param values: written together with the state.
        :raises MarketplaceError: naming the records that cannot move.
        """
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        todo = self.filtered(lambda record: record.state != target)
        sources = self._state_transitions[target]
        wrong = todo.filtered(lambda record: record.state not in sources)
        if wrong:
            states = dict(self._fields["state"]._description_selection(self.env))
            raise MarketplaceError(
                self.env._(
                    "These documents cannot become “%(target)s”: %(documents)s.",
                    target=states[target],
                    documents=", ".join(
                        f"{record.display_name} ({states[record.state]})"
                        for record in wrong
                    ),
                )
            )
        todo._state_unlocked().write({**(values or {}), "state": target})
        return todo
