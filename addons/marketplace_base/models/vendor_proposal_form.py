"""Read a product that a vendor proposes in his portal or by program."""

from odoo import models
from odoo.fields import Command

from ..const_catalogue import PROPOSAL_EDITABLE_STATES, PROPOSAL_OPEN_STATES
from ..engine.numbers import has_decimals, parse_number
from ..engine.offer_rows import DESCRIPTION_MAX_CHARS, read_row
from ..exceptions import MarketplaceError


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _vendor_new_proposal(self):
        """Return a proposal of the vendor that is not saved yet."""
        self.ensure_one()
        # sudo: the gate named the vendor, and the proposal is his
        proposals = self.env["marketplace.product.proposal"].sudo()
        company = self.vendor_contract_ids.company_id[:1] or self.env.company
        return proposals.new({"vendor_id": self.id, "company_id": company.id})


class MarketplaceOffer(models.Model):
    _inherit = "marketplace.offer"

    def _vendor_product_proposal(self):
        """Return the open proposal to change the product of an offer, or a new one."""
        self.ensure_one()
        # sudo: the gate named the offer, and the proposals are of its vendor
        proposals = self.env["marketplace.product.proposal"].sudo()
        known = proposals.search(
            [
                ("vendor_id", "=", self.vendor_id.id),
                ("product_id", "=", self.product_id.id),
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "change"),
                ("state", "in", PROPOSAL_OPEN_STATES),
            ],
            limit=1,
        )
        if known:
            return known
        base = proposals._product_values(self.product_id, self.vendor_id.lang)
        return proposals.new(
            {
                **base,
                "vendor_id": self.vendor_id.id,
                "company_id": self.company_id.id,
                "product_id": self.product_id.id,
                "base_values": base,
                "value_ids": [Command.set(base["value_ids"])],
            }
        )


class MarketplaceProductProposal(models.Model):
    _inherit = "marketplace.product.proposal"

    def _vendor_save(self, form):
        """Save a proposal, new or not, hand it in and return it.

        :param form: texts by name: name, gtin, brand, categ_id, description, sku,
            price, quantity, and attribute_<id> with the id of a value.
        :raises MarketplaceError: with all that is wrong with the form.
        """
        vals, errors = self._vendor_form_values(form)
        if self.id and self.state not in PROPOSAL_EDITABLE_STATES:
            errors.append(
                self.env._("This proposal is in review or decided: it stays.")
            )
        if errors:
            raise MarketplaceError("\n".join(errors))
        proposal = self
        if proposal.id:
            proposal.write(vals)
        else:
            owner = {
                "vendor_id": self.vendor_id.id,
                "company_id": self.company_id.id,
                "product_id": self.product_id.id,
            }
            proposal = self.create({**vals, **owner})
        proposal.action_submit()
        return proposal

    def _vendor_categories(self):
        # sudo: the names of categories, to choose from
        # pylint: disable-next=no-search-all
        return self.env["product.category"].sudo().search([])

    def _vendor_attributes(self):
        """Return the attributes that some category asks for."""
        # sudo: the names of categories and attributes, to choose from
        categories = self.env["product.category"].sudo()
        return categories.search(
            [("marketplace_attribute_ids", "!=", False)]
        ).marketplace_attribute_ids

    def _vendor_form_values(self, form):
        """Return the values of the form, and what is wrong with it."""
        vals, errors = {}, []
        for name, limit in (("name", 256), ("brand", 64)):
            vals[name] = form.get(name, "").strip()[:limit] or False
        vals["description"] = form.get("description", "").strip()[
            :DESCRIPTION_MAX_CHARS
        ]
        category = self._vendor_categories().filtered(
            lambda category: str(category.id) == form.get("categ_id")
        )
        vals["categ_id"] = category.id
        vals["value_ids"] = [Command.set(self._vendor_form_attributes(form))]
        if not vals["name"]:
            errors.append(self.env._("Name the product."))
        if not vals["categ_id"] and self._needs_category():
            errors.append(self.env._("Choose a category."))
        if not self.id and not self.product_id:
            errors += self._vendor_form_offer(form, vals)
        return vals, errors

    def _vendor_form_attributes(self, form):
        """Return the ids of the attribute values chosen, others of the product kept."""
        attributes = self._vendor_attributes()
        chosen = {form.get(f"attribute_{attribute.id}") for attribute in attributes}
        values = attributes.value_ids.filtered(lambda value: str(value.id) in chosen)
        kept = self.value_ids.filtered(
            lambda value: value.attribute_id._origin not in attributes
        )
        return [*values.ids, *kept._origin.ids]

    def _vendor_form_offer(self, form, vals):
        """Read what only a new product has: its GTIN and the vendor's first offer."""
        errors = []
        gtin = read_row({"sku": "-", "gtin": form.get("gtin", "")}, {})
        if gtin.problems:
            errors.append(
                self.env._(
                    "“%(gtin)s” is no GTIN: type the digits below the bar code.",
                    gtin=gtin.problems[0].text[:64],
                )
            )
        vals["gtin"] = gtin.values.get("gtin") or False
        known = vals["gtin"] and self._products_by_gtin([vals["gtin"]])
        if known:
            errors.append(
                self.env._(
                    "We have this product: import an offer with its GTIN instead."
                )
            )
        currency = self.company_id.currency_id
        sku = form.get("sku", "").strip()[:64]
        price, quantity = (
            parse_number(form.get(name, "")) for name in ("price", "quantity")
        )
        if not sku:
            errors.append(self.env._("Give your SKU."))
        if price is None or not has_decimals(price, currency.decimal_places):
            errors.append(
                self.env._("Type a price in %(currency)s.", currency=currency.name)
            )
        if quantity is None:
            errors.append(self.env._("Type your stock, 0 when there is none."))
        if not errors:
            vals["offer_ids"] = [
                Command.create(
                    {
                        "vendor_sku": sku,
                        "price": float(price),
                        "quantity": float(quantity),
                    }
                )
            ]
        return errors
