"""Write down who takes a file with whole account numbers, also by right of his role.

Files leave by two doors: as a stream (downloads, archives of attachments), and as a
value that a client reads or exports. Both are noted; what the server reads is not.
"""

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models

RUN = "marketplace.payout.run"
OWNER_MODELS = {RUN, "marketplace.dac7.report", "marketplace.bank.message"}


class MarketplaceBankFileMixin(models.AbstractModel):
    """Note each reading of the fields that hold whole account numbers."""

    _name = "marketplace.bank.file.mixin"
    _description = "Files with Account Numbers"

    @api.model
    def _bank_file_fields(self):
        """Return the names of the fields that hold whole account numbers."""
        return {"file", "test_file"} & self._fields.keys()

    def _bank_file_owners(self):
        """Return [(record that the log names, name of its file)]."""
        return [(record, record.display_name) for record in self]

    def _read_format(self, fnames, load="_classic_read"):
        self._note_bank_files(fnames)
        return super()._read_format(fnames, load=load)

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        self._note_bank_files(path[0] for path in fields if path)
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)

    def _note_bank_files(self, names):
        """Note that a client gets the content of fields, not their size alone."""
        if self.env.su:
            return
        context = self.env.context
        for name in self._bank_file_fields() & set(names):
            is_size = context.get("bin_size") or context.get(f"bin_size_{name}")
            if self._fields[name].type != "binary" or not is_size:
                self._log_bank_files()
                return

    def _log_bank_files(self):
        """Write one line of the log for each file, whatever it holds."""
        # sudo: who may read the file is checked; nobody may write the log but this
        vals_list = [
            {
                "date": fields.Datetime.now(),
                "user_id": self.env.uid,
                "partner_id": owner.company_id.partner_id.id,
                "number_masked": self.env._("All in %(file)s", file=name),
                "res_model": owner._name,
                "res_id": owner.id,
                "reason": self.env._("Bank file"),
            }
            for owner, name in self.sudo()._bank_file_owners()
        ]
        if not vals_list:
            return
        if self.env.cr.readonly:
            # downloads come on the cursor of a replica: the server takes them again
            raise ReadOnlySqlTransaction("the log of files with account numbers")
        self.env["marketplace.reveal.log"].sudo().create(vals_list)


class MarketplaceDac7Report(models.Model):
    _name = "marketplace.dac7.report"
    _inherit = ["marketplace.dac7.report", "marketplace.bank.file.mixin"]

    def _bank_file_owners(self):
        return [
            (report, report.file_name or report.test_file_name)
            for report in self
            if report.file_name or report.test_file_name
        ]


class MarketplaceDac7Line(models.Model):
    _name = "marketplace.dac7.line"
    _inherit = ["marketplace.dac7.line", "marketplace.bank.file.mixin"]

    @api.model
    def _bank_file_fields(self):
        return {"snapshot"}

    def _bank_file_owners(self):
        return [(report, report.name) for report in self.filtered("snapshot").report_id]


class MarketplaceBankMessage(models.Model):
    _name = "marketplace.bank.message"
    _inherit = ["marketplace.bank.message", "marketplace.bank.file.mixin"]


class IrAttachment(models.Model):
    _name = "ir.attachment"
    _inherit = ["ir.attachment", "marketplace.bank.file.mixin"]

    @api.model
    def _bank_file_fields(self):
        return {"raw", "datas", "db_datas"}

    def _bank_file_owners(self):
        """Return the runs, reports and messages whose files these attachments are."""
        owners = []
        for attachment in self:
            if attachment.res_model not in OWNER_MODELS:
                continue
            owner = self.env[attachment.res_model].browse(attachment.res_id).exists()
            # other attachments of a record are letters and proofs
            is_bank_file = attachment.res_field in ("file", "test_file") or (
                owner._name == RUN and attachment == owner.file_id
            )
            if owner and is_bank_file:
                owners.append((owner, attachment.name))
        return owners


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _record_to_stream(self, record, field_name):
        """Note downloads of files with account numbers, those by a token included."""
        stream = super()._record_to_stream(record, field_name)
        names = getattr(record, "_bank_file_fields", None)
        if names and field_name in names():
            record._log_bank_files()
        return stream
