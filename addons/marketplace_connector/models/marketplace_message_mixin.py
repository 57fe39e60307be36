from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..adapters.errors import AuthError, ThrottledError
from ..const import ATTEMPTS_MAX, ERROR_CHARS_MAX, RETRY_SECONDS, RETRY_SECONDS_MAX


class MarketplaceMessageMixin(models.AbstractModel):
    """What inbox and outbox share: waiting, being taken, failing, trying again."""

    _name = "marketplace.message.mixin"
    _description = "Storefront Message"
    _inherit = ["marketplace.state.mixin"]

    # States of a message that waits for its turn, and of one that gave up.
    _waiting_states = ()
    _tired_state = None

    storefront_id = fields.Many2one(
        "marketplace.storefront",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        related="storefront_id.company_id", store=True, precompute=True
    )
    reason = fields.Text(readonly=True, help="What is wrong, and what to do about it.")
    attempts = fields.Integer(readonly=True)
    date_retry = fields.Datetime(string="Next Attempt", readonly=True)
    date_done = fields.Datetime(string="Processed on", readonly=True)

    @api.model
    @api.private
    def _take_waiting(self, storefront, limit, which=Domain.TRUE):
        """Lock and return a batch of messages whose turn it is, oldest first."""
        domain = (
            Domain("storefront_id", "=", storefront.id)
            & Domain("state", "in", self._waiting_states)
            & (
                Domain("date_retry", "=", False)
                | Domain("date_retry", "<=", fields.Datetime.now())
            )
            & which
        )
        waiting = self.search(domain, order="id", limit=limit)
        # Another job may be at the same messages: take those that are free, and look
        # again whether they still wait.
        taken = waiting.try_lock_for_update(allow_referencing=True)
        return taken.filtered_domain(domain)

    def _close(self, state, reason=False):
        """End messages in a state, with the reason in words."""
        if self:
            self._transition(
                state,
                {
                    "reason": reason and reason[:ERROR_CHARS_MAX],
                    "date_done": fields.Datetime.now(),
                    "date_retry": False,
                },
            )

    def _postpone(self, error):
        """Try again later, later each time; after too many times a person decides."""
        tired = self.browse()
        for message in self:
            # A refused access is the administrator's to mend, not the message's fault.
            attempts = message.attempts + (not isinstance(error, AuthError))
            if attempts >= ATTEMPTS_MAX:
                tired |= message
                continue
            seconds = min(RETRY_SECONDS * 2**attempts, RETRY_SECONDS_MAX)
            if isinstance(error, ThrottledError):
                seconds = max(seconds, error.wait_seconds)
            message.write(
                {
                    "attempts": attempts,
                    "reason": str(error)[:ERROR_CHARS_MAX],
                    "date_retry": fields.Datetime.now() + timedelta(seconds=seconds),
                }
            )
        tired._close(self._tired_state, str(error))
        (self - tired)._transition("retry")
