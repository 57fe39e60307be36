"""What a product information system sends: texts and facts of many products at once.

``pim_update`` is called from outside, through Odoo's JSON-2 API with the key of a
catalogue user (docs/integrations.md). The same call twice changes nothing more.
"""

from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.marketplace_base.exceptions import MarketplaceError

GROUP_CATALOGUE = "marketplace_base.group_catalogue"
ITEMS_MAX = 1000
# name in an item -> field of the product template
TEXTS = {"name": "name", "description": "description_sale"}
NUMBERS = {"weight": "weight", "volume": "volume"}
KEYS = ("barcode", "default_code")
# Unforgeable by RPC: shops are told once, after the whole batch.
TOLD_LATER = object()


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    def pim_update(self, items, lang=None):
        """Update products that are known, and tell the shops once.

        :param items: at most 1000 dicts with ``barcode`` or ``default_code``, and any
            of ``name``, ``description``, ``weight`` (kg), ``volume`` (m³) and
            ``category``, a path such as ``Home / Lamps`` of categories that exist.
        :param lang: language of the texts, such as ``fr_FR``; that of the user if
            absent.
        :return: one dict per item, in order: its key, ``changed`` and ``error``; an
            item with an error changes nothing, the others are done.
        :raises MarketplaceError: when there are too many items, or an unknown language.
        """
        self._check_pim_call(items, lang)
        # sudo: the catalogue's user decides on products, checked above
        templates = self.sudo().with_context(
            marketplace_told_later=TOLD_LATER,
            tracking_disable=True,
            **({"lang": lang} if lang else {}),
        )
        known = templates._pim_products(items)
        categories = templates._pim_categories(items)
        # Read once, compared in memory: what is the same is not written.
        products = self.env["product.product"].union(*known.values())
        templates.browse(products.product_tmpl_id.ids).fetch(
            ["name", "description_sale", "weight", "volume", "categ_id"]
        )
        answers, changed = [], {}
        for item in items:
            template, vals, error = templates._pim_values(item, known, categories)
            if vals:
                changed.setdefault(template, {}).update(vals)
            key = next((name for name in KEYS if item.get(name)), "")
            answers.append(
                {key: item.get(key), "changed": sorted(vals), "error": error}
            )
        templates._pim_write(changed)
        self.env["marketplace.outbox"]._enqueue_everywhere(
            "offer", templates.union(*changed)._get_marketplace_offers()
        )
        return answers

    @api.model
    def _pim_write(self, changed):
        """Write {template: values}: what many have in common at once.

        Texts differ from product to product, and cost a statement only together.
        """
        shared = defaultdict(self.browse)
        for template, vals in changed.items():
            for name in vals.keys() - TEXTS.values():
                shared[name, vals[name]] |= template
        for (name, value), templates in shared.items():
            templates.write({name: value})
        for template, vals in changed.items():
            texts = {name: vals[name] for name in vals.keys() & TEXTS.values()}
            if texts:
                template.write(texts)

    @api.model
    def _check_pim_call(self, items, lang):
        if not self.env.user.has_group(GROUP_CATALOGUE):
            raise AccessError(
                self.env._(
                    "Product data needs the right “Catalogue” of the marketplace: use "
                    "the key of such a user."
                )
            )
        if len(items) > ITEMS_MAX:
            raise MarketplaceError(
                self.env._(
                    "At most %(limit)s items in one call, not %(count)s.",
                    limit=ITEMS_MAX,
                    count=len(items),
                )
            )
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        if lang and lang not in installed:
            raise MarketplaceError(
                self.env._(
                    "The language “%(lang)s” is not installed; these are: %(known)s.",
                    lang=lang,
                    known=", ".join(sorted(installed)),
                )
            )

    def _pim_products(self, items):
        """Return {(key, value): products} of what the items name, in one query."""
        wanted = {name: [i[name] for i in items if i.get(name)] for name in KEYS}
        found = self.env["product.product"].search_fetch(
            ["|", *((name, "in", values) for name, values in wanted.items())],
            [*KEYS, "product_tmpl_id"],
        )
        by_key = {}
        for product in found:
            for name in KEYS:
                if product[name]:
                    key = (name, product[name])
                    by_key[key] = by_key.get(key, found.browse()) | product
        return by_key

    def _pim_categories(self, items):
        """Return {path: category} of the paths that the items name."""
        paths = {item["category"] for item in items if item.get("category")}
        found = self.env["product.category"].search([("complete_name", "in", [*paths])])
        return {category.complete_name: category for category in found}

    def _pim_values(self, item, known, categories):
        """Return (template, {field: what is new}, error in words) of one item."""
        key = next(((name, item[name]) for name in KEYS if item.get(name)), None)
        template = self.browse()
        if not key:
            return template, {}, self.env._("Send a barcode or a default_code.")
        templates = known.get(key, self.env["product.product"]).product_tmpl_id
        if len(templates) != 1:
            words = self.env._("%(count)s products have it.", count=len(templates))
            return template, {}, words
        template = self.browse(templates.id)
        vals = {TEXTS[name]: item[name] for name in TEXTS if name in item}
        if not all(isinstance(value, str) for value in vals.values()):
            return template, {}, self.env._("Texts are strings.")
        if "name" in vals and not vals["name"].strip():
            return template, {}, self.env._("A product needs a name.")
        for name, field in NUMBERS.items():
            if name in item:
                if not _is_measure(item[name]):
                    words = self.env._("%(name)s is no number from 0 on.", name=name)
                    return template, {}, words
                vals[field] = item[name]
        if path := item.get("category"):
            if path not in categories:
                words = self.env._("There is no category “%(path)s”.", path=path)
                return template, {}, words
            vals["categ_id"] = categories[path].id
        return template, template._pim_difference(vals), ""

    def _pim_difference(self, vals):
        """Return the values that the product does not have yet."""
        difference = {}
        for name, value in vals.items():
            now = self[name].id if name == "categ_id" else self[name]
            if value != (now or (0.0 if name in NUMBERS else "")):
                difference[name] = value
        return difference


def _is_measure(value):
    """Say whether JSON gave a number from zero on; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
