"""What becomes of the files of the documents: printed by a job, mailed."""

from odoo import api, fields, models

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..const_vendor_document import PRINT_BATCH

MAIL_TEMPLATE = "marketplace_commission.mail_template_vendor_document"


class MarketplaceVendorDocument(models.Model):
    _inherit = "marketplace.vendor.document"

    def _after_print(self):
        """Hand documents with files to the customers; storefronts extend it."""
        self.filtered("company_id.marketplace_document_mail")._mail()

    @api.private
    def _mail(self):
        """Queue the mail to the customer of each document, once."""
        template = self.env.ref(MAIL_TEMPLATE).sudo()
        todo = self.filtered(lambda d: not d.date_sent and d.partner_id.email)
        if not todo:
            return
        attachments = self.env["ir.attachment"].sudo()
        # sudo: files of documents that are the customers'; the event decides the mail
        files = attachments.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", todo.ids),
                ("res_field", "=", "pdf"),
            ]
        )
        by_document = files.grouped("res_id")
        copies = attachments.create(
            [
                {
                    "name": document.pdf_name,
                    "raw": by_document[document.id].raw,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": document.id,
                }
                for document in todo
            ]
        )
        mails = template.send_mail_batch(todo.ids, email_values={"is_internal": True})
        by_document = copies.grouped("res_id")
        for mail in mails:
            mail.attachment_ids = by_document[mail.res_id]
        todo._unlocked().write({"date_sent": fields.Datetime.now()})

    @api.model
    def _cron_print(self):
        """Print what was issued, and commit batches."""
        cron = self.env["ir.cron"]
        domain = [("is_printed", "=", False)]
        cron._commit_progress(remaining=self.search_count(domain))
        while documents := self.search(domain, order="id", limit=PRINT_BATCH):
            printed = documents._print()
            if not printed or not cron._commit_progress(len(printed)):
                return

    # -- actions --------------------------------------------------------------------

    def action_print(self):
        """Make the files that are still missing."""
        self.check_access("read")
        # sudo: the files follow from what was issued
        self.sudo()._print()
        return True

    def action_send(self):
        """Mail documents to their customers, again where they were sent before."""
        self.check_access("read")
        self._check_issuer()
        documents = self.sudo()
        for document in documents:
            if not document.partner_id.email:
                raise MarketplaceError(
                    self.env._(
                        "%(customer)s has no e-mail address.",
                        customer=document.partner_id.display_name,
                    )
                )
        documents._print()
        documents._unlocked().write({"date_sent": False})
        documents._mail()
        return True
