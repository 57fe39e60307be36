from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.marketplace_payout.tests.common import PayoutCommon

URL = "/odoo/marketplace-margin-dashboard"
# A helper that waits for what the page shows, and the manager's clicks.
MORNING = """
const found = async (look, what) => {
    for (let rank = 0; rank < 100; rank++) {
        const node = look();
        if (node) {
            return node;
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not shown: ${what}`);
};
const one = (selector) => document.querySelector(selector);
const morning = async () => {
    const sales = await found(() => one("[data-name=gmv]"), "sales");
    if (!sales.innerText.includes("24.00") || !sales.innerText.includes("new")) {
        throw new Error(sales.innerText);
    }
    const period = one(".o_marketplace_period");
    period.value = "last_7";
    period.dispatchEvent(new Event("change", {bubbles: true}));
    const bars = () => document.querySelectorAll(".o_marketplace_bar").length === 7;
    await found(bars, "seven days");
    one("[data-by=channel]").click();
    const rows = () => [...document.querySelectorAll(".o_marketplace_margin td a")];
    const channel = await found(
        () => rows().find((link) => !link.innerText.includes("Tisanes")),
        "the channel"
    );
    channel.click();
    await found(() => one(".o_list_view .o_data_row"), "the lines");
};
morning().then(
    () => console.log("test successful"),
    (error) => console.error(error.message)
);
"""


@tagged("post_install", "-at_install", "marketplace")
class TestMarginDashboard(PayoutCommon, HttpCase):
    """B3: the dashboard in a browser, without anything and with a sale."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "margin_manager", groups="marketplace_base.group_accountant"
        )

    def _open(self, code, ready):
        self.browser_js(URL, code, ready=f"Boolean({ready})", login=self.user.login)

    def test_nothing_posted_says_so(self):
        self._open(
            "console.log('test successful')",
            "document.querySelector('.o_marketplace_margin_empty')",
        )

    def test_from_the_figures_to_the_lines(self):
        vendor = self._create_vendor("Tisanes du Matin")
        self._import_order(
            [(self._create_offer(vendor, 24.0), 1)],
            date=str(fields.Datetime.now()),
        )
        self.Ledger.search([("debit_move_line_id", "=", False)])._post()
        self._open(MORNING, "document.querySelector('.o_marketplace_figure')")
