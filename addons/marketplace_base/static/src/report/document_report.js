import { registry } from "@web/core/registry";
import { download } from "@web/core/network/download";
import { user } from "@web/core/user";
import { getReportUrl } from "@web/webclient/actions/reports/utils";

// The web client refuses to print where wkhtmltopdf is missing. Marketplace documents
// do not need it: they are asked for directly.
async function downloadDocument(action, options, env) {
    if (
        action.report_type !== "qweb-pdf" ||
        !action.report_name.startsWith("marketplace_")
    ) {
        return false;
    }
    env.services.ui.block();
    try {
        await download({
            url: "/report/download",
            data: {
                data: JSON.stringify([getReportUrl(action, "pdf"), action.report_type]),
                context: JSON.stringify({ ...user.context, ...action.context }),
            },
        });
    } finally {
        env.services.ui.unblock();
    }
    return true;
}

registry.category("ir.actions.report handlers").add("marketplace_base", downloadDocument);
