"""Put the steps of a commission into words, in the language of the reader."""

from decimal import Decimal

from odoo.tools import formatLang


class Trace:
    """Write the steps of one commission line, amounts in its currency."""

    def __init__(self, env, currency):
        self.env = env
        self.currency = currency

    def render(self, steps):
        """Return one sentence per step, the same for back office and vendor."""
        render = {
            "rejected": self._render_rejected,
            "matched": self._render_matched,
            "base": self._render_base,
            "aside": self._render_aside,
            "percent": self._render_percent,
            "fixed": self._render_fixed,
            "minimum": self._render_minimum,
            "maximum": self._render_maximum,
            "currency": self._render_currency,
            "free": self._render_free,
            "refunded": self._render_refunded,
            "kept": self._render_kept,
            "reversal": self._render_reversal,
        }
        return "\n".join(render[step["step"]](step) for step in steps)

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

    def _render_rejected(self, step):
        criteria = {
            "vendor": self.env._("the vendor is not one of its vendors"),
            "vendor_tag": self.env._("the vendor has none of its tags"),
            "category": self.env._("the product is in none of its categories"),
            "product": self.env._("the product is not one of its products"),
            "currency": self.env._("its prices are in another currency"),
            "price": self.env._("the unit price is out of its range"),
            "period": self.env._("the order date is out of its period"),
        }
        return self.env._(
            "%(rank)s. “%(rule)s” does not apply: %(criterion)s.",
            rank=step["rank"],
            rule=step["rule"],
            criterion=criteria[step["criterion"]],
        )

    def _render_matched(self, step):
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
        if step["tax"] == "included":
            return self.env._(
                "Base: %(amount)s, VAT included, less the discounts the vendor funds.",
                amount=amount,
            )
        return self.env._(
            "Base: %(amount)s, VAT excluded, less the discounts the vendor funds.",
            amount=amount,
        )

    def _render_aside(self, step):
        return self.env._(
            "Less %(aside)s of eco-contribution and deposit, which bear no commission: "
            "%(amount)s.",
            aside=self._money(step["aside"]),
            amount=self._money(step["amount"]),
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
        return self.env._(
            "Plus %(unit)s for the line: %(amount)s.",
            unit=self._money(step["unit"]),
            amount=self._money(step["amount"]),
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
