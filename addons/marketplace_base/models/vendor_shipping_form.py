"""Read a shipping method that a vendor typed in his portal or sent by program."""

from odoo import models
from odoo.fields import Command

from ..engine.numbers import TEXT_MAX_CHARS, parse_number
from ..exceptions import MarketplaceError
from .marketplace_shipping_method import SHIPPING_BASES

# Prices of one method that the form has room for.
STEPS_MAX = 6


class MarketplaceShippingMethod(models.Model):
    _inherit = "marketplace.shipping.method"

    def _vendor_save(self, vendor, form):
        """Write a method of a vendor, or a new one when the set is empty; return it.

        :param form: texts by name: name, basis, free_from, delivery_days, active,
            minimum_0, price_0 and so on up to ``STEPS_MAX``; country_ids is a list.
        :raises MarketplaceError: with all that is wrong with the form.
        """
        errors = []
        values = self._vendor_form_values(form, errors)
        if errors:
            raise MarketplaceError("\n".join(errors))
        if self:
            self.write(values)
            return self
        company = vendor.vendor_contract_ids[:1].company_id or self.env.company
        return self.create(
            {
                **values,
                "vendor_id": vendor.id,
                "company_id": company.id,
                # sudo: the company's own tax, as the back office would propose it
                "tax_id": company.sudo().account_sale_tax_id.id,
            }
        )

    def _vendor_form_values(self, form, errors):
        name = form.get("name", "").strip()
        if not name or len(name) > TEXT_MAX_CHARS:
            errors.append(
                self.env._(
                    "Give the method a name of at most %(limit)s letters.",
                    limit=TEXT_MAX_CHARS,
                )
            )
        basis = form.get("basis")
        if basis not in dict(SHIPPING_BASES):
            errors.append(self.env._("Choose what the price depends on."))
        chosen = set(form.get("country_ids", ()))
        countries = self._vendor_countries().filtered(lambda c: str(c.id) in chosen)
        free_from = self._vendor_number(form.get("free_from", ""), errors)
        days = self._vendor_number(form.get("delivery_days", ""), errors) or 0
        steps = self._vendor_steps(form, errors)
        return {
            "name": name,
            "basis": basis,
            "country_ids": [Command.set(countries.ids)],
            "has_free_delivery": free_from is not None,
            "free_from": float(free_from or 0),
            "delivery_days": int(days),
            "active": bool(form.get("active")),
            "step_ids": [Command.clear(), *(Command.create(step) for step in steps)],
        }

    def _vendor_steps(self, form, errors):
        steps = {}
        for number in range(STEPS_MAX):
            price = form.get(f"price_{number}", "")
            if not price.strip():
                continue
            amount = self._vendor_number(price, errors)
            minimum = self._vendor_number(form.get(f"minimum_{number}", ""), errors)
            minimum = minimum or 0
            if amount is None:
                continue
            if minimum in steps:
                errors.append(
                    self.env._(
                        "There are two prices from %(minimum)s: keep one.",
                        minimum=minimum,
                    )
                )
            steps[minimum] = amount
        if not steps and not errors:
            errors.append(self.env._("Type a price, from 0 on."))
        return [
            {"minimum": float(minimum), "price": float(amount)}
            for minimum, amount in steps.items()
        ]

    def _vendor_number(self, text, errors):
        """Return the number typed, None when nothing was; note what is none."""
        if not text.strip():
            return None
        number = parse_number(text)
        if number is None:
            errors.append(
                self.env._(
                    "“%(text)s” is not a number. Type one such as 4.90.",
                    text=text[:TEXT_MAX_CHARS],
                )
            )
        return number

    def _vendor_countries(self):
        # sudo: the list of the world's countries
        # pylint: disable-next=no-search-all
        return self.env["res.country"].sudo().search([])
