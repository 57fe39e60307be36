"""Which rates apply to what, and what they come to."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
FINE = Decimal("0.000001")


def cents(amount):
    return amount.quantize(CENT, ROUND_HALF_UP)


def rates_for(shop, tax_class, country, shipping=False):
    """Return the rates of a class at a place, one per priority: the most exact."""
    if shop.setting("general", "woocommerce_calc_taxes") != "yes":
        return []
    by_priority = {}
    for rate in shop.tables["taxes"].values():
        if (rate["class"] or "standard") != (tax_class or "standard"):
            continue
        if rate["country"] not in ("", "*", country) or (
            shipping and not rate["shipping"]
        ):
            continue
        exact = rate["country"] == country
        best = by_priority.get(rate["priority"])
        if not best or (exact, -rate["id"]) > best[0]:
            by_priority[rate["priority"]] = ((exact, -rate["id"]), rate)
    return [rate for _rank, rate in sorted(by_priority.values(), key=lambda r: r[0])]


def net_of(gross, rates, round_each):
    """Take the taxes out of a price that contains them."""
    total = sum((Decimal(rate["rate"]) for rate in rates), Decimal(0))
    net = gross / (1 + total / 100)
    taxes = {rate["id"]: net * Decimal(rate["rate"]) / 100 for rate in rates}
    if round_each:
        taxes = {key: cents(tax) for key, tax in taxes.items()}
        return gross - sum(taxes.values()), taxes
    return net.quantize(FINE), {key: tax.quantize(FINE) for key, tax in taxes.items()}


def taxes_on(net, rates, round_each):
    taxes = {rate["id"]: net * Decimal(rate["rate"]) / 100 for rate in rates}
    size = CENT if round_each else FINE
    return {key: tax.quantize(size, ROUND_HALF_UP) for key, tax in taxes.items()}
