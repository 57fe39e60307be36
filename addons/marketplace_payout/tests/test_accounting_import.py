import csv
import io
from datetime import date

from odoo.tests import freeze_time, tagged

from .common import PayoutCommon

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
ACCOUNT_TYPES = {
    "4": "asset_receivable",
    "2": "asset_non_current",
    "5": "asset_cash",
    "6": "expense",
    "7": "income",
}


@tagged("post_install", "-at_install", "marketplace")
@freeze_time("2026-04-20 10:00:00")
class TestAccountingImport(PayoutCommon):
    """W7: the vendor's accountant imports the file and has the vendor's statement."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.marketplace_bank_cooling_hours = 0
        cls.vendor = cls._create_vendor("Atelier Amande")
        cls.offer = cls._create_offer(cls.vendor, 33.33)

    def _rows(self, month):
        content = self.vendor._vendor_accounting_csv(self.company, self.currency, month)
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

    def _books_of_the_vendor(self, rows):
        """Return a company with the accounts of the file, and its journal."""
        company = self.env["res.company"].create(
            {"name": "Atelier Amande, books", "currency_id": self.currency.id}
        )
        self.env.user.company_ids += company
        books = self.env["account.account"].with_company(company)
        for code, name in {(row["CompteNum"], row["CompteLib"]) for row in rows}:
            kind = ACCOUNT_TYPES[code[0]]
            if code.startswith("445"):
                kind = "liability_current"
            books.create(
                {
                    "code": code,
                    "name": name,
                    "account_type": kind,
                    "reconcile": kind == "asset_receivable",
                    "company_ids": [(6, 0, company.ids)],
                }
            )
        journal = self.env["account.journal"].create(
            {
                "name": rows[0]["JournalLib"],
                "code": rows[0]["JournalCode"],
                "type": "general",
                "company_id": company.id,
            }
        )
        return company, journal

    def _import(self, rows, company, journal):
        """Import the rows as Odoo's own import does, and post the entries."""
        table, number = [], None
        for row in rows:
            head = ["", "", ""]
            if row["EcritureNum"] != number:
                number = row["EcritureNum"]
                day = row["EcritureDate"]
                head = [number, f"{day[:4]}-{day[4:6]}-{day[6:]}", str(journal.id)]
            table.append(
                [
                    *head,
                    row["CompteNum"],
                    f"{row['EcritureLib']} {row['PieceRef']}",
                    row["Debit"],
                    row["Credit"],
                ]
            )
        result = (
            self.env["account.move"]
            .with_company(company)
            .with_context(allowed_company_ids=company.ids, import_file=True)
            .load(
                [
                    "ref",
                    "date",
                    "journal_id/.id",
                    "line_ids/account_id",
                    "line_ids/name",
                    "line_ids/debit",
                    "line_ids/credit",
                ],
                table,
            )
        )
        self.assertFalse(
            [message for message in result["messages"] if message["type"] == "error"]
        )
        moves = self.env["account.move"].browse(result["ids"])
        moves.action_post()
        return moves

    def _balance(self, company, code):
        account = (
            self.env["account.account"]
            .with_company(company)
            .search([("code", "=", code), ("company_ids", "in", company.ids)])
        )
        items = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return sum(self._minor(item.balance) for item in items)

    def _letter(self, rows, moves):
        """Reconcile what the file letters; return {letter: items}."""
        items = {}
        by_number = {move.ref: move for move in moves}
        for row in rows:
            if row["EcritureLet"]:
                self.assertEqual(row["CompteNum"], "467800")
                self.assertEqual(len(row["DateLet"]), 8)
                item = by_number[row["EcritureNum"]].line_ids.filtered(
                    lambda item: item.account_id.account_type == "asset_receivable"
                )
                items.setdefault(row["EcritureLet"], item.browse())
                items[row["EcritureLet"]] |= item
        for own in items.values():
            own.reconcile()
        return items

    def test_imported_into_other_books_it_is_the_statement(self):
        group = self._sell([(self.offer, 3)], "2026-03-02", "2026-03-05")
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-06")
        first = self._settle("2026-03-10", self.vendor)
        with freeze_time("2026-03-12 10:00:00"):
            run = self._pay("2026-03-12", self.vendor)
        self._refund(group, [(line, 1, None)], date="2026-03-16")
        second = self._settle("2026-03-20", self.vendor)
        self.assertLess(second.amount_carried, 0)
        self._sell([(self.offer, 2)], "2026-04-02", "2026-04-03")
        third = self._settle("2026-04-10", self.vendor)
        self.assertEqual(third.state, "confirmed")

        march, april = self._rows(MARCH), self._rows(APRIL)
        company, journal = self._books_of_the_vendor(march + april)
        moves = self._import(march, company, journal)
        for move in moves:
            self.assertEqual(sum(map(self._minor, move.line_ids.mapped("balance"))), 0)
        self.assertEqual(
            self._balance(company, "467800"), self._minor(second.amount_carried)
        )
        self.assertEqual(
            self._balance(company, "512000"), self._minor(first.amount_payout)
        )
        letters = self._letter(march, moves)
        self.assertEqual(list(letters), [first.name])
        [items] = letters.values()
        self.assertEqual(set(items.mapped("reconciled")), {True})
        reference = run.sudo().payout_ids.end_to_end_id
        self.assertTrue(items.filtered(lambda item: reference in (item.name or "")))

        moves = self._import(april, company, journal)
        self.assertTrue(moves)
        self.assertFalse(self._letter(april, moves), "its transfer is to come")
        self.assertEqual(
            self._balance(company, "467800"),
            self._minor(third.amount_payout + third.amount_carried),
        )
        commission = self.env["account.move"].union(
            *(settlement.invoice_ids for settlement in first | second | third)
        )
        self.assertEqual(
            self._balance(company, "622200") + self._balance(company, "445660"),
            sum(map(self._minor, commission.mapped("amount_total_signed"))),
        )

    def test_a_debt_is_lettered_with_the_transfer_that_ends_it(self):
        """Carried, set off, paid: one letter over three months' statements."""
        group = self._sell([(self.offer, 1)], "2026-03-02", "2026-03-05")
        self._settle("2026-03-10", self.vendor)
        with freeze_time("2026-03-12 10:00:00"):
            self._pay("2026-03-12", self.vendor)
        line = group.sale_order_ids.order_line
        self._refund(group, [(line, 1, None)], date="2026-03-16")
        self._settle("2026-03-20", self.vendor)
        self._sell([(self.offer, 3)], "2026-04-02", "2026-04-03")
        last = self._settle("2026-04-10", self.vendor)
        self._pay("2026-04-20", self.vendor)
        balances = {}
        for row in self._rows(MARCH) + self._rows(APRIL):
            if row["CompteNum"] == "467800":
                balance = self._minor(float(row["Debit"]) - float(row["Credit"]))
                letter = row["EcritureLet"]
                balances[letter] = balances.get(letter, 0) + balance
        self.assertEqual(set(balances.values()), {0})
        self.assertIn(last.name, balances)
        self.assertEqual(len(balances), 2)
