from odoo import models

from .. import dac7_xml

# Type of a number in the file (element IN, attribute INType).
NUMBER_TYPES = {"registry": "BRN", "establishment": "Other"}


class ResPartner(models.Model):
    """The seller as a tax authority wants to know him."""

    _inherit = "res.partner"

    def _dac7_is_person(self):
        return self.vendor_kind == "private" or self.vendor_legal_form == "sole_trader"

    def _dac7_address(self):
        self.ensure_one()
        return {
            "country_code": self.country_id.code,
            "street": ", ".join(part for part in (self.street, self.street2) if part),
            "post_code": self.zip,
            "city": self.city,
        }

    def _dac7_seller_data(self):
        """Return the identity of a complete seller, as the file's library takes it."""
        self.ensure_one()
        tins = self.vendor_number_ids.filtered(lambda number: number.kind == "tin")
        account = self.payout_bank_account_id
        data = {
            "residence_country_code": self.country_id.code,
            "tax_identification_numbers": [
                {"issued_by": tin.country_id.code, "value": tin.number} for tin in tins
            ],
            "vat_number": self.vat or None,
            "addresses": [self._dac7_address()],
            "financial_identifiers": [
                {
                    "type": "IBAN" if account.acc_type == "iban" else "Other",
                    "account_number": account.sanitized_acc_number,
                    "account_holder_name": account.acc_holder_name or self.name,
                }
            ],
        }
        if self._dac7_is_person():
            birth = self.vendor_birth_date
            return {
                **data,
                "name_type": "OECD202",
                "first_name": self.vendor_first_name,
                "last_name": self.vendor_last_name,
                "birth_date": birth.isoformat(),
                "birth_city": self.vendor_birth_city or None,
                "birth_country_code": self.vendor_birth_country_id.code or None,
            }
        return {
            **data,
            "legal_names": [self.name],
            "other_identification_numbers": [
                {
                    "issued_by": number.country_id.code,
                    "type": NUMBER_TYPES[number.kind],
                    "value": number.number,
                }
                for number in self.vendor_number_ids
                if number.kind in NUMBER_TYPES
            ],
            "establishment_country_codes": sorted(
                code
                for code in self.establishment_country_ids.mapped("code")
                if code in dac7_xml.EU_COUNTRIES
            ),
        }
