from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .common import PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-03-12 10:00:00")
class TestPostingCatalogue(PayoutRunCommon):
    def _rows(self):
        return self.env["marketplace.posting.catalogue"]._build(self.company)

    def test_every_event_is_shown_with_its_accounts(self):
        """A new event needs its row in ``_posting_pairs``."""
        labels = dict(self.Ledger._fields["event"]._description_selection(self.env))
        rows = self._rows()
        self.assertEqual(set(rows.mapped("event")), set(labels.values()))
        pairs = self.Ledger._posting_pairs()
        self.assertEqual([code for code in labels if not pairs.get(code)], [])
        self.assertEqual(set(pairs) - set(labels), set())
        for row in rows:
            self.assertTrue(
                row.account_debit_id and row.account_credit_id and row.journal_id,
                row.event,
            )

    def test_it_follows_the_set_up(self):
        """Another account changes the page and the entry alike."""
        role = self.company.marketplace_role_ids.filtered(
            lambda role: role.code == "OPERATOR_COST"
        )
        other = role.account_id.copy({"code": "658099", "name": "Losses"})
        role.account_id = other
        goodwill = self._rows().filtered(lambda row: row.role_debit == "OPERATOR_COST")
        self.assertEqual(goodwill.account_debit_id, other)
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "marketplace_payout.marketplace_posting_catalogue_report", self.company.ids
        )
        self.assertIn("658099", html.decode())

    def test_what_the_ledger_does_is_in_it(self):
        group = self._sell([(self.offers[0], 1)], "2026-03-10", "2026-03-11")
        self._refund(group, [(group.sale_order_ids.order_line, 1, 30.0)])
        self._pay("2026-03-12", self.vendors)
        health = self.env["marketplace.health"]
        self.assertEqual(health._check_catalogue(self.company), [])
        self.env.flush_all()
        self.cr.execute(
            "UPDATE marketplace_ledger_line SET role_credit = 'BAD_DEBT'"
            " WHERE event = 'payout'"
        )
        self.assertIn("payout", health._report(self.company))

    def test_who_reads_it(self):
        Catalogue = self.env["marketplace.posting.catalogue"]
        action = Catalogue.with_user(self.accountant).action_catalogue()
        ids = action["domain"][0][2]
        self.assertTrue(
            Catalogue.with_user(self.accountant).browse(ids).read(["event"])
        )
        with self.assertRaises(AccessError):
            Catalogue.with_user(self.viewer).action_catalogue()
