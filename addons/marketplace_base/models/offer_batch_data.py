"""The rows of one import and what they are compared with, loaded once."""

from dataclasses import dataclass, field

from odoo.fields import Domain

from ..const import OFFER_CONDITIONS
from ..const_catalogue import PROPOSAL_OPEN_STATES
from ..engine.offer_rows import gtin_forms, gtin_key, read_row


@dataclass
class RowResult:
    """What became of a row; ``problems`` and ``changes`` are sentences."""

    number: int
    values: dict
    attributes: dict
    problems: list
    bad_columns: frozenset = frozenset()
    result: str = "unchanged"
    changes: list = field(default_factory=list)
    offer: object = None
    proposal: object = None

    @property
    def sku(self):
        return self.values.get("sku", "")


class OfferBatchData:
    """Rows of one vendor in one company, with the records they may be about.

    The number of queries does not depend on the number of rows.
    """

    def __init__(self, env, vendor, company, lines):
        self.env = env
        self.vendor = vendor
        self.company = company
        self.lines = lines
        self.offers = env["marketplace.offer"].with_context(active_test=False)
        self.proposals = env["marketplace.product.proposal"]
        self.waiting_lines = env["marketplace.product.proposal.offer"]
        self.results = [self._read(line) for line in lines]
        self._load()

    # -- reading --------------------------------------------------------------------

    def _read(self, line):
        row = read_row(line.values, self._conditions())
        problems = [self._words(problem) for problem in row.problems]
        if line.has_excess:
            problems.append(
                self.env._("The line has more cells than the file has columns.")
            )
        bad = frozenset(problem.column for problem in row.problems)
        return RowResult(line.number, row.values, row.attributes, problems, bad)

    def _conditions(self):
        """Return the words for conditions, those of the user's language too."""
        if not hasattr(self, "_condition_words"):
            offer_field = self.offers._fields["condition"]
            labels = offer_field._description_selection(self.env)
            self._condition_words = {
                word.lower(): code
                for code, label in [*OFFER_CONDITIONS, *labels]
                for word in (code, label)
            }
        return self._condition_words

    def _words(self, problem):
        """Return a problem of the engine as a sentence."""
        text, column = problem.text, problem.column
        if problem.code == "missing":
            return self.env._("The column “%(column)s” is empty.", column=column)
        if problem.code == "column":
            return self.env._("There is no column “%(column)s”.", column=column)
        if problem.code == "check_digit":
            return self.env._(
                "The GTIN %(gtin)s has a wrong check digit: compare it with the bar "
                "code.",
                gtin=text,
            )
        if problem.code == "gtin":
            return self.env._(
                "“%(gtin)s” is no GTIN: it has 8, 12, 13 or 14 digits.", gtin=text
            )
        if problem.code == "price":
            return self._price_words(text, self.company.currency_id)
        if problem.code == "quantity":
            return self.env._(
                "The stock “%(text)s” is no quantity: write a number such as 12.",
                text=text,
            )
        if problem.code == "days":
            return self.env._(
                "The lead time “%(text)s” is no number of days from 0 to 365.",
                text=text,
            )
        if problem.code == "condition":
            return self.env._(
                "“%(text)s” is no condition: write one of %(codes)s.",
                text=text,
                codes=", ".join(dict(OFFER_CONDITIONS)),
            )
        return self.env._(
            "The text of the column “%(column)s” is too long.", column=column
        )

    def _price_words(self, text, currency):
        return self.env._(
            "The price “%(text)s” is no amount in %(currency)s: write a number, not "
            "negative, with at most %(decimals)s decimals.",
            text=text,
            currency=currency.name,
            decimals=currency.decimal_places,
        )

    # -- loading --------------------------------------------------------------------

    def _load(self):
        values = [row.values for row in self.results]
        self._load_products(values)
        self._load_offers(values)
        self._load_proposals(values)
        self._load_catalogue()

    def _load_products(self, values):
        gtins = {row["gtin"] for row in values if "gtin" in row}
        forms = {form for gtin in gtins for form in gtin_forms(gtin)}
        references = {row["reference"] for row in values if "reference" in row}
        # sudo: which product a code names, whoever may hand in offers
        model = self.env["product.product"].sudo()
        products = model.search(
            [
                *model._check_company_domain(self.company),
                ("sale_ok", "=", True),
                "|",
                ("barcode", "in", list(forms)),
                ("default_code", "in", list(references)),
            ]
        )
        # Singletons below lose the common prefetch: read what the planning needs now.
        products.mapped("categ_id")
        products.mapped("marketplace_brand_id")
        self.by_gtin = {
            gtin_key(product.barcode): product
            for product in products
            if product.barcode in forms
        }
        self.by_reference = products.filtered("default_code").grouped("default_code")

    def _load_offers(self, values):
        products = self.env["product.product"].union(
            *self.by_gtin.values(), *self.by_reference.values()
        )
        owned = Domain("vendor_id", "=", self.vendor.id)
        owned &= Domain("company_id", "=", self.company.id)
        skus = [row["sku"] for row in values if "sku" in row]
        offers = self.offers.search(owned & Domain("vendor_sku", "in", skus))
        products |= offers.product_id
        offers |= self.offers.search(owned & Domain("product_id", "in", products.ids))
        self.by_sku = {offer.vendor_sku: offer for offer in offers}
        self.by_product = {
            (offer.product_id.id, offer.condition): offer.vendor_sku for offer in offers
        }
        self.seen_skus = {}

    def _load_proposals(self, values):
        forms = {
            form for row in values if "gtin" in row for form in gtin_forms(row["gtin"])
        }
        waiting = self.waiting_lines._waiting(self.vendor, self.company)
        self.waiting = {line.vendor_sku: line for line in waiting}
        found = self.proposals.search(
            [
                ("vendor_id", "=", self.vendor.id),
                ("company_id", "=", self.company.id),
                ("kind", "=", "new"),
                ("gtin", "in", list(forms)),
                ("state", "in", [*PROPOSAL_OPEN_STATES, "declined"]),
            ],
            order="id",
        )
        # An open proposal counts more than one that was refused, the last of those.
        found = found.sorted(lambda proposal: proposal.is_open)
        self.by_proposal_gtin = {gtin_key(found_.gtin): found_ for found_ in found}

    def _load_catalogue(self):
        rules = self.env["marketplace.assortment.rule"]._rules_of(
            self.vendor, self.company
        )
        self.rules = rules.get((self.vendor.id, self.company.id))
        # sudo: the names of brands, for whoever may hand in offers
        brands = self.env["marketplace.brand"].sudo()
        self.brands = brands._by_key(row.values.get("brand") for row in self.results)
        names = {name for row in self.results for name in row.attributes}
        self.reader = self.env["marketplace.value.map"]._reader(self.vendor, names)
        self.categories = {}
        if any("category" in row.values for row in self.results):
            # sudo: the names of categories, for whoever may hand in offers
            for category in self.env["product.category"].sudo().search([]):
                for name in {category.name.lower(), category.complete_name.lower()}:
                    self.categories.setdefault(name, []).append(category)
