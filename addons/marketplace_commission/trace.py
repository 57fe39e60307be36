"""Put the steps of a commission into words, in the language of the reader."""

from decimal import Decimal

from odoo.tools import formatLang


class Trace:
    """Write the steps of one commission line, amounts in its currency."""

    def __init__(self, env, currency):
        self.env = env
        self.currency = currency

    def render(self, steps, taxes=None):
        """Return one sentence per step, the same for back office and vendor.

        :param taxes: those of the invoice that carries the commission, once it does.
        """
        render = {
            "matched": self._render_matched,
            "base": self._render_base,
            "percent": self._render_percent,
            "fixed": self._render_fixed,
            "minimum": self._render_minimum,
            "maximum": self._render_maximum,
            "currency": self._render_currency,
            "free": self._render_free,
            "refunded": self._render_refunded,
            "kept": self._render_kept,
            "reversal": self._render_reversal,
            "part": self._render_part,
            "untaxed": self._render_untaxed,
            "tier": self._render_tier,
            "slice": self._render_slice,
            "slices": self._render_slices,
            "cap": self._render_cap,
            "above": self._render_above,
            "policy": self._render_policy,
            "override": self._render_override,
            "restored": self._render_restored,
        }
        rejected = [step for step in steps if step["step"] == "rejected"]
        sentences = self._render_rejected(rejected)
        sentences += [
            render[step["step"]](step) for step in steps if step["step"] != "rejected"
        ]
        if taxes:
            sentences.append(
                self.env._("VAT as invoiced: %(taxes)s.", taxes=self._names(taxes))
            )
        elif steps:
            sentences.append(
                self.env._(
                    "VAT is added on the invoice, by the fiscal position of the vendor."
                )
            )
        return "\n".join(sentences)

    def _names(self, records):
        return ", ".join(records.with_context(lang=self.env.lang).mapped("name"))

    # -- figures --------------------------------------------------------------------

    def _money(self, minor):
        """Return minor units as a formatted amount of the currency."""
        amount = self.currency._marketplace_amount(minor)
        return formatLang(self.env, amount, currency_obj=self.currency)

    def _number(self, value):
        """Return a decimal with all its digits and no trailing zeros."""
        decimal = Decimal(value).normalize()
        digits = max(0, -decimal.as_tuple().exponent)
        return formatLang(self.env, float(decimal), digits=digits)

    def _percentage(self, rate):
        return self.env._("%(number)s %%", number=self._number(Decimal(rate).scaleb(2)))

    def _exact(self, minor):
        """Return an amount before rounding: decimal minor units, all digits."""
        return self._number(Decimal(minor).scaleb(-self.currency.decimal_places))

    # -- steps ----------------------------------------------------------------------

    def _render_rejected(self, steps):
        """Return one sentence per rule, in the order in which they were tried.

        :param steps: one per criterion, with the rules that failed it.
        """
        criteria = {
            "brand": self.env._("the product is of none of its brands"),
            "condition": self.env._("the offer is in none of its conditions"),
            "channel": self.env._("the order came by none of its channels"),
            "order_currency": self.env._("the order is in none of its currencies"),
            "order_type": self.env._("the order is of none of its types"),
            "country": self.env._("the order goes to none of its countries"),
            "amounts": self.env._("it has no amounts in the currency of the order"),
            "vendor": self.env._("the vendor is not one of its vendors"),
            "vendor_tag": self.env._("the vendor has none of its tags"),
            "category": self.env._("the product is in none of its categories"),
            "product": self.env._("the product is not one of its products"),
            "currency": self.env._("its prices are in another currency"),
            "price": self.env._("the unit price is out of its range"),
            "period": self.env._("the order date is out of its period"),
        }
        tried = sorted(
            (rank, rule, step["criterion"])
            for step in steps
            for rank, rule in zip(step["ranks"], step["rules"], strict=True)
        )
        return [
            self.env._(
                "%(rank)s. “%(rule)s” does not apply: %(criterion)s.",
                rank=rank,
                rule=rule,
                criterion=criteria[criterion],
            )
            for rank, rule, criterion in tried
        ]

    def _render_matched(self, step):
        criteria = {
            "vendor": self.env._("vendor"),
            "vendor_tag": self.env._("vendor tag"),
            "category": self.env._("product category"),
            "product": self.env._("product"),
            "brand": self.env._("brand"),
            "condition": self.env._("offer condition"),
            "channel": self.env._("channel"),
            "order_currency": self.env._("currency"),
            "order_type": self.env._("order type"),
            "country": self.env._("country"),
            "price": self.env._("unit price"),
            "period": self.env._("period"),
        }
        if met := step.get("criteria"):
            return self.env._(
                "%(rank)s. “%(rule)s” applies (version %(version)s) by %(criteria)s.",
                rank=step["rank"],
                rule=step["rule"],
                version=step["version"],
                criteria=", ".join(criteria[name] for name in met),
            )
        return self.env._(
            "%(rank)s. “%(rule)s” applies (version %(version)s).",
            rank=step["rank"],
            rule=step["rule"],
            version=step["version"],
        )

    def _render_base(self, step):
        amount = self._money(step["amount"])
        if step["kind"] == "shipping":
            if step["tax"] == "included":
                return self.env._(
                    "Base: shipping %(amount)s, VAT included.", amount=amount
                )
            return self.env._("Base: shipping %(amount)s, VAT excluded.", amount=amount)
        if step.get("discount") == "before":
            if step["tax"] == "included":
                return self.env._(
                    "Base: %(amount)s, VAT included, before the discounts the vendor "
                    "funds.",
                    amount=amount,
                )
            return self.env._(
                "Base: %(amount)s, VAT excluded, before the discounts the vendor "
                "funds.",
                amount=amount,
            )
        if step["tax"] == "included":
            return self.env._(
                "Base: %(amount)s, VAT included, less the discounts the vendor funds.",
                amount=amount,
            )
        return self.env._(
            "Base: %(amount)s, VAT excluded, less the discounts the vendor funds.",
            amount=amount,
        )

    def _render_percent(self, step):
        return self.env._(
            "%(rate)s of the base = %(exact)s, rounded to %(amount)s.",
            rate=self._percentage(step["rate"]),
            exact=self._exact(step["exact"]),
            amount=self._money(step["amount"]),
        )

    def _render_fixed(self, step):
        if step["per"] == "unit":
            return self.env._(
                "Plus %(unit)s for each of %(quantity)s units: %(amount)s.",
                unit=self._money(step["unit"]),
                quantity=self._number(step["quantity"]),
                amount=self._money(step["amount"]),
            )
        if step["per"] == "order":
            return self.env._(
                "Plus %(fixed)s, share of the line in %(unit)s for the order: "
                "%(amount)s.",
                fixed=self._money(step["fixed"]),
                unit=self._money(step["unit"]),
                amount=self._money(step["amount"]),
            )
        return self.env._(
            "Plus %(unit)s for the line: %(amount)s.",
            unit=self._money(step["unit"]),
            amount=self._money(step["amount"]),
        )

    def _render_part(self, step):
        names = {
            "credited": self.env._("Credited to the vendor"),
            "discount_vendor": self.env._("Discounts the vendor funds, added back"),
            "discount_marketplace": self.env._(
                "Discounts the marketplace funds, taken off"
            ),
            "not_commissionable": self.env._("Not commissionable, taken off"),
        }
        return self.env._(
            "%(part)s: %(amount)s, VAT included.",
            part=names[step["part"]],
            amount=self._money(step["amount"]),
        )

    def _render_untaxed(self, step):
        return self.env._(
            "%(included)s without its VAT: %(amount)s.",
            included=self._money(step["included"]),
            amount=self._money(step["amount"]),
        )

    def _render_tier(self, step):
        return self.env._(
            "The base reaches the tier from %(start)s: %(rate)s of all of it.",
            start=self._money(step["start"]),
            rate=self._percentage(step["rate"]),
        )

    def _render_slice(self, step):
        return self.env._(
            "From %(start)s: %(rate)s of %(part)s = %(exact)s.",
            start=self._money(step["start"]),
            rate=self._percentage(step["rate"]),
            part=self._money(step["part"]),
            exact=self._exact(step["exact"]),
        )

    def _render_slices(self, step):
        return self.env._(
            "Together %(exact)s, rounded to %(amount)s.",
            exact=self._exact(step["exact"]),
            amount=self._money(step["amount"]),
        )

    def _render_cap(self, step):
        return self.env._(
            "%(before)s is more than the vendor is credited: lowered to %(amount)s.",
            before=self._money(step["before"]),
            amount=self._money(step["amount"]),
        )

    def _render_above(self, step):
        return self.env._(
            "More than the %(net)s that the vendor is credited for the line.",
            net=self._money(step["net"]),
        )

    def _render_override(self, step):
        return self.env._(
            "Corrected by hand from %(before)s to %(after)s: %(reason)s.",
            before=self._money(step["before"]),
            after=self._money(step["after"]),
            reason=step["reason"].rstrip("."),
        )

    def _render_restored(self, step):
        return self.env._(
            "The chargeback was won after it was lost: the %(amount)s given back are "
            "owed again.",
            amount=self._money(step["amount"]),
        )

    def _render_policy(self, step):
        return self.env._(
            "By the refund policy the operator keeps %(rate)s of %(due)s.",
            rate=self._percentage(step["kept_rate"]),
            due=self._money(step["due"]),
        )

    def _render_minimum(self, step):
        return self.env._(
            "Raised to the minimum of %(amount)s.", amount=self._money(step["amount"])
        )

    def _render_maximum(self, step):
        return self.env._(
            "Lowered to the maximum of %(amount)s.", amount=self._money(step["amount"])
        )

    def _render_currency(self, step):
        return self.env._(
            "The amounts of the rule are in %(currency)s and do not apply to this "
            "order: the percentage stands alone.",
            currency=step["currency"],
        )

    def _render_free(self, _step):
        return self.env._(
            "The vendor is credited nothing for this line: no minimum nor fixed amount."
        )

    def _render_refunded(self, step):
        return self.env._(
            "Refunded so far: %(refunded)s of %(sold)s.",
            refunded=self._money(step["refunded"]),
            sold=self._money(step["sold"]),
        )

    def _render_kept(self, step):
        if step.get("fixed") and step.get("policy") == "kept":
            return self.env._(
                "Of a commission of %(charged)s on %(base)s, %(fixed)s of it for good, "
                "the %(kept_base)s not refunded keep %(kept)s.",
                charged=self._money(step["charged"]),
                base=self._money(step["base"]),
                fixed=self._money(step["fixed"]),
                kept_base=self._money(step["kept_base"]),
                kept=self._money(step["kept"]),
            )
        if step.get("fixed") and step.get("policy") == "last":
            return self.env._(
                "Of a commission of %(charged)s on %(base)s, %(fixed)s of it until "
                "nothing is left, the %(kept_base)s not refunded keep %(kept)s.",
                charged=self._money(step["charged"]),
                base=self._money(step["base"]),
                fixed=self._money(step["fixed"]),
                kept_base=self._money(step["kept_base"]),
                kept=self._money(step["kept"]),
            )
        return self.env._(
            "Of a commission of %(charged)s on %(base)s at %(rate)s, the %(kept_base)s "
            "not refunded keep %(kept)s.",
            charged=self._money(step["charged"]),
            base=self._money(step["base"]),
            rate=self._percentage(step["rate"]),
            kept_base=self._money(step["kept_base"]),
            kept=self._money(step["kept"]),
        )

    def _render_reversal(self, step):
        return self.env._(
            "%(before)s was kept before this refund: %(amount)s is given back.",
            before=self._money(step["before"]),
            amount=self._money(-step["amount"]),
        )
