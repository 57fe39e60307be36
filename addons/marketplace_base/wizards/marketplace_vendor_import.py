import base64

from psycopg2 import IntegrityError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import email_normalize

from ..const import LEGAL_FORMS, VENDOR_IMPORT_ROWS
from ..engine.csv_table import UnknownColumnsError, UnreadableError
from ..engine.vendor_csv import COLUMNS, read_vendors
from ..exceptions import MarketplaceError


class MarketplaceVendorImport(models.TransientModel):
    _name = "marketplace.vendor.import"
    _description = "Import of Vendors"

    file = fields.Binary(required=True, attachment=False)
    file_name = fields.Char()
    columns = fields.Char(default=", ".join(COLUMNS), readonly=True)
    line_ids = fields.One2many("marketplace.vendor.import.line", "import_id")
    is_done = fields.Boolean(readonly=True)
    created_count = fields.Integer(compute="_compute_counts", string="Created")
    known_count = fields.Integer(compute="_compute_counts", string="Known Already")
    refused_count = fields.Integer(compute="_compute_counts", string="Refused")

    def _compute_counts(self):
        for wizard in self:
            states = wizard.line_ids.mapped("state")
            for state in ("created", "known", "refused"):
                wizard[f"{state}_count"] = states.count(state)

    def action_import(self):
        """Create the vendors of the file; a bad line leaves the others alone."""
        self.ensure_one()
        lines = [self._import_row(row) for row in self._read_rows()]
        self.write(
            {
                "is_done": True,
                "line_ids": [
                    Command.clear(),
                    *(Command.create(line) for line in lines),
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Readiness of the Vendors"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _read_rows(self):
        try:
            rows = read_vendors(base64.b64decode(self.file).decode("utf-8-sig"))
        except (UnicodeDecodeError, UnreadableError) as error:
            raise MarketplaceError(
                self.env._("The file is not UTF-8 text: save it as CSV in UTF-8.")
            ) from error
        except UnknownColumnsError as error:
            raise MarketplaceError(
                self.env._(
                    "Columns nobody knows: %(unknown)s. Columns we need: %(lacking)s.",
                    unknown=", ".join(error.unknown) or "-",
                    lacking=", ".join(error.lacking) or "-",
                )
            ) from error
        if len(rows) > VENDOR_IMPORT_ROWS:
            raise MarketplaceError(
                self.env._(
                    "The file has %(rows)s vendors: import at most %(limit)s at once.",
                    rows=len(rows),
                    limit=VENDOR_IMPORT_ROWS,
                )
            )
        return rows

    def _import_row(self, row):
        """Return the line of the report about one row, created or not."""
        line = {"row": row.number, "name": row.values["name"] or row.values["email"]}
        if row.missing:
            reason = self.env._("empty: %(columns)s", columns=", ".join(row.missing))
            return {**line, "state": "refused", "problems": reason}
        if known := self._find_vendor(row.values):
            return {
                **line,
                "state": "known",
                "vendor_id": known.id,
                "problems": "\n".join(known._vendor_readiness()),
            }
        try:
            with self.env.cr.savepoint():
                vendor = self._create_vendor(row.values)
                problems = vendor._vendor_readiness()
        except UserError as error:
            return {**line, "state": "refused", "problems": str(error)}
        except IntegrityError as error:
            message = self.env["res.partner"]._sql_error_to_message(error)
            return {**line, "state": "refused", "problems": message}
        return {
            **line,
            "state": "created",
            "vendor_id": vendor.id,
            "problems": "\n".join(problems),
        }

    def _find_vendor(self, values):
        """Return the vendor a row is about, when he is there already."""
        domain = fields.Domain(
            "email_normalized", "=", email_normalize(values["email"]) or "-"
        )
        if values["vendor_code"]:
            domain |= fields.Domain("vendor_code", "=", values["vendor_code"])
        return self.env["res.partner"].search(
            domain & fields.Domain("is_marketplace_vendor", "=", True), limit=1
        )

    def _create_vendor(self, values):
        if not email_normalize(values["email"]):
            raise MarketplaceError(
                self.env._("“%(email)s” is no e-mail address", email=values["email"])
            )
        country = self.env["res.country"].search(
            [("code", "=", values["country"].upper())]
        )
        if not country:
            raise MarketplaceError(
                self.env._("“%(code)s” is no country code", code=values["country"])
            )
        if values["legal_form"] and values["legal_form"] not in dict(LEGAL_FORMS):
            raise MarketplaceError(
                self.env._(
                    "“%(form)s” is no legal form; use one of %(forms)s",
                    form=values["legal_form"],
                    forms=", ".join(dict(LEGAL_FORMS)),
                )
            )
        numbers = [
            Command.create(
                {"kind": kind, "number": values[kind], "country_id": country.id}
            )
            for kind in ("registry", "tin")
            if values[kind]
        ]
        accounts = (
            [Command.create({"acc_number": values["iban"]})] if values["iban"] else []
        )
        same = ("name", "email", "street", "zip", "city", "phone", "vat", "vendor_code")
        return self.env["res.partner"].create(
            {
                **{name: values[name] or False for name in same},
                "country_id": country.id,
                "vendor_legal_form": values["legal_form"] or False,
                "is_company": True,
                "is_marketplace_vendor": True,
                "vendor_number_ids": numbers,
                "bank_ids": accounts,
            }
        )


class MarketplaceVendorImportLine(models.TransientModel):
    _name = "marketplace.vendor.import.line"
    _description = "Import of Vendors: Readiness"

    import_id = fields.Many2one(
        "marketplace.vendor.import", required=True, ondelete="cascade", index=True
    )
    row = fields.Integer(string="Line", readonly=True)
    name = fields.Char(readonly=True)
    vendor_id = fields.Many2one("res.partner", readonly=True)
    state = fields.Selection(
        [("created", "Created"), ("known", "Known already"), ("refused", "Refused")],
        readonly=True,
    )
    problems = fields.Text(string="Missing or Wrong", readonly=True)
