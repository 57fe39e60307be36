"""Papers and figures that a vendor hands in, in his portal or by program."""

import base64

from odoo import fields, models
from odoo.tools.mimetypes import guess_mimetype

from ..const import KYC_FILE_MAX_BYTES, KYC_FILE_TYPES
from ..const_catalogue import COMPLIANCE_KINDS, COMPLIANCE_PAPERS
from ..engine.numbers import TEXT_MAX_CHARS, has_decimals, parse_number
from ..exceptions import MarketplaceError

REFERENCE_MAX_CHARS = 256


def file_problem(env, content):
    """Say what is wrong with a file, None when nothing is; its content decides."""
    if len(content) > KYC_FILE_MAX_BYTES:
        return env._(
            "The file is larger than %(limit)s MB.", limit=KYC_FILE_MAX_BYTES >> 20
        )
    if guess_mimetype(content) not in KYC_FILE_TYPES:
        return env._("Send a PDF, JPEG or PNG file.")
    return None


def form_date(env, text, errors):
    """Return the day a form names, None when none is; note what is no day."""
    try:
        return fields.Date.to_date(text or None)
    except (TypeError, ValueError):
        problem = env._("Type dates as year-month-day.")
        if problem not in errors:
            errors.append(problem)
        return None


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_document_types(self):
        """Return the papers a vendor of this kind may hand in."""
        self.ensure_one()
        # sudo: the names of the papers we ask for
        # pylint: disable-next=no-search-all
        types = self.env["marketplace.kyc.document.type"].sudo().search([])
        return types._for_vendor(self)

    def _vendor_hand_in_document(self, form, name, content):
        """Hand in an identity paper, and return it in sudo.

        :param form: texts by name: type_id, number, date_issued, date_expiry.
        :param bytes content: the file.
        :raises MarketplaceError: with all that is wrong with it.
        """
        errors = []
        wanted = form.get("type_id", "")
        kind = self._vendor_document_types().filtered(lambda k: str(k.id) == wanted)
        if not kind:
            errors.append(self.env._("Choose what the document is."))
        if not content:
            errors.append(self.env._("Choose a file."))
        elif problem := file_problem(self.env, content):
            errors.append(problem)
        dates = {
            field: form_date(self.env, form.get(field), errors)
            for field in ("date_issued", "date_expiry")
        }
        if errors:
            raise MarketplaceError("\n".join(errors))
        # sudo: a paper of the vendor himself, which the operator then reviews
        return (
            self.env["marketplace.kyc.document"]
            .sudo()
            .create(
                {
                    "vendor_id": self.id,
                    "type_id": kind.id,
                    "file": base64.b64encode(content),
                    "file_name": name[-TEXT_MAX_CHARS:],
                    "number": form.get("number", "").strip()[:TEXT_MAX_CHARS] or False,
                    **dates,
                }
            )
        )


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    def _vendor_hand_in_compliance(self, form, name, content):
        """Hand in what the law asks for the product of an offer; return it in sudo.

        :param form: texts by name: kind, reference, amount, date_expiry.
        :param bytes content: the file, empty when there is none.
        :raises MarketplaceError: with all that is wrong with it.
        """
        self.ensure_one()
        errors = []
        kind = form.get("kind", "")
        currency = self.currency_id
        if kind not in dict(COMPLIANCE_KINDS):
            errors.append(self.env._("Choose what you hand in."))
        values = {
            "product_tmpl_id": self.product_id.product_tmpl_id.id,
            "vendor_id": self.vendor_id.id,
            "kind": kind,
            "country_id": self.company_id.country_id.id,
            "reference": form.get("reference", "").strip()[:REFERENCE_MAX_CHARS],
            "currency_id": currency.id,
        }
        if kind == "eco":
            amount = parse_number(form.get("amount", ""))
            if amount is None or not has_decimals(amount, currency.decimal_places):
                errors.append(
                    self.env._(
                        "Type the eco-contribution in %(currency)s.",
                        currency=currency.name,
                    )
                )
            else:
                values["amount"] = float(amount)
        if content:
            if problem := file_problem(self.env, content):
                errors.append(problem)
            values["file"] = base64.b64encode(content)
            values["file_name"] = name[-TEXT_MAX_CHARS:]
        elif kind in COMPLIANCE_PAPERS:
            errors.append(self.env._("Choose a file."))
        values["date_expiry"] = form_date(self.env, form.get("date_expiry"), errors)
        if errors:
            raise MarketplaceError("\n".join(errors))
        # sudo: the gate named the offer, whose product this is about; it counts only
        # once the marketplace accepts it
        return self.env["marketplace.compliance.item"].sudo().create(values)
