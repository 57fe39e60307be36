from contextlib import contextmanager
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.queue_job.tests.common import trap_jobs

from ..adapters.errors import TransientError
from ..adapters.vendure import VendureAdapter
from ..engine.contract import Result, ShopInfo, TaxMode
from .common import ConnectorCommon


@tagged("post_install", "-at_install", "marketplace")
class TestDesk(ConnectorCommon):
    """What the people at the screens read after a click, and in which language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.keeper = new_test_user(
            cls.env,
            "desk_keeper",
            groups="marketplace_base.group_order_desk",
            lang="fr_FR",
        )
        cls.storefront.user_id = cls.keeper

    def _notified(self, action):
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"], action["params"]["type"]

    def _bad_order(self, ref):
        return self._payload(ref, [self._line(f"{ref}1", self.tile, tax="TVA 20")])

    @contextmanager
    def _taking(self):
        """Have the shop take every vendor and offer."""

        def take(adapter, items):
            return [Result(item.ref, f"at-{item.ref}") for item in items]

        with (
            patch.object(VendureAdapter, "push_settings", return_value=()),
            patch.object(VendureAdapter, "upsert_vendors", take),
            patch.object(VendureAdapter, "upsert_offers", take),
        ):
            yield

    # -- language -------------------------------------------------------------------

    def test_jobs_write_in_the_language_of_who_looks_after_the_shop(self):
        with trap_jobs() as trap:
            self.storefront.action_pull_orders()
            self.env["marketplace.load"].create(
                {"storefront_id": self.storefront.id}
            ).action_start()
        langs = [job.recordset.env.context.get("lang") for job in trap.enqueued_jobs]
        self.assertEqual(langs, ["fr_FR", "fr_FR"])

    def test_shop_without_anybody_in_charge_speaks_the_company_language(self):
        self.storefront.user_id = False
        self.company.partner_id.lang = "fr_FR"
        shop = self.storefront._with_staff_lang()
        self.assertEqual(shop.env.context["lang"], "fr_FR")

    def test_words_of_the_adapters_are_translated(self):
        error = TransientError("The shop cannot be reached.")
        french = self.storefront.with_context(lang="fr_FR")
        sentence = "La boutique est injoignable."
        module = "odoo.addons.marketplace_connector.models"
        with patch(
            f"{module}.marketplace_storefront_language.SENTENCE_BY_SOURCE",
            {str(error): sentence},
        ):
            french._record_problem(error)
        self.assertEqual(french.error, sentence)
        self.assertEqual(str(error), sentence)

    def test_shop_is_told_in_its_own_language_whoever_runs_the_job(self):
        self.env["res.country"].search([("code", "=", "DE")]).with_context(
            lang="fr_FR"
        ).name = "Allemagne"
        self.storefront.country_ids = self.env.ref("base.de")
        told = []
        with patch.object(
            VendureAdapter, "push_settings", lambda _self, s: told.append(s) or ()
        ):
            self.storefront.with_context(lang="fr_FR")._push_settings()
        self.assertEqual(told[0].countries, (("DE", "Germany"),))

    # -- what a click says ------------------------------------------------------------

    def test_replay_says_how_many_are_still_held(self):
        held = self._import(self._bad_order("1")) | self._import(self._bad_order("2"))
        message, kind = self._notified(held.action_replay())
        self.assertEqual(kind, "warning")
        self.assertIn("Replayed: 0. Still held back: 2.", message)
        self.storefront.tax_ids = [
            Command.create({"code": "TVA 20", "rate": 0.2, "tax_id": self.tax20.id})
        ]
        message, kind = self._notified(held[0].action_replay_alike())
        self.assertEqual(kind, "success")
        self.assertIn("Replayed: 2. Still held back: 0.", message)

    def test_retry_of_a_flow_says_how_many_messages_it_takes_up(self):
        self._import(self._bad_order("1"))
        self.env.flush_all()
        row = self.env["marketplace.exchange"].search(
            [("storefront_id", "=", self.storefront.id), ("flow", "=", "in_order")]
        )
        message, _kind = self._notified(row.action_retry())
        self.assertIn("tried again: 1", message)

    def test_connection_test_says_that_the_shop_answers_beside_its_warnings(self):
        info = ShopInfo("shop-a", "1", self.currency.name, TaxMode.INCLUDED, True)
        self.storefront.webhook_secret = False
        with patch.object(VendureAdapter, "check", return_value=info):
            message, kind = self._notified(self.storefront.action_test_connection())
        self.assertEqual(kind, "warning")
        self.assertTrue(message.startswith("Corner shop answers. There is no webhook"))

    def test_push_with_nothing_to_sell_says_so(self):
        self.env["marketplace.offer"].search([]).active = False
        message, kind = self._notified(self.storefront.action_push_catalogue())
        self.assertEqual(kind, "warning")
        self.assertIn("No offer can be sold yet", message)

    def test_message_shows_the_order_without_its_payload(self):
        """Buyer, SKU, the tax as the shop names it, the total; the words escaped."""
        payload = self._bad_order("1")
        payload["lines"][0]["productVariant"]["name"] = "<b>Tile</b>"
        message = self._import(payload).with_user(self.keeper)
        self.assertEqual(message.state, "quarantine")
        shown = str(message.summary)
        for words in ("TILE", "TVA 20 (20 %)", "&lt;b&gt;Tile", "25"):
            self.assertIn(words, shown)

    def test_message_that_cannot_be_read_shows_nothing(self):
        message = self._import({"id": "1", "code": "1"})
        self.assertFalse(message.summary)

    # -- what is over -----------------------------------------------------------------

    def test_offer_that_the_shop_takes_later_is_refused_no_more(self):
        """A tax was missing; once it is pushed, nobody has to look at the refusal."""
        self.tile.price = 22.0
        refusals = self.Outbox.search([("kind", "=", "offer")])
        refusals._close("failed", "The storefront does not map the tax.")
        mine = refusals.filtered(lambda message: message.res_id == self.tile.id)
        load = self.env["marketplace.load"].create(
            {"storefront_id": self.storefront.id, "kind": "catalogue"}
        )
        with self._taking():
            load.action_start()
            load._job_load()
        self.assertEqual(load.state, "done")
        self.assertEqual(set(mine.mapped("state")), {"done"})
        self.assertFalse(any(mine.mapped("reason")))

    def test_change_that_is_sent_ends_the_refusal_before_it(self):
        self.Outbox.search([])._close("cancelled")
        self.tile.price = 22.0
        first = self.Outbox.search([("state", "=", "pending")])
        first._close("failed", "No price.")
        self.linen.price = 33.0
        other = self.Outbox.search([("state", "=", "pending")])
        other._close("failed", "No price.")
        self.tile.price = 23.0
        with self._taking():
            self.storefront._send_outbox()
        self.assertEqual(first.state, "done")
        self.assertEqual(other.state, "failed", "of another offer")

    # -- webhooks ---------------------------------------------------------------------

    def test_first_secret_replaces_no_old_one(self):
        self.storefront.webhook_secret = False
        self.storefront.action_rotate_secret()
        self.assertFalse(self.storefront.date_secret_old)
        self.storefront.action_rotate_secret()
        self.assertGreater(self.storefront.date_secret_old, fields.Datetime.now())

    def test_storefront_tells_when_it_was_called_last(self):
        self.assertFalse(self.storefront.date_webhook)
        called = self.Inbox.create(
            {
                "storefront_id": self.storefront.id,
                "kind": "event",
                "source": "webhook",
                "external_ref": "1",
                "delivery_id": "d-1",
                "digest": "x",
                "payload": "{}",
            }
        )
        self.storefront.invalidate_recordset()
        self.assertEqual(self.storefront.date_webhook, called.create_date)

    def test_form_says_what_each_platform_wants_as_access(self):
        view = self.env.ref("marketplace_connector.marketplace_storefront_view_form")
        arch = self.env["marketplace.storefront"].get_view(view.id, "form")["arch"]
        for platform, _label in self.storefront._fields["adapter"].selection:
            self.assertIn(f"""invisible="adapter != '{platform}'\"""", arch)

    def test_dashboard_lets_administrators_connect_a_shop(self):
        view = self.env.ref("marketplace_connector.marketplace_storefront_view_kanban")
        kanban = self.env["marketplace.storefront"].get_view(view.id, "kanban")["arch"]
        self.assertNotIn('create="0"', kanban)
        with Form(self.env["marketplace.storefront"]) as form:
            form.name, form.code, form.url = "New", "new", "https://shop.example.com"
        self.assertEqual(form.record.state, "draft")
