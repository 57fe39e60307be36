from odoo import api, fields, models


class MarketplaceValueMap(models.Model):
    """A word of a vendor for one of our attribute values: his "Rouge" is our "Red"."""

    _name = "marketplace.value.map"
    _description = "Vendor's Word for an Attribute Value"
    _order = "vendor_id, attribute_id, word"
    _rec_name = "word"

    vendor_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("is_marketplace_vendor", "=", True)],
    )
    attribute_id = fields.Many2one(
        related="value_id.attribute_id", store=True, index=True, precompute=True
    )
    word = fields.Char(
        string="Vendor's Word", required=True, help="Upper and lower case are the same."
    )
    value_id = fields.Many2one(
        "product.attribute.value",
        string="Our Value",
        required=True,
        index=True,
        ondelete="cascade",
    )

    _word_uniq = models.UniqueIndex(
        "(vendor_id, attribute_id, lower(word))",
        "This word of the vendor has a value of this attribute already.",
    )

    @api.constrains("vendor_id")
    def _check_vendor(self):
        self.vendor_id._check_is_vendor()

    @api.model
    def _reader(self, vendor, names):
        """Return what reads the attributes that a vendor's rows name.

        :param names: names of attributes, in lower case.
        :return: :class:`ValueReader`; three queries, however many rows there are.
        """
        return ValueReader(self.env, vendor, names)


class ValueReader:
    """Turn a vendor's words into our attribute values, for one batch."""

    def __init__(self, env, vendor, names):
        self.env = env
        self.vendor = vendor
        # sudo: the names of attributes and values, for whoever hands in the rows
        attributes = env["product.attribute"].sudo()
        self.attributes = {}
        self.values = {}
        if not names:
            return
        for lang in dict.fromkeys((env.lang, vendor.lang, "en_US")):
            for attribute in attributes.with_context(lang=lang).search([]):
                name = attribute.name.strip().lower()
                if name in names:
                    self.attributes.setdefault(name, attribute)
            wanted = attributes.union(*self.attributes.values())
            for value in wanted.with_context(lang=lang).value_ids:
                key = (value.attribute_id.id, value.name.strip().lower())
                self.values.setdefault(key, value)
        maps = env["marketplace.value.map"].sudo()
        for known in maps.search([("vendor_id", "=", vendor.id)]):
            key = (known.attribute_id.id, known.word.strip().lower())
            self.values[key] = known.value_id

    def get_values(self, words):
        """Return our values for {attribute name: word}, and the problems in words."""
        found = self.env["product.attribute.value"].sudo()
        problems = []
        for name, word in words.items():
            attribute = self.attributes.get(name)
            if not attribute:
                problems.append(
                    self.env._("There is no attribute “%(name)s”.", name=name)
                )
                continue
            value = self.values.get((attribute.id, word.strip().lower()))
            if value:
                found |= value
                continue
            problems.append(
                self.env._(
                    "“%(word)s” is no value of %(attribute)s: use one of %(values)s, "
                    "or ask the marketplace to map your word.",
                    word=word,
                    attribute=attribute.name,
                    values=", ".join(attribute.value_ids[:10].mapped("name")) or "-",
                )
            )
        return found, problems
