"""The commission document as the vendor gets it: mentions, annex, PDF and CSV."""

from odoo import fields, models
from odoo.tools import format_date, html2plaintext

from odoo.addons.marketplace_base.engine.csv_file import write_csv
from odoo.addons.marketplace_base.engine.money import from_minor
from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.vendor_document import NATURES_FR, STATUTORY_FR
from .commission_vat import VAT_CASES

REPORT = "marketplace_commission.commission_invoice_report"
# Cases of a vendor who is in business: late payment between businesses is regulated.
BUSINESS_CASES = {"domestic", "franchise", "eu", "eu_no_vat", "outside"}


class AccountMove(models.Model):
    _inherit = "account.move"

    marketplace_date_from = fields.Date(
        string="Service From",
        readonly=True,
        copy=False,
        help="First day of the orders, refunds and fees of a commission document.",
    )
    marketplace_date_to = fields.Date(
        string="Service To", readonly=True, copy=False, help="Last day of them."
    )
    marketplace_vat_case = fields.Selection(
        VAT_CASES,
        string="VAT Case",
        readonly=True,
        copy=False,
        help="Who the vendor was for VAT when the document was made.",
    )
    marketplace_vies_check_id = fields.Many2one(
        "marketplace.vies.check",
        string="VIES Proof",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )

    # -- annex ----------------------------------------------------------------------

    def _commission_annex(self):
        """Return what the document is made of, line by line.

        Amounts have the sign of the document: on an invoice, what is charged is
        positive; on a credit note, what is given back is. They add up to its total
        without VAT.

        :return: list of dicts: date, kind, order, item, cause, origin, base, rate,
            amount.
        """
        self.ensure_one()
        sign = -self.direction_sign
        env = self.env
        kinds = _labels(env, "marketplace.commission.line", "kind")
        fee_kinds = _labels(env, "marketplace.fee", "kind")
        # sudo: who may read the document may read what it is made of.
        lines = self.sudo().marketplace_commission_line_ids.sorted(
            lambda line: (line.date, line.id)
        )
        rows = [
            {
                "date": line.date,
                "kind": kinds[line.kind],
                "order": line.sale_order_id.name,
                "item": line.sale_line_id.name,
                "cause": line._commission_cause(),
                "origin": line.reversed_line_id.move_id.name or "",
                "base": sign * line.base,
                "rate": line.rate,
                "amount": sign * line.amount,
            }
            for line in lines
        ]
        fees = self.sudo().marketplace_fee_ids.sorted(lambda fee: (fee.date, fee.id))
        rows += [
            {
                "date": fee.date,
                "kind": fee_kinds[fee.kind],
                "order": fee.sale_order_id.name or "",
                "item": fee.name,
                "cause": fee.calculation or "",
                "origin": "",
                "base": None,
                "rate": None,
                "amount": sign * fee.amount,
            }
            for fee in fees
        ]
        return rows

    def _commission_annex_total(self):
        """Return what the annex adds up to, in the document's currency."""
        minor = self.currency_id._marketplace_minor
        return self.currency_id._marketplace_amount(
            sum(minor(row["amount"]) for row in self._commission_annex())
        )

    def _commission_annex_csv(self):
        """Return the annex as CSV, amounts with the decimals of the currency."""
        self.ensure_one()
        move = self._in_vendor_language()
        env, currency = move.env, move.currency_id

        def amount(value):
            if value is None:
                return ""
            return from_minor(
                currency._marketplace_minor(value), currency.decimal_places
            )

        header = [
            env._("Document"),
            env._("Date"),
            env._("Kind"),
            env._("Order"),
            env._("Item"),
            env._("Reason"),
            env._("Original Document"),
            env._("Base"),
            env._("Rate %"),
            env._("Amount excl. VAT"),
            env._("Currency"),
        ]
        rows = [
            [
                move.name,
                row["date"].isoformat(),
                row["kind"],
                row["order"],
                row["item"],
                row["cause"],
                row["origin"],
                amount(row["base"]),
                "" if row["rate"] is None else f"{row['rate'] * 100:.6g}",
                amount(row["amount"]),
                move.currency_id.name,
            ]
            for row in move._commission_annex()
        ]
        return write_csv(header, rows)

    def _commission_vat_rows(self):
        """Return base and VAT of each tax, as posted: list of label, base, tax."""
        self.ensure_one()
        groups = [
            group
            for subtotal in self.tax_totals["subtotals"]
            for group in subtotal["tax_groups"]
        ]
        return [
            {
                "label": group["group_label"] or group["group_name"],
                "base": group["base_amount_currency"],
                "tax": group["tax_amount_currency"],
            }
            for group in groups
        ]

    # -- words ----------------------------------------------------------------------

    def _in_vendor_language(self):
        return self.with_context(lang=self.marketplace_vendor_id.lang or self.env.lang)

    def _commission_period(self):
        """Return the service period in words."""
        self.ensure_one()
        if not self.marketplace_date_from:
            return ""
        return self.env._(
            "From %(start)s to %(end)s",
            start=format_date(self.env, self.marketplace_date_from),
            end=format_date(self.env, self.marketplace_date_to),
        )

    def _commission_origins(self):
        """Return the documents that a credit note corrects."""
        self.ensure_one()
        if self.move_type != "out_refund":
            return self.browse()
        lines = self.sudo().marketplace_commission_line_ids  # sudo: as for the annex
        return (lines.reversed_line_id.move_id | self.reversed_entry_id).sorted("name")

    def _commission_origins_label(self):
        """Return numbers and dates of the documents that a credit note corrects."""
        return ", ".join(
            f"{origin.name} ({format_date(self.env, origin.invoice_date)})"
            for origin in self._commission_origins()
        )

    def _commission_rate(self, percent):
        """Return a percentage in words, without needless zeros."""
        return self.env._("%(rate)s %%", rate=f"{percent:.6g}")

    def _commission_mentions(self):
        """Return the legal mentions of the document, short texts in order.

        Sources: directive 2006/112/EC, articles 44, 196 and 226 (11a); in France CGI
        articles 259-1°, 283-2 and 242 nonies A of annex II, commercial code L441-9,
        L441-10 and D441-5.
        """
        self.ensure_one()
        _ = self.env._
        company, case = self.company_id, self.marketplace_vat_case
        is_french = company.account_fiscal_country_id.code == "FR"
        taxes = self.invoice_line_ids.tax_ids
        mentions = []
        if case == "eu":
            mentions.append(
                _(
                    "Reverse charge (“Autoliquidation”): VAT due by the customer, "
                    "articles 44 and 196 of directive 2006/112/EC%(national)s",
                    national=_(", CGI article 283-2") if is_french else "",
                )
            )
        elif case == "outside":
            mentions.append(
                _(
                    "Not subject to EU VAT: service to a business outside the EU, "
                    "article 44 of directive 2006/112/EC%(national)s",
                    national=_(", CGI article 259-1°") if is_french else "",
                )
            )
        elif case == "override":
            note = html2plaintext(self.fiscal_position_id.note or "").strip()
            mentions += [note] if note else []
        mentions += [
            note
            for tax in taxes
            if case not in ("eu", "outside")
            and (note := html2plaintext(tax.invoice_legal_notes or "").strip())
        ]
        if self.invoice_line_ids.filtered(lambda line: not line.tax_ids):
            mentions.append(_("Compensation outside the scope of VAT"))
        if check := self.marketplace_vies_check_id:
            reference = check.reference or _("none")
            if case == "eu":
                mentions.append(
                    _(
                        "VAT number %(vat)s confirmed by VIES on %(date)s "
                        "(consultation number %(reference)s)",
                        vat=check.vat,
                        date=format_date(self.env, check.date),
                        reference=reference,
                    )
                )
        if is_french:
            mentions.append(
                STATUTORY_FR["nature"].format(nature=NATURES_FR["services"])
                if self.env.lang and self.env.lang.startswith("fr")
                else _("Nature of the operation: supply of services")
            )
        if is_french and company.marketplace_vat_on_debits and self.amount_tax:
            mentions.append(
                _("Option to pay VAT on debits (“TVA acquittée sur les débits”)")
            )
        if self.move_type == "out_invoice":
            mentions.append(
                _(
                    "Paid by set-off against the amounts due to you; no discount for "
                    "early payment"
                )
            )
            if is_french and case in BUSINESS_CASES:
                mentions.append(
                    _(
                        "Late payment: interest at three times the legal rate and a "
                        "fixed indemnity of 40 EUR for recovery costs"
                    )
                )
        return mentions

    # -- files ----------------------------------------------------------------------

    def _commission_filename(self, extension):
        self.ensure_one()
        return f"{self.name.replace('/', '-')}.{extension}"

    def _commission_pdf(self):
        """Return the document as Factur-X: printed once, then the one that is kept.

        :raises MarketplaceError: when it is not a posted commission document.
        """
        self.ensure_one()
        if not self.marketplace_vendor_id or self.state != "posted":
            raise MarketplaceError(
                self.env._(
                    "%(document)s is no posted commission document.",
                    document=self.display_name,
                )
            )
        # sudo: whoever may read the document gets its file; the callers checked.
        move = self.sudo()
        if not move.invoice_pdf_report_id:
            move._make_commission_files()
        return move.invoice_pdf_report_id.raw

    def action_commission_pdf(self):
        """Download the commission document."""
        self.check_access("read")
        self._commission_pdf()
        attachment = self.sudo().invoice_pdf_report_id  # sudo: read access checked
        return self._commission_download(attachment)

    def action_commission_csv(self):
        """Download the annex as CSV."""
        self.check_access("read")
        name = self._commission_filename("csv")
        # sudo: a file made of what the user may read, kept with the document.
        Attachment = self.env["ir.attachment"].sudo()
        attachment = Attachment.search(
            [
                ("res_model", "=", "account.move"),
                ("res_id", "=", self.id),
                ("name", "=", name),
            ],
            limit=1,
        ) or Attachment.create(
            {
                "name": name,
                "raw": self._commission_annex_csv(),
                "mimetype": "text/csv",
                "res_model": "account.move",
                "res_id": self.id,
            }
        )
        return self._commission_download(attachment)

    def _commission_download(self, attachment):
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _get_default_pdf_report_id(self, move):
        """Send commission documents as the suite prints them."""
        if move.marketplace_vendor_id:
            return self.env.ref(REPORT)
        return super()._get_default_pdf_report_id(move)


class MarketplaceCommissionLine(models.Model):
    _inherit = "marketplace.commission.line"

    def _commission_cause(self):
        """Return why commission was given back or corrected, in words."""
        self.ensure_one()
        reasons = _labels(self.env, self._name, "reason_code")
        parties = _labels(self.env, self._name, "fault")
        if self.override_id:
            return self.override_id.reason or ""
        cause = reasons.get(self.reason_code, "")
        if self.fault and cause:
            return self.env._(
                "%(reason)s, caused by: %(party)s",
                reason=cause,
                party=parties[self.fault],
            )
        if self.fault:
            return self.env._("Caused by: %(party)s", party=parties[self.fault])
        return cause


def _labels(env, model, field):
    """Return {code: label} of a selection field, in the language of the reader."""
    return dict(env[model]._fields[field]._description_selection(env))
