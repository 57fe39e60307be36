"""Who may reach each model and route of the suite.

Whoever adds one decides here, or ``test_portal_isolation`` fails.
"""

# Models a vendor reads, and the path to the vendor who owns a record.
OWN_MODELS = {
    "marketplace.contract": "vendor_id",
    "marketplace.offer": "vendor_id",
    "marketplace.shipment": "vendor_id",
    "marketplace.shipment.line": "vendor_id",
    "marketplace.ledger.line": "vendor_id",
    "marketplace.commission.line": "vendor_id",
    "marketplace.settlement": "vendor_id",
    "marketplace.payout": "vendor_id",
    "marketplace.kyc.document": "vendor_id",
    "marketplace.terms.acceptance": "vendor_id",
}
# Which role reads each of them, beside an owner.
READERS = {
    "marketplace.contract": "finance",
    "marketplace.offer": "catalogue",
    "marketplace.shipment": "orders",
    "marketplace.shipment.line": "orders",
    "marketplace.ledger.line": "finance",
    "marketplace.commission.line": "finance",
    "marketplace.settlement": "finance",
    "marketplace.payout": "finance",
    "marketplace.kyc.document": "owner",
    "marketplace.terms.acceptance": "owner",
}
# Models no portal user reaches at all.
CLOSED_MODELS = {
    "marketplace.alert",
    "marketplace.cash.collection",
    "marketplace.cash.collection.line",
    "marketplace.cash.forecast",
    "marketplace.cash.remittance",
    "marketplace.client.money",
    "marketplace.close",
    "marketplace.close.check",
    "marketplace.close.event",
    "marketplace.close.figure",
    "marketplace.close.reason",
    "marketplace.duty.conflict",
    "marketplace.posting.catalogue",
    "marketplace.reveal",
    "marketplace.reveal.log",
    "marketplace.account.ageing",
    "marketplace.account.role",
    "marketplace.bank.file.mixin",
    "marketplace.bank.message",
    "marketplace.bank.message.line",
    "marketplace.bank.message.wizard",
    "marketplace.assortment.rule",
    "marketplace.binding",
    "marketplace.brand",
    "marketplace.catalogue.review",
    "marketplace.catalogue.review.line",
    "marketplace.conversation",
    "marketplace.cancel.units",
    "marketplace.cancel.units.line",
    "marketplace.commission.criterion",
    "marketplace.commission.override",
    "marketplace.commission.plan",
    "marketplace.commission.rebate.tier",
    "marketplace.commission.rule",
    "marketplace.compliance.item",
    "marketplace.compliance.requirement",
    "marketplace.dac7.frozen",
    "marketplace.dac7.line",
    "marketplace.dac7.quarter",
    "marketplace.dac7.reminder",
    "marketplace.dac7.report",
    "marketplace.debit",
    "marketplace.debit.answer",
    "marketplace.debit.mandate",
    "marketplace.debit.run",
    "marketplace.debt",
    "marketplace.debt.instalment",
    "marketplace.debt.wizard",
    "marketplace.discount.share",
    "marketplace.dispute",
    "marketplace.frozen.line",
    "marketplace.commission.rule.amount",
    "marketplace.commission.rule.version",
    "marketplace.commission.simulation",
    "marketplace.commission.simulation.line",
    "marketplace.commission.term.mixin",
    "marketplace.commission.tier",
    "marketplace.fee",
    "marketplace.sponsor.share",
    "marketplace.health",
    "marketplace.hold",
    "marketplace.hold.wizard",
    "marketplace.inbox",
    "marketplace.incident",
    "marketplace.kyc.document.type",
    "marketplace.mass.action",
    "marketplace.mass.action.line",
    "marketplace.line.decision",
    "marketplace.margin",
    "marketplace.vies.check",
    "marketplace.line.refusal",
    "marketplace.line.refusal.line",
    "marketplace.message",
    "marketplace.message.compose",
    "marketplace.message.mixin",
    "marketplace.offer.bulk",
    "marketplace.offer.bulk.line",
    "marketplace.offer.import",
    "marketplace.offer.import.line",
    "marketplace.offer.import.wizard",
    "marketplace.offer.price",
    "marketplace.offer.price.change",
    "marketplace.offer.price.history",
    "marketplace.offer.winner",
    "marketplace.order",
    "marketplace.order.amendment",
    "marketplace.order.amendment.line",
    "marketplace.exchange",
    "marketplace.inbox.repair",
    "marketplace.inbox.repair.line",
    "marketplace.load",
    "marketplace.mastership.conflict",
    "marketplace.outbox",
    "marketplace.payment",
    "marketplace.payout.answer.wizard",
    "marketplace.payout.provider",
    "marketplace.payout.request",
    "marketplace.payout.run",
    "marketplace.payout.wizard",
    "marketplace.product.proposal",
    "marketplace.product.proposal.offer",
    "marketplace.price.as.of",
    "marketplace.price.part",
    "marketplace.psp.fee.import",
    "marketplace.psp.account",
    "marketplace.psp.clearing",
    "marketplace.psp.difference",
    "marketplace.psp.report.format",
    "marketplace.psp.report.import",
    "marketplace.psp.settlement",
    "marketplace.psp.settlement.line",
    "marketplace.readiness",
    "marketplace.readiness.line",
    "marketplace.reconcile",
    "marketplace.reconciliation.day",
    "marketplace.reconciliation.gap",
    "marketplace.recover.order",
    "marketplace.refund",
    "marketplace.refund.line",
    "marketplace.refund.policy",
    "marketplace.refund.policy.cell",
    "marketplace.requirement",
    "marketplace.reserve",
    "marketplace.return",
    "marketplace.return.line",
    "marketplace.settlement.hold",
    "marketplace.settlement.wizard",
    "marketplace.settlement.wizard.line",
    "marketplace.shipping.method",
    "marketplace.psp.account.event",
    "marketplace.shipping.step",
    "marketplace.state.mixin",
    "marketplace.statement.question",
    "marketplace.masked.mixin",
    "marketplace.payout.date.move",
    "marketplace.storefront",
    "marketplace.storefront.discount",
    "marketplace.storefront.payment",
    "marketplace.storefront.shipping",
    "marketplace.storefront.tax",
    "marketplace.tax.class",
    "marketplace.tax.rule",
    "marketplace.subscription",
    "marketplace.tie.out",
    "marketplace.terms",
    "marketplace.vendor.account",
    "marketplace.value.map",
    "marketplace.vendor.api",
    "marketplace.vendor.api.key",
    "marketplace.vendor.change",
    "marketplace.vendor.closure",
    "marketplace.mandate.document.mixin",
    "marketplace.self.bill",
    "marketplace.self.bill.answer",
    "marketplace.vendor.document",
    "marketplace.vendor.document.answer",
    "marketplace.vendor.document.line",
    "marketplace.vendor.history",
    "marketplace.vendor.import",
    "marketplace.vendor.import.line",
    "marketplace.vendor.invite",
    "marketplace.vendor.number",
    "marketplace.vendor.requirement",
    "marketplace.vendor.role.mixin",
    "marketplace.vendor.simulation",
    "marketplace.vendor.sla",
    "marketplace.vendor.transition",
    "marketplace.work.queue",
    "marketplace.vendor.user",
}
# Models of Odoo that hold vendors' data: nothing of another vendor, no writing.
NATIVE_MODELS = (
    "account.move",
    "account.move.line",
    "ir.attachment",
    "mail.message",
    "res.partner",
    "res.partner.bank",
    "sale.order",
    "sale.order.line",
)
# Route -> {parameter: model whose record it names, or a plain value}.
ROUTES = {
    "/my/marketplace": {},
    "/my/marketplace/orders": {},
    "/my/marketplace/orders/page/<int:page>": {"page": 1},
    "/my/marketplace/orders/<int:order_id>": {"order_id": "sale.order"},
    "/my/marketplace/orders/<int:order_id>/ship": {"order_id": "sale.order"},
    "/my/marketplace/orders/<int:order_id>/accept": {"order_id": "sale.order"},
    "/my/marketplace/orders/<int:order_id>/refuse": {"order_id": "sale.order"},
    "/my/marketplace/parcels/<int:shipment_id>/delivery-note": {
        "shipment_id": "marketplace.shipment"
    },
    "/my/marketplace/parcels/<int:shipment_id>/tracking": {
        "shipment_id": "marketplace.shipment"
    },
    "/my/marketplace/parcels/<int:shipment_id>/cash": {
        "shipment_id": "marketplace.shipment"
    },
    "/my/marketplace/parcels/<int:shipment_id>/return-note": {
        "shipment_id": "marketplace.shipment"
    },
    "/my/marketplace/shipping": {},
    "/my/marketplace/shipping/new": {},
    "/my/marketplace/shipping/<int:method_id>": {
        "method_id": "marketplace.shipping.method"
    },
    "/my/marketplace/switch": {},
    "/my/marketplace/account": {},
    "/my/marketplace/company": {},
    "/my/marketplace/bank": {},
    "/my/marketplace/holidays": {},
    "/my/marketplace/holidays/<int:closure_id>/cancel": {
        "closure_id": "marketplace.vendor.closure"
    },
    "/my/marketplace/users": {},
    "/my/marketplace/users/<int:member_id>/roles": {
        "member_id": "marketplace.vendor.user"
    },
    "/my/marketplace/users/<int:member_id>/remove": {
        "member_id": "marketplace.vendor.user"
    },
    "/my/marketplace/api-keys": {},
    "/my/marketplace/api-keys/<int:key_id>/revoke": {
        "key_id": "marketplace.vendor.api.key"
    },
    "/my/marketplace/downloads": {},
    "/my/marketplace/downloads/zip": {},
    # The kind is the owner's own paper here; another kind has its own test.
    "/my/marketplace/downloads/<string:kind>/<int:document_id>": {
        "kind": ("identity",),
        "document_id": "marketplace.kyc.document",
    },
    "/my/marketplace/orders/<int:order_id>/messages": {"order_id": "sale.order"},
    "/my/marketplace/messages/<int:message_id>/files/<int:number>": {
        "message_id": "marketplace.message",
        "number": 1,
    },
    "/my/marketplace/orders/<int:order_id>/problem": {"order_id": "sale.order"},
    "/my/marketplace/orders/<int:order_id>/refund": {"order_id": "sale.order"},
    "/my/marketplace/orders/<int:order_id>/incident": {"order_id": "sale.order"},
    "/my/marketplace/returns": {},
    "/my/marketplace/returns/page/<int:page>": {"page": 1},
    "/my/marketplace/returns/<int:return_id>": {"return_id": "marketplace.return"},
    "/my/marketplace/returns/<int:return_id>/accept": {
        "return_id": "marketplace.return"
    },
    "/my/marketplace/returns/<int:return_id>/refuse": {
        "return_id": "marketplace.return"
    },
    "/my/marketplace/returns/<int:return_id>/receive": {
        "return_id": "marketplace.return"
    },
    "/my/marketplace/returns/<int:return_id>/check": {
        "return_id": "marketplace.return"
    },
    "/my/marketplace/incidents": {},
    "/my/marketplace/incidents/page/<int:page>": {"page": 1},
    "/my/marketplace/incidents/<int:incident_id>": {
        "incident_id": "marketplace.incident"
    },
    "/my/marketplace/incidents/<int:incident_id>/reply": {
        "incident_id": "marketplace.incident"
    },
    "/my/marketplace/orders/<int:order_id>/perform": {"order_id": "sale.order"},
    "/my/marketplace/offers": {},
    "/my/marketplace/offers/page/<int:page>": {"page": 1},
    "/my/marketplace/offers/<int:offer_id>": {"offer_id": "marketplace.offer"},
    "/my/marketplace/offers/<int:offer_id>/product": {"offer_id": "marketplace.offer"},
    "/my/marketplace/offers/<int:offer_id>/compliance": {
        "offer_id": "marketplace.offer"
    },
    "/my/marketplace/offers/import": {},
    "/my/marketplace/offers/export": {},
    "/my/marketplace/offers/imports": {},
    "/my/marketplace/offers/imports/page/<int:page>": {"page": 1},
    "/my/marketplace/offers/imports/<int:import_id>": {
        "import_id": "marketplace.offer.import"
    },
    "/my/marketplace/offers/imports/<int:import_id>/errors": {
        "import_id": "marketplace.offer.import"
    },
    "/my/marketplace/offers/proposals": {},
    "/my/marketplace/offers/proposals/page/<int:page>": {"page": 1},
    "/my/marketplace/offers/proposals/new": {},
    "/my/marketplace/offers/proposals/<int:proposal_id>": {
        "proposal_id": "marketplace.product.proposal"
    },
    "/my/marketplace/documents": {},
    "/my/marketplace/documents/<int:document_id>/file": {
        "document_id": "marketplace.kyc.document"
    },
    "/my/marketplace/terms": {},
    "/my/marketplace/verify": {},
    "/my/marketplace/terms/<int:acceptance_id>/pdf": {
        "acceptance_id": "marketplace.terms.acceptance"
    },
    "/my/marketplace/invoices": {},
    "/my/marketplace/invoices/page/<int:page>": {"page": 1},
    "/my/marketplace/invoices/<int:document_id>": {
        "document_id": "marketplace.vendor.document"
    },
    "/my/marketplace/invoices/<int:document_id>/pdf": {
        "document_id": "marketplace.vendor.document"
    },
    "/my/marketplace/invoices/<int:document_id>/xml": {
        "document_id": "marketplace.vendor.document"
    },
    "/my/marketplace/invoices/<int:document_id>/contest": {
        "document_id": "marketplace.vendor.document"
    },
    "/my/marketplace/invoices/<int:document_id>/accept": {
        "document_id": "marketplace.vendor.document"
    },
    "/my/marketplace/bills": {},
    "/my/marketplace/bills/page/<int:page>": {"page": 1},
    "/my/marketplace/bills/<int:bill_id>": {"bill_id": "marketplace.self.bill"},
    "/my/marketplace/bills/<int:bill_id>/pdf": {"bill_id": "marketplace.self.bill"},
    "/my/marketplace/bills/<int:bill_id>/xml": {"bill_id": "marketplace.self.bill"},
    "/my/marketplace/bills/<int:bill_id>/accept": {"bill_id": "marketplace.self.bill"},
    "/my/marketplace/bills/<int:bill_id>/contest": {"bill_id": "marketplace.self.bill"},
    "/my/marketplace/statements": {},
    "/my/marketplace/statements/page/<int:page>": {"page": 1},
    "/my/marketplace/statements/<int:settlement_id>": {
        "settlement_id": "marketplace.settlement"
    },
    "/my/marketplace/statements/<int:settlement_id>/pdf": {
        "settlement_id": "marketplace.settlement"
    },
    "/my/marketplace/statements/<int:settlement_id>/csv": {
        "settlement_id": "marketplace.settlement"
    },
    "/my/marketplace/statements/<int:settlement_id>/question/<int:number>": {
        "settlement_id": "marketplace.settlement",
        "number": 1,
    },
    "/my/marketplace/statements/request": {},
    "/my/marketplace/statements/accounting": {},
}
# Pages for everybody, which name no record but by a signature.
PUBLIC_ROUTES = {
    "/marketplace/apply",
    # A customer's own link, signed: tested in marketplace_base.
    "/marketplace/delivery/<int:shipment_id>/<string:token>",
}
# Routes for machines, which prove who they are by a signature: what a vendor gets.
MACHINE_ROUTES = {
    "/marketplace/webhook/<string:key>": ("/marketplace/webhook/isolation", {401}),
    # No company of the test has a provider of identity checks.
    "/marketplace/onboarding/<string:key>": ("/marketplace/onboarding/x", {404}),
    "/marketplace/psp/<string:key>": ("/marketplace/psp/isolation", {404}),
}
