import json

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import LockError

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..adapters.errors import ShopError
from ..const import (
    INBOX_KINDS,
    INBOX_SOURCES,
    INBOX_STATES,
    INBOX_TRANSITIONS,
    PROCESS_BATCH,
)
from ..engine.idempotency import fingerprint


class MarketplaceInbox(models.Model):
    """One thing a shop told us, kept as it came, and what became of it.

    A message is stored before anything is read from it. The same webhook, and the same
    document of the shop, is stored once.
    """

    _name = "marketplace.inbox"
    _description = "Storefront Inbox"
    _inherit = ["marketplace.message.mixin"]
    _order = "id desc"
    _rec_names_search = ["number", "external_ref", "delivery_id"]
    _state_transitions = INBOX_TRANSITIONS
    _waiting_states = ("new", "retry")
    _tired_state = "quarantine"

    kind = fields.Selection(INBOX_KINDS, required=True, readonly=True)
    source = fields.Selection(INBOX_SOURCES, required=True, readonly=True)
    topic = fields.Char(readonly=True)
    external_ref = fields.Char(
        string="Storefront Reference", readonly=True, index="btree_not_null"
    )
    number = fields.Char(string="Storefront Number", readonly=True)
    delivery_id = fields.Char(string="Delivery ID", readonly=True)
    digest = fields.Char(string="Fingerprint", required=True, readonly=True)
    payload = fields.Text(required=True, readonly=True)
    payload_pretty = fields.Text(string="As It Came", compute="_compute_payload_pretty")
    state = fields.Selection(
        INBOX_STATES, required=True, readonly=True, default="new", copy=False
    )
    order_id = fields.Many2one(
        "marketplace.order",
        string="Order Group",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _delivery_uniq = models.UniqueIndex(
        "(storefront_id, delivery_id) WHERE delivery_id IS NOT NULL",
        "This delivery of the shop is already stored.",
    )
    _document_uniq = models.UniqueIndex(
        "(storefront_id, kind, external_ref, digest) WHERE delivery_id IS NULL",
        "This document of the shop is already stored.",
    )
    _todo_idx = models.Index("(storefront_id, id) WHERE state IN ('new', 'retry')")
    _attention_idx = models.Index("(storefront_id, state) WHERE state = 'quarantine'")

    @api.depends("number", "external_ref")
    def _compute_display_name(self):
        for message in self:
            label = message.number or message.external_ref or ""
            message.display_name = f"IN/{message.id or 0:06d} {label}".strip()

    def _compute_payload_pretty(self):
        for message in self:
            message.payload_pretty = json.dumps(
                json.loads(message.payload), indent=2, ensure_ascii=False
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise MarketplaceError(
            self.env._(
                "What a shop told us is kept. Ignore a message that is of no use."
            )
        )

    # -- storing --------------------------------------------------------------------

    @api.model
    @api.private
    def _store_event(self, storefront, event, raw_body):
        """Store a verified webhook and return it; the unique index refuses a repeat."""
        return self.create(
            {
                "storefront_id": storefront.id,
                "kind": "event",
                "source": "webhook",
                "topic": event.topic,
                "external_ref": event.ref,
                "delivery_id": event.delivery_id,
                "digest": fingerprint(raw_body.decode()),
                "payload": raw_body.decode(),
            }
        )

    @api.model
    @api.private
    def _store_documents(self, storefront, documents, source):
        """Store the documents that are not stored yet, and return those.

        :raises LockError: when another transaction stored one of them meanwhile.
        """
        if not documents:
            return self.browse()
        unique = {(item.kind, item.ref, item.digest): item for item in documents}
        digests = self._digests_to_store(storefront, unique)
        vals_list = [
            {
                "storefront_id": storefront.id,
                "kind": item.kind,
                "source": source,
                "external_ref": item.ref,
                "number": item.number,
                "digest": digests[key],
                "payload": json.dumps(item.payload, ensure_ascii=False),
            }
            for key, item in unique.items()
            if key in digests
        ]
        try:
            with self.env.cr.savepoint():
                return self.create(vals_list)
        except UniqueViolation as error:
            # Another transaction stored one of them since ours began; it is not
            # visible to us, so the job has to begin anew.
            raise LockError(
                self.env._(
                    "Somebody else is storing the same orders of %(storefront)s.",
                    storefront=storefront.name,
                )
            ) from error

    @api.model
    def _digests_to_store(self, storefront, keys):
        """Return {(kind, reference, digest): digest to store} of what is new.

        An order that is again as it was once, after it had been otherwise, is new: its
        digest names the message that it follows.
        """
        told = {
            (message.kind, message.external_ref, message.digest)
            for message in self.search_fetch(
                [
                    ("storefront_id", "=", storefront.id),
                    ("digest", "in", [digest for _kind, _ref, digest in keys]),
                    ("delivery_id", "=", False),
                ],
                ["kind", "external_ref", "digest"],
            )
        }
        if not told:
            return {key: key[2] for key in keys}
        newest = self.browse(
            last
            for _kind, _ref, last in self._read_group(
                [
                    ("storefront_id", "=", storefront.id),
                    ("external_ref", "in", list({ref for _kind, ref, _hash in told})),
                    ("delivery_id", "=", False),
                ],
                ["kind", "external_ref"],
                ["id:max"],
            )
        )
        newest.fetch(["kind", "external_ref", "digest"])
        last = {(message.kind, message.external_ref): message for message in newest}
        digests = {}
        for key in keys:
            kind, ref, digest = key
            if key not in told:
                digests[key] = digest
            elif last[kind, ref].digest.partition(":")[0] != digest:
                digests[key] = f"{digest}:{last[kind, ref].id}"
        return digests

    # -- processing -----------------------------------------------------------------

    @api.model
    @api.private
    def _process_waiting(self, storefront, limit=PROCESS_BATCH):
        """Handle a batch of waiting messages; return how many were handled."""
        taken = self._take_waiting(storefront, limit)
        taken._process()
        return len(taken)

    @api.private
    def _process(self):
        """Handle locked messages of one storefront."""
        events = self.filtered(lambda message: message.kind == "event")
        documents = self.filtered(lambda message: message.kind == "order")
        if events:
            documents |= events._together_or_apart(MarketplaceInbox._fetch)
        documents.sorted("id")._import_orders()

    def _fetch(self):
        """Read what webhooks were about; several about one order read it once."""
        storefront = self.storefront_id
        refs = sorted(set(self.mapped("external_ref")))
        try:
            found = storefront._get_adapter().fetch_orders(refs)
        except ShopError as error:
            storefront._record_problem(error)
            self._postpone(error)
            return self.browse()
        stored = self._store_documents(storefront, found, "webhook")
        missing = set(refs) - {document.ref for document in found}
        if missing:
            self._quarantine_deleted(storefront, missing)
        self.filtered(lambda message: message.state != "quarantine")._close("done")
        return stored

    # -- actions --------------------------------------------------------------------

    def action_replay(self):
        """Process messages again, from what is stored; safe at any time."""
        self._transition("new", {"attempts": 0, "date_retry": False, "reason": False})
        # sudo: an import is the system's act; the right to replay was checked above.
        for messages in self.sudo().grouped("storefront_id").values():
            messages._process()
        held = self.filtered(lambda message: message.state in ("quarantine", "retry"))
        return self.env["marketplace.storefront"]._notify(
            self.env._(
                "Replayed: %(done)s. Still held back: %(held)s.",
                done=len(self - held),
                held=len(held),
            ),
            "warning" if held else "success",
        )

    def action_ignore(self):
        """Put messages aside for good; a replay takes them up again."""
        reason = self.env._("Ignored by %(user)s.", user=self.env.user.name)
        self._close("ignored", reason)
        return True
