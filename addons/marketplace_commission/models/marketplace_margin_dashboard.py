"""The figures a manager opens in the morning: a period beside the one before it."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_is_zero, format_date

from odoo.addons.marketplace_base.exceptions import MarketplaceError

from ..engine.periods import DAILY_MAX, buckets, spans

# Measures of the dashboard, in the order of a reader: (name, more of it is good).
FIGURES = (
    ("gmv", True),
    ("refunds", False),
    ("vendor_net", True),
    ("commission", True),
    ("fees", True),
    ("resale", True),
    ("coupons", False),
    ("psp_cost", False),
    ("sponsor_cost", False),
    ("other_cost", False),
    ("net_revenue", True),
)
RATE = "take_rate"
# A tenth of a point of percentage.
RATE_DIGITS = 3
# Measures of the table of vendors, categories or channels.
TABLE_FIGURES = ("gmv", "commission", "net_revenue", RATE)
TABLE_MAX = 50
DIMENSIONS = ("vendor_id", "categ_id", "channel")


class MarketplaceMargin(models.Model):
    _inherit = "marketplace.margin"

    @api.model
    @api.readonly
    def get_dashboard(self, preset="month", by="vendor_id", first=None, last=None):
        """Return what the dashboard of the present company shows.

        :param preset: a period of ``engine.periods``.
        :param by: what the table compares: ``vendor_id``, ``categ_id`` or ``channel``.
        :param first: first day of a custom period, such as 2026-03-01; likewise
            ``last``, included.
        :raises MarketplaceError: for a period or a table that is none.
        """
        self.check_access("read")
        period, before = self._dashboard_spans(preset, first, last)
        if by not in DIMENSIONS:
            raise MarketplaceError(
                self.env._("Compare by vendor, by category or by channel.")
            )
        company = Domain("company_id", "=", self.env.company.id)
        domains = [
            company & Domain("date", ">=", span.first) & Domain("date", "<=", span.last)
            for span in (period, before)
        ]
        names = [name for name, _good in FIGURES] + [RATE]
        now, then = (self._dashboard_sums(domain, names) for domain in domains)
        return {
            "currency_id": self.env.company.currency_id.id,
            "company": self.env.company.name,
            "first": str(period.first),
            "last": str(period.last),
            "period": self._dashboard_period(period),
            "previous": self._dashboard_period(before),
            "domain": list(domains[0]),
            "is_empty": not any(now.values()) and not any(then.values()),
            "has_any": bool(self.search(company, limit=1)),
            "figures": [
                self._dashboard_figure(name, good, now[name], then[name])
                for name, good in (*FIGURES, (RATE, True))
            ],
            "rows": self._dashboard_rows(domains, by),
            "bars": self._dashboard_bars(domains[0], period),
        }

    def _dashboard_spans(self, preset, first, last):
        today = self.env.company._marketplace_today()
        try:
            return spans(
                preset, today, *(fields.Date.to_date(day) for day in (first, last))
            )
        except (KeyError, TypeError, ValueError) as error:
            raise MarketplaceError(
                self.env._("Choose a first day and a last day that is not before it.")
            ) from error

    def _dashboard_period(self, span):
        """Return days in words."""
        return self.env._(
            "%(first)s to %(last)s",
            first=format_date(self.env, span.first),
            last=format_date(self.env, span.last),
        )

    def _dashboard_sums(self, domain, names):
        [sums] = self._read_group(domain, [], [f"{name}:sum" for name in names])
        return {name: value or 0.0 for name, value in zip(names, sums, strict=True)}

    def _dashboard_figure(self, name, good, now, then):
        """Return a figure beside its previous value, and how it changed.

        ``change`` is a part of the previous value, None where that is nothing or a
        loss; of the rate, a difference: points of percentage.
        """
        field = self.fields_get([name], ["string", "help"])[name]
        difference = now - then
        if name == RATE:
            change = difference
            is_same = float_is_zero(difference, precision_digits=RATE_DIGITS)
        else:
            compare = self.env.company.currency_id.compare_amounts
            change = difference / then if compare(then, 0) > 0 else None
            is_same = not compare(now, then)
        return {
            "name": name,
            "label": field["string"],
            "help": field.get("help") or "",
            "value": now,
            "previous": then,
            "change": change,
            "is_rate": name == RATE,
            "tone": "same" if is_same else "good" if (now > then) == good else "bad",
        }

    def _dashboard_rows(self, domains, by):
        """Return the table: each vendor, category or channel now and before.

        The greatest sales first. What has no vendor or category, such as the cost of
        a payout of the provider, has a row of its own: rows add up to the figures.
        """
        aggregates = [f"{name}:sum" for name in TABLE_FIGURES]
        now, then = (
            {key: sums for key, *sums in self._read_group(domain, [by], aggregates)}
            for domain in domains
        )
        rows, none = [], [0.0] * len(TABLE_FIGURES)
        for key in now.keys() | then.keys():
            figures = [
                self._dashboard_cell(name, value or 0.0, before or 0.0)
                for name, value, before in zip(
                    TABLE_FIGURES, now.get(key, none), then.get(key, none), strict=True
                )
            ]
            is_record = isinstance(key, models.BaseModel)
            rows.append(
                {
                    # sudo: the name beside the sums that the reader may see
                    "label": (key.sudo().display_name if is_record else key)
                    or self.env._("Not allotted"),
                    "domain": list(
                        domains[0] & Domain(by, "=", key.id if is_record else key)
                    ),
                    "figures": figures,
                }
            )
        rows.sort(
            key=lambda row: (-row["figures"][0]["value"], row["label"].casefold())
        )
        return rows[:TABLE_MAX]

    def _dashboard_cell(self, name, now, then):
        figure = self._dashboard_figure(name, True, now, then)
        return {
            key: figure[key]
            for key in (
                "name",
                "label",
                "value",
                "previous",
                "change",
                "is_rate",
                "tone",
            )
        }

    def _dashboard_bars(self, domain, period):
        """Return sales and net revenue of each day of the period, or of each month."""
        granularity = "day" if period.days <= DAILY_MAX else "month"
        sums = {
            start: (gmv or 0.0, revenue or 0.0)
            for start, gmv, revenue in self._read_group(
                domain, [f"date:{granularity}"], ["gmv:sum", "net_revenue:sum"]
            )
        }
        pattern = "d MMM" if granularity == "day" else "MMM y"
        bars = []
        for start in buckets(period):
            gmv, revenue = sums.get(start, (0.0, 0.0))
            after = fields.Date.add(start, **{f"{granularity}s": 1})
            bars.append(
                {
                    "label": format_date(self.env, start, date_format=pattern),
                    "gmv": gmv,
                    "net_revenue": revenue,
                    "domain": list(
                        domain
                        & Domain("date", ">=", start)
                        & Domain("date", "<", after)
                    ),
                }
            )
        return bars
