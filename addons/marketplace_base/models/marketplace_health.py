"""Say what is wrong with the books: on demand, and every night."""

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import HEALTH_DAYS, HEALTH_LINES, HEALTH_WAITING_DAYS


class MarketplaceHealth(models.AbstractModel):
    """Check the books of a company; from a shell::

    print(env["marketplace.health"]._report())
    """

    _name = "marketplace.health"
    _description = "Marketplace Health"

    @api.model
    @api.private
    def _check(self, company):
        """Return, in words, everything that is wrong with a company; to extend."""
        scoped = self.sudo().with_company(company)
        return [
            *company.sudo()._marketplace_setup_problems(),
            *scoped._check_tie_out(company),
            *scoped._check_waiting(company),
            *scoped._check_orders(company),
        ]

    @api.model
    @api.private
    def _report(self, companies=None):
        """Return the problems of companies as a text, one line each."""
        companies = companies or self.env["res.company"]._marketplace_companies()
        rows = []
        for company in companies:
            problems = self._check(company) or [self.env._("no problem found")]
            rows += [f"{company.name}: {problem}" for problem in problems]
        return "\n".join(rows)

    # -- checks ---------------------------------------------------------------------

    def _check_tie_out(self, company):
        """Name every account that does not agree, and the journal items behind it."""
        TieOut = self.env["marketplace.tie.out"]
        roles = dict(TieOut._fields["role"]._description_selection(self.env))
        problems = []
        for row in TieOut._differences(company):
            money = row.currency_id.format
            items = row._offending_items()
            names = [
                f"{item.move_name} ({money(item.amount_currency)})"
                for item in items[:HEALTH_LINES]
            ]
            problems.append(
                self.env._(
                    "%(role)s, %(partner)s: the ledger says %(ledger)s, the books "
                    "%(books)s, %(difference)s apart. Journal items to look at: "
                    "%(items)s.",
                    role=roles[row.role],
                    partner=row.partner_id.display_name or self.env._("no partner"),
                    ledger=money(row.amount_ledger),
                    books=money(row.amount_books),
                    difference=money(row.amount_difference),
                    items=", ".join(names) or self.env._("none"),
                )
            )
        return problems

    def _check_waiting(self, company):
        """Name ledger lines that the posting job should have posted long ago."""
        Ledger = self.env["marketplace.ledger.line"]
        limit = fields.Date.subtract(
            company._marketplace_today(), days=HEALTH_WAITING_DAYS
        )
        waiting = Ledger.search_count(
            [
                ("company_id", "=", company.id),
                ("is_posted", "=", False),
                ("create_date", "<", limit),
            ]
        )
        if not waiting:
            return []
        return [
            self.env._(
                "%(count)s ledger lines wait for posting since before %(date)s.",
                count=waiting,
                date=limit,
            )
        ]

    def _check_orders(self, company):
        """Name paid orders whose ledger is not what their lines are worth."""
        since = fields.Date.subtract(company._marketplace_today(), days=HEALTH_DAYS)
        return [
            self.env._(
                "%(order)s is paid, and the ledger does not hold what its lines are "
                "worth.",
                order=group.display_name,
            )
            for group in self._uncredited_orders(company, since)
        ]

    @api.model
    @api.private
    def _uncredited_orders(self, company, since):
        """Return paid order groups whose ledger is not what their lines are worth.

        :param since: look at orders of that day and later.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH cancelled AS (
                    SELECT refund.order_id AS id, SUM(refund.amount) AS charged,
                           SUM((SELECT SUM(item.amount_vendor)
                                  FROM marketplace_refund_line item
                                 WHERE item.refund_id = refund.id)) AS credit
                      FROM marketplace_refund refund
                     WHERE refund.before_capture AND refund.state = 'done'
                       AND refund.company_id = %(company)s
                  GROUP BY 1
                ), surplus AS (
                    SELECT refund.order_id AS id, SUM(refund.amount_rounding) AS amount
                      FROM marketplace_refund refund
                     WHERE refund.is_surplus AND refund.company_id = %(company)s
                  GROUP BY 1
                ), added AS (
                    SELECT sale.marketplace_order_id AS id,
                           SUM(line.amount_vendor) AS amount
                      FROM sale_order sale
                      JOIN sale_order_line line ON line.order_id = sale.id
                     WHERE sale.amendment_id IS NOT NULL
                       AND sale.company_id = %(company)s
                  GROUP BY 1
                ), paid AS (
                    SELECT grp.id
                      FROM marketplace_order grp
                      JOIN marketplace_payment payment ON payment.order_id = grp.id
                                                      AND payment.state = 'captured'
                 LEFT JOIN cancelled ON cancelled.id = grp.id
                 LEFT JOIN added ON added.id = grp.id
                 LEFT JOIN surplus ON surplus.id = grp.id
                     WHERE grp.company_id = %(company)s AND grp.date_order >= %(since)s
                  GROUP BY grp.id, cancelled.charged, added.amount, surplus.amount
                    HAVING SUM(payment.amount) - COALESCE(surplus.amount, 0)
                           >= grp.amount_charged
                           + COALESCE(added.amount, 0) - COALESCE(cancelled.charged, 0)
                ), sold AS (
                    SELECT sale.marketplace_order_id AS id,
                           SUM(line.amount_vendor)
                           - COALESCE(MAX(cancelled.credit), 0) AS amount
                      FROM sale_order sale
                      JOIN sale_order_line line ON line.order_id = sale.id
                 LEFT JOIN cancelled ON cancelled.id = sale.marketplace_order_id
                     WHERE sale.marketplace_order_id IN (SELECT id FROM paid)
                  GROUP BY 1
                ), credited AS (
                    SELECT marketplace_order_id AS id, SUM(amount) AS amount
                      FROM marketplace_ledger_line
                     WHERE marketplace_order_id IN (SELECT id FROM paid)
                       AND sale_line_id IS NOT NULL
                       AND event IN %(events)s
                  GROUP BY 1
                )
                SELECT id
                  FROM sold
             LEFT JOIN credited USING (id)
                 WHERE sold.amount <> COALESCE(credited.amount, 0)
              ORDER BY id
                """,
                company=company.id,
                since=since,
                events=self._sale_events(),
            )
        )
        return self.env["marketplace.order"].browse([row[0] for row in rows])

    @api.model
    def _sale_events(self):
        """Return the events that credit what an order line is worth."""
        return (
            "capture",
            "on_account",
            "discount_funding",
            "shipping_funding",
            "rounding",
        )

    # -- nightly --------------------------------------------------------------------

    @api.model
    def _cron_check(self):
        """Raise an activity for the accountants of a company with problems.

        It stays one activity while the problems last, and goes when they do.
        """
        for company in self.env["res.company"]._marketplace_companies():
            self._notify(company, self._check(company))

    def _notify(self, company, problems):
        """Bring the activities of the accountants in line with the problems."""
        journal = company.sudo().marketplace_journal_order_id.with_company(company)
        kind = "marketplace_base.activity_type_health"
        if not problems:
            journal.activity_unlink([kind])
            return
        note = Markup("<ul>%s</ul>") % Markup().join(
            Markup("<li>%s</li>") % problem for problem in problems
        )
        accountants = (
            self.env.ref("marketplace_base.group_accountant")
            .sudo()
            .all_user_ids.filtered(lambda user: company in user.company_ids)
        )
        known = journal.activity_ids.filtered(
            lambda activity: activity.activity_type_id == self.env.ref(kind)
        )
        known.filtered(lambda activity: activity.note != note).note = note
        for user in accountants - known.user_id:
            journal.activity_schedule(kind, note=note, user_id=user.id)
