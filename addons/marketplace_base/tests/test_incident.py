from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..exceptions import MarketplaceError
from .returns_common import ReturnsCommon


@tagged("post_install", "-at_install", "marketplace")
class TestIncident(ReturnsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = new_test_user(
            cls.env, "incident_desk", groups="marketplace_base.group_order_desk"
        )
        cls.group = cls._deliver()
        cls.mugs = cls._line(cls.group, cls.mug)
        cls.trays = cls._line(cls.group, cls.tray)

    def _open(self, line, **vals):
        return self.env["marketplace.incident"].create(
            {"sale_line_id": line.id, "reason_code": "defective", **vals}
        )

    def test_opening_freezes_and_reminds(self):
        incident = self._open(self.mugs, date="2026-03-10").with_user(self.desk)
        self.assertEqual(incident.vendor_id, self.vendor)
        self.assertEqual(f"{incident.amount_frozen:.2f}", "60.00")
        self.assertEqual(str(incident.date_deadline), "2026-03-17")
        self.assertTrue(incident.sudo().activity_ids)
        both = self.mugs | self.trays
        self.assertEqual(both._marketplace_line_in_dispute(), {self.mugs.id})
        incident.action_release()
        self.assertFalse(both._marketplace_line_in_dispute())
        self.assertFalse(incident.sudo().activity_ids)
        self.assertEqual(incident.date_closed, fields.Date.today())
        self.assertBalances(self.vendor, due=90)

    def test_one_open_incident_per_line(self):
        first = self._open(self.mugs)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.cr.savepoint(),
        ):
            self._open(self.mugs)
        first.action_release()
        self._open(self.mugs)

    def test_what_it_is_about_stays(self):
        incident = self._open(self.mugs)
        with self.assertRaisesRegex(MarketplaceError, "is about stays"):
            incident.sale_line_id = self.trays
        with self.assertRaisesRegex(MarketplaceError, "release it"):
            incident.unlink()
        own = self.env["sale.order.line"].create(
            {
                "order_id": self.env["sale.order"]
                .create({"partner_id": self.customer.id})
                .id,
                "product_id": self.env.ref("marketplace_base.product_shipping").id,
            }
        )
        with self.assertRaisesRegex(MarketplaceError, "nothing to freeze"):
            self._open(own)

    def test_its_refund_closes_it(self):
        """Proposed for all units left of the line; applied, the incident is over."""
        incident = self._open(self.mugs).with_user(self.desk)
        refund = self.env["marketplace.refund"].browse(
            incident.action_refund()["res_id"]
        )
        self.assertEqual(refund.line_ids.quantity, 3)
        self.assertEqual(f"{refund.amount:.2f}", "60.00")
        self.assertEqual(refund.reason_code, "defective")
        self.assertEqual(incident.action_refund()["res_id"], refund.id)
        refund._apply()
        self.assertEqual(incident.state, "refunded")
        with self.assertRaisesRegex(MarketplaceError, "is closed"):
            incident._prepare_refund_vals()

    def test_frozen_money_ages(self):
        """By vendor, with what is payable, what is not yet, and for how long."""
        today = fields.Date.today()
        old = self._open(self.mugs, date=fields.Date.subtract(today, days=40))
        new = self._open(self.trays)
        rows = self.env["marketplace.frozen.line"].search(
            [("vendor_id", "=", self.vendor.id)]
        )
        self.assertEqual(rows.incident_id, old | new)
        self.assertEqual(
            [(row.incident_id, row.age, row.amount) for row in rows],
            [(old, "2", 60.0), (new, "0", 30.0)],
        )
        [(total,)] = rows._read_group([("id", "in", rows.ids)], [], ["amount:sum"])
        self.assertEqual(total, 90.0)
        waiting = self._import_order([(self.mug, 1)]).sale_order_ids.order_line
        incident = self._open(waiting)
        row = rows.search([("incident_id", "=", incident.id)])
        self.assertEqual((row.amount, row.amount_pending), (0.0, 20.0))

    def _payload(self, **vals):
        return {
            "company_id": self.company.id,
            "channel": "test",
            "order_ref": self.group.external_ref,
            "ref": "INC-1",
            "line_ref": self.mugs.external_ref,
            "date": "2026-03-10",
            "reason": "defective",
            **vals,
        }

    def test_customers_open_incidents_once(self):
        Incident = self.env["marketplace.incident"]
        first, problems = Incident._open_batch([self._payload(), self._payload()])
        self.assertFalse(problems)
        self.assertEqual((len(first), first.opened_by), (1, "customer"))
        records, problems = Incident._open_batch(
            [
                self._payload(),
                self._payload(ref="INC-2"),
                self._payload(ref="INC-3", order_ref="UNKNOWN"),
                self._payload(ref="INC-4", line_ref="NOPE"),
                self._payload(
                    ref="INC-5", line_ref=self.trays.external_ref, reason="cassé"
                ),
            ]
        )
        self.assertEqual(records.mapped("external_ref"), ["INC-1", "INC-5"])
        self.assertEqual((records[1].reason_code, records[1].note), ("other", "cassé"))
        self.assertIn("another incident is open", problems[1][0])
        self.assertIn("UNKNOWN", problems[2][0])
        self.assertIn("NOPE", problems[3][0])
