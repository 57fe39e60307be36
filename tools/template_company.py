"""Runs in an Odoo shell on the template: French beside English, a French company."""
# ruff: noqa: F821 (``env`` is the shell's)

# English stays the default: --load-language would have replaced it.
languages = env["res.lang"].with_context(active_test=False)
env["base.language.install"].create(
    {"lang_ids": [(6, 0, languages.search([("code", "=", "fr_FR")]).ids)]}
).lang_install()

company = env.ref("base.main_company")
france = env.ref("base.fr")
if company.chart_template != "fr":
    company.write({"country_id": france.id, "currency_id": env.ref("base.EUR").id})
    env["account.chart.template"].try_loading("fr", company=company, install_demo=False)
company.write(
    {
        "country_id": france.id,
        "street": "12 rue du Marché",
        "zip": "75002",
        "city": "Paris",
        "vat": "FR23334175221",
    }
)
if company.currency_id.name != "EUR":
    raise SystemExit("the French chart did not set the currency")
if not env["stock.warehouse"].search_count([("company_id", "=", company.id)]):
    env["stock.warehouse"].create({"name": "Paris", "code": "PAR"})
