from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from .common import PayoutRunCommon


@tagged("post_install", "-at_install", "marketplace")
class TestRoles(PayoutRunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = new_test_user(
            cls.env, "auditor", groups="marketplace_base.group_auditor"
        )

    # -- auditor --------------------------------------------------------------------

    def _documents(self):
        """Return the models of the suite that keep records."""
        return [
            self.env[name].with_user(self.auditor)
            for name in sorted(self.env.registry)
            if name.startswith("marketplace.")
            and not self.env[name]._abstract
            and not self.env[name]._transient
        ]

    def test_the_auditor_reads_everything(self):
        models = self._documents()
        self.assertGreater(len(models), 30)
        self.assertEqual(
            [model._name for model in models if not model.has_access("read")], []
        )
        for model in models:
            model.search([], limit=1).read()

    def test_the_auditor_writes_nothing(self):
        allowed = [
            (model._name, right)
            for model in self._documents()
            for right in ("write", "create", "unlink")
            if model.has_access(right)
        ]
        self.assertEqual(allowed, [])
        for name in ("res.partner.bank", "account.move", "sale.order", "res.company"):
            for right in ("write", "create", "unlink"):
                self.assertFalse(
                    self.env[name].with_user(self.auditor).has_access(right),
                    (name, right),
                )

    # -- duties ---------------------------------------------------------------------

    def _conflicts(self, user):
        found = self.env["marketplace.duty.conflict"]._find()
        return found.filtered(lambda conflict: conflict.user_id == user)

    def test_toxic_combinations_are_listed(self):
        toxic = new_test_user(
            self.env,
            "toxic",
            groups="marketplace_payout.group_payout_approver,"
            "marketplace_commission.group_commission_manager,"
            "base.group_partner_manager",
        )
        found = self._conflicts(toxic)
        self.assertEqual(found.mapped("severity"), ["high"], "once, by the gravest")
        for words in ("commission rule", "bank account", "approve"):
            self.assertIn(words, found.duties)
        self.assertIn("Payout Approver", found.roles)

    def test_clean_roles_are_not(self):
        for user in (self.preparer, self.approver, self.viewer, self.auditor):
            self.assertFalse(self._conflicts(user), user.login)

    def test_an_archived_user_is_no_risk(self):
        toxic = new_test_user(
            self.env,
            "toxic",
            groups="marketplace_payout.group_payout_approver,base.group_partner_manager",
        )
        self.assertTrue(self._conflicts(toxic))
        toxic.active = False
        self.assertFalse(self._conflicts(toxic))

    def test_who_sees_the_report(self):
        Report = self.env["marketplace.duty.conflict"]
        self.assertTrue(Report.with_user(self.auditor).action_report()["domain"])
        with self.assertRaises(MarketplaceError):
            Report.with_user(self.viewer).action_report()

    # -- reveal ---------------------------------------------------------------------

    def test_a_payout_shows_its_account_to_who_says_why(self):
        run = self._prepare_run("2026-03-12", self.a)
        payout = run.payout_ids.with_user(self.approver)
        self.assertEqual(payout.iban_masked, "FR•• •••• 0189")
        wizard = (
            self.env["marketplace.reveal"]
            .with_user(self.approver)
            .with_context(**payout.action_reveal()["context"])
            .create({"reason": "Compare with the bank"})
        )
        wizard.action_reveal()
        self.assertEqual(wizard.number, "FR7630006000011234567890189")
        log = self.env["marketplace.reveal.log"].search(
            [("user_id", "=", self.approver.id)]
        )
        self.assertEqual((log.res_model, log.res_id), (payout._name, payout.id))
        with self.assertRaises(AccessError):
            run.payout_ids.with_user(self.viewer)._revealed_number()
