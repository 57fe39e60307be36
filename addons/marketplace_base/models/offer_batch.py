"""The offers of one import: compared with what is there, written once."""

from ..const_catalogue import PROPOSAL_EDITABLE_STATES
from ..engine.numbers import has_decimals
from ..engine.offer_rows import gtin_key
from ..formatting import format_number
from .offer_batch_data import OfferBatchData

# Columns that are fields of an offer under the same name.
OFFER_FIELDS = ("price", "quantity", "condition", "lead_time_days")


class OfferBatch(OfferBatchData):
    """Import rows: each is planned in memory, then everything is written at once."""

    def __init__(self, env, vendor, company, lines):
        super().__init__(env, vendor, company, lines)
        self.offer_updates = {}
        self.offer_creates = []
        self.waiting_updates = {}
        self.waiting_creates = []
        self.proposal_updates = {}
        self.proposal_creates = {}

    def run(self):
        """Import the rows; return their :class:`RowResult`, in order."""
        for row in self.results:
            self._plan(row)
        self._write_offers()
        self._write_proposals()
        return self.results

    # -- planning -------------------------------------------------------------------

    def _plan(self, row):
        """Find what a row asks for and keep it for the writing, or refuse the row."""
        self._check_repetition(row)
        offer = self.by_sku.get(row.sku)
        product = self._find_product(row)
        if offer:
            self._plan_update(row, offer, product)
        elif product:
            self._plan_create(row, product)
        else:
            self._plan_proposal(row)
        if row.problems:
            row.result = "refused"

    def _check_repetition(self, row):
        first = self.seen_skus.setdefault(row.sku, row.number)
        if row.sku and first != row.number:
            row.problems.append(
                self.env._("The SKU is on line %(line)s already.", line=first)
            )

    def _find_product(self, row):
        """Return the product a row names, or None; problems go to the row."""
        gtin, reference = row.values.get("gtin"), row.values.get("reference")
        by_gtin = gtin and self.by_gtin.get(gtin_key(gtin))
        named = reference and self.by_reference.get(reference)
        if reference and not named and not by_gtin and "gtin" not in row.values:
            if row.sku not in self.by_sku and row.sku not in self.waiting:
                row.problems.append(
                    self.env._(
                        "No product has the reference %(reference)s: give its GTIN.",
                        reference=reference,
                    )
                )
            return None
        if by_gtin and named and by_gtin not in named:
            row.problems.append(
                self.env._(
                    "The GTIN is that of %(by_gtin)s, the reference that of %(named)s.",
                    by_gtin=by_gtin.display_name,
                    named=named[0].display_name,
                )
            )
        if by_gtin:
            return by_gtin
        offer = self.by_sku.get(row.sku)
        if named and offer and offer.product_id in named:
            return offer.product_id
        if named and len(named) > 1:
            row.problems.append(
                self.env._(
                    "Several products have the reference %(reference)s: give the GTIN.",
                    reference=reference,
                )
            )
        return named and named[0]

    def _check_price(self, row, currency):
        price = row.values.get("price")
        if price is not None and not has_decimals(price, currency.decimal_places):
            row.problems.append(self._price_words(price, currency))

    def _check_pair(self, row, product, condition):
        """Refuse a second offer of a product in one condition."""
        taken = self.by_product.setdefault((product.id, condition), row.sku)
        if taken != row.sku:
            row.problems.append(
                self.env._(
                    "Your SKU %(sku)s offers %(product)s in this condition already.",
                    sku=taken,
                    product=product.display_name,
                )
            )

    def _plan_update(self, row, offer, product):
        row.offer = offer
        self._check_price(row, offer.currency_id)
        if not offer.active:
            row.problems.append(
                self.env._("This offer is archived: ask the marketplace.")
            )
        # sudo: what the vendor offers is his to see
        own = offer.sudo().product_id
        if product:
            is_other = product != own
        else:
            # A GTIN nobody sells: it cannot be that of a product with another one.
            gtin = row.values.get("gtin")
            is_other = gtin and own.barcode and gtin_key(gtin) != gtin_key(own.barcode)
        if is_other:
            row.problems.append(
                self.env._(
                    "The SKU is that of %(own)s, not of the product named here: use "
                    "another SKU.",
                    own=own.display_name,
                )
            )
        vals = self._changes(row, offer)
        if "condition" in vals:
            self._check_pair(row, own, vals["condition"])
        if vals and not row.problems:
            row.result = "updated"
            row.changes = self._change_words(offer, vals)
            self.offer_updates[offer] = vals

    def _changes(self, row, record):
        """Return what of a row differs from an offer, or from one that waits."""
        changes = {}
        for name in OFFER_FIELDS:
            if name not in row.values:
                continue
            value, now = row.values[name], record[name]
            if name == "price":
                if record == row.offer:
                    now = record._get_price_asked()
                value = float(value)
                same = record.currency_id.compare_amounts(value, now) == 0
            elif name == "quantity":
                value = self._quantity(value)
                same = value == now
            else:
                same = value == now
            if not same:
                changes[name] = value
        return changes

    def _quantity(self, number):
        """Return a quantity as the database keeps it."""
        column = self.offers._fields["quantity"]
        return column.convert_to_record(
            column.convert_to_cache(float(number), self.offers), self.offers
        )

    def _change_words(self, record, vals):
        labels = self.offers.fields_get(list(vals), ["string"])
        return [
            self.env._(
                "%(field)s: %(old)s → %(new)s",
                field=labels[name]["string"],
                old=self._figure_words(name, record[name], record.currency_id),
                new=self._figure_words(name, value, record.currency_id),
            )
            for name, value in vals.items()
        ]

    def _figure_words(self, name, value, currency):
        if name == "price":
            return f"{value:.{currency.decimal_places}f}"
        if name == "condition":
            selection = self.offers._fields[name]._description_selection(self.env)
            return dict(selection)[value]
        return format_number(value)

    def _prepare_figures(self, row):
        """Return the values of an offer that a row gives, in the types of the ORM."""
        vals = {name: row.values[name] for name in OFFER_FIELDS if name in row.values}
        for name in ("price", "quantity"):
            if name in vals:
                vals[name] = float(vals[name])
        return vals

    def _plan_create(self, row, product):
        self._check_price(row, self.company.currency_id)
        self._check_given(row, "price")
        condition = row.values.get("condition", "new")
        self._check_pair(row, product, condition)
        self._check_assortment(row, product.categ_id, product.marketplace_brand_id)
        if row.problems:
            if self.by_product.get((product.id, condition)) == row.sku:
                # A refused row does not keep its product from the next one.
                del self.by_product[product.id, condition]
            return
        row.result = "created"
        self.offer_creates.append(
            (
                row,
                {
                    "vendor_id": self.vendor.id,
                    "company_id": self.company.id,
                    "product_id": product.id,
                    "vendor_sku": row.sku,
                    **self._prepare_figures(row),
                },
            )
        )

    def _check_given(self, row, column):
        if column not in row.values and column not in row.bad_columns:
            row.problems.append(
                self.env._(
                    "This SKU is new: fill the column “%(column)s”.", column=column
                )
            )

    def _check_assortment(self, row, category, brand):
        if self.rules and (refusal := self.rules._refusal(category, brand)):
            row.problems.append(refusal)

    def _plan_proposal(self, row):
        """Keep an offer whose product nobody has, with what the row says of it."""
        line = self.waiting.get(row.sku)
        gtin = row.values.get("gtin")
        if not line and not gtin:
            if not row.bad_columns & {"gtin", "sku"} and "reference" not in row.values:
                row.problems.append(
                    self.env._(
                        "This SKU is new: give the GTIN or the reference of its "
                        "product."
                    )
                )
            return
        proposal = (
            line.proposal_id if line else self.by_proposal_gtin.get(gtin_key(gtin))
        )
        if line and gtin and gtin_key(gtin) != gtin_key(proposal.gtin or ""):
            row.problems.append(
                self.env._(
                    "The SKU waits for the product with the GTIN %(gtin)s.",
                    gtin=proposal.gtin,
                )
            )
        if proposal and not proposal.is_open:
            row.problems.append(
                self.env._(
                    "The product was refused: %(reason)s", reason=proposal.reason
                )
            )
        self._check_price(row, self.company.currency_id)
        if not line:
            self._check_given(row, "price")
        product_vals = self._read_product(row)
        if row.problems:
            return
        if proposal:
            self._plan_proposal_update(row, proposal, product_vals)
        else:
            vals = self.proposal_creates.setdefault(
                gtin_key(gtin),
                {
                    "vendor_id": self.vendor.id,
                    "company_id": self.company.id,
                    "gtin": gtin,
                },
            )
            vals.update(product_vals)
        self._plan_waiting(row, line, proposal)

    def _plan_waiting(self, row, line, proposal):
        if not line:
            row.result = "proposed"
            self.waiting_creates.append(
                (row, proposal, {"vendor_sku": row.sku, **self._prepare_figures(row)})
            )
        elif vals := self._changes(row, line):
            row.result = "proposed"
            row.changes = self._change_words(line, vals)
            self.waiting_updates[line] = vals

    def _plan_proposal_update(self, row, proposal, product_vals):
        row.proposal = proposal
        now = proposal._proposed_values()
        changed = {
            name: value for name, value in product_vals.items() if value != now[name]
        }
        if changed:
            row.result = "proposed"
            self.proposal_updates.setdefault(proposal, {}).update(changed)

    def _read_product(self, row):
        """Return what a row says of a new product, in the values of a proposal."""
        vals = {
            name: row.values[name]
            for name in ("name", "brand", "description")
            if name in row.values
        }
        category = self._find_category(row)
        if category:
            vals["categ_id"] = category.id
        values, problems = self.reader.get_values(row.attributes)
        row.problems += problems
        if values:
            vals["value_ids"] = sorted(values.ids)
        if category or "brand" in vals:
            brand = self.brands.get(vals.get("brand", "").lower())
            self._check_assortment(
                row,
                category or self.env["product.category"],
                brand or self.env["marketplace.brand"],
            )
        return vals

    def _find_category(self, row):
        name = row.values.get("category")
        if not name:
            return None
        found = self.categories.get(name.lower(), [])
        if len(found) == 1:
            return found[0]
        if found:
            row.problems.append(
                self.env._(
                    "Several categories are called “%(name)s”: write it with those "
                    "above it, such as %(example)s.",
                    name=name,
                    example=found[0].complete_name,
                )
            )
        else:
            row.problems.append(
                self.env._("There is no category “%(name)s”.", name=name)
            )
        return None

    # -- writing --------------------------------------------------------------------

    def _write_offers(self):
        if self.offer_updates:
            self.offers._write_each(self.offer_updates)
        if self.offer_creates:
            # No tracking: the import is the record of what it created.
            quiet = {"tracking_disable": True, "mail_create_nosubscribe": True}
            offers = self.offers.with_context(**quiet).create(
                [vals for _row, vals in self.offer_creates]
            )
            for (row, _vals), offer in zip(self.offer_creates, offers, strict=True):
                row.offer = offer.with_env(self.env)

        for row in self.results:
            if row.result in ("created", "updated") and "price" in row.values:
                self._tell_if_price_waits(row)

    def _tell_if_price_waits(self, row):
        price, currency = float(row.values["price"]), row.offer.currency_id
        if currency.compare_amounts(price, row.offer.price) != 0:
            row.changes.append(self.env._("The new price waits for approval."))

    def _write_proposals(self):
        for line, vals in self.waiting_updates.items():
            line.write(vals)
        for proposal, vals in self.proposal_updates.items():
            # No tracking: it posts one message at a time; the note below is one insert.
            quiet = proposal.with_context(tracking_disable=True)
            quiet.write(self._link_values(vals))
        changed = self.proposals.union(*self.proposal_updates)
        changed._message_log_batch(
            dict.fromkeys(changed.ids, self.env._("Changed by an import."))
        )
        made = self.proposals.with_context(mail_create_nosubscribe=True).create(
            [self._link_values(vals) for vals in self.proposal_creates.values()]
        )
        by_gtin = dict(zip(self.proposal_creates, made, strict=True))
        lines = []
        for row, proposal, vals in self.waiting_creates:
            row.proposal = proposal or by_gtin[gtin_key(row.values["gtin"])]
            lines.append({"proposal_id": row.proposal.id, **vals})
        self.waiting_lines.create(lines)
        (made | changed).filtered(
            lambda proposal: proposal.state in PROPOSAL_EDITABLE_STATES
        )._submit_complete()
        for row in self.results:
            if row.proposal and row.proposal.missing and row.result == "proposed":
                row.changes.append(
                    self.env._(
                        "The product is reviewed once it has: %(missing)s.",
                        missing=row.proposal.missing,
                    )
                )

    @staticmethod
    def _link_values(vals):
        """Return the values of a proposal with its attributes as a command."""
        if "value_ids" not in vals:
            return vals
        return {**vals, "value_ids": [(6, 0, vals["value_ids"])]}
