import { registry } from "@web/core/registry";

// The vendor, the paid order and the statement are made by tests/http/test_vendor_tour.py.
registry.category("web_tour.tours").add("vendor_ships_and_reads_statement", {
    url: "/my",
    steps: () => [
        {
            content: "Open the shop from the account page",
            trigger: ".o_portal_docs a[href='/my/marketplace']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Follow the next step: orders to ship",
            trigger: "a.o_marketplace_step[href*='filterby=to_ship']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Open the order",
            trigger: ".o_marketplace_table tbody a[href^='/my/marketplace/orders/']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Name the carrier",
            trigger: ".o_marketplace_ship #carrier_name",
            run: "edit Colissimo",
        },
        {
            content: "Type the tracking number",
            trigger: ".o_marketplace_ship #tracking_ref",
            run: "edit 6A12345678901",
        },
        {
            content: "Ship everything",
            trigger: ".o_marketplace_ship button[type='submit']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "The page confirms the shipment",
            trigger: ".o_marketplace_shipped",
        },
        {
            content: "The shipment carries the tracking number",
            trigger: ".o_marketplace_shipment:contains('6A12345678901')",
        },
        {
            content: "Nothing is left to ship",
            trigger: "body:not(:has(.o_marketplace_ship))",
        },
        {
            content: "Open the statements",
            trigger: ".o_marketplace_tabs a[href='/my/marketplace/statements']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Open the statement of the past cycle",
            trigger: "tbody a[href^='/my/marketplace/statements/']",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "Read what is paid out",
            trigger: ".o_marketplace_amount[data-bucket='payout']",
        },
    ],
});
