"""What a document sent in a vendor's name must say about him."""

from odoo import models

# Numbers a customer can look up in a public register, in the order they are printed.
PRINTED_NUMBERS = ("registry", "establishment", "epr")


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_legal_mentions(self):
        """Return the legal identity of one vendor, as short texts to print in a row.

        Name and legal form, address, registry numbers, VAT number or exemption: what
        a business letter carries (directive (EU) 2017/1132, article 26). A private
        person is no business: his name only.
        """
        self.ensure_one()
        # sudo: who he is stands on every document he sends, whoever prints it
        vendor = self.sudo()
        if vendor.vendor_kind == "private":
            return [vendor.name]
        form = dict(
            vendor._fields["vendor_legal_form"]._description_selection(self.env)
        ).get(vendor.vendor_legal_form)
        place = " ".join(filter(None, (vendor.zip, vendor.city)))
        address = ", ".join(
            filter(None, (vendor.street, vendor.street2, place, vendor.country_id.name))
        )
        mentions = [f"{vendor.name} ({form})" if form else vendor.name, address]
        if vendor.company_registry:
            mentions.append(
                self.env._("Registry %(number)s", number=vendor.company_registry)
            )
        kinds = dict(
            vendor.vendor_number_ids._fields["kind"]._description_selection(self.env)
        )
        by_kind = vendor.vendor_number_ids.grouped("kind")
        for kind in PRINTED_NUMBERS:
            for number in by_kind.get(kind, ()):
                if number.number != vendor.company_registry:
                    mentions.append(f"{kinds[kind]}: {number.number}")
        if vendor.vat:
            mentions.append(self.env._("VAT %(number)s", number=vendor.vat))
        elif vendor.is_vat_exempt:
            mentions.append(self.env._("Not registered for VAT"))
        return [text for text in mentions if text]
