from odoo import api, fields, models
from odoo.fields import Command

from ..engine.offer_rows import gtin_forms, gtin_key
from ..exceptions import MarketplaceError

DECISION_STATES = {
    "confirm": "confirmed",
    "changes": "changes_requested",
    "decline": "declined",
}


class MarketplaceProductProposal(models.Model):
    """Decisions on proposals, and what confirming one does."""

    _inherit = "marketplace.product.proposal"

    # -- actions --------------------------------------------------------------------

    def action_confirm(self):
        """Confirm proposals, or refuse with every reason why one cannot be."""
        problems = self._review("confirm")
        if problems:
            raise MarketplaceError(
                "\n".join(
                    f"{proposal.display_name}: {problem}"
                    for proposal, problem in problems.items()
                )
            )
        return True

    @api.private
    def _review(self, decision, reason=None):
        """Decide on proposals in one go; return {proposal: problem in words}.

        Those with a problem are left alone, the others are decided.

        :param decision: ``confirm``, ``changes`` or ``decline``.
        :raises MarketplaceError: without a reason, where the vendor needs one.
        """
        self.check_access("write")
        if decision != "confirm" and not (reason or "").strip():
            raise MarketplaceError(
                self.env._("Give the reason: the vendor reads it in his portal.")
            )
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset(["state"])
        target = DECISION_STATES[decision]
        sources = self._state_transitions[target]
        states = dict(self._fields["state"]._description_selection(self.env))
        problems = {
            proposal: self.env._(
                "it is “%(state)s”: nothing to decide.", state=states[proposal.state]
            )
            for proposal in self
            if proposal.state not in sources
        }
        todo = self.filtered(lambda proposal: proposal not in problems)
        if decision == "confirm":
            problems |= todo._confirm_problems()
            todo = todo.filtered(lambda proposal: proposal not in problems)
            todo._apply_to_catalogue()
        todo = todo._decide(target, reason)
        if decision == "confirm":
            todo._make_offers()
            todo += todo._decide_twins()
        todo._tell_vendors()
        return problems

    def _decide(self, target, reason):
        decided = self.with_context(tracking_disable=True)._transition(
            target,
            {
                "reason": reason or False,
                "reviewer_id": self.env.uid,
                "date_review": fields.Datetime.now(),
            },
        )
        states = dict(self._fields["state"]._description_selection(self.env))
        note = ": ".join(part for part in (states[target], reason) if part)
        decided._message_log_batch(dict.fromkeys(decided.ids, note))
        return decided

    def _tell_vendors(self):
        for vendor, proposals in self.grouped("vendor_id").items():
            vendor._mail_catalogue_review(proposals=proposals)

    # -- checks ---------------------------------------------------------------------

    def _confirm_problems(self):
        """Return why proposals cannot be confirmed: {proposal: in words}."""
        rules = self.env["marketplace.assortment.rule"]._rules_of(
            self.vendor_id, self.company_id
        )
        brands = self.env["marketplace.brand"]._by_key(self.mapped("brand"))
        no_brand = self.env["marketplace.brand"]
        problems = {}
        for proposal in self:
            own = rules.get((proposal.vendor_id.id, proposal.company_id.id))
            brand = brands.get((proposal.brand or "").strip().lower(), no_brand)
            found = []
            if proposal.missing:
                found.append(
                    self.env._("still missing: %(what)s", what=proposal.missing)
                )
            if own and (reason := own._refusal(proposal.categ_id, brand)):
                found.append(reason)
            if proposal.kind == "new":
                found += proposal._tax_problems()
            elif not proposal._changes():
                found.append(self.env._("it changes nothing"))
            if found:
                problems[proposal] = "; ".join(found)
        return problems

    def _tax_problems(self):
        """Return what keeps a price with taxes included from the new product."""
        # sudo: the taxes that offers of the product will apply, whoever confirms it
        category = self.sudo().categ_id
        taxes = category and category._marketplace_sale_taxes(self.company_id.sudo())
        if category and not taxes:
            return [
                self.env._(
                    "the category %(category)s has no sale taxes, nor has "
                    "%(company)s a default one",
                    category=category.display_name,
                    company=self.company_id.name,
                )
            ]
        return [
            self.env._(
                "the tax %(tax)s of the category is no percentage that prices include",
                tax=tax.display_name,
            )
            for tax in taxes or ()
            if not tax.price_include and tax.amount_type != "percent"
        ]

    # -- catalogue ------------------------------------------------------------------

    def _apply_to_catalogue(self):
        """Write what the proposals say into the catalogue and link their products."""
        # sudo: who may decide on proposals may have products written by them alone
        proposals = self.sudo()
        brands = proposals._get_brands()
        new = proposals.filtered(lambda proposal: proposal.kind == "new")
        for proposal in proposals - new:
            template = proposal.product_id.product_tmpl_id.with_context(
                lang=proposal.vendor_id.lang or self.env.lang
            )
            template.write(proposal._prepare_change_vals(template, brands))
        known = proposals._products_by_gtin(new.mapped("gtin"))
        pioneers = proposals.browse()
        for proposal in new:
            key = proposal.gtin and gtin_key(proposal.gtin)
            if not key or key not in known:
                pioneers |= proposal
                known[key] = None
        templates = proposals.env["product.template"].create(
            [proposal._prepare_template_vals(brands) for proposal in pioneers]
        )
        for proposal, template in zip(pioneers, templates, strict=True):
            product = template.product_variant_id or template._create_product_variant(
                template._get_first_possible_combination()
            )
            proposal.product_id = product
            known[proposal.gtin and gtin_key(proposal.gtin)] = product
        for proposal in new - pioneers:
            proposal.product_id = known[gtin_key(proposal.gtin)]

    def _get_brands(self):
        """Return the brands by name in lower case; make those that are new."""
        brands = self.env["marketplace.brand"]._by_key(self.mapped("brand"))
        wanted = {}
        for proposal in self:
            name = (proposal.brand or "").strip()
            if name and name.lower() not in brands:
                wanted.setdefault(name.lower(), name)
        made = self.env["marketplace.brand"].create(
            [{"name": name} for name in wanted.values()]
        )
        return {**brands, **dict(zip(wanted, made, strict=True))}

    @api.model
    def _products_by_gtin(self, gtins):
        """Return the products that have a bar code, {14 digits: product}."""
        forms = {form for gtin in gtins if gtin for form in gtin_forms(gtin)}
        products = self.env["product.product"].search([("barcode", "in", list(forms))])
        return {gtin_key(product.barcode): product for product in products}

    def _prepare_template_vals(self, brands):
        self.ensure_one()
        taxes = self.categ_id._marketplace_sale_taxes(self.company_id)
        return {
            "name": self.name.strip(),
            "type": "consu",
            "is_storable": True,
            "barcode": self.gtin or False,
            "categ_id": self.categ_id.id,
            "marketplace_brand_id": brands[brand].id
            if (brand := (self.brand or "").strip().lower())
            else False,
            "description_sale": self.description or False,
            "taxes_id": [Command.set(taxes.ids)],
            "attribute_line_ids": [
                Command.create(
                    {
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(values.ids)],
                    }
                )
                for attribute, values in self.value_ids.grouped("attribute_id").items()
            ],
        }

    def _prepare_change_vals(self, template, brands):
        """Return what to write on the product: only what the vendor changed."""
        changes = self._changes()
        vals = {name: changes[name] for name in ("name", "categ_id") if name in changes}
        if "description" in changes:
            vals["description_sale"] = changes["description"] or False
        if "brand" in changes:
            brand = changes["brand"].lower()
            vals["marketplace_brand_id"] = brands[brand].id if brand else False
        if "value_ids" in changes:
            vals["attribute_line_ids"] = self._prepare_attribute_commands(template)
        return vals

    def _prepare_attribute_commands(self, template):
        """Return the commands that give a product the proposed values."""
        commands = []
        wanted = self.value_ids.grouped("attribute_id")
        for line in template.attribute_line_ids:
            values = wanted.pop(line.attribute_id, None)
            if values is None:
                commands.append(Command.delete(line.id))
            elif values != line.value_ids:
                commands.append(
                    Command.update(line.id, {"value_ids": [Command.set(values.ids)]})
                )
        for attribute, values in wanted.items():
            commands.append(
                Command.create(
                    {
                        "attribute_id": attribute.id,
                        "value_ids": [Command.set(values.ids)],
                    }
                )
            )
        return commands

    # -- waiting offers -------------------------------------------------------------

    def _make_offers(self):
        """Turn the offers that waited for these proposals into offers."""
        waiting = self.offer_ids.filtered(lambda line: not line.offer_id)
        if not waiting:
            return
        offers = self.env["marketplace.offer"].with_context(active_test=False)
        existing = offers.search(
            [
                ("vendor_id", "in", waiting.vendor_id.ids),
                ("company_id", "in", waiting.company_id.ids),
                "|",
                ("vendor_sku", "in", waiting.mapped("vendor_sku")),
                ("product_id", "in", self.product_id.ids),
            ]
        )
        taken = {
            key
            for offer in existing
            for key in self._offer_keys(offer, offer.product_id)
        }
        todo = waiting.browse()
        rules = self.env["marketplace.assortment.rule"]._rules_of(
            waiting.vendor_id, waiting.company_id
        )
        for line in waiting:
            product = line.proposal_id.product_id
            keys = set(self._offer_keys(line, product))
            own = rules.get((line.vendor_id.id, line.company_id.id))
            if own and (
                refusal := own._refusal(product.categ_id, product.marketplace_brand_id)
            ):
                line.problem = refusal
                continue
            if keys & taken:
                line.problem = self.env._(
                    "The vendor offers this SKU or this product in this condition "
                    "already."
                )
                continue
            taken |= keys
            todo |= line
        quiet = {"tracking_disable": True, "mail_create_nosubscribe": True}
        made = offers.with_context(**quiet).create(
            [line._prepare_offer_vals() for line in todo]
        )
        for line, offer in zip(todo, made, strict=True):
            line.offer_id = offer

    @api.model
    def _offer_keys(self, record, product):
        """Return what no two offers of a vendor share, for an offer or one waiting."""
        owner = (record.vendor_id.id, record.company_id.id)
        return [
            (*owner, "sku", record.vendor_sku),
            (*owner, "product", product.id, record.condition),
        ]

    def _decide_twins(self):
        """Confirm what other vendors proposed for the same GTIN; return it.

        Their words change nothing: their offers join the product that is there now.
        """
        products = {
            gtin_key(proposal.gtin): proposal.product_id
            for proposal in self
            if proposal.kind == "new" and proposal.gtin
        }
        forms = {
            form
            for proposal in self
            if proposal.gtin
            for form in gtin_forms(proposal.gtin)
        }
        twins = self.search(
            [
                ("gtin", "in", list(forms)),
                ("kind", "=", "new"),
                ("state", "=", "submitted"),
                ("company_id", "in", self.company_id.ids),
                ("id", "not in", self.ids),
            ]
        ).filtered(lambda twin: gtin_key(twin.gtin) in products)
        if not twins:
            return twins
        problems = twins._confirm_problems()
        twins = twins.filtered(lambda twin: twin not in problems)
        for twin in twins:
            twin.product_id = products[gtin_key(twin.gtin)]
        twins._decide("confirmed", self.env._("The product is in the catalogue now."))
        twins._make_offers()
        return twins
