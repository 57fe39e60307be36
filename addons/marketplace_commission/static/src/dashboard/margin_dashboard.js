import {Component, onWillStart, useState} from "@odoo/owl";
import {formatFloat, formatMonetary} from "@web/views/fields/formatters";
import {Layout} from "@web/search/layout";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

const MODEL = "marketplace.margin";

/** What the marketplace earned in a period, beside the period before. */
export class MarginDashboard extends Component {
    static template = "marketplace_commission.MarginDashboard";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.presets = [
            ["month", _t("This month")],
            ["last_month", _t("Last month")],
            ["last_7", _t("7 days")],
            ["last_30", _t("30 days")],
            ["quarter", _t("This quarter")],
            ["year", _t("This year")],
            ["custom", _t("Other days")],
        ];
        this.dimensions = [
            ["vendor_id", _t("Vendor")],
            ["categ_id", _t("Category")],
            ["channel", _t("Channel")],
        ];
        this.display = {controlPanel: {}};
        this.state = useState({
            preset: "month",
            by: "vendor_id",
            first: "",
            last: "",
            data: null,
        });
        onWillStart(() => this.load());
    }

    /** Ask for the figures; an answer that a later question overtook is dropped. */
    async load() {
        const {preset, by, first, last} = this.state;
        const question = (this.question = {});
        const data = await this.orm.call(MODEL, "get_dashboard", [], {
            preset,
            by,
            first: preset === "custom" ? first : false,
            last: preset === "custom" ? last : false,
        });
        if (question === this.question) {
            Object.assign(this.state, {data, first: data.first, last: data.last});
        }
    }

    setPreset(preset) {
        this.state.preset = preset;
        return this.load();
    }

    setBy(by) {
        this.state.by = by;
        return this.load();
    }

    /** Take a day over; both days make a period. */
    setDay(side, value) {
        this.state[side] = value;
        if (this.state.first && this.state.last && this.state.first > this.state.last) {
            this.notification.add(_t("The last day is before the first one."), {
                type: "warning",
            });
            return;
        }
        if (this.state.first && this.state.last) {
            this.load();
        }
    }

    // What is shown

    formatValue(figure, value) {
        if (figure.is_rate) {
            return _t("%s %", formatFloat(value * 100, {digits: [16, 1]}));
        }
        return formatMonetary(value, {currencyId: this.state.data.currency_id});
    }

    formatChange(figure) {
        if (figure.tone === "same") {
            return _t("unchanged");
        }
        if (figure.change === null && !figure.previous) {
            return _t("new");
        }
        if (figure.change === null) {
            // A percentage of a loss says nothing.
            return figure.value > figure.previous ? _t("increased") : _t("decreased");
        }
        const sign = figure.change > 0 ? "+" : "-";
        const number = formatFloat(Math.abs(figure.change) * 100, {digits: [16, 1]});
        return figure.is_rate
            ? _t("%(sign)s%(number)s points", {sign, number})
            : _t("%(sign)s%(number)s %", {sign, number});
    }

    toneClass(figure) {
        return {good: "text-success", bad: "text-danger", same: "text-muted"}[
            figure.tone
        ];
    }

    /** Heights in percent of the greatest bar; a loss has no bar but its title. */
    get bars() {
        const bars = this.state.data.bars;
        const top = Math.max(...bars.map((bar) => bar.gmv), 0);
        const height = (value) => (top > 0 ? Math.max(value, 0) * (100 / top) : 0);
        const step = Math.ceil(bars.length / 12);
        return bars.map((bar, rank) => ({
            ...bar,
            index: rank,
            showLabel: rank % step === 0,
            gmvHeight: height(bar.gmv),
            revenueHeight: height(bar.net_revenue),
            title: _t("%(day)s: sales %(sales)s, net revenue %(revenue)s", {
                day: bar.label,
                sales: this.formatValue({}, bar.gmv),
                revenue: this.formatValue({}, bar.net_revenue),
            }),
        }));
    }

    // Where a click leads

    openLines(title, domain, figure) {
        const narrowed =
            figure && !figure.is_rate ? [...domain, [figure.name, "!=", 0]] : domain;
        return this.open(title, narrowed, ["list", "pivot", "graph"]);
    }

    openAnalysis(view) {
        const others = ["pivot", "graph", "list"].filter((name) => name !== view);
        return this.open(_t("Margin"), this.state.data.domain, [view, ...others]);
    }

    open(name, domain, views) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: MODEL,
            domain,
            views: views.map((view) => [false, view]),
            target: "current",
        });
    }
}

registry.category("actions").add("marketplace_margin_dashboard", MarginDashboard);
